/* SOCKS over a stream. Of what comes no byte more is read than the handshake has.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/resolver.h>

#include "address.h"
#include "error.h"
#include "socks.h"
#include "tunnel.h"

static int fail_closed(void)
{
    return weir__fail(WEIR_E_CLOSED, "request", "the session was freed");
}

/* The first address that the proxy can be asked for. */
static int pick(weir__socks_request *request, const weir_address *addresses, int count,
                bool public_only)
{
    bool is_private = false;
    for (int i = 0; i < count; i++) {
        request->ip_len = weir__address_ip(&addresses[i], request->ip);
        if (public_only && !weir_address_is_public(&addresses[i]))
            is_private = true;
        else if (request->ip_len == 4 ||
                 (request->ip_len == 16 && request->version == 5))
            return WEIR_OK;
    }
    if (is_private)
        return weir__fail(WEIR_E_CONNECTION, "proxy", "the host has no public address");
    return weir__fail(WEIR_E_RESOLVE, "proxy",
                      "the host has no IPv4 address, and SOCKS4 no other");
}

/* A literal address is sent as what it is, and a name as who resolves it has it. */
static int find_host(const weir__connection *connection,
                     const struct weir__pool_wish *wish, weir__socks_request *request)
{
    weir_address addresses[WEIR_MAX_ADDRESSES];
    const weir__dialer *dialer = wish->dialer;
    int port = weir_url_port(wish->url);
    request->host = weir_slice_of(connection->host);
    if (weir__proxy_resolves(wish->proxy)) {
        if (weir_address_parse(&addresses[0], connection->host, port) == WEIR_OK)
            request->ip_len = weir__address_ip(&addresses[0], request->ip);
        return WEIR_OK;
    }
    int count = weir__dialer_addresses(connection->pool->loop, dialer, connection->host,
                                       port, addresses);
    return count < 0 ? count
                     : pick(request, addresses, count, dialer && dialer->public_only);
}

static int send_output(weir__connection *connection, weir__socks *socks)
{
    weir_writer *writer = weir_stream_writer(connection->stream);
    if (socks->output_len == 0)
        return WEIR_OK;
    int rc = weir_write(writer, (weir_slice){socks->output, socks->output_len});
    if (rc == WEIR_OK)
        rc = weir_drain(writer);
    return connection->stream ? rc : fail_closed();
}

static int receive(weir__connection *connection, size_t wanted, weir_slice *bytes)
{
    int rc = weir_readexactly(weir_stream_reader(connection->stream), wanted, bytes);
    if (!connection->stream)
        return fail_closed();
    if (rc == 0 || rc == WEIR_E_INCOMPLETE)
        return weir__fail(WEIR_E_CONNECTION, "proxy",
                          "the proxy closed the connection in the handshake of SOCKS");
    return rc < 0 ? weir__fail_prefix("the proxy's part of SOCKS") : WEIR_OK;
}

static int fail(const weir__connection *connection, const weir__socks *socks)
{
    const weir_codec_error *error = &socks->error;
    if (error->status == WEIR_E_CONNECTION)
        return weir__fail(error->status, "proxy", "the proxy did not connect to %s: %s",
                          connection->host, error->reason);
    return weir__fail(error->status, "proxy", "SOCKS: %s", error->reason);
}

static int speak(weir__connection *connection, weir__socks *socks,
                 const weir__socks_request *request)
{
    weir_slice bytes = {NULL, 0};
    int progress = weir__socks_begin(socks, request);
    while (progress > 0) {
        int rc = send_output(connection, socks);
        if (rc == WEIR_OK)
            rc = receive(connection, socks->wanted, &bytes);
        if (rc < 0)
            return rc;
        progress = weir__socks_take(socks, bytes);
    }
    if (progress < 0)
        return fail(connection, socks);
    if (weir_reader_buffered(weir_stream_reader(connection->stream)) == 0)
        return WEIR_OK;
    return weir__fail(
        WEIR_E_PROTOCOL, "proxy",
        "the proxy sent more than SOCKS has, before anything was asked of "
        "the host");
}

int weir__tunnel_socks(weir__connection *connection, const struct weir__pool_wish *wish)
{
    const weir__proxy *proxy = wish->proxy;
    bool is_4 = proxy->kind == WEIR__PROXY_SOCKS4 || proxy->kind == WEIR__PROXY_SOCKS4A;
    weir__socks socks;
    weir__socks_request request = {.version = is_4 ? 4 : 5,
                                   .user = weir_slice_of(proxy->user),
                                   .password = weir_slice_of(proxy->password),
                                   .port = weir_url_port(wish->url)};
    int rc = find_host(connection, wish, &request);
    if (rc < 0)
        return rc;
    if (!connection->stream)
        return fail_closed();
    rc = speak(connection, &socks, &request);
    weir__socks_clear(&socks);
    return rc;
}
