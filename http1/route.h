/* The way of a connection: straight, or through a proxy, and secured at its end.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_ROUTE_H
#define WEIR_HTTP1_ROUTE_H

#include "pool.h"

/* Makes the stream of a connection. WEIR_OK, or a status with its sentence; the
 * connection is then to be freed. */
int weir__route_open(weir__connection *connection, const struct weir__pool_wish *wish);

#endif
