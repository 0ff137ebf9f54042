/* ASCII characters without a locale.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BASE_ASCII_H
#define WEIR_BASE_ASCII_H

#include <stdbool.h>

static inline char weir__ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline char weir__ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static inline bool weir__ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool weir__ascii_is_alpha(char c)
{
    char lower = weir__ascii_lower(c);
    return lower >= 'a' && lower <= 'z';
}

/* The value of a hexadecimal digit, or -1. */
int weir__ascii_hex_value(char c);

/* Whether `c` may stand in a token (RFC 9110 5.6.2). */
bool weir__ascii_is_token(char c);

#endif
