/**
 * Requests: what is sent, and how long it may take.
 *
 *   weir_get(session, &response, "http://example.com/search",
 *            .params = (weir_pair[]){{"q", "a b"}, {0}}, .timeout_ms = 5000);
 *   weir_post(session, &response, url, .body = WEIR_S("a=1"),
 *             .content_type = "application/x-www-form-urlencoded");
 *   weir_put(session, &response, url, .body_reader = reader);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REQUEST_H
#define WEIR_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/auth.h>
#include <weir/content_codec.h>
#include <weir/form.h>
#include <weir/http.h>
#include <weir/reader.h>
#include <weir/response.h>
#include <weir/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_session weir_session;

/** "No time limit", for options in which 0 means the default. */
#define WEIR_NO_TIMEOUT UINT32_MAX

/** "Not one", for the options that limit how many in which 0 means the default. */
#define WEIR_NONE UINT32_MAX

/** "No proxy", for options in which NULL means the default. */
#define WEIR_NO_PROXY ""

/** A name and its value. A list of them ends with `{0}`. */
typedef struct weir_pair {
    const char *name;  /**< NULL: the end of the list */
    const char *value; /**< NULL is the empty value */
} weir_pair;

/** Options of weir_request. All zero but the URL is a GET. Copied, or used up before
 * weir_request returns. */
typedef struct weir_request_options {
    /** A token (RFC 9110 9.1), sent as it is; not CONNECT. NULL: GET. */
    const char *method;

    /** A URL of the scheme http or https, absolute or relative to the session's
     * .base_url. Its fragment is not sent; a name and password in it are sent as Basic
     * credentials (RFC 7617). */
    const char *url;

    /** Appended to the URL's query, behind the session's, encoded as HTML forms are;
     * ended by `{0}`. NULL: none. */
    const weir_pair *params;

    /** Fields to send, ended by `{0}`; of a name that is repeated, all. They come in
     * place of the session's of the same name, and of those that are sent by
     * themselves: Host, Accept (any type), User-Agent, Authorization and
     * .content_type. Content-Length may be given if it is true. NULL: none. */
    const weir_pair *headers;

    /** Names of fields not to send though the session has them, or they are sent by
     * themselves; ended by NULL. Not Host. NULL: none. */
    const char *const *skip_headers;

    /** Who asks. Zero: what the URL says, or else the session. */
    weir_auth auth;

    /** Cookies to send, besides those of the session; ended by `{0}`. NULL: none. */
    const weir_pair *cookies;

    /** The body; one of these at most. Bytes are sent with their length as
     * Content-Length; so is 0 with POST, PUT and PATCH. */
    weir_slice body;

    /** Fields of a form (application/x-www-form-urlencoded), ended by `{0}`. */
    const weir_pair *form;

    /** A value of the library of the session's .json_adapter (json.h: a `json_t *`), sent
     * as application/json; and JSON is what is asked for (Accept), unless the session
     * or .headers say otherwise. NULL: none. */
    const void *json;

    /** A form with files (multipart/form-data; form.h). It stays the caller's. */
    weir_form *multipart;

    /** All that a reader has until its end, as it comes. Sent in chunks (RFC 9112
     * 7.1), or with Content-Length if .body_length is not 0: then the reader must have
     * that much. It stays the caller's. */
    weir_reader *body_reader;

    /** Called for the next piece of the body, which must last until the next call.
     * Returns 1; 0 at the end; or a negative status, which breaks the request off.
     * May wait. Sent as a reader's bytes are. */
    int (*body_next)(void *body_arg, weir_slice *piece);
    void *body_arg;

    /** Of what comes from .body_reader or .body_next; 0: unknown. */
    uint64_t body_length;

    /** Fields behind a body that is sent in chunks (RFC 9110 6.5). NULL: none. */
    const weir_pair *trailers;

    /** The field Content-Type. NULL: that of the form or of JSON; else none. */
    const char *content_type;

    /** Send the body only when the server says that it wants it (RFC 9110 10.1.1), or
     * has said nothing for a second. */
    bool expect_continue;

    /** Called whenever a piece of the body has been handed to the connection, with how
     * many bytes of it have been so far. NULL: not wanted. */
    void (*on_progress)(void *progress_arg, uint64_t sent);
    void *progress_arg;

    /** Take the body as it comes. By default codings that this build knows are asked
     * for (Accept-Encoding), and what Content-Encoding names is decoded. */
    bool no_decoding;

    /** How far a coded body may grow. All zero: the session's. */
    weir_content_limits content_limits;

    /** A proxy to go through, as in weir_session_options; WEIR_NO_PROXY: none. NULL: the
     * session's. */
    const char *proxy;

    /** How many redirects to follow (RFC 9110 15.4); WEIR_NONE: 3xx responses are
     * returned like others. 0: the session's, 10. */
    uint32_t max_redirects;

    /** How often to try again what may be better the next time: when connecting failed or
     * took too long, the connection broke before the head was there, or the answer was
     * 429, 502, 503 or 504. Only idempotent methods (RFC 9110 9.2.2), only when the body
     * can be sent again, and never when the wait would outlast a deadline: then the
     * failure or the response stands. WEIR_NONE: never. 0: the session's, and there 0 is
     * never. Apart from that, an idle connection that the server has just closed is
     * replaced at once. */
    uint32_t retries;

    /** Other methods too: only where the server can tell that it is the same. */
    bool retry_all_methods;

    /** The wait before the first of them, in milliseconds; it doubles each time, and by
     * chance is down to the half of that. 0: the session's, 500. */
    uint32_t retry_delay_ms;

    /** The longest wait, in milliseconds. A response that asks for a longer one by
     * Retry-After stands (RFC 9110 10.2.3); a shorter one is obeyed. 0: the session's,
     * 30 s. */
    uint32_t max_retry_delay_ms;

    /** The most time for all of it, in milliseconds: from the wait for a connection
     * to the end of the body, redirects included. 0: the session's, and there 0 is
     * none. */
    uint32_t timeout_ms;

    /** The most time to find the name's addresses and connect, in milliseconds; that
     * for a handshake of TLS is its context's. 0: the session's, 30 s. */
    uint32_t connect_timeout_ms;

    /** The most time to wait for a connection while there are as many as there may be,
     * in milliseconds. 0: the session's, and there 0 is no limit of its own. */
    uint32_t wait_timeout_ms;

    /** The longest silence of the server between the request, once it is sent, and the
     * first byte of its answer, in milliseconds: for servers that think for long, or
     * must not. 0: the session's, and there 0 is as .read_timeout_ms has it. */
    uint32_t first_byte_timeout_ms;

    /** The longest silence of the server while something is expected of it, and the
     * longest for it to take 64 KiB of the body, in milliseconds. 0: the session's,
     * 60 s. */
    uint32_t read_timeout_ms;

    /** The longest body of weir_response_text, in bytes. 0: the session's, 64 MiB. */
    size_t max_text_bytes;

    /** In the events of this request (trace.h). */
    void *trace_arg;

    /** Make a failure of a response with a status of 400 or more (WEIR_E_STATUS). The
     * session's says so for all. */
    bool raise_for_status;

    /** The limits of the response's head. All zero: the session's. */
    weir_http_limits limits;
} weir_request_options;

/**
 * Sends a request and waits for the head of its response.
 *
 *   options    not NULL, and .url not either
 *   response   out: the caller's, until weir_response_free()
 *
 * Redirects are followed: 303 as a GET, 301 and 302 too where the method was POST, others
 * with the same method and body, if that can be sent again. Credentials and cookies that
 * were given for this request do not go to another origin.
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
 *   WEIR_E_CONNECTION   not connected, or the connection broke before the head; or a
 *                       proxy has refused, with 407 for example: the sentence says so
 *   WEIR_E_TLS          https: no secure connection, or not with that host; or the
 *                       trust store cannot be read
 *   WEIR_E_TIMEOUT      one of the time limits, which the sentence names; that of the
 *                       TLS context for the handshake; or the caller's deadline
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

#define weir_put(session, response, ...)                                       \
    weir_request((session),                                                    \
                 &(weir_request_options){.method = "PUT", .url = __VA_ARGS__}, \
                 (response))

#define weir_patch(session, response, ...)                                       \
    weir_request((session),                                                      \
                 &(weir_request_options){.method = "PATCH", .url = __VA_ARGS__}, \
                 (response))

#define weir_delete(session, response, ...)                                       \
    weir_request((session),                                                       \
                 &(weir_request_options){.method = "DELETE", .url = __VA_ARGS__}, \
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
