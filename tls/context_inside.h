/* What a context is, for this folder alone.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_CONTEXT_INSIDE_H
#define WEIR_TLS_CONTEXT_INSIDE_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "alpn.h"
#include "context.h"
#include "key_log.h"
#include "pin.h"
#include "security.h"
#include "sessions.h"

#define WEIR__TLS_SESSION_ID_BYTES 16

typedef struct weir__tls_context {
    struct weir_tls_context base; /* first, as the streams know it */
    bool is_server;

    /* What never changes. */
    weir_tls_options options;
    weir__tls_alpn alpn;
    weir__tls_pins pins;
    weir__tls_key_log key_log;
    unsigned char session_id[WEIR__TLS_SESSION_ID_BYTES]; /* whose tickets they are */

    pthread_mutex_t lock; /* of what follows */
    size_t holders;
    SSL_CTX *ssl;      /* of the connections to come */
    X509_STORE *trust; /* whom it trusts; NULL: nobody */
    weir__tls_sessions sessions;
} weir__tls_context;

static inline weir__tls_context *weir__tls_context_inside(weir_tls_context *context)
{
    return (weir__tls_context *)context;
}

/* The SSL_CTX for a new connection, with a reference of its own. */
SSL_CTX *weir__tls_context_ssl(weir__tls_context *context);

#endif
