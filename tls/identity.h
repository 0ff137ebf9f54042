/* The own certificate and its key.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_IDENTITY_H
#define WEIR_TLS_IDENTITY_H

#include <openssl/ssl.h>
#include <weir/tls.h>

/* Whether the options name one. */
bool weir__tls_has_identity(const weir_tls_options *options);

/* Loads them into the SSL_CTX. WEIR_OK, also when there are none; or WEIR_E_INVALID,
 * WEIR_E_TLS or WEIR_E_MEMORY with a sentence. */
int weir__tls_identity_load(SSL_CTX *ssl, const weir_tls_options *options);

#endif
