/* The cookie jar: which cookies are stored, and which are sent (RFC 6265bis 5.7, 5.8).
 *
 * SPDX-License-Identifier: MIT */
#include "jar.h"

#include <string.h>
#include <weir/status.h>

#include "allocator.h"
#include "cookie.h"

#define DEFAULT_MAX_COOKIES      3000
#define DEFAULT_MAX_PER_DOMAIN   180
#define DEFAULT_MAX_HEADER_BYTES 8190
#define MOST_COOKIES             ((size_t)1 << 18) /* so that an answer fits in 32 bits */

/* The longest line that a cookie is written as. */
#define MAX_LINE_BYTES (WEIR__COOKIE_MAX_BYTES + 2 * WEIR__COOKIE_MAX_ATTRIBUTE + 128)

static size_t or_default(size_t number, size_t otherwise)
{
    return number ? number : otherwise;
}

weir_cookie_jar *weir_cookie_jar_new(const weir_cookie_jar_options *options)
{
    weir_cookie_jar_options o = options ? *options : (weir_cookie_jar_options){0};
    weir_cookie_jar *jar = weir__calloc(o.allocator, 1, sizeof(*jar));
    if (!jar)
        return NULL;
    jar->allocator = o.allocator;
    jar->max_cookies = or_default(o.max_cookies, DEFAULT_MAX_COOKIES);
    if (jar->max_cookies > MOST_COOKIES)
        jar->max_cookies = MOST_COOKIES;
    jar->max_per_domain = or_default(o.max_cookies_per_domain, DEFAULT_MAX_PER_DOMAIN);
    jar->max_header_bytes = or_default(o.max_header_bytes, DEFAULT_MAX_HEADER_BYTES);
    /* An answer has at most all cookies, a line each. */
    weir__buffer_init(&jar->text, jar->allocator,
                      (jar->max_cookies + 1) * MAX_LINE_BYTES);
    weir__jar_init(jar);
    return jar;
}

void weir__jar_forget_answer(weir_cookie_jar *jar)
{
    weir__buffer_clear_secret(&jar->text);
}

void weir_cookie_jar_clear(weir_cookie_jar *jar)
{
    while (jar->count > 0)
        weir__jar_remove(jar, weir__jar_by_order(jar->order.next));
    if (jar->buckets != jar->first_buckets)
        weir__free(jar->allocator, jar->buckets);
    weir__heap_clear(&jar->expiry);
    weir__jar_forget_answer(jar);
    weir__jar_init(jar);
}

void weir_cookie_jar_free(weir_cookie_jar *jar)
{
    if (!jar)
        return;
    weir_cookie_jar_clear(jar);
    weir__free(jar->allocator, jar);
}

size_t weir_cookie_jar_count(const weir_cookie_jar *jar)
{
    return jar->count;
}

size_t weir_cookie_jar_left_out(const weir_cookie_jar *jar)
{
    return jar->left_out;
}

size_t weir_cookie_jar_expire(weir_cookie_jar *jar, int64_t now)
{
    size_t before = jar->count;
    uint64_t key;
    weir__heap_node *node;
    while ((node = weir__heap_first(&jar->expiry, &key))) {
        weir__jar_cookie *first = WEIR__CONTAINER(node, weir__jar_cookie, expiry);
        if (!weir__cookie_is_expired(&first->cookie, now))
            break;
        weir__jar_remove(jar, first);
    }
    return before - jar->count;
}

/* --- storing --------------------------------------------------------------------- */

/* https and wss; and hosts that are this one, as curl and browsers see it. */
static bool is_secure(const weir_url *url)
{
    weir_slice host = weir_url_hostname(url);
    return weir_url_is_secure(url) || weir_slice_equal(host, WEIR_S("localhost")) ||
           weir_slice_equal(host, WEIR_S("::1")) ||
           (weir_slice_starts_with(host, WEIR_S("127.")) &&
            weir__cookie_is_address(host));
}

/* Which host or domain a cookie of a server belongs to (RFC 6265bis 5.7, steps 7 to
 * 10). */
static int settle_domain(weir_cookie *cookie, weir_slice host, const char **reason)
{
    weir_slice domain = cookie->domain;
    if (host.len == 0 || host.len > WEIR__COOKIE_MAX_ATTRIBUTE) {
        *reason = "a host that is empty, or longer than 1024 bytes";
        return WEIR_E_INVALID;
    }
    cookie->domain = host;
    if (domain.len == 0)
        return WEIR_OK;
    if (!weir__cookie_domain_matches(host, domain)) {
        *reason = "a Domain that the host is not in (RFC 6265bis 5.7)";
        return WEIR_E_INVALID;
    }
    /* What the host ends with, in lower case as it is. */
    domain = weir_slice_skip(host, host.len - domain.len);
    bool is_host = domain.len == host.len;
    if (weir__cookie_is_address(host) || weir__is_public_suffix(domain)) {
        *reason = "a Domain that is a public suffix (RFC 6265bis 5.7)";
        cookie->subdomains = false;
        return is_host ? WEIR_OK : WEIR_E_INVALID;
    }
    cookie->domain = domain;
    return WEIR_OK;
}

/* Whether a cookie from an insecure connection would come over one that is Secure
 * (RFC 6265bis 5.7, step 16). */
static bool hides_secure(const weir_cookie_jar *jar, const weir_cookie *cookie)
{
    if (jar->secure_count == 0)
        return false;
    const weir_cookie *old = NULL;
    while ((old = weir_cookie_jar_next(jar, old))) {
        if (old->secure && weir_slice_equal(old->name, cookie->name) &&
            weir__cookie_path_matches(cookie->path, old->path) &&
            (weir__cookie_domain_matches(old->domain, cookie->domain) ||
             weir__cookie_domain_matches(cookie->domain, old->domain)))
            return true;
    }
    return false;
}

/* RFC 6265bis 5.7, steps 11 to 22. */
static int check_rules(const weir_cookie_jar *jar, const weir_url *url,
                       const weir_cookie *cookie, bool has_path, const char **reason)
{
    if (cookie->path.len > WEIR__COOKIE_MAX_ATTRIBUTE) {
        *reason = "a path longer than 1024 bytes";
        return WEIR_E_TOO_BIG;
    }
    *reason = "Secure, over a connection that is not (RFC 6265bis 5.7)";
    if (cookie->secure && !is_secure(url))
        return WEIR_E_INVALID;
    *reason = "not what the prefix of its name promises (RFC 6265bis 5.4)";
    if (!weir__cookie_keeps_promise(cookie, has_path))
        return WEIR_E_INVALID;
    *reason = "it would hide one that is Secure (RFC 6265bis 5.7)";
    if (!cookie->secure && !is_secure(url) && hides_secure(jar, cookie))
        return WEIR_E_INVALID;
    return WEIR_OK;
}

static int check_received(const weir_cookie_jar *jar, const weir_url *url,
                          weir_cookie *cookie, const char **reason)
{
    bool has_path = cookie->path.data != NULL;
    int rc = settle_domain(cookie, weir_url_hostname(url), reason);
    if (rc < 0)
        return rc;
    if (cookie->path.len == 0)
        cookie->path = weir__cookie_default_path(weir_url_path(url));
    return check_rules(jar, url, cookie, has_path, reason);
}

int weir_cookie_jar_set(weir_cookie_jar *jar, const weir_url *url, weir_slice value,
                        int64_t now, weir_codec_error *error)
{
    weir_cookie cookie;
    const char *reason = NULL;
    weir_cookie_jar_expire(jar, now);
    int rc = weir_cookie_parse(&cookie, value, now, error);
    if (rc < 0)
        return rc;
    rc = check_received(jar, url, &cookie, &reason);
    if (rc < 0)
        return weir__cookie_refuse(error, rc, reason, 0);
    rc = weir__jar_put(jar, &cookie, now);
    return rc < 0 ? weir__cookie_refuse(error, rc, "no memory for a cookie", 0) : rc;
}

/* Makes the host of a cookie one as a URL has it, by asking for a URL with it. */
static int parse_host(const weir_cookie_jar *jar, weir_slice host, weir_url *url)
{
    char text[WEIR__COOKIE_MAX_ATTRIBUTE + 16];
    weir_url_options options = {.allocator = jar->allocator};
    bool bare = weir_slice_find(host, WEIR_S(":")) < host.len && host.data[0] != '[';
    weir_slice before = bare ? WEIR_S("http://[") : WEIR_S("http://");
    weir_slice after = bare ? WEIR_S("]/") : WEIR_S("/");
    for (size_t i = 0; i < host.len; i++) {
        if (host.data[i] <= ' ' || strchr("/\\?#@", host.data[i]))
            return WEIR_E_INVALID;
    }
    memcpy(text, before.data, before.len);
    memcpy(text + before.len, host.data, host.len);
    memcpy(text + before.len + host.len, after.data, after.len);
    weir_slice whole = {text, before.len + host.len + after.len};
    int rc = weir_url_parse(url, whole, NULL, &options, NULL);
    return rc == WEIR_OK || rc == WEIR_E_MEMORY ? rc : WEIR_E_INVALID;
}

static int store(weir_cookie_jar *jar, weir_cookie *cookie, weir_slice host,
                 int64_t now, weir_codec_error *error)
{
    cookie->domain = host;
    if (weir__cookie_is_address(host))
        cookie->subdomains = false;
    if (cookie->subdomains && weir__is_public_suffix(host)) {
        weir__cookie_refuse(error, WEIR_E_INVALID, "for all of a public suffix", 0);
        return 0;
    }
    if (!weir__cookie_keeps_promise(cookie, true)) {
        weir__cookie_refuse(error, WEIR_E_INVALID,
                            "not what the prefix of its name promises", 0);
        return 0;
    }
    return weir__jar_put(jar, cookie, now) < 0 ? WEIR_E_MEMORY : 1;
}

int weir__jar_admit(weir_cookie_jar *jar, weir_cookie cookie, int64_t now,
                    weir_codec_error *error)
{
    weir_url url;
    if (weir_slice_starts_with(cookie.domain, WEIR_S(".")))
        cookie.domain = weir_slice_skip(cookie.domain, 1);
    if (cookie.domain.len > WEIR__COOKIE_MAX_ATTRIBUTE ||
        cookie.path.len > WEIR__COOKIE_MAX_ATTRIBUTE) {
        weir__cookie_refuse(error, WEIR_E_TOO_BIG,
                            "a domain or a path longer than 1024 bytes", 0);
        return 0;
    }
    int rc = parse_host(jar, cookie.domain, &url);
    if (rc < 0)
        return weir__cookie_refuse(error, rc,
                                   rc == WEIR_E_MEMORY ? "no memory for a cookie"
                                                       : "the domain is no host",
                                   0);
    weir_slice host = weir_url_hostname(&url);
    if (weir_slice_equal(weir_url_authority(&url), weir_url_host(&url)))
        rc = store(jar, &cookie, host, now, error);
    else
        rc = weir__cookie_refuse(error, WEIR_E_INVALID, "a domain with a port", 0);
    weir_url_clear(&url);
    return rc;
}

int weir_cookie_jar_add(weir_cookie_jar *jar, const weir_cookie *cookie, int64_t now)
{
    weir_cookie c = *cookie;
    weir_codec_error error = {0};
    c.name = weir_slice_trim(c.name);
    c.value = weir_slice_trim(c.value);
    if (c.path.len == 0)
        c.path = WEIR_S("/");
    int rc = weir__cookie_check(c.name, c.value, NULL);
    if (rc < 0)
        return rc;
    if (!weir__cookie_can_be_sent(&c) || c.path.data[0] != '/' ||
        weir__cookie_find_control(c.path) < c.path.len)
        return WEIR_E_INVALID;
    rc = weir__jar_admit(jar, c, now, &error);
    if (rc == 0)
        return error.status;
    return rc > 0 ? WEIR_OK : rc;
}

/* --- sending --------------------------------------------------------------------- */

static char *put_text(char *to, weir_slice text)
{
    if (text.len > 0)
        memcpy(to, text.data, text.len);
    return to + text.len;
}

/* `name=value`, or the value of a cookie without a name (RFC 6265bis 5.8.3, step 6).
 * Returns 0 when there is no room for it. */
static int put_cookie(weir_cookie_jar *jar, const weir_cookie *cookie)
{
    size_t len = weir__buffer_len(&jar->text);
    weir_slice between = len > 0 ? WEIR_S("; ") : WEIR_S("");
    weir_slice equals = cookie->name.len > 0 ? WEIR_S("=") : WEIR_S("");
    size_t size = between.len + cookie->name.len + equals.len + cookie->value.len;
    char *to;
    if (len + size > jar->max_header_bytes)
        return 0;
    if (weir__buffer_reserve(&jar->text, size, &to) < 0)
        return WEIR_E_MEMORY;
    to = put_text(put_text(to, between), cookie->name);
    put_text(put_text(to, equals), cookie->value);
    weir__buffer_commit(&jar->text, size);
    return 1;
}

/* Puts cookies until one does not fit. Returns how many were put. */
static int put_cookies(weir_cookie_jar *jar, weir__jar_cookie *cookies)
{
    int count = 0;
    weir__jar_cookie *c = cookies;
    for (; c; c = c->match, count++) {
        int rc = put_cookie(jar, &c->cookie);
        if (rc < 0)
            return rc;
        if (rc == 0)
            break;
        weir__jar_touch(jar, c);
    }
    for (; c; c = c->match)
        jar->left_out++;
    return count;
}

int weir_cookie_jar_header(weir_cookie_jar *jar, const weir_url *url, int64_t now,
                           weir_slice *value)
{
    int count = 0;
    jar->left_out = 0;
    weir__buffer_consume(&jar->text, weir__buffer_len(&jar->text));
    if (jar->count > 0) {
        weir_cookie_jar_expire(jar, now);
        count = put_cookies(jar, weir__jar_match(jar, url, is_secure(url)));
    }
    if (count >= 0)
        *value = weir__buffer_slice(&jar->text);
    return count;
}

const weir_cookie *weir_cookie_jar_find(weir_cookie_jar *jar, const weir_url *url,
                                        weir_slice name, int64_t now)
{
    /* Nothing is removed here, since `name` may be of a cookie that has expired. */
    weir__jar_cookie *c = weir__jar_match(jar, url, is_secure(url));
    while (c && (!weir_slice_equal(c->cookie.name, name) ||
                 weir__cookie_is_expired(&c->cookie, now)))
        c = c->match;
    return c ? &c->cookie : NULL;
}

/* --- all of them ----------------------------------------------------------------- */

const weir_cookie *weir_cookie_jar_next(const weir_cookie_jar *jar,
                                        const weir_cookie *cookie)
{
    /* A jar's cookie is the first member of what it is kept in. */
    const weir__link *link =
        cookie ? &((const weir__jar_cookie *)(const void *)cookie)->order : &jar->order;
    if (link->next == &jar->order)
        return NULL;
    return &weir__jar_by_order(link->next)->cookie;
}

size_t weir_cookie_jar_remove(weir_cookie_jar *jar, weir_slice domain, weir_slice name)
{
    size_t count = 0;
    weir__jar_cookie *found = NULL;
    for (weir__link *link = jar->order.next; link != &jar->order; link = link->next) {
        weir__jar_cookie *c = weir__jar_by_order(link);
        if ((domain.data && !weir__cookie_domain_matches(c->cookie.domain, domain)) ||
            (name.data && !weir_slice_equal(c->cookie.name, name)))
            continue;
        c->match = found;
        found = c;
        count++;
    }
    /* Removed when all are found: it may be their text that is compared with. */
    while (found) {
        weir__jar_cookie *next = found->match;
        weir__jar_remove(jar, found);
        found = next;
    }
    return count;
}

size_t weir_cookie_jar_drop_session(weir_cookie_jar *jar)
{
    size_t before = jar->count;
    weir__link *link = jar->order.next;
    while (link != &jar->order) {
        weir__jar_cookie *c = weir__jar_by_order(link);
        link = link->next;
        if (c->cookie.expires == 0)
            weir__jar_remove(jar, c);
    }
    return before - jar->count;
}
