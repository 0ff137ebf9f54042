/* Proxies from options and from the environment.
 *
 * HTTP_PROXY in capitals is not read, as curl does not: a server that runs programs by
 * CGI puts a request's field Proxy there, so anybody could choose the proxy of such a
 * program (CVE-2016-5385).
 *
 * SPDX-License-Identifier: MIT */
#include "environment.h"

#include <stdlib.h>
#include <string.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "no_proxy.h"
#include "pairs.h"
#include "secure.h"

static int fail_memory(void)
{
    return weir__fail(WEIR_E_MEMORY, "proxy", "no memory for a proxy");
}

/* What the first of these variables says, that says something; NULL: none does. `*name`
 * is which one. */
static const char *first_set(const char *const *names, const char **name)
{
    for (; *names; names++) {
        const char *value = getenv(*names);
        *name = *names;
        if (value && value[0])
            return value;
    }
    return NULL;
}

static int read_variable(weir__proxies *proxies, const weir_allocator *allocator,
                         const char *const *names, weir__proxy **proxy)
{
    const char *name;
    const char *url = first_set(names, &name);
    if (!url)
        return WEIR_OK;
    int rc = weir__proxy_new(proxy, allocator, url, proxies->headers);
    return rc < 0 ? weir__fail_prefix("%s in the environment", name) : rc;
}

static int read_environment(weir__proxies *proxies, const weir_allocator *allocator)
{
    static const char *const HTTP[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
    static const char *const HTTPS[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY", NULL};
    static const char *const NO_PROXY[] = {"no_proxy", "NO_PROXY", NULL};
    const char *name;
    const char *list = first_set(NO_PROXY, &name);
    int rc = read_variable(proxies, allocator, HTTP, &proxies->http);
    if (rc == WEIR_OK)
        rc = read_variable(proxies, allocator, HTTPS, &proxies->https);
    if (rc < 0 || !list || proxies->no_proxy)
        return rc;
    proxies->no_proxy = weir__strndup(allocator, list, strlen(list));
    return proxies->no_proxy ? rc : fail_memory();
}

static int read_option(weir__proxies *proxies, const weir_allocator *allocator,
                       const weir_session_options *options)
{
    if (!options->proxy[0])
        return WEIR_OK;
    if (options->unix_path)
        return weir__fail(WEIR_E_INVALID, "session",
                          "a proxy and a Unix path exclude each other");
    int rc =
        weir__proxy_new(&proxies->http, allocator, options->proxy, proxies->headers);
    proxies->https = weir__proxy_hold(proxies->http);
    return rc;
}

int weir__proxies_init(weir__proxies *proxies, const weir_allocator *allocator,
                       const weir_session_options *options)
{
    *proxies = (weir__proxies){.tls = options->proxy_tls};
    if (options->proxy_headers)
        proxies->headers = weir__pairs_copy(allocator, options->proxy_headers);
    if (options->no_proxy)
        proxies->no_proxy =
            weir__strndup(allocator, options->no_proxy, strlen(options->no_proxy));
    if (!proxies->headers != !options->proxy_headers ||
        !proxies->no_proxy != !options->no_proxy)
        return fail_memory();
    int rc = WEIR_OK;
    if (options->proxy)
        rc = read_option(proxies, allocator, options);
    else if (options->trust_environment && !options->unix_path)
        rc = read_environment(proxies, allocator);
    proxies->any = proxies->http || proxies->https;
    return rc;
}

void weir__proxies_clear(weir__proxies *proxies, const weir_allocator *allocator)
{
    weir__proxy_release(proxies->http);
    weir__proxy_release(proxies->https);
    weir__free(allocator, proxies->no_proxy);
    weir__free(allocator, proxies->headers);
    *proxies = (weir__proxies){.http = NULL};
}

static int choose(const weir_session *session, const char *own, const weir_url *url,
                  weir__proxy **proxy)
{
    const weir__proxies *proxies = &session->proxies;
    *proxy = NULL;
    if (own && own[0])
        return weir__proxy_new(proxy, session->loop->allocator, own, proxies->headers);
    weir__proxy *fit = weir_url_is_secure(url) ? proxies->https : proxies->http;
    if (!own && fit &&
        !(proxies->no_proxy && weir__no_proxy_has(proxies->no_proxy, url)))
        *proxy = weir__proxy_hold(fit);
    return WEIR_OK;
}

static int check(const weir_session *session, const weir__proxy *proxy)
{
    const weir__dialer *dialer = session->dialer;
    if (dialer && dialer->unix_path)
        return weir__fail(WEIR_E_INVALID, "request",
                          "a proxy and a Unix path exclude each other");
    if (dialer && dialer->public_only && weir__proxy_resolves(proxy))
        return weir__fail(WEIR_E_UNSUPPORTED, "request",
                          "what the proxy %s connects to cannot be kept to public "
                          "addresses, since it resolves names itself",
                          proxy->shown);
    return WEIR_OK;
}

int weir__proxies_choose(weir_session *session, const char *own, const weir_url *url,
                         weir__proxy **proxy)
{
    weir__proxy *chosen;
    int rc = choose(session, own, url, &chosen);
    if (rc < 0 || !chosen) {
        *proxy = NULL;
        return rc;
    }
    rc = check(session, chosen);
    if (rc == WEIR_OK && chosen->kind == WEIR__PROXY_HTTPS && !chosen->tls) {
        chosen->tls = session->proxies.tls;
        if (!chosen->tls)
            rc = weir__secure_default(session, &chosen->tls);
    }
    if (rc < 0) {
        weir__proxy_release(chosen);
        chosen = NULL;
    }
    *proxy = chosen;
    return rc;
}
