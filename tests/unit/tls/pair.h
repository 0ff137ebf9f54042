/* A client and a server of TLS in one thread, with pipes of memory between them.
 *
 *   struct pair pair;
 *   pair_open(&pair, client, server, "a.example");
 *   CHECK(pair_shake(&pair));
 *   ...
 *   pair_close(&pair);
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_TLS_PAIR_H
#define WEIR_TESTS_TLS_PAIR_H

#include <weir/status.h>

#include "authority.h"
#include "connection.h"
#include "pin.h"
#include "test.h"

/* One of the two. */
struct pair_end {
    weir__tls_connection connection;
    int status;        /* WEIR_OK: the handshake is done; WEIR_E_AGAIN: it goes on */
    char message[256]; /* what it said when it failed */
};

struct pair {
    struct pair_end client;
    struct pair_end server;
};

/* Ends the test if it does not work. */
void pair_open(struct pair *pair, weir_tls_context *client, weir_tls_context *server,
               const char *name);
void pair_open_port(struct pair *pair, weir_tls_context *client,
                    weir_tls_context *server, const char *name, uint16_t port);

/* The same, when memory may be short; a status. It is closed in any case. */
int pair_try(struct pair *pair, weir_tls_context *client, weir_tls_context *server,
             const char *name);

void pair_close(struct pair *pair);

/* Shakes hands, and sends a byte both ways; whether all of that went well on both sides.
 * What went wrong is in the ends' messages. */
bool pair_shake(struct pair *pair);

/* Opens, shakes and closes; the messages stay. */
bool pair_run(struct pair *pair, weir_tls_context *client, weir_tls_context *server,
              const char *name);

/* Sends a byte from one to the other; whether it came. */
bool pair_send(struct pair_end *from, struct pair_end *to);

/* An authority "Test CA", and a server of that issuer with these names. */
struct pair_world {
    struct credential ca;
    struct credential leaf;
};

void world_open(struct pair_world *world, const struct credential_wish *leaf);
void world_close(struct pair_world *world);

/* Contexts of that world, with what else the options say; they end the test if they
 * cannot be made. */
weir_tls_context *world_client(const struct pair_world *world,
                               weir_tls_options options);
weir_tls_context *world_server(const struct pair_world *world,
                               weir_tls_options options);

#define CHECK_TEXT(got, wanted) CHECK_BYTES(weir_slice_of(got), weir_slice_of(wanted))

#endif
