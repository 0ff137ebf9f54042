/* Connections of sessions: those in use, and idle ones for the next request.
 *
 *   (slot) -> busy <-> idle -> (closed)        busy -> (closed), (detached)
 *
 * Who takes a connection first takes a slot (slots.h), which is the connection's until it
 * is given back. An idle connection is watched: a byte or an end that arrives there is
 * not for anybody, so it is closed at once.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_POOL_H
#define WEIR_HTTP1_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/response.h>
#include <weir/stream.h>
#include <weir/url.h>

#include "dialer.h"
#include "list.h"
#include "proxy.h"
#include "slots.h"
#include "timer.h"

typedef struct weir__pool {
    weir_loop *loop;
    weir__link busy;
    weir__link idle;   /* idle for longest first */
    weir__slots slots; /* of connections in use, or being made */
    size_t idle_count;
    uint32_t idle_timeout_ms;
    size_t clients;
    weir__timer timer; /* when the first of `idle` has been idle for too long */
} weir__pool;

/* A session's part in a pool. */
typedef struct weir__pool_client {
    weir__pool *pool;
    bool closed;
    bool force_close;                                   /* nothing is used again */
    void (*on_connect)(weir_stream *stream, void *arg); /* or NULL */
    void *arg;
} weir__pool_client;

/* When a connection was made, in the loop's time; 0: it did not come to that. */
struct weir__connection_times {
    uint64_t begun;
    uint64_t resolved;
    uint64_t connected;
    uint64_t secured;
};

typedef struct weir__connection {
    weir__link link; /* in pool->busy or pool->idle */
    weir__pool *pool;
    weir__pool_client *client;     /* that has it in use; NULL: idle */
    weir__slot_host *host_slot;    /* where its slot is counted; NULL: nowhere else */
    weir_stream *stream;           /* NULL: not there yet, or the client was closed */
    const weir_protocol *protocol; /* the stream's, while it is idle */
    uint64_t idle_since;
    uint64_t idle_until;
    uint32_t keep_alive_s; /* how long its server keeps it; 0: it has not said */
    weir_tls_context *tls; /* what it is secured with; NULL: in the clear */
    weir__dialer *dialer;
    weir__proxy *proxy;   /* that it goes through; NULL: none */
    bool forward;         /* it ends there, and serves any host by http */
    weir_slice authority; /* behind the host */
    bool reused;          /* it has served a request before */
    weir_connection_info info;
    struct weir__connection_times times;
    weir_address local; /* as it was connected */
    weir_address peer;
    char host[];
} weir__connection;

/* What weir__pool_take is asked for. */
struct weir__pool_wish {
    const weir_url *url;
    weir_tls_context *tls; /* NULL: in the clear */
    weir__dialer *dialer;
    weir__proxy *proxy;    /* NULL: none */
    bool forward;          /* the proxy is asked for the URL itself (RFC 9112 3.2.2) */
    weir_slice user_agent; /* for CONNECT; may be empty */
    uint32_t connect_timeout_ms;
    uint32_t wait_timeout_ms;   /* for a slot; 0: none */
    void (*on_wait)(void *arg); /* a slot has to be waited for; or NULL */
    void (*on_step)(weir_connect_step step, void *arg); /* or NULL */
    void *arg;
    bool fresh; /* not one that was idle, since that turned out to be closed */
};

struct weir__pool_limits {
    size_t max;
    size_t max_per_host; /* 0: none */
    uint32_t idle_timeout_ms;
};

/* WEIR_OK or WEIR_E_MEMORY. It ends with its last client. */
int weir__pool_init(weir__pool *pool, weir_loop *loop,
                    const struct weir__pool_limits *limits);

void weir__pool_join(weir__pool *pool, weir__pool_client *client);

/* Closes the connections of a client; whoever waits for one or in one gets
 * WEIR_E_CLOSED. Those in use must still be given back. With the last client idle ones
 * are closed too. */
void weir__pool_leave(weir__pool_client *client);

/* Closes the idle connections of a context that may be gone from now on; another one
 * might be where it was. NULL is allowed. */
void weir__pool_forget(weir__pool *pool, const weir_tls_context *tls);

/* A connection to the origin of a URL, waiting for a slot and for the connection.
 * WEIR_OK or a status with its sentence. */
int weir__pool_take(weir__pool_client *client, const struct weir__pool_wish *wish,
                    weir__connection **connection);

/* Gives it back: to be used again, if it is in a state for that, or to be closed. */
void weir__pool_give(weir__connection *connection, bool reusable);

/* Gives back the slot, and frees the connection, but for its stream, which is the
 * caller's from now on: for what is no exchange of messages any more (an upgrade). */
weir_stream *weir__pool_detach(weir__connection *connection);

#endif
