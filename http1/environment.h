/* Which proxy a URL goes through: as the request says, the session, the environment.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_ENVIRONMENT_H
#define WEIR_HTTP1_ENVIRONMENT_H

#include "proxy.h"

/* A session's. */
typedef struct weir__proxies {
    weir__proxy *http; /* NULL: none */
    weir__proxy *https;
    bool any;
    char *no_proxy;     /* the list; NULL: none */
    weir_pair *headers; /* for all, also those of requests; NULL: none */
    weir_tls_context *tls;
} weir__proxies;

/* Reads the options, and the environment if it is to be trusted. WEIR_OK, or a status
 * with its sentence; to be cleared in any case. */
int weir__proxies_init(weir__proxies *proxies, const weir_allocator *allocator,
                       const weir_session_options *options);

void weir__proxies_clear(weir__proxies *proxies, const weir_allocator *allocator);

/* The proxy for a URL, with one holder more; NULL: none. `own` is the request's option.
 * WEIR_OK, or a status with its sentence. */
int weir__proxies_choose(weir_session *session, const char *own, const weir_url *url,
                         weir__proxy **proxy);

#endif
