/* The pool: slots, idle connections, and their end.
 *
 * SPDX-License-Identifier: MIT */
#include "pool.h"

#include <string.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "park.h"
#include "stream.h"

/* A task that waits for a slot; lives on its stack. */
struct slot_waiter {
    weir__link link;
    weir_task *task;
    bool granted; /* the slot is its own, whatever has ended its wait */
};

static int fail_closed(void)
{
    return weir__fail(WEIR_E_CLOSED, "request", "the session was freed");
}

static void free_connection(weir__connection *connection)
{
    weir_loop *loop = connection->pool->loop;
    weir__link_remove(&connection->link);
    weir_stream_abort(connection->stream);
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

static uint64_t expiry(const weir__pool *pool, const weir__connection *connection)
{
    return weir__deadline_after(connection->idle_since, pool->idle_timeout_ms);
}

/* Closes what has been idle for too long, and sees to the next. */
static void expire(weir__pool *pool, uint64_t now)
{
    while (weir__link_is_linked(&pool->idle)) {
        weir__connection *oldest = connection_of(pool->idle.next);
        uint64_t due = expiry(pool, oldest);
        if (due > now) {
            weir__timer_set(pool->loop, &pool->timer, due);
            return;
        }
        drop_idle(oldest);
    }
}

static void on_due(weir__timer *timer)
{
    weir__pool *pool = WEIR__CONTAINER(timer, weir__pool, timer);
    expire(pool, pool->loop->now);
}

int weir__pool_init(weir__pool *pool, weir_loop *loop, size_t max,
                    uint32_t idle_timeout_ms)
{
    pool->loop = loop;
    pool->max = max;
    pool->idle_timeout_ms = idle_timeout_ms;
    weir__link_init(&pool->busy);
    weir__link_init(&pool->idle);
    weir__link_init(&pool->waiters);
    return weir__timer_init(loop, &pool->timer, on_due);
}

void weir__pool_close(weir__pool *pool)
{
    weir__link *link;
    pool->closed = true;
    while (weir__link_is_linked(&pool->idle))
        drop_idle(connection_of(pool->idle.next));
    for (link = pool->busy.next; link != &pool->busy; link = link->next) {
        weir_stream_abort(connection_of(link)->stream);
        connection_of(link)->stream = NULL;
    }
    while ((link = weir__link_shift(&pool->waiters)))
        weir__unpark(WEIR__CONTAINER(link, struct slot_waiter, link)->task,
                     WEIR_E_CLOSED);
    weir__timer_clear(pool->loop, &pool->timer);
}

/* Hands the slot on to who has waited for longest. */
static void give_slot(weir__pool *pool)
{
    weir__link *link = weir__link_shift(&pool->waiters);
    if (!link) {
        pool->slots_used--;
        return;
    }
    struct slot_waiter *waiter = WEIR__CONTAINER(link, struct slot_waiter, link);
    waiter->granted = true;
    weir__unpark(waiter->task, WEIR_OK);
}

static int wait_for_slot(weir__pool *pool)
{
    struct slot_waiter waiter = {.task = pool->loop->current};
    weir__link_push(&pool->waiters, &waiter.link);
    int rc = weir__park(pool->loop, "wait for a connection");
    weir__link_remove(&waiter.link);
    if (rc < 0 && waiter.granted)
        give_slot(pool);
    return rc == WEIR_E_CLOSED ? fail_closed() : rc;
}

static int take_slot(weir__pool *pool)
{
    if (pool->slots_used == pool->max || weir__link_is_linked(&pool->waiters))
        return wait_for_slot(pool);
    pool->slots_used++;
    return WEIR_OK;
}

/* Whether nothing but silence has come on a connection that is not reading. */
static bool is_silent(weir_stream *stream)
{
    return stream->transport && !weir_transport_is_closing(stream->transport) &&
           stream->reader.state == WEIR__READER_OPEN &&
           weir_reader_buffered(&stream->reader) == 0;
}

/* Scheme, host and port are the same: the port is left out of the authority where it
 * is that of the scheme. */
static bool is_to(const weir__connection *connection,
                  const struct weir__pool_wish *wish)
{
    return connection->secure == (wish->tls != NULL) &&
           weir_slice_equal(connection->authority, weir_url_authority(wish->url)) &&
           !weir_transport_is_closing(connection->stream->transport);
}

/* The idle connection to an origin that was used last: of all, the one that its
 * server is least likely to have closed. */
static weir__connection *take_idle(weir__pool *pool, const struct weir__pool_wish *wish)
{
    weir__link *link = pool->idle.previous;
    while (link != &pool->idle && !is_to(connection_of(link), wish))
        link = link->previous;
    if (link == &pool->idle)
        return NULL;
    weir__connection *connection = connection_of(link);
    pool->idle_count--;
    weir__link_remove(link);
    weir__link_push(&pool->busy, link);
    weir_transport_set_protocol(connection->stream->transport, connection->protocol,
                                connection->stream);
    return connection;
}

static weir__connection *new_connection(weir__pool *pool,
                                        const struct weir__pool_wish *wish)
{
    weir_slice host = weir_url_hostname(wish->url);
    weir_slice authority = weir_url_authority(wish->url);
    /* Both are parts of one URL, so their sum is no matter of overflow. */
    weir__connection *connection = weir__calloc(
        pool->loop->allocator, 1, sizeof(*connection) + host.len + 1 + authority.len);
    if (!connection)
        return NULL;
    memcpy(connection->host, host.data, host.len);
    memcpy(connection->host + host.len + 1, authority.data, authority.len);
    connection->authority =
        (weir_slice){connection->host + host.len + 1, authority.len};
    connection->secure = wish->tls != NULL;
    connection->pool = pool;
    weir__link_push(&pool->busy, &connection->link);
    return connection;
}

static int connect_to(weir__connection *connection, const struct weir__pool_wish *wish)
{
    weir__pool *pool = connection->pool;
    weir_connect_options options = {
        .host = connection->host,
        .port = weir_url_port(wish->url),
        .connect_timeout_ms = wish->connect_timeout_ms,
        .tls = wish->tls,
        .server_name = connection->host,
    };
    int rc = weir_stream_connect(pool->loop, &connection->stream, &options);
    if (rc == WEIR_OK && pool->on_connect && !pool->closed)
        pool->on_connect(connection->stream, pool->arg);
    return rc == WEIR_OK && pool->closed ? fail_closed() : rc;
}

static int open_connection(weir__pool *pool, const struct weir__pool_wish *wish,
                           weir__connection **opened)
{
    while (pool->slots_used + pool->idle_count > pool->max && pool->idle_count > 0)
        drop_idle(connection_of(pool->idle.next));
    weir__connection *connection = new_connection(pool, wish);
    if (!connection)
        return weir__fail(WEIR_E_MEMORY, "connect", "no memory for a connection");
    int rc = connect_to(connection, wish);
    if (rc < 0)
        free_connection(connection);
    else
        *opened = connection;
    return rc;
}

int weir__pool_take(weir__pool *pool, const struct weir__pool_wish *wish,
                    weir__connection **connection)
{
    int rc = take_slot(pool);
    if (rc < 0)
        return rc;
    if (pool->idle_count > 0)
        expire(pool, pool->loop->sys->now(pool->loop->sys));
    if (pool->closed) {
        rc = fail_closed();
    } else {
        *connection = wish->fresh ? NULL : take_idle(pool, wish);
        if (!*connection)
            rc = open_connection(pool, wish, connection);
    }
    if (rc < 0)
        give_slot(pool);
    return rc;
}

/* Puts it among the idle ones, which hold no memory to read into; false when it is
 * in no state for that. */
static bool make_idle(weir__connection *connection)
{
    weir__pool *pool = connection->pool;
    weir_stream *stream = connection->stream;
    weir_slice nothing;
    if (!stream || weir_read(&stream->reader, 0, &nothing) < 0 || !is_silent(stream) ||
        weir_transport_queued(stream->transport) > 0)
        return false;
    weir__reader_idle(&stream->reader);
    connection->reused = true;
    connection->idle_since = pool->loop->now;
    connection->protocol = stream->transport->protocol;
    weir_transport_set_protocol(stream->transport, &IDLE, connection);
    weir_transport_resume_reading(stream->transport);
    if (!weir__link_is_linked(&pool->idle))
        weir__timer_set(pool->loop, &pool->timer, expiry(pool, connection));
    weir__link_remove(&connection->link);
    weir__link_push(&pool->idle, &connection->link);
    pool->idle_count++;
    return true;
}

void weir__pool_give(weir__connection *connection, bool reusable)
{
    weir__pool *pool = connection->pool;
    if (!reusable || pool->closed || !make_idle(connection))
        free_connection(connection);
    give_slot(pool);
}
