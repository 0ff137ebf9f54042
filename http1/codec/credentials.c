/* Credentials that are what they are: Basic (RFC 7617), Bearer (RFC 6750).
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/http_auth.h>
#include <weir/status.h>

#include "base64.h"
#include "checked.h"
#include "encode.h"

#define BASIC "Basic "

/* RFC 7617 2 */
static bool has_control(weir_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < ' ' || c == 0x7F)
            return true;
    }
    return false;
}

static void put(char **at, weir_slice bytes)
{
    if (bytes.len > 0)
        memcpy(*at, bytes.data, bytes.len);
    *at += bytes.len;
}

int weir_http_basic(weir_slice user, weir_slice password, char *space, size_t size,
                    size_t *len)
{
    const size_t prefix = sizeof(BASIC) - 1;
    size_t pair;
    if (has_control(user) || has_control(password) ||
        (user.len > 0 && memchr(user.data, ':', user.len)))
        return WEIR_E_INVALID;
    if (!weir__checked_add(user.len, password.len, &pair) || pair > SIZE_MAX / 4)
        return WEIR_E_TOO_BIG;
    pair++;
    *len = prefix + WEIR__BASE64_LEN(pair);
    if (*len > size)
        return WEIR_E_TOO_BIG;
    /* The pair is put at the end of the space, from where encoding eats it up: the
     * three bytes that are read next are never before the four that are written. */
    char *start = space + *len - pair;
    char *at = start;
    put(&at, user);
    put(&at, WEIR_S(":"));
    put(&at, password);
    memcpy(space, BASIC, prefix);
    weir__base64_encode((weir_slice){start, pair}, space + prefix);
    return WEIR_OK;
}

int weir_http_bearer(weir_slice token, char *space, size_t size, size_t *len)
{
    weir__output output = {space, size, 0};
    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] <= ' ' || token.data[i] > '~')
            return WEIR_E_INVALID;
    }
    if (token.len == 0)
        return WEIR_E_INVALID;
    weir__output_put(&output, WEIR_S("Bearer "));
    weir__output_put(&output, token);
    return weir__output_finish(&output, len);
}
