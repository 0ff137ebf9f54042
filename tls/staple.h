/* OCSP responses that a server staples to its certificate (RFC 6066 8, RFC 6960).
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_STAPLE_H
#define WEIR_TLS_STAPLE_H

#include <openssl/ssl.h>

/* As SSL_CTX_set_tlsext_status_cb calls it. */
int weir__tls_check_staple(SSL *ssl, void *arg);

#endif
