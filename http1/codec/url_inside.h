/* The inside of a weir_url, and what its files share.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_URL_INSIDE_H
#define WEIR_HTTP1_CODEC_URL_INSIDE_H

#include <weir/url.h>

#include "buffer.h"

/* The text, and where its parts begin or end:
 *
 *   https://user:password@host:8443/path?query#fragment
 *        |      |         |   |    |    |     |        |
 *        scheme_end       host     path query fragment len
 *               user_end      host_end
 */
typedef struct weir__url {
    const weir_allocator *allocator;
    char *text; /* NULL when all zero */
    uint32_t max_bytes;
    uint32_t len;
    uint32_t scheme_end;
    uint32_t user_end; /* at ":" of a password, else at "@", else at the host */
    uint32_t host;
    uint32_t host_end;
    uint32_t path;
    uint32_t query;    /* at "?"; else as fragment */
    uint32_t fragment; /* at "#"; else as len */
    uint16_t port;     /* never 0 in effect: the default is filled in */
} weir__url;

_Static_assert(sizeof(weir__url) <= sizeof(weir_url), "opaque is too small");

static inline weir__url *weir__url_of(weir_url *url)
{
    return (weir__url *)(void *)url;
}

static inline const weir__url *weir__url_of_const(const weir_url *url)
{
    return (const weir__url *)(const void *)url;
}

/* The default port of a scheme; 0 for a scheme that is not ours. */
uint16_t weir__url_default_port(weir_slice scheme);

/* Appends `bytes`, percent-encoding all but printable ASCII, the space, and those in
 * `set`. WEIR_OK or what the buffer says. */
int weir__url_encode(weir__buffer *out, weir_slice bytes, const char *set);

/* Appends the serialised form of a host, which is not empty (WHATWG URL 3.5).
 * WEIR_OK, what the buffer says, or WEIR_E_INVALID or WEIR_E_UNSUPPORTED with the
 * reason. */
int weir__url_put_host(weir__buffer *out, weir_slice host, const char **reason);

#endif
