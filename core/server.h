/* Servers: what the loop and the transports call.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_SERVER_H
#define WEIR_CORE_SERVER_H

#include <weir/server.h>

/* Frees the servers of a loop whose tasks have ended. */
void weir__servers_free(weir_loop *loop);

/* A connection of the server is gone. */
void weir__server_connection_ended(weir_server *server);

#endif
