/* Connections of a session: those in use, and idle ones for the next request.
 *
 *   (slot) -> busy <-> idle -> (closed)        busy -> (closed)
 *
 * Who takes a connection first takes a slot, of which there are as many as there may
 * be connections, or waits for one in turn. An idle connection is watched: a byte or
 * an end that arrives there is not for anybody, so it is closed at once.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_POOL_H
#define WEIR_HTTP1_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/stream.h>
#include <weir/url.h>

#include "list.h"
#include "timer.h"

typedef struct weir__pool {
    weir_loop *loop;
    weir__link busy;
    weir__link idle;    /* idle for longest first */
    weir__link waiters; /* for a slot */
    size_t slots_used;  /* connections in use, or being made */
    size_t idle_count;
    size_t max;
    uint32_t idle_timeout_ms;
    bool closed;
    void (*on_connect)(weir_stream *stream, void *arg); /* or NULL */
    void *arg;
    weir__timer timer; /* when the first of `idle` has been idle for too long */
} weir__pool;

typedef struct weir__connection {
    weir__link link; /* in pool->busy or pool->idle */
    weir__pool *pool;
    weir_stream *stream;           /* NULL: not there yet, or the pool was closed */
    const weir_protocol *protocol; /* the stream's, while it is idle */
    uint64_t idle_since;
    weir_slice authority; /* behind the host */
    bool secure;          /* serves https, and never http */
    bool reused;          /* it has served a request before */
    char host[];
} weir__connection;

/* What weir__pool_take is asked for. */
struct weir__pool_wish {
    const weir_url *url;
    weir_tls_context *tls; /* NULL: in the clear */
    uint32_t connect_timeout_ms;
    bool fresh; /* not one that was idle */
};

/* WEIR_OK or WEIR_E_MEMORY. */
int weir__pool_init(weir__pool *pool, weir_loop *loop, size_t max,
                    uint32_t idle_timeout_ms);

/* Closes all connections; whoever waits for one or in one gets WEIR_E_CLOSED. Those
 * in use must still be given back. */
void weir__pool_close(weir__pool *pool);

/* A connection to the origin of a URL, waiting for a slot and for the connection.
 * WEIR_OK or a status with its sentence. */
int weir__pool_take(weir__pool *pool, const struct weir__pool_wish *wish,
                    weir__connection **connection);

/* Gives it back: to be used again, if it is in a state for that, or to be closed. */
void weir__pool_give(weir__connection *connection, bool reusable);

#endif
