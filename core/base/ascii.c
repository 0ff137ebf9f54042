/* Character classes by table.
 *
 * SPDX-License-Identifier: MIT */
#include "ascii.h"

#include <string.h>

int weir__ascii_hex_value(char c)
{
    char lower = weir__ascii_lower(c);
    if (weir__ascii_is_digit(c))
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool weir__ascii_is_token(char c)
{
    if (weir__ascii_is_alpha(c) || weir__ascii_is_digit(c))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}
