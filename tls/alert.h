/* What a peer means by an alert (RFC 8446 6).
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_ALERT_H
#define WEIR_TLS_ALERT_H

#include "connection.h"

/* The sentence of a fatal alert that the peer has sent. Returns `text`. */
const char *weir__tls_alert_text(const weir__tls_connection *connection, int alert,
                                 char *text, size_t size);

/* "TLS 1.2 and 1.3", and what the options have of ciphers and groups. Returns `text`. */
const char *weir__tls_offer_text(const weir__tls_connection *connection, char *text,
                                 size_t size);

/* "server" for a client, and "client" for a server. */
const char *weir__tls_peer_text(const weir__tls_connection *connection);

#endif
