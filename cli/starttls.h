/* The words in the clear before a connection goes over to TLS.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_STARTTLS_H
#define WEIR_CLI_STARTTLS_H

#include <stdbool.h>
#include <weir/stream.h>

#include "command.h"

/* Whether this protocol is one of those that are known. */
bool starttls_knows(const char *protocol);

/* Those that are known, for a help page. */
#define STARTTLS_PROTOCOLS "smtp, imap, xmpp or postgres"

/* Speaks the protocol up to where the handshake begins. `name` is what the server is
 * called. False, having complained, when the server does not offer TLS or speaks
 * something else. */
bool starttls_speak(const struct command *command, weir_stream *stream,
                    const char *protocol, const char *name);

#endif
