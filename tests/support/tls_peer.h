/* The openssl command as the other side of TLS: a server that runs beside the test, or
 * a client that runs to its end while the loop does.
 *
 *   struct s_server server;
 *   s_server_start(&server, "localhost", (const char *[]){"-tls1_2", "-rev", NULL});
 *   ... connect to server.peer.port ...
 *   s_server_type(&server, "R\n");        what it would read from a terminal
 *   s_server_stop(&server);
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_TLS_PEER_H
#define WEIR_TESTS_TLS_PEER_H

#include <weir/loop.h>

#include "peer.h"

struct s_server {
    struct peer peer;
    int input; /* to its standard input */
};

/* With the certificate of this name, what is behind it, unless the name ends with
 * "-alone", and its key. `options` may be NULL, and ends with NULL. */
void s_server_start(struct s_server *server, const char *name,
                    const char *const *options);

void s_server_type(struct s_server *server, const char *text);

/* Whether the server's output has this text by now; waits for a second at most. */
bool s_server_said(struct s_server *server, weir_loop *loop, const char *text);

void s_server_stop(struct s_server *server);

/* What a command has said, on both outputs, and how it ended. */
struct command {
    int status; /* as of waitpid(); -1: it had to be killed */
    char output[32768];
};

/* Runs a command, and the loop until it ends, 20 seconds at most. `input` is what it
 * reads; with `hold` its standard input does not end there. */
void command_run(struct command *command, weir_loop *loop, const char *const *arguments,
                 const char *input, bool hold);

/* openssl s_client to a port of 127.0.0.1, which checks the server as localhost. It
 * ends when the server ends, or with `hold` when it is told to by "Q\n". */
void s_client_run(struct command *command, weir_loop *loop, int port,
                  const char *const *options, const char *input, bool hold);

#endif
