/* Connecting: names, addresses, a Unix path; within one time limit.
 *
 * SPDX-License-Identifier: MIT */
#include "connect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <weir/resolver.h>
#include <weir/task.h>
#include <weir/timeout.h>

#include "address.h"
#include "error.h"
#include "loop.h"
#include "park.h"
#include "race.h"
#include "security.h"
#include "stream.h"

#define DEFAULT_CONNECT_TIMEOUT_MS 30000
#define DEFAULT_ATTEMPT_DELAY_MS   250 /* RFC 8305 8 */

/* How long until a Unix server with a full backlog is asked again. */
#define BACKLOG_RETRY_MS 10

static const weir_protocol NOBODY = {.connection_lost = NULL};

static int family_of(weir_address *address)
{
    return weir__address_sockaddr(address)->sa_family;
}

/* The first address not used yet of this family; of the other one, if it has none. */
static int pick(weir_address *addresses, const bool *used, int count, int family)
{
    int other = -1;
    for (int i = 0; i < count; i++) {
        if (!used[i] && family_of(&addresses[i]) == family)
            return i;
        if (!used[i] && other < 0)
            other = i;
    }
    return other;
}

/* Alternates the families, beginning with that of the first address (RFC 8305 4),
 * and otherwise keeps the resolver's order. */
static void interleave(weir_address *addresses, int count)
{
    weir_address sorted[WEIR_MAX_ADDRESSES];
    bool used[WEIR_MAX_ADDRESSES] = {false};
    int wanted = family_of(&addresses[0]);
    for (int taken = 0; taken < count; taken++) {
        int next = pick(addresses, used, count, wanted);
        used[next] = true;
        sorted[taken] = addresses[next];
        wanted = wanted == AF_INET ? AF_INET6 : AF_INET;
    }
    memcpy(addresses, sorted, (size_t)count * sizeof(addresses[0]));
}

/* Keeps those that may be connected to. Returns how many, or why none. */
static int keep_public(const char *name, weir_address *addresses, int count)
{
    char text[WEIR_ADDRESS_TEXT_BYTES];
    int kept = 0;
    weir_address_text(&addresses[0], text, sizeof(text));
    for (int i = 0; i < count; i++) {
        if (weir_address_is_public(&addresses[i]))
            addresses[kept++] = addresses[i];
    }
    if (kept > 0)
        return kept;
    return weir__fail(WEIR_E_CONNECTION, "connect",
                      "connect to %s: %s is not a public address", name, text);
}

static int find_addresses(weir_loop *loop, const weir_connect_options *options,
                          weir_address *addresses)
{
    if (options->address_count == 0)
        return weir_resolve(loop, options->host, options->port, options->family,
                            addresses);
    memcpy(addresses, options->addresses,
           options->address_count * sizeof(addresses[0]));
    return (int)options->address_count;
}

static void tell(const weir_connect_options *options, weir_connect_step step)
{
    if (options->on_step)
        options->on_step(step, options->step_arg);
}

static int connect_host(weir_loop *loop, const weir_connect_options *options, int *fd)
{
    weir_address addresses[WEIR_MAX_ADDRESSES];
    weir_address local;
    char name[320];
    const char *local_host = options->local_host;
    if (local_host && weir_address_parse(&local, local_host, options->local_port) < 0)
        return weir__fail(WEIR_E_INVALID, "connect",
                          "the local address %s is no address", local_host);
    snprintf(name, sizeof(name), "%s port %d", options->host, options->port);
    int count = find_addresses(loop, options, addresses);
    if (count > 0 && options->public_only)
        count = keep_public(name, addresses, count);
    if (count < 0)
        return count;
    tell(options, WEIR_CONNECT_RESOLVED);
    interleave(addresses, count);
    return weir__race(loop,
                      &(struct weir__race_options){
                          .addresses = addresses,
                          .count = count,
                          .local = local_host ? &local : NULL,
                          .local_port = options->local_port,
                          .delay_ms = options->attempt_delay_ms
                                          ? options->attempt_delay_ms
                                          : DEFAULT_ATTEMPT_DELAY_MS,
                          .name = name,
                      },
                      fd);
}

static int connect_unix(weir_loop *loop, const char *path, int *fd)
{
    weir_address address;
    if (weir__address_unix(&address, path) < 0)
        return weir__fail(WEIR_E_INVALID, "connect", "a socket cannot have the path %s",
                          path);
    for (;;) {
        struct weir__race_options options = {
            .addresses = &address, .count = 1, .name = path};
        int rc = weir__race(loop, &options, fd);
        /* EAGAIN: the backlog is full, of which no event will tell (unix(7)). */
        if (rc != WEIR_E_SYSTEM || weir_last_error()->os_error != EAGAIN)
            return rc;
        rc = weir_sleep(loop, BACKLOG_RETRY_MS);
        if (rc < 0)
            return rc;
    }
}

static int check_options(const weir_connect_options *options)
{
    if (options->unix_path && options->host)
        return weir__fail(WEIR_E_INVALID, "connect",
                          "a host and a Unix path exclude each other");
    if (!options->unix_path && (!options->host || !options->host[0]))
        return weir__fail(WEIR_E_INVALID, "connect", "there is no host to connect to");
    if (!options->unix_path && (options->port < 1 || options->port > 65535))
        return weir__fail(WEIR_E_INVALID, "connect",
                          "the port %d is not from 1 to 65535", options->port);
    if (options->local_port < 0 || options->local_port > 65535)
        return weir__fail(WEIR_E_INVALID, "connect",
                          "the local port %d is not from 0 to 65535",
                          options->local_port);
    if (options->address_count > WEIR_MAX_ADDRESSES)
        return weir__fail(WEIR_E_INVALID, "connect",
                          "%zu addresses are more than the %d there may be",
                          options->address_count, (int)WEIR_MAX_ADDRESSES);
    if (options->unix_path && options->public_only)
        return weir__fail(WEIR_E_INVALID, "connect", "a Unix path is not public");
    return WEIR_OK;
}

static const char *name_of(const weir_connect_options *options)
{
    return options->unix_path ? options->unix_path : options->host;
}

static int describe(int rc, const weir_connect_options *options, uint32_t timeout_ms,
                    bool timed_out)
{
    const char *name = name_of(options);
    if (timed_out)
        return weir__fail(
            WEIR_E_TIMEOUT, "connect",
            "connect to %s: no connection within %u ms (.connect_timeout_ms)", name,
            (unsigned)timeout_ms);
    if (rc == WEIR_E_TIMEOUT)
        return weir__fail(rc, "connect", "connect to %s: the deadline passed", name);
    if (rc == WEIR_E_CANCELLED)
        return weir__fail(rc, "connect", "connect to %s: the task was cancelled", name);
    return rc;
}

int weir__connect(weir_loop *loop, const weir_connect_options *options, int *fd,
                  enum weir__descriptor_kind *kind)
{
    uint32_t timeout_ms = options->connect_timeout_ms ? options->connect_timeout_ms
                                                      : DEFAULT_CONNECT_TIMEOUT_MS;
    int rc = weir__check_may_wait(loop, "connect");
    if (rc == WEIR_OK)
        rc = check_options(options);
    if (rc < 0)
        return rc;
    weir_timeout timeout = weir_timeout_start(loop, timeout_ms);
    rc = options->unix_path ? connect_unix(loop, options->unix_path, fd)
                            : connect_host(loop, options, fd);
    bool timed_out = weir_timeout_end(&timeout);
    *kind = options->unix_path ? WEIR__DESCRIPTOR_UNIX : WEIR__DESCRIPTOR_TCP;
    if (rc < 0)
        return describe(rc, options, timeout_ms, timed_out && rc == WEIR_E_TIMEOUT);
    tell(options, WEIR_CONNECT_CONNECTED);
    return rc;
}

static const char *server_name(const weir_connect_options *options)
{
    return options->server_name ? options->server_name : options->host;
}

static int secure_stream(weir_stream *stream, const weir_connect_options *options)
{
    weir_tls_context *tls = options->tls;
    int rc = tls->security->start(stream, tls, server_name(options));
    if (rc == WEIR_OK) {
        tell(options, WEIR_CONNECT_SECURED);
        return rc;
    }
    weir_stream_abort(stream);
    return weir__fail_prefix("connect to %s", name_of(options));
}

static int secure_transport(weir_transport *lower, weir_transport **transport,
                            const weir_connect_options *options,
                            const weir_protocol *protocol, void *self)
{
    weir_tls_context *tls = options->tls;
    int rc = tls->security->wrap(lower, transport, tls, server_name(options), protocol,
                                 self);
    if (rc == WEIR_OK) {
        tell(options, WEIR_CONNECT_SECURED);
        return rc;
    }
    weir_transport_abort(lower);
    return weir__fail_prefix("connect to %s", name_of(options));
}

int weir_stream_connect(weir_loop *loop, weir_stream **stream,
                        const weir_connect_options *options)
{
    enum weir__descriptor_kind kind;
    weir_stream_options stream_options = {
        .limit = options->limit,
        .transport = options->transport,
        .close_timeout_ms = options->close_timeout_ms,
    };
    weir_stream *opened;
    int fd = -1;
    int rc = weir__connect(loop, options, &fd, &kind);
    if (rc == WEIR_OK)
        rc = weir__stream_open(loop, &opened, fd, kind, &stream_options);
    if (rc == WEIR_OK && options->tls)
        rc = secure_stream(opened, options);
    if (rc == WEIR_OK)
        *stream = opened;
    return rc;
}

int weir_transport_connect(weir_loop *loop, weir_transport **transport,
                           const weir_connect_options *options,
                           const weir_protocol *protocol, void *self)
{
    enum weir__descriptor_kind kind;
    int fd = -1;
    int rc = weir__connect(loop, options, &fd, &kind);
    if (rc < 0)
        return rc;
    if (!options->tls)
        return weir__descriptor_open(loop, transport, fd, kind, &options->transport,
                                     protocol, self);
    weir_transport *lower;
    rc = weir__descriptor_open(loop, &lower, fd, kind, &options->transport, &NOBODY,
                               NULL);
    return rc < 0 ? rc : secure_transport(lower, transport, options, protocol, self);
}
