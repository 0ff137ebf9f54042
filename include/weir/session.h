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
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SESSION_H
#define WEIR_SESSION_H

#include <stddef.h>
#include <stdint.h>
#include <weir/auth.h>
#include <weir/cookies.h>
#include <weir/http.h>
#include <weir/json_adapter.h>
#include <weir/loop.h>
#include <weir/request.h>
#include <weir/response.h>
#include <weir/slice.h>
#include <weir/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** Options of weir_session_new. All zero is the default. */
typedef struct weir_session_options {
    /** What relative URLs of requests are relative to; a path should end with `/`.
     * NULL: they are errors. */
    const char *base_url;

    /** Appended to the query of each request; ended by `{0}`. NULL: none. */
    const weir_pair *params;

    /** Sent with each request, unless it has fields of these names itself; ended by
     * `{0}`. NULL: none. */
    const weir_pair *headers;

    /** The field User-Agent; copied. NULL: `weir/` and the version. */
    const char *user_agent;

    /** The most connections at one time, in use and idle. Further requests wait for
     * one in turn, so a task that holds a response of which it has not read the end
     * must not wait for ever for another one. 0: 100. */
    size_t max_connections;

    /** The most of them to one host and port. Who waits for a host that has all it may
     * have does not hold up those behind. 0: no limit of its own. */
    size_t max_connections_per_host;

    /** How long a connection may be idle before it is closed, in milliseconds; less
     * when its server says that it closes before (Keep-Alive: timeout=). 0: 15 s. */
    uint32_t idle_timeout_ms;

    /** Use no connection again, and say so (Connection: close). */
    bool force_close;

    /** Use the connections of this session, of the same loop, in place of own ones: its
     * three limits above are those of all. It may be freed before those that share with
     * it, and a connection serves them all when it was made with the same options (.tls
     * and the next five). NULL: own ones. */
    weir_session *share_with;

    /** Connect to a Unix socket at this path, whatever host a URL has. NULL: no. */
    const char *unix_path;

    /** Addresses of hosts that are not to be looked up: `{"example.com:443",
     * "192.0.2.1"}`, the port being optional, `*` any host, and the addresses a list
     * with commas; the first that fits counts. Ended by `{0}`. NULL: none. */
    const weir_pair *resolve;

    /** The own address to connect from, a literal. NULL: any. */
    const char *local_host;

    /** Which addresses of hosts to use, but for those in .resolve. */
    weir_family family;

    /** Connect to public addresses only (weir_address_is_public), wherever a URL or a
     * redirect leads; other hosts fail with WEIR_E_CONNECTION. For URLs that somebody
     * else chooses. */
    bool public_only;

    /** Sent with requests that have no credentials; copied. Zero: none. */
    weir_auth auth;

    /** Where cookies are kept (cookies.h). It stays the caller's, and must live until
     * the session is freed. NULL: a jar of the session's own. */
    weir_cookie_jar *cookies;

    /** Keep no cookies, and send none but those of the requests. */
    bool no_cookies;

    /** What https is spoken with: a client's context (tls.h), with "http/1.1" among
     * its protocols or with none. It stays the caller's, and must live until the
     * session is freed and its last response. NULL: one of the session's own, made
     * for the first https URL, with the defaults. */
    weir_tls_context *tls;

    /** A proxy to go through: `http://user:password@proxy:3128`, `https://` when it is to
     * be spoken to over TLS, `socks5://` or `socks://`, `socks5h://` (it resolves names), `socks4://`,
     * `socks4a://` (it does); without a scheme http. The port of http is 80 by default,
     * of https 443, of SOCKS 1080; name and password are percent-encoded. URLs of http
     * are asked of an HTTP proxy; all else is tunnelled (CONNECT, RFC 9110 9.3.6), so it
     * sees the host of an https URL and nothing more. WEIR_NO_PROXY: none. NULL: what
     * the environment says, if that is trusted. */
    const char *proxy;

    /** Sent to HTTP proxies, and to nobody else; ended by `{0}`. NULL: none. */
    const weir_pair *proxy_headers;

    /** What an https proxy is spoken to with: like .tls, which is for servers alone.
     * NULL: a context with the defaults. */
    weir_tls_context *proxy_tls;

    /** Hosts that need no proxy: names, which stand for those below them too, addresses
     * and blocks of these, each with a port or without; `*` is all. Between them are
     * commas or spaces: "localhost, .example.com, 10.0.0.0/8, [fd00::]/8:8080". It does
     * not hold for a proxy that a request names. NULL: none, or the environment's. */
    const char *no_proxy;

    /** Read http_proxy, https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY, no_proxy and
     * NO_PROXY from the environment, lower case first, once for the session; not
     * HTTP_PROXY, which a server that speaks CGI sets to what its clients send
     * (CVE-2016-5385). */
    bool trust_environment;

    /** Told of each connection that is made, before a request is sent on it and, for
     * https, after the handshake: what its addresses are, what is known of its
     * security (weir_stream_tls_info). Not to read, write or close. NULL: nobody. */
    void (*on_connect)(weir_stream *stream, void *arg);

    void *arg; /**< for on_connect */

    /** Take all bodies as they come, and ask for none that are coded. */
    bool no_decoding;

    /** How .json of requests is written; it must live until the session is freed.
     * `&weir_jansson` for jansson (json.h). NULL: requests have no .json. */
    const weir_json_adapter *json_adapter;

    /** How far a coded body may grow; as in content_codec.h. */
    weir_content_limits content_limits;

    /** Told of what requests do (trace.h). It must live until the session is freed and its
     * last response. NULL: nobody. */
    const struct weir_trace *trace;

    /** Make failures of all responses with a status of 400 or more. */
    bool raise_for_status;

    /** Of requests that are tried again: whatever their method is (request.h). */
    bool retry_all_methods;

    /** The following are for requests that do not say themselves; their meaning and
     * their defaults are those in weir_request_options. */
    uint32_t max_redirects; /**< 0: 10 */
    uint32_t retries;
    uint32_t retry_delay_ms;     /**< 0: 500 */
    uint32_t max_retry_delay_ms; /**< 0: 30 s */
    uint32_t timeout_ms;
    uint32_t connect_timeout_ms; /**< 0: 30 s */
    uint32_t wait_timeout_ms;
    uint32_t first_byte_timeout_ms;
    uint32_t read_timeout_ms; /**< 0: 60 s */
    size_t max_text_bytes;    /**< 0: 64 MiB */
    weir_http_limits limits;  /**< as http.h says */
} weir_session_options;

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

/** The session's cookies: its jar, or the one that it was given; NULL with .no_cookies. */
weir_cookie_jar *weir_session_cookies(const weir_session *session);

/** How many connections are open, in use or idle; those of all that share them. */
size_t weir_session_connections(const weir_session *session);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
