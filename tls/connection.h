/* One connection's half of TLS: an SSL made from a context, and what the callbacks of
 * its handshake find out. It knows no transport: who has one gives the SSL its BIOs.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_CONNECTION_H
#define WEIR_TLS_CONNECTION_H

#include <openssl/ssl.h>
#include <weir/allocator.h>
#include <weir/tls.h>

/* Zeroed by its owner, who may set the first two before it is opened. */
typedef struct weir__tls_connection {
    const weir_allocator *allocator; /* NULL: the default one */
    uint16_t port;                   /* of the peer; 0: unknown */

    SSL *ssl;                  /* its app data is this struct, which must not move */
    weir_tls_context *context; /* held */
    char *server_name;         /* whom a client asks for; NULL: nobody */
    char *complaint;           /* why the peer's certificate is not trusted; NULL: it
                                * is, or there was none to look at */
    unsigned char first[8];    /* of what the peer has sent, to tell what is not TLS */
    unsigned char first_len;
    bool is_address;    /* the server's name is an IP address */
    bool established;   /* the handshake is done */
    bool refused;       /* the complaint is why this side has given up */
    bool no_memory;     /* a callback had none */
    bool stapled;       /* a good OCSP response was there */
    unsigned unsettled; /* handshake messages since the last application data */
} weir__tls_connection;

/* Makes the SSL, in the state to connect or to accept, with a session to resume if
 * there is one. WEIR_OK, or WEIR_E_INVALID (the name), WEIR_E_MEMORY or WEIR_E_TLS with
 * a sentence; then there is nothing to close. */
int weir__tls_connection_open(weir__tls_connection *connection,
                              weir_tls_context *context, const char *server_name);

/* To be called once, when the handshake is done: checks what OpenSSL does not, and
 * frees what only the handshake needed. WEIR_OK, or WEIR_E_TLS with a sentence. */
int weir__tls_connection_establish(weir__tls_connection *connection);

void weir__tls_connection_close(weir__tls_connection *connection);

/* The failure of an SSL_ call that gave `result`, as a sentence: what this side knows
 * of the certificate, what the peer's alert says, what it is that is not TLS. Empties
 * OpenSSL's queue. Returns the status: WEIR_E_TLS, WEIR_E_INCOMPLETE when what came may
 * be cut off, or WEIR_E_MEMORY. */
int weir__tls_connection_fail(weir__tls_connection *connection, int result,
                              const char *operation);

/* Handshake messages in a row, without application data between, that are a flood: each
 * costs more to answer than to send. A server sends a few tickets at a time. */
#define WEIR__TLS_MAX_UNSETTLED 32

static inline bool
weir__tls_connection_is_flooded(const weir__tls_connection *connection)
{
    return connection->unsettled > WEIR__TLS_MAX_UNSETTLED;
}

/* Application data was read: what is counted against floods starts again. */
static inline void weir__tls_connection_settle(weir__tls_connection *connection)
{
    connection->unsettled = 0;
}

/* weir_transport_tls_info, for this half. */
int weir__tls_info_new(const weir__tls_connection *connection, weir_tls_info **info);

/* --- for the callbacks of the handshake --- */

static inline weir__tls_connection *weir__tls_connection_of(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

/* Keeps a sentence about the peer, if none is kept yet. */
void weir__tls_connection_complain(weir__tls_connection *connection,
                                   const char *sentence);

/* Forgets it, for a worse one. */
void weir__tls_connection_forgive(weir__tls_connection *connection);

/* Keeps this one, which is why this side gives up. */
void weir__tls_connection_refuse(weir__tls_connection *connection,
                                 const char *sentence);

/* Goes over to another server's context, with its certificate and its rules; before
 * anything of the ClientHello has been answered. */
bool weir__tls_connection_adopt(weir__tls_connection *connection,
                                weir_tls_context *context);

/* A session came that can be resumed later. */
int weir__tls_connection_on_session(SSL *ssl, SSL_SESSION *session);

#endif
