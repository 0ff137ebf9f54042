/* One connection's half of TLS: an SSL made from a context, and what the callbacks of
 * its handshake find out. It knows no transport: who has one gives the SSL its BIOs.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_CONNECTION_H
#define WEIR_TLS_CONNECTION_H

#include <openssl/ssl.h>
#include <weir/tls.h>

typedef struct weir__tls_connection {
    SSL *ssl;                  /* its app data is this struct, which must not move */
    weir_tls_context *context; /* held */
    char *server_name;         /* NULL: none */
    char *complaint;           /* why the peer's certificate is not trusted; NULL: it
                                * is, or there was none to look at */
    unsigned char first[8];    /* of what the peer has sent, to tell what is not TLS */
    unsigned char first_len;
    bool stapled;       /* a good OCSP response was there */
    unsigned unsettled; /* handshake messages since the last application data */
} weir__tls_connection;

/* Makes the SSL, in the state to connect or to accept, with a session to resume if
 * there is one. WEIR_OK, or WEIR_E_INVALID (the name), WEIR_E_MEMORY or WEIR_E_TLS with
 * a sentence; then there is nothing to close. */
int weir__tls_connection_open(weir__tls_connection *connection,
                              weir_tls_context *context, const char *server_name);

void weir__tls_connection_close(weir__tls_connection *connection);

/* The failure of an SSL_ call that gave `result`, as a sentence: what this side knows
 * of the certificate, what the peer's alert says, what it is that is not TLS. Empties
 * OpenSSL's queue. Returns the status: WEIR_E_TLS, or WEIR_E_MEMORY. */
int weir__tls_connection_fail(weir__tls_connection *connection, int result,
                              const char *operation);

/* Application data was read: what is counted against floods starts again. */
static inline void weir__tls_connection_settle(weir__tls_connection *connection)
{
    connection->unsettled = 0;
}

/* weir_transport_tls_info, for this half. */
int weir__tls_info_new(const weir__tls_connection *connection, weir_tls_info **info);

#endif
