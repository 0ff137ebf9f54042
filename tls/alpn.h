/* Protocols for the application, as they go over the wire (RFC 7301 3.1).
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_ALPN_H
#define WEIR_TLS_ALPN_H

#include <stdbool.h>
#include <weir/slice.h>

/* A list of names, each behind its length of one byte. */
typedef struct weir__tls_alpn {
    unsigned char *names; /* NULL: no list */
    unsigned len;
} weir__tls_alpn;

/* `names` ends with NULL; NULL is no list. WEIR_OK, or WEIR_E_INVALID or WEIR_E_MEMORY
 * with a sentence. */
int weir__tls_alpn_init(weir__tls_alpn *alpn, const char *const *names);
void weir__tls_alpn_clear(weir__tls_alpn *alpn);

/* The first name of `own` that the peer's list has too; empty when there is none. */
weir_slice weir__tls_alpn_pick(const weir__tls_alpn *own, weir_slice peers);

bool weir__tls_alpn_has(const weir__tls_alpn *alpn, weir_slice name);

/* The names with ", " between them, for a sentence. Returns `text`. */
const char *weir__tls_alpn_text(weir_slice names, char *text, size_t size);

#endif
