/* A client's sessions, to be resumed: bounded, and each used once.
 *
 * Who calls holds the lock of the context.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_SESSIONS_H
#define WEIR_TLS_SESSIONS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

typedef struct weir__tls_sessions {
    weir__link entries; /* the oldest first */
    size_t count;
    size_t max;
} weir__tls_sessions;

/* `max` 0: the default number. */
void weir__tls_sessions_init(weir__tls_sessions *sessions, size_t max);

/* Drops them all. */
void weir__tls_sessions_clear(weir__tls_sessions *sessions);

/* Keeps a session with that peer, of which it takes the reference over; the oldest
 * makes place. False, and nothing is taken, without memory. */
bool weir__tls_sessions_put(weir__tls_sessions *sessions, const char *name,
                            uint16_t port, SSL_SESSION *session);

/* Takes the newest session with that peer out, with its reference; NULL: none. */
SSL_SESSION *weir__tls_sessions_take(weir__tls_sessions *sessions, const char *name,
                                     uint16_t port);

#endif
