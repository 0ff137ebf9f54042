/* A first byte, and those that continue it (RFC 3629 3).
 *
 * SPDX-License-Identifier: MIT */
#include "code_point.h"

/* The length that the first byte announces; 0 for one that begins nothing. */
static size_t announced(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || first > 0xF4)
        return 0;
    return first < 0xE0 ? 2 : 3 + (first >= 0xF0);
}

size_t weir__code_point(weir_slice text, uint32_t *code_point)
{
    /* The least code point of each length: what could be shorter is refused. */
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text.data[0];
    size_t len = announced(first);
    uint32_t code = len == 1 ? first : first & (0x7Fu >> len);
    if (len == 0 || len > text.len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)text.data[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (next & 0x3F);
    }
    if (code < LEAST[len] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return 0;
    *code_point = code;
    return len;
}

bool weir__is_utf8(weir_slice text)
{
    uint32_t code;
    size_t len = 1;
    while (text.len > 0 && len > 0) {
        len = weir__code_point(text, &code);
        text = weir_slice_skip(text, len);
    }
    return text.len == 0;
}
