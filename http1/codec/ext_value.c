/* Extended values: a charset, a language, percent-encoded bytes (RFC 8187 3.2).
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/http_values.h>
#include <weir/status.h>

#include "ascii.h"
#include "code_point.h"
#include "param.h"

/* attr-char: what needs no percent. */
static bool is_plain(char c)
{
    if (weir__ascii_is_alpha(c) || weir__ascii_is_digit(c))
        return true;
    return c != '\0' && strchr("!#$&+-.^_`|~", c);
}

/* The byte at the front; -1 when it is "%" and not two digits. */
static int take_byte(weir_slice *rest)
{
    char c = rest->data[0];
    int byte = (unsigned char)c;
    if (c == '%') {
        if (rest->len < 3)
            return -1;
        int high = weir__ascii_hex_value(rest->data[1]);
        int low = weir__ascii_hex_value(rest->data[2]);
        if (high < 0 || low < 0)
            return -1;
        byte = high << 4 | low;
    }
    *rest = weir_slice_skip(*rest, c == '%' ? 3 : 1);
    return byte;
}

int weir_http_ext_value_decode(weir_slice value, char *space, size_t *len)
{
    weir_slice charset;
    weir_slice language;
    size_t done = 0;
    if (!weir_slice_split(&value, '\'', &charset) ||
        !weir_slice_split(&value, '\'', &language) || !value.data)
        return WEIR_E_INVALID;
    bool latin1 = weir_slice_equal_nocase(charset, WEIR_S("ISO-8859-1"));
    if (!latin1 && !weir_slice_equal_nocase(charset, WEIR_S("UTF-8")))
        return WEIR_E_INVALID;
    while (value.len > 0) {
        bool encoded = value.data[0] == '%';
        int byte = take_byte(&value);
        /* 3.2.1: only ASCII stands for itself. */
        if (byte < 0 || (!encoded && byte > '~'))
            return WEIR_E_INVALID;
        if (latin1 && byte >= 0x80) {
            space[done++] = (char)(unsigned char)(0xC0 | byte >> 6);
            byte = 0x80 | (byte & 0x3F);
        }
        space[done++] = (char)(unsigned char)byte;
    }
    if (!weir__is_utf8((weir_slice){space, done}))
        return WEIR_E_INVALID;
    *len = done;
    return WEIR_OK;
}

void weir__output_put_ext(weir__output *output, weir_slice text)
{
    for (; text.len > 0; text = weir_slice_skip(text, 1)) {
        unsigned char c = (unsigned char)text.data[0];
        char escape[3] = {'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};
        if (is_plain(text.data[0]))
            weir__output_put(output, (weir_slice){text.data, 1});
        else
            weir__output_put(output, (weir_slice){escape, sizeof(escape)});
    }
}
