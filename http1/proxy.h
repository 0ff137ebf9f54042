/* Proxies: what a program, or its environment, says of one.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_PROXY_H
#define WEIR_HTTP1_PROXY_H

#include <weir/http.h>
#include <weir/session.h>
#include <weir/url.h>

enum weir__proxy_kind {
    WEIR__PROXY_HTTP,
    WEIR__PROXY_HTTPS, /* spoken to over TLS */
    WEIR__PROXY_SOCKS4,
    WEIR__PROXY_SOCKS4A, /* resolves names itself */
    WEIR__PROXY_SOCKS5,
    WEIR__PROXY_SOCKS5H /* the same */
};

/* Shared by sessions, requests and connections. */
typedef struct weir__proxy {
    size_t holders;
    const weir_allocator *allocator;
    enum weir__proxy_kind kind;
    int port;
    char *host;
    char *user; /* decoded; NULL: none */
    char *password;
    weir_http_fields fields; /* what HTTP says to it: Proxy-Authorization, own fields */
    weir_tls_context *tls;   /* of kind HTTPS; NULL: not needed yet */
    char shown[80];          /* "http://proxy:3128", without name and password */
} weir__proxy;

/* Makes one of a URL, or of "host:port", which is HTTP. `headers` may be NULL. WEIR_OK,
 * or a status with its sentence. */
int weir__proxy_new(weir__proxy **proxy, const weir_allocator *allocator,
                    const char *text, const weir_pair *headers);

weir__proxy *weir__proxy_hold(weir__proxy *proxy);

/* NULL is allowed. */
void weir__proxy_release(weir__proxy *proxy);

/* Whether they are the same, for the same user; NULL is none. */
bool weir__proxy_same(const weir__proxy *a, const weir__proxy *b);

static inline bool weir__proxy_is_http(const weir__proxy *proxy)
{
    return proxy->kind == WEIR__PROXY_HTTP || proxy->kind == WEIR__PROXY_HTTPS;
}

/* Whether it looks up names itself. */
static inline bool weir__proxy_resolves(const weir__proxy *proxy)
{
    return proxy->kind != WEIR__PROXY_SOCKS4 && proxy->kind != WEIR__PROXY_SOCKS5;
}

#endif
