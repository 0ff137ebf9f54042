/**
 * What requests are doing, as it happens: for logs, metrics and debugging.
 *
 *   static void log_event(const weir_trace_event *event, void *arg)
 *   {
 *       fprintf(arg, "%llu %s\n", (unsigned long long)event->request,
 *               weir_trace_type_name(event->type));
 *   }
 *   static const weir_trace TRACE = {log_event, NULL};
 *   weir_session *session =
 *       weir_session_new(loop, &(weir_session_options){.trace = &TRACE});
 *
 * Credentials are in no event; but a query may have secrets, and it is in the URL.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TRACE_H
#define WEIR_TRACE_H

#include <stdint.h>
#include <weir/response.h>
#include <weir/slice.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** What has happened, in about this order. */
typedef enum weir_trace_type {
    WEIR_TRACE_START,         /**< a request begins; what cannot be sent does not */
    WEIR_TRACE_WAITING,       /**< for a connection, of which there are enough */
    WEIR_TRACE_RESOLVED,      /**< the addresses of the host are known */
    WEIR_TRACE_CONNECTED,     /**< to one of them */
    WEIR_TRACE_SECURED,       /**< the handshake of TLS is over */
    WEIR_TRACE_CONNECTION,    /**< there is one: `connection` says which */
    WEIR_TRACE_HEAD_SENT,     /**< handed to the connection: `bytes` */
    WEIR_TRACE_BODY_SENT,     /**< a piece of the body was, too */
    WEIR_TRACE_HEAD_RECEIVED, /**< `response` has come */
    WEIR_TRACE_BODY_RECEIVED, /**< a piece of its body: `bytes`, not decoded */
    WEIR_TRACE_BODY_ENDED,    /**< all of it was read */
    WEIR_TRACE_REDIRECTED,    /**< by `response`, to `url` */
    WEIR_TRACE_RETRY,         /**< once more, because of `error` or of `response` */
    WEIR_TRACE_FAILED,        /**< the request or its body, with `error` */
} weir_trace_type;

/** An event; gone when the callback returns. */
typedef struct weir_trace_event {
    weir_trace_type type;
    uint64_t request;  /**< its number in the session, from 1; redirects keep it */
    uint64_t time_ns;  /**< by a clock that does not jump, and begins anywhere */
    void *request_arg; /**< weir_request_options.trace_arg */
    const char *method;
    weir_slice url;                         /**< without its fragment */
    uint64_t bytes;                         /**< where it says so; else 0 */
    const weir_connection_info *connection; /**< where it says so; else NULL */
    const weir_response *response;          /**< the same */
    const weir_error *error;                /**< the same */
} weir_trace_event;

/** Who is told. */
typedef struct weir_trace {
    /** Called for each event, in the task of the request. Must not wait, nor free the
     * session or the response. */
    void (*event)(const weir_trace_event *event, void *arg);
    void *arg;
} weir_trace;

/** "head received" for WEIR_TRACE_HEAD_RECEIVED: static text. */
const char *weir_trace_type_name(weir_trace_type type);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
