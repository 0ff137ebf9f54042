/* Three bytes are four characters of six bits.
 *
 * SPDX-License-Identifier: MIT */
#include "base64.h"

#include <stdint.h>
#include <weir/status.h>

#include "ascii.h"

static const char ALPHABET[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t weir__base64_encode(weir_slice bytes, char *space)
{
    char *to = space;
    while (bytes.len > 0) {
        size_t count = bytes.len < 3 ? bytes.len : 3;
        uint32_t bits = 0;
        for (size_t i = 0; i < 3; i++)
            bits = bits << 8 | (i < count ? (unsigned char)bytes.data[i] : 0);
        for (size_t i = 0; i < 4; i++)
            *to++ = i <= count ? ALPHABET[bits >> (18 - 6 * i) & 63] : '=';
        bytes = weir_slice_skip(bytes, count);
    }
    return (size_t)(to - space);
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (weir__ascii_is_digit(c))
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* The bytes of four characters, of which the last `padding` are "=": how many, or -1. */
static int decode_four(const char *text, size_t padding, char *space)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int value = i < 4 - padding ? value_of(text[i]) : 0;
        if (value < 0)
            return -1;
        bits = bits << 6 | (uint32_t)value;
    }
    if (padding > 0 && (bits & ((1u << 8 * padding) - 1)) != 0)
        return -1;
    for (size_t i = 0; i < 3 - padding; i++)
        space[i] = (char)(unsigned char)(bits >> (16 - 8 * i) & 255);
    return (int)(3 - padding);
}

int weir__base64_decode(weir_slice text, char *space, size_t *len)
{
    size_t done = 0;
    if (text.len % 4 != 0)
        return WEIR_E_INVALID;
    for (; text.len > 0; text = weir_slice_skip(text, 4)) {
        size_t padding = 0;
        if (text.len == 4 && text.data[3] == '=')
            padding = text.data[2] == '=' ? 2 : 1;
        int count = decode_four(text.data, padding, space + done);
        if (count < 0)
            return WEIR_E_INVALID;
        done += (size_t)count;
    }
    *len = done;
    return WEIR_OK;
}
