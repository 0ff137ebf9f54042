/* A session: what its requests share.
 *
 * It lives until it is freed and the last of its requests and responses has ended,
 * for these need its loop and its allocator.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_SESSION_H
#define WEIR_HTTP1_SESSION_H

#include <weir/cookies.h>
#include <weir/session.h>
#include <weir/trace.h>

#include "environment.h"
#include "pool.h"
#include "target.h"

struct weir_session {
    weir_loop *loop;
    bool own_loop;
    size_t holders;     /* the program, each response, each session that shares */
    weir_session *root; /* whose pool it is: itself, or the one that it shares with */
    weir__pool own_pool;
    weir__pool_client client;
    weir__dialer *dialer;
    weir__proxies proxies;
    weir_http_fields fields; /* sent when a request says nothing else */
    weir_auth auth; /* of requests that have none; its texts are the session's */
    weir_pair *auth_texts;
    weir_cookie_jar *cookies; /* NULL: none are kept */
    weir_cookie_jar *own_jar; /* the same, when it is the session's own */
    weir__target *base;       /* of relative URLs; NULL: none */
    weir_pair *params;        /* for each URL; NULL: none */
    weir__target *target;     /* of the latest request, often that of the next */
    weir__link spares;        /* freed responses, to be used again */
    size_t spare_count;
    uint32_t timeout_ms; /* 0: none */
    uint32_t connect_timeout_ms;
    uint32_t retries;
    bool retry_all_methods;
    uint32_t retry_delay_ms;
    uint32_t max_retry_delay_ms;
    uint32_t wait_timeout_ms;       /* 0: none */
    uint32_t first_byte_timeout_ms; /* 0: read_timeout_ms */
    uint32_t read_timeout_ms;
    uint32_t max_redirects;
    bool raise_for_status;
    size_t max_text_bytes;
    weir_http_limits limits;
    bool no_decoding;
    const weir_trace *trace; /* NULL: nobody is told */
    uint64_t requests;       /* so far */
    bool any_accept;         /* it has nothing of its own to say about what it takes */
    const weir_json_adapter *json_adapter;
    weir_content_limits content_limits;
    weir_tls_context *tls;       /* for https; NULL: not needed yet */
    weir_tls_context *given_tls; /* the same, when the program has given it */
    weir_tls_context *own_tls;   /* of a root: the one with the defaults, once needed */
};

/* One holder less; frees the session with the last. */
void weir__session_release(weir_session *session);

#endif
