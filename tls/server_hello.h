/* What a server decides by the ClientHello: whose certificate, which protocol.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_SERVER_HELLO_H
#define WEIR_TLS_SERVER_HELLO_H

#include <openssl/ssl.h>

/* Callbacks of OpenSSL, each in its form. */
int weir__tls_on_client_hello(SSL *ssl, int *alert, void *arg);
int weir__tls_on_server_name(SSL *ssl, int *alert, void *arg);
int weir__tls_on_alpn(SSL *ssl, const unsigned char **picked, unsigned char *picked_len,
                      const unsigned char *offered, unsigned offered_len, void *arg);

#endif
