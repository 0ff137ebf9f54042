/* Routes.
 *
 *   straight:   dial the host [TLS]
 *   forwarded:  dial the proxy [TLS with it], and that is all
 *   tunnelled:  dial the proxy [TLS with it], CONNECT or SOCKS, [TLS with the host]
 *
 * SPDX-License-Identifier: MIT */
#include "route.h"

#include <weir/timeout.h>

#include "error.h"
#include "loop.h"
#include "security.h"
#include "tunnel.h"

static int fail_closed(void)
{
    return weir__fail(WEIR_E_CLOSED, "request", "the session was freed");
}

static uint64_t now_of(const weir__connection *connection)
{
    return connection->pool->loop->sys->now(connection->pool->loop->sys);
}

/* What is made, and for what. */
struct opening {
    weir__connection *connection;
    const struct weir__pool_wish *wish;
    bool to_proxy; /* on the way there, of which only the name's addresses are news */
};

static void note_step(weir_connect_step step, void *arg)
{
    const struct opening *opening = arg;
    weir__connection *connection = opening->connection;
    uint64_t now = now_of(connection);
    switch (step) {
    case WEIR_CONNECT_RESOLVED:
        connection->times.resolved = now;
        break;
    case WEIR_CONNECT_CONNECTED:
        connection->times.connected = now;
        break;
    case WEIR_CONNECT_SECURED:
        connection->times.secured = now;
        break;
    }
    if (opening->wish->on_step && !(opening->to_proxy && step != WEIR_CONNECT_RESOLVED))
        opening->wish->on_step(step, opening->wish->arg);
}

static int go_straight(weir__connection *connection, const struct weir__pool_wish *wish)
{
    struct opening opening = {connection, wish, false};
    struct weir__destination host = {
        .host = connection->host,
        .port = weir_url_port(wish->url),
        .tls = wish->tls,
        .connect_timeout_ms = wish->connect_timeout_ms,
        .on_step = note_step,
        .step_arg = &opening,
    };
    return weir__dial(connection->pool->loop, wish->dialer, &host, &connection->stream);
}

static int reach_proxy(weir__connection *connection, const struct weir__pool_wish *wish)
{
    const weir__proxy *proxy = wish->proxy;
    struct opening opening = {connection, wish, !wish->forward};
    struct weir__destination there = {
        .host = proxy->host,
        .port = proxy->port,
        .tls = proxy->kind == WEIR__PROXY_HTTPS ? proxy->tls : NULL,
        .connect_timeout_ms = wish->connect_timeout_ms,
        .on_step = note_step,
        .step_arg = &opening,
        .any_address = true,
    };
    int rc =
        weir__dial(connection->pool->loop, wish->dialer, &there, &connection->stream);
    return rc == WEIR_OK && connection->client->closed ? fail_closed() : rc;
}

static int pass_proxy(weir__connection *connection, const struct weir__pool_wish *wish)
{
    int rc = reach_proxy(connection, wish);
    if (rc < 0 || wish->forward)
        return rc;
    return weir__proxy_is_http(wish->proxy) ? weir__tunnel_connect(connection, wish)
                                            : weir__tunnel_socks(connection, wish);
}

/* A proxy has as much time for all of it as a host has to connect. */
static int pass_proxy_in_time(weir__connection *connection,
                              const struct weir__pool_wish *wish)
{
    weir_timeout timeout =
        weir_timeout_start(connection->pool->loop, wish->connect_timeout_ms);
    int rc = pass_proxy(connection, wish);
    if (rc == WEIR_OK && !wish->forward) /* with the host */
        note_step(WEIR_CONNECT_CONNECTED, &(struct opening){connection, wish, false});
    if (!weir_timeout_end(&timeout) || rc != WEIR_E_TIMEOUT)
        return rc;
    return weir__fail(rc, "proxy", "no way through the proxy within %u ms",
                      (unsigned)wish->connect_timeout_ms);
}

static int secure(weir__connection *connection, const struct weir__pool_wish *wish)
{
    weir_tls_context *tls = wish->tls;
    int rc = tls->security->start(connection->stream, tls, connection->host);
    if (!connection->stream)
        return fail_closed();
    if (rc < 0)
        return weir__fail_prefix("TLS with %s", connection->host);
    note_step(WEIR_CONNECT_SECURED, &(struct opening){connection, wish, false});
    return rc;
}

int weir__route_open(weir__connection *connection, const struct weir__pool_wish *wish)
{
    connection->times.begun = now_of(connection);
    if (!wish->proxy)
        return go_straight(connection, wish);
    int rc = pass_proxy_in_time(connection, wish);
    return rc == WEIR_OK && wish->tls ? secure(connection, wish) : rc;
}
