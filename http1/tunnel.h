/* Through a proxy to a host: CONNECT (RFC 9110 9.3.6), SOCKS (RFC 1928).
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_TUNNEL_H
#define WEIR_HTTP1_TUNNEL_H

#include "pool.h"

/* Both speak with the proxy of the wish over the connection's stream, until what comes
 * and goes there is the host's. WEIR_OK, or a status with its sentence; the stream is to
 * be closed then. */
int weir__tunnel_connect(weir__connection *connection,
                         const struct weir__pool_wish *wish);
int weir__tunnel_socks(weir__connection *connection,
                       const struct weir__pool_wish *wish);

#endif
