/* Whether the peer is who it must be: its certificate, its name, its key.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_VERIFY_H
#define WEIR_TLS_VERIFY_H

#include <openssl/ssl.h>

/* As SSL_CTX_set_cert_verify_callback calls it. */
int weir__tls_verify(X509_STORE_CTX *store, void *arg);

#endif
