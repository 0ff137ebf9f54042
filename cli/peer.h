/* A connection of `weir connect` or `weir tls`: in the clear, with TLS, or going over
 * to it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_PEER_H
#define WEIR_CLI_PEER_H

#include <weir/stream.h>

#include "command.h"

struct peer {
    const char *host;
    int port;
    weir_tls_context *tls;   /* NULL: in the clear */
    const char *starttls;    /* by this protocol, or NULL: from the first byte on */
    const char *server_name; /* NULL: the host */
};

/* Connects. NULL, having complained, when that fails. */
weir_stream *peer_open(const struct command *command, weir_loop *loop,
                       const struct peer *peer);

/* Its address as text. */
const char *peer_address(weir_stream *stream, char text[WEIR_ADDRESS_TEXT_BYTES]);

#endif
