/* application/x-www-form-urlencoded (WHATWG URL 5).
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/form_codec.h>

#include "ascii.h"
#include "encode.h"

/* 1.3: what is left of the application/x-www-form-urlencoded percent-encode set. */
static bool is_plain(char c)
{
    return weir__ascii_is_alpha(c) || weir__ascii_is_digit(c) ||
           (c != '\0' && strchr("*-._", c));
}

static void put(weir__output *output, weir_slice text)
{
    while (text.len > 0) {
        unsigned char c = (unsigned char)text.data[0];
        char escape[3] = {'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};
        size_t plain = 0;
        while (plain < text.len && is_plain(text.data[plain]))
            plain++;
        if (plain > 0)
            weir__output_put(output, (weir_slice){text.data, plain});
        else if (c == ' ')
            weir__output_put(output, WEIR_S("+"));
        else
            weir__output_put(output, (weir_slice){escape, sizeof(escape)});
        text = weir_slice_skip(text, plain > 0 ? plain : 1);
    }
}

/* 5.2 */
int weir_urlencoded_encode(const weir_form_field *fields, size_t count, char *space,
                           size_t size, size_t *len)
{
    weir__output output = {space, size, 0};
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            weir__output_put(&output, WEIR_S("&"));
        put(&output, fields[i].name);
        weir__output_put(&output, WEIR_S("="));
        put(&output, fields[i].value);
    }
    return weir__output_finish(&output, len);
}

/* 5.1 */
bool weir_urlencoded_next(weir_slice *rest, weir_form_field *field)
{
    weir_slice pair;
    while (weir_slice_split(rest, '&', &pair)) {
        if (pair.len == 0)
            continue;
        weir_slice_split(&pair, '=', &field->name);
        field->value = pair;
        return true;
    }
    return false;
}

size_t weir_urlencoded_decode(weir_slice text, char *space)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        int high = -1;
        int low = -1;
        if (c == '%' && text.len - i > 2) {
            high = weir__ascii_hex_value(text.data[i + 1]);
            low = weir__ascii_hex_value(text.data[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            c = (char)(unsigned char)(high << 4 | low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        space[len++] = c;
    }
    return len;
}
