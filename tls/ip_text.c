/* IP addresses as text (RFC 5952 4).
 *
 * SPDX-License-Identifier: MIT */
#include "ip_text.h"

#include <stdio.h>
#include <string.h>

#define GROUPS 8

/* The longest run of zeros, of two or more, the first of equals (4.2); else none. */
static int find_zeros(const unsigned groups[GROUPS], int *start)
{
    int longest = 1;
    int run = 0;
    *start = -1;
    for (int i = 0; i < GROUPS; i++) {
        run = groups[i] == 0 ? run + 1 : 0;
        if (run > longest) {
            longest = run;
            *start = i - run + 1;
        }
    }
    return *start < 0 ? 0 : longest;
}

static void write_ipv6(const unsigned char *bytes, char text[WEIR__IP_TEXT_BYTES])
{
    unsigned groups[GROUPS];
    int start;
    size_t len = 0;
    for (size_t i = 0; i < GROUPS; i++)
        groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    int zeros = find_zeros(groups, &start);
    for (int i = 0; i < GROUPS; i++) {
        if (i == start) {
            len += (size_t)snprintf(text + len, WEIR__IP_TEXT_BYTES - len, "::");
            i += zeros - 1;
            continue;
        }
        const char *colon = i == 0 || i == start + zeros ? "" : ":";
        len += (size_t)snprintf(text + len, WEIR__IP_TEXT_BYTES - len, "%s%x", colon,
                                groups[i]);
    }
}

const char *weir__ip_text(weir_slice bytes, char text[WEIR__IP_TEXT_BYTES])
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    if (bytes.len == 4)
        snprintf(text, WEIR__IP_TEXT_BYTES, "%u.%u.%u.%u", data[0], data[1], data[2],
                 data[3]);
    else if (bytes.len == 16)
        write_ipv6(data, text);
    else
        snprintf(text, WEIR__IP_TEXT_BYTES, "a malformed address");
    return text;
}
