/* The pool: idle connections, new ones, and their end.
 *
 * SPDX-License-Identifier: MIT */
#include "pool.h"

#include <string.h>
#include <weir/timeout.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "park.h"
#include "route.h"
#include "stream.h"

static int fail_closed(void)
{
    return weir__fail(WEIR_E_CLOSED, "request", "the session was freed");
}

static void free_connection(weir__connection *connection)
{
    weir_loop *loop = connection->pool->loop;
    weir__link_remove(&connection->link);
    weir_stream_abort(connection->stream);
    weir__dialer_release(connection->dialer);
    weir__proxy_release(connection->proxy);
    weir__free(loop->allocator, connection);
}

static void drop_idle(weir__connection *connection)
{
    connection->pool->idle_count--;
    free_connection(connection);
}

static weir__connection *connection_of(weir__link *link)
{
    return WEIR__CONTAINER(link, weir__connection, link);
}

/* What an idle connection is watched by, in place of its stream. */

static int idle_data(weir_transport *transport, void *self, weir_slice bytes)
{
    (void)transport;
    (void)bytes;
    drop_idle(self);
    return WEIR_OK;
}

static int idle_eof(weir_transport *transport, void *self)
{
    (void)transport;
    drop_idle(self);
    return 0;
}

static void idle_lost(weir_transport *transport, void *self, int status)
{
    weir__connection *connection = self;
    connection->protocol->connection_lost(transport, connection->stream, status);
    drop_idle(connection);
}

static const weir_protocol IDLE = {
    .data_received = idle_data,
    .eof_received = idle_eof,
    .connection_lost = idle_lost,
};

/* Closes what has been idle for too long, and sees to the rest. */
static void on_due(weir__timer *timer)
{
    weir__pool *pool = WEIR__CONTAINER(timer, weir__pool, timer);
    uint64_t next = WEIR__NEVER;
    weir__link *link = pool->idle.next;
    while (link != &pool->idle) {
        weir__connection *connection = connection_of(link);
        link = link->next;
        if (connection->idle_until <= pool->loop->now)
            drop_idle(connection);
        else if (connection->idle_until < next)
            next = connection->idle_until;
    }
    if (next != WEIR__NEVER)
        weir__timer_set(pool->loop, &pool->timer, next);
}

int weir__pool_init(weir__pool *pool, weir_loop *loop,
                    const struct weir__pool_limits *limits)
{
    pool->loop = loop;
    pool->idle_timeout_ms = limits->idle_timeout_ms;
    weir__link_init(&pool->busy);
    weir__link_init(&pool->idle);
    weir__slots_init(&pool->slots, loop, limits->max, limits->max_per_host);
    return weir__timer_init(loop, &pool->timer, on_due);
}

void weir__pool_join(weir__pool *pool, weir__pool_client *client)
{
    client->pool = pool;
    pool->clients++;
}

static bool is_with(const weir__connection *connection, const weir_tls_context *tls)
{
    return connection->tls == tls ||
           (connection->proxy && connection->proxy->tls == tls);
}

void weir__pool_forget(weir__pool *pool, const weir_tls_context *tls)
{
    weir__link *link = pool->idle.next;
    while (tls && link != &pool->idle) {
        weir__connection *connection = connection_of(link);
        link = link->next;
        if (is_with(connection, tls))
            drop_idle(connection);
    }
}

void weir__pool_leave(weir__pool_client *client)
{
    weir__pool *pool = client->pool;
    client->closed = true;
    for (weir__link *link = pool->busy.next; link != &pool->busy; link = link->next) {
        weir__connection *connection = connection_of(link);
        if (connection->client == client) {
            weir_stream_abort(connection->stream);
            connection->stream = NULL;
        }
    }
    weir__slots_turn_away(&pool->slots, client);
    if (--pool->clients > 0)
        return;
    while (weir__link_is_linked(&pool->idle))
        drop_idle(connection_of(pool->idle.next));
    weir__timer_clear(pool->loop, &pool->timer);
}

/* --- idle connections ------------------------------------------------------------- */

/* Whether nothing but silence has come on a connection that is not reading. */
static bool is_silent(weir_stream *stream)
{
    return stream->transport && !weir_transport_is_closing(stream->transport) &&
           stream->reader.state == WEIR__READER_OPEN &&
           weir_reader_buffered(&stream->reader) == 0;
}

static bool goes_the_same_way(const weir__connection *connection,
                              const struct weir__pool_wish *wish)
{
    return connection->forward == wish->forward &&
           (connection->proxy == wish->proxy ||
            weir__proxy_same(connection->proxy, wish->proxy)) &&
           (connection->dialer == wish->dialer ||
            weir__dialer_same(connection->dialer, wish->dialer));
}

/* Scheme, host and port are the same, the port being left out of the authority where it
 * is that of the scheme. A proxy that is asked for URLs is asked for those of any host. */
static bool is_to(const weir__connection *connection,
                  const struct weir__pool_wish *wish)
{
    return connection->tls == wish->tls &&
           (wish->forward ||
            weir_slice_equal(connection->authority, weir_url_authority(wish->url))) &&
           goes_the_same_way(connection, wish) &&
           !weir_transport_is_closing(connection->stream->transport);
}

/* The idle connection to an origin that was used last: of all, the one that its
 * server is least likely to have closed. */
static weir__connection *find_idle(weir__pool *pool, const struct weir__pool_wish *wish,
                                   uint64_t now)
{
    weir__link *link = pool->idle.previous;
    while (link != &pool->idle) {
        weir__connection *connection = connection_of(link);
        link = link->previous;
        if (!is_to(connection, wish))
            continue;
        if (connection->idle_until > now)
            return connection;
        drop_idle(connection);
    }
    return NULL;
}

/* Time stands still between the iterations of a loop, but outside of it not. */
static uint64_t time_of(const weir_loop *loop)
{
    return loop->phase == WEIR__LOOP_OUTSIDE ? loop->sys->now(loop->sys) : loop->now;
}

static weir__connection *take_idle(weir__pool_client *client,
                                   const struct weir__pool_wish *wish)
{
    weir__pool *pool = client->pool;
    if (pool->idle_count == 0)
        return NULL;
    uint64_t now = time_of(pool->loop);
    weir__connection *connection = find_idle(pool, wish, now);
    if (!connection)
        return NULL;
    pool->idle_count--;
    weir__link_remove(&connection->link);
    weir__link_push(&pool->busy, &connection->link);
    connection->info.choice = WEIR_CONNECTION_REUSED;
    connection->info.request_number++;
    connection->info.idle_ms = (now - connection->idle_since) / 1000000;
    weir_transport_set_protocol(connection->stream->transport, connection->protocol,
                                connection->stream);
    return connection;
}

/* Puts it among the idle ones, which hold no memory to read into; false when it is
 * in no state for that. */
static bool make_idle(weir__connection *connection)
{
    weir__pool *pool = connection->pool;
    weir_stream *stream = connection->stream;
    weir_slice nothing;
    uint64_t ms = pool->idle_timeout_ms;
    /* A second less than the server says, so that it is not the first to close. */
    if (connection->keep_alive_s > 0 &&
        (uint64_t)(connection->keep_alive_s - 1) * 1000 < ms)
        ms = (uint64_t)(connection->keep_alive_s - 1) * 1000;
    if (ms == 0 || !stream || weir_read(&stream->reader, 0, &nothing) < 0 ||
        !is_silent(stream) || weir_transport_queued(stream->transport) > 0)
        return false;
    weir__reader_idle(&stream->reader);
    connection->reused = true;
    connection->idle_since = pool->loop->now;
    connection->idle_until = weir__deadline_after(pool->loop->now, ms);
    connection->protocol = stream->transport->protocol;
    weir_transport_set_protocol(stream->transport, &IDLE, connection);
    weir_transport_resume_reading(stream->transport);
    if (connection->idle_until < pool->timer.deadline)
        weir__timer_set(pool->loop, &pool->timer, connection->idle_until);
    weir__link_remove(&connection->link);
    weir__link_push(&pool->idle, &connection->link);
    pool->idle_count++;
    return true;
}

/* --- new connections -------------------------------------------------------------- */

static weir__connection *new_connection(weir__pool_client *client,
                                        const struct weir__pool_wish *wish)
{
    weir_slice host = weir_url_hostname(wish->url);
    weir_slice authority = weir_url_authority(wish->url);
    weir__pool *pool = client->pool;
    /* Both are parts of one URL, so their sum is no matter of overflow. */
    weir__connection *connection = weir__calloc(
        pool->loop->allocator, 1, sizeof(*connection) + host.len + 1 + authority.len);
    if (!connection)
        return NULL;
    memcpy(connection->host, host.data, host.len);
    memcpy(connection->host + host.len + 1, authority.data, authority.len);
    connection->authority =
        (weir_slice){connection->host + host.len + 1, authority.len};
    connection->tls = wish->tls;
    connection->dialer = weir__dialer_hold(wish->dialer);
    connection->proxy = weir__proxy_hold(wish->proxy);
    connection->forward = wish->forward;
    connection->pool = pool;
    connection->client = client;
    connection->info.request_number = 1;
    connection->info.choice = client->force_close ? WEIR_CONNECTION_NEVER_KEPT
                              : wish->fresh       ? WEIR_CONNECTION_WAS_CLOSED
                                                  : WEIR_CONNECTION_NONE_IDLE;
    weir__link_push(&pool->busy, &connection->link);
    return connection;
}

static int connect_to(weir__connection *connection, const struct weir__pool_wish *wish)
{
    const weir__pool_client *client = connection->client;
    int rc = weir__route_open(connection, wish);
    if (rc == WEIR_OK) {
        weir_stream_local_address(connection->stream, &connection->local);
        weir_stream_peer_address(connection->stream, &connection->peer);
    }
    if (rc == WEIR_OK && client->on_connect && !client->closed)
        client->on_connect(connection->stream, client->arg);
    return rc == WEIR_OK && client->closed ? fail_closed() : rc;
}

/* Whether an idle connection is to be counted as one of this host. */
static bool is_of(const weir__connection *connection, const weir__slot_host *host)
{
    return (connection->tls != NULL) == host->secure && !connection->forward &&
           weir_slice_equal(connection->authority, host->authority);
}

/* The idle ones of a host are its connections too. */
static void make_room_at_host(weir__pool *pool, const weir__slot_host *host)
{
    size_t count = host->used;
    weir__link *link;
    for (link = pool->idle.next; link != &pool->idle; link = link->next)
        count += is_of(connection_of(link), host);
    link = pool->idle.next;
    while (link != &pool->idle && count > pool->slots.max_per_host) {
        weir__connection *connection = connection_of(link);
        link = link->next;
        if (is_of(connection, host)) {
            drop_idle(connection);
            count--;
        }
    }
}

static int open_connection(weir__pool_client *client, weir__slot_host *host,
                           const struct weir__pool_wish *wish,
                           weir__connection **opened)
{
    weir__pool *pool = client->pool;
    while (pool->slots.used + pool->idle_count > pool->slots.max &&
           pool->idle_count > 0)
        drop_idle(connection_of(pool->idle.next));
    if (host)
        make_room_at_host(pool, host);
    weir__connection *connection = new_connection(client, wish);
    if (!connection)
        return weir__fail(WEIR_E_MEMORY, "connect", "no memory for a connection");
    int rc = connect_to(connection, wish);
    if (rc < 0)
        free_connection(connection);
    else
        *opened = connection;
    return rc;
}

/* With a slot. */
static int find_or_open(weir__pool_client *client, weir__slot_host *host,
                        const struct weir__pool_wish *wish,
                        weir__connection **connection)
{
    if (client->closed)
        return fail_closed();
    weir__connection *found =
        wish->fresh || client->force_close ? NULL : take_idle(client, wish);
    if (!found) {
        int rc = open_connection(client, host, wish, &found);
        if (rc < 0)
            return rc;
    }
    found->client = client;
    found->host_slot = host;
    *connection = found;
    return WEIR_OK;
}

/* Takes a slot, within the time for it. */
static int take_slot(weir__pool_client *client, weir__slot_host *host,
                     const struct weir__pool_wish *wish)
{
    weir__slots *slots = &client->pool->slots;
    bool waits = !weir__slots_may_go(slots, host);
    if (waits && wish->on_wait)
        wish->on_wait(wish->arg);
    if (!waits || wish->wait_timeout_ms == 0)
        return weir__slots_take(slots, client, host);
    weir_timeout timeout = weir_timeout_start(slots->loop, wish->wait_timeout_ms);
    int rc = weir__slots_wait(slots, client, host);
    if (weir_timeout_end(&timeout) && rc == WEIR_E_TIMEOUT)
        return weir__fail(rc, "request",
                          "no connection was free for %u ms (.wait_timeout_ms)",
                          (unsigned)wish->wait_timeout_ms);
    return rc;
}

/* With a slot, which is given back on failure. */
static int take_with_slot(weir__pool_client *client, weir__slot_host *host,
                          const struct weir__pool_wish *wish,
                          weir__connection **connection)
{
    weir__slots *slots = &client->pool->slots;
    int rc = take_slot(client, host, wish);
    if (rc < 0)
        return rc == WEIR_E_CLOSED ? fail_closed() : rc;
    rc = find_or_open(client, host, wish, connection);
    if (rc < 0)
        weir__slots_give(slots, host);
    return rc;
}

int weir__pool_take(weir__pool_client *client, const struct weir__pool_wish *wish,
                    weir__connection **connection)
{
    weir__slots *slots = &client->pool->slots;
    weir__slot_host *host;
    if (slots->max_per_host == 0)
        return take_with_slot(client, NULL, wish, connection);
    int rc = weir__slots_hold_host(slots, weir_url_authority(wish->url),
                                   wish->tls != NULL, &host);
    if (rc < 0)
        return rc;
    rc = take_with_slot(client, host, wish, connection);
    if (rc < 0)
        weir__slots_release_host(slots, host);
    return rc;
}

static void give_slot(weir__pool *pool, weir__slot_host *host)
{
    weir__slots_give(&pool->slots, host);
    if (host)
        weir__slots_release_host(&pool->slots, host);
}

void weir__pool_give(weir__connection *connection, bool reusable)
{
    weir__pool *pool = connection->pool;
    weir__slot_host *host = connection->host_slot;
    const weir__pool_client *client = connection->client;
    connection->client = NULL;
    connection->host_slot = NULL;
    if (!reusable || client->closed || client->force_close || !make_idle(connection))
        free_connection(connection);
    give_slot(pool, host);
}

weir_stream *weir__pool_detach(weir__connection *connection)
{
    weir__pool *pool = connection->pool;
    weir__slot_host *host = connection->host_slot;
    weir_stream *stream = connection->stream;
    connection->stream = NULL;
    free_connection(connection);
    give_slot(pool, host);
    return stream;
}
