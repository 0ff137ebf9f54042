/**
 * An HTTP client: requests, over connections that are kept for the next ones.
 *
 *   weir_session *session = weir_session_new(loop, NULL);
 *   weir_response *response;
 *   int rc = weir_get(session, &response, "http://example.com/");
 *   rc = weir_post(session, &response, url, .body = WEIR_S("a=1"),
 *                  .content_type = "application/x-www-form-urlencoded");
 *
 * `https:` needs nothing more: the server's certificate must be for the host of the
 * URL, and trusted by the system's store. Who wants it otherwise gives a .tls.
 *
 * Any number of tasks may use a session at a time, each for a request of its own. As
 * long as connections are idle, weir_loop_run() goes on: free the session first.
 * What this release does not do: redirects (a 3xx is returned as it is), cookies,
 * compressed bodies (none are asked for), proxies, names and passwords.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SESSION_H
#define WEIR_SESSION_H

#include <stddef.h>
#include <stdint.h>
#include <weir/http.h>
#include <weir/loop.h>
#include <weir/response.h>
#include <weir/slice.h>
#include <weir/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_session weir_session;

/** "No time limit", for options in which 0 means the default. */
#define WEIR_NO_TIMEOUT UINT32_MAX

/** A name and its value. A list of them ends with `{0}`. */
typedef struct weir_pair {
    const char *name;  /**< NULL: the end of the list */
    const char *value; /**< NULL is the empty value */
} weir_pair;

/** Options of weir_session_new. All zero is the default. */
typedef struct weir_session_options {
    /** The field User-Agent; copied. NULL: `weir/` and the version. */
    const char *user_agent;

    /** The most connections at one time, in use and idle. Further requests wait for
     * one in turn, so a task that holds a response of which it has not read the end
     * must not wait for ever for another one. 0: 100. */
    size_t max_connections;

    /** How long a connection may be idle before it is closed, in milliseconds.
     * 0: 15 s. */
    uint32_t idle_timeout_ms;

    /** What https is spoken with: a client's context (tls.h), with "http/1.1" among
     * its protocols or with none. It stays the caller's, and must live until the
     * session is freed and its last response. NULL: one of the session's own, made
     * for the first https URL, with the defaults. */
    weir_tls_context *tls;

    /** Told of each connection that is made, before a request is sent on it and, for
     * https, after the handshake: what its addresses are, what is known of its
     * security (weir_stream_tls_info). Not to read, write or close. NULL: nobody. */
    void (*on_connect)(weir_stream *stream, void *arg);

    void *arg; /**< for on_connect */

    /** The following are for requests that do not say themselves; their meaning and
     * their defaults are those in weir_request_options. */
    uint32_t timeout_ms;
    uint32_t connect_timeout_ms; /**< 0: 30 s */
    uint32_t read_timeout_ms;    /**< 0: 60 s */
    size_t max_text_bytes;       /**< 0: 64 MiB */
    weir_http_limits limits;     /**< as http.h says */
} weir_session_options;

/** Options of weir_request. All zero but the URL is a GET. Copied, or used up before
 * weir_request returns. */
typedef struct weir_request_options {
    /** A token (RFC 9110 9.1), sent as it is; not CONNECT. NULL: GET. */
    const char *method;

    /** An absolute URL of the scheme http or https. Its fragment is not sent. */
    const char *url;

    /** Fields to send, ended by `{0}`. They come in place of those that are sent by
     * themselves: Host, Accept (any type), User-Agent and .content_type.
     * Content-Length may be given if it is true. NULL: none. */
    const weir_pair *headers;

    /** The body. Its length is sent as Content-Length; so is 0 with POST, PUT and
     * PATCH. */
    weir_slice body;

    /** The field Content-Type. NULL: none. */
    const char *content_type;

    /** The most time for all of it, in milliseconds: from the wait for a connection
     * to the end of the body. 0: the session's, and there 0 is none. */
    uint32_t timeout_ms;

    /** The most time to find the name's addresses and connect, in milliseconds; that
     * for a handshake of TLS is its context's. 0: the session's, 30 s. */
    uint32_t connect_timeout_ms;

    /** The longest silence of the server while something is expected of it, and the
     * longest for it to take 64 KiB of the body, in milliseconds. 0: the session's,
     * 60 s. */
    uint32_t read_timeout_ms;

    /** The longest body of weir_response_text, in bytes. 0: the session's, 64 MiB. */
    size_t max_text_bytes;

    /** The limits of the response's head. All zero: the session's. */
    weir_http_limits limits;
} weir_request_options;

/**
 * Makes a session.
 *
 *   loop      where its requests wait. NULL: a loop of its own, for programs without
 *             tasks
 *   options   copied. NULL: the defaults
 *
 * Returns NULL when memory or descriptors are lacking, or the User-Agent cannot be
 * sent; weir_last_error() says which.
 */
weir_session *weir_session_new(weir_loop *loop, const weir_session_options *options);

/**
 * Closes all connections and frees the session; before its loop is freed.
 *
 * Requests that wait return WEIR_E_CLOSED, and so do reads of bodies. Responses stay
 * the caller's, to be looked at and freed. A session with a loop of its own may not
 * be freed in a callback of that loop. NULL is allowed.
 */
void weir_session_free(weir_session *session);

/** The session's loop. */
weir_loop *weir_session_loop(const weir_session *session);

/** How many connections are open, in use or idle. */
size_t weir_session_connections(const weir_session *session);

/**
 * Sends a request and waits for the head of its response.
 *
 *   options    not NULL, and .url not either
 *   response   out: the caller's, until weir_response_free()
 *
 * An idempotent request (RFC 9110 9.2.2: GET, HEAD, PUT, DELETE, ...) that meets an
 * idle connection which the server has just closed is sent once more over a new one.
 * An error status is a response like any other; see weir_response_raise_for_status().
 * Returns WEIR_OK; or, its connection being closed and nothing being left to free,
 *
 *   WEIR_E_INVALID      the URL, the method or a field cannot be sent
 *   WEIR_E_UNSUPPORTED  a name and password in the URL; or https, in a build of weir
 *                       without TLS
 *   WEIR_E_RESOLVE      the host has no address
 *   WEIR_E_CONNECTION   not connected, or the connection broke before the head
 *   WEIR_E_TLS          https: no secure connection, or not with that host; or the
 *                       trust store cannot be read
 *   WEIR_E_TIMEOUT      one of the three time limits, or the caller's deadline
 *   WEIR_E_CANCELLED    the task was cancelled
 *   WEIR_E_INCOMPLETE   the connection ended within the head
 *   WEIR_E_PROTOCOL     the response is not HTTP/1; the sentence says so if it is TLS
 *   WEIR_E_TOO_BIG      the head is over a limit
 *   WEIR_E_CLOSED       the session was freed
 *   WEIR_E_MISUSE       in a callback of the loop, which must not wait
 *   WEIR_E_MEMORY, WEIR_E_SYSTEM
 */
int weir_request(weir_session *session, const weir_request_options *options,
                 weir_response **response);

/* The methods, with further options by name:
 * `weir_get(session, &response, url, .timeout_ms = 5000)`. */

#define weir_get(session, response, ...)                                       \
    weir_request((session),                                                    \
                 &(weir_request_options){.method = "GET", .url = __VA_ARGS__}, \
                 (response))

#define weir_head(session, response, ...)                                       \
    weir_request((session),                                                     \
                 &(weir_request_options){.method = "HEAD", .url = __VA_ARGS__}, \
                 (response))

#define weir_post(session, response, ...)                                       \
    weir_request((session),                                                     \
                 &(weir_request_options){.method = "POST", .url = __VA_ARGS__}, \
                 (response))

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
