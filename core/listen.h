/* Sockets that listen.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_LISTEN_H
#define WEIR_CORE_LISTEN_H

#include <weir/server.h>

/* A listening socket on one address. Returns the descriptor, or a negative errno. */
int weir__listen(weir_loop *loop, const weir_server_options *options,
                 const weir_address *address);

/* Removes the socket file of a server that is dead: one that nobody answers on. */
void weir__remove_stale_socket(weir_loop *loop, const weir_address *address,
                               const char *path);

#endif
