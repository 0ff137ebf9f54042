/* Where the cookies of a jar are: buckets, lists, a heap, and who has to go.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/status.h>

#include "allocator.h"
#include "ascii.h"
#include "cookie.h"
#include "jar.h"
#include "wipe.h"

#define MOST_BUCKETS 4096

/* FNV-1a from the last byte to the first, so that walking a host once, from its end,
 * gives the hashes of all domains that it is in. */
#define HASH_START UINT32_C(2166136261)

static uint32_t hash_byte(uint32_t hash, char c)
{
    return (hash ^ (unsigned char)c) * UINT32_C(16777619);
}

static uint32_t hash_domain(weir_slice domain)
{
    uint32_t hash = HASH_START;
    for (size_t i = domain.len; i-- > 0;)
        hash = hash_byte(hash, domain.data[i]);
    return hash;
}

static weir__jar_cookie **bucket_of(const weir_cookie_jar *jar, uint32_t hash)
{
    return &jar->buckets[(hash ^ hash >> 16) & (jar->bucket_count - 1)];
}

static bool has_domain(const weir__jar_cookie *cookie, weir_slice domain, uint32_t hash)
{
    return cookie->hash == hash && weir_slice_equal(cookie->cookie.domain, domain);
}

/* The order of the field Cookie (RFC 6265bis 5.8.3, step 4). */
static bool comes_before(const weir__jar_cookie *a, const weir__jar_cookie *b)
{
    if (a->cookie.path.len != b->cookie.path.len)
        return a->cookie.path.len > b->cookie.path.len;
    return a->created < b->created;
}

void weir__jar_init(weir_cookie_jar *jar)
{
    jar->buckets = jar->first_buckets;
    jar->bucket_count = WEIR__JAR_FIRST_BUCKETS;
    weir__link_init(&jar->order);
    weir__link_init(&jar->use);
    weir__heap_init(&jar->expiry, jar->allocator);
}

/* --- one cookie ------------------------------------------------------------------ */

static weir_slice put_text(char **to, weir_slice text)
{
    weir_slice copy = {*to, text.len};
    if (text.len > 0)
        memcpy(*to, text.data, text.len);
    *to += text.len;
    return copy;
}

static weir_slice put_lower(char **to, weir_slice text)
{
    weir_slice copy = put_text(to, text);
    for (char *c = *to - text.len; c < *to; c++)
        *c = weir__ascii_lower(*c);
    return copy;
}

/* The sizes have been checked against their limits, so the sum is small. */
static weir__jar_cookie *make(const weir_cookie_jar *jar, const weir_cookie *cookie)
{
    size_t len =
        cookie->name.len + cookie->value.len + cookie->domain.len + cookie->path.len;
    weir__jar_cookie *made = weir__malloc(jar->allocator, sizeof(*made) + len);
    if (!made)
        return NULL;
    char *to = made->text;
    *made = (weir__jar_cookie){.cookie = *cookie, .text_len = len};
    made->cookie.domain = put_lower(&to, cookie->domain);
    made->cookie.name = put_text(&to, cookie->name);
    made->cookie.path = put_text(&to, cookie->path);
    made->cookie.value = put_text(&to, cookie->value);
    made->hash = hash_domain(made->cookie.domain);
    weir__heap_node_init(&made->expiry);
    weir__link_init(&made->order);
    weir__link_init(&made->use);
    return made;
}

/* Wipes the text, since a value may be as good as a password. */
static void destroy(const weir_cookie_jar *jar, weir__jar_cookie *cookie)
{
    weir__wipe(cookie->text, cookie->text_len);
    weir__free(jar->allocator, cookie);
}

static void put_into_bucket(weir_cookie_jar *jar, weir__jar_cookie *cookie)
{
    weir__jar_cookie **at = bucket_of(jar, cookie->hash);
    while (*at && comes_before(*at, cookie))
        at = &(*at)->next;
    cookie->next = *at;
    *at = cookie;
}

/* Puts a cookie in: `order` where it belongs, room in the heap reserved. */
static void attach(weir_cookie_jar *jar, weir__jar_cookie *cookie, weir__link *before)
{
    weir__link_push(before, &cookie->order);
    weir__link_push(&jar->use, &cookie->use);
    cookie->used = ++jar->sequence;
    put_into_bucket(jar, cookie);
    if (cookie->cookie.expires != 0) /* in order, also for times before 1970 */
        weir__heap_set(&jar->expiry, &cookie->expiry,
                       (uint64_t)cookie->cookie.expires + (UINT64_C(1) << 63));
    jar->secure_count += cookie->cookie.secure ? 1 : 0;
    jar->count++;
}

static void detach(weir_cookie_jar *jar, weir__jar_cookie *cookie)
{
    weir__jar_cookie **at = bucket_of(jar, cookie->hash);
    while (*at != cookie)
        at = &(*at)->next;
    *at = cookie->next;
    weir__link_remove(&cookie->order);
    weir__link_remove(&cookie->use);
    if (cookie->cookie.expires != 0) {
        weir__heap_remove(&jar->expiry, &cookie->expiry);
        weir__heap_release(&jar->expiry);
    }
    jar->secure_count -= cookie->cookie.secure ? 1 : 0;
    jar->count--;
}

void weir__jar_remove(weir_cookie_jar *jar, weir__jar_cookie *cookie)
{
    detach(jar, cookie);
    destroy(jar, cookie);
}

void weir__jar_touch(weir_cookie_jar *jar, weir__jar_cookie *cookie)
{
    weir__link_remove(&cookie->use);
    weir__link_push(&jar->use, &cookie->use);
    cookie->used = ++jar->sequence;
}

/* --- storing --------------------------------------------------------------------- */

/* As many buckets as cookies, if there is the memory; without, the lists are longer. */
static void grow(weir_cookie_jar *jar)
{
    if (jar->count <= jar->bucket_count || jar->bucket_count >= MOST_BUCKETS)
        return;
    size_t count = jar->bucket_count * 2;
    weir__jar_cookie **buckets =
        weir__calloc(jar->allocator, count, sizeof(weir__jar_cookie *));
    if (!buckets)
        return;
    if (jar->buckets != jar->first_buckets)
        weir__free(jar->allocator, jar->buckets);
    jar->buckets = buckets;
    jar->bucket_count = count;
    for (weir__link *link = jar->order.next; link != &jar->order; link = link->next)
        put_into_bucket(jar, weir__jar_by_order(link));
}

/* The cookie of the same name, domain and path, and of the same kind: for the host
 * alone, or for its subdomains too (RFC 6265bis 5.7, step 23). */
static weir__jar_cookie *find_same(const weir_cookie_jar *jar,
                                   const weir__jar_cookie *like)
{
    weir__jar_cookie *c = *bucket_of(jar, like->hash);
    while (c && !(has_domain(c, like->cookie.domain, like->hash) &&
                  c->cookie.subdomains == like->cookie.subdomains &&
                  weir_slice_equal(c->cookie.name, like->cookie.name) &&
                  weir_slice_equal(c->cookie.path, like->cookie.path)))
        c = c->next;
    return c;
}

/* Of two cookies of a domain, the one to evict first (RFC 6265bis 5.7). */
static weir__jar_cookie *less_wanted(weir__jar_cookie *a, weir__jar_cookie *b)
{
    if (!a || a->cookie.secure != b->cookie.secure)
        return a && !a->cookie.secure ? a : b;
    return a->used < b->used ? a : b;
}

static void evict_of_domain(weir_cookie_jar *jar, weir_slice domain, uint32_t hash)
{
    size_t count = 0;
    weir__jar_cookie *victim = NULL;
    for (weir__jar_cookie *c = *bucket_of(jar, hash); c; c = c->next) {
        if (!has_domain(c, domain, hash))
            continue;
        count++;
        victim = less_wanted(victim, c);
    }
    if (victim && count > jar->max_per_domain)
        weir__jar_remove(jar, victim);
}

/* Puts a cookie in the place of the one that it replaces, if there is one. */
static void place(weir_cookie_jar *jar, weir__jar_cookie *cookie)
{
    weir__jar_cookie *same = find_same(jar, cookie);
    if (same) {
        cookie->created = same->created;
        attach(jar, cookie, &same->order);
        weir__jar_remove(jar, same);
        return;
    }
    cookie->created = ++jar->sequence;
    attach(jar, cookie, &jar->order);
    grow(jar);
    evict_of_domain(jar, cookie->cookie.domain, cookie->hash);
    if (jar->count > jar->max_cookies)
        weir__jar_remove(jar, WEIR__CONTAINER(jar->use.next, weir__jar_cookie, use));
}

int weir__jar_put(weir_cookie_jar *jar, const weir_cookie *cookie, int64_t now)
{
    weir__jar_cookie *made = make(jar, cookie);
    if (!made)
        return WEIR_E_MEMORY;
    /* Now that it is copied, for it may be one of the jar's own. */
    weir_cookie_jar_expire(jar, now);
    if (weir__cookie_is_expired(&made->cookie, now)) {
        weir__jar_cookie *same = find_same(jar, made);
        if (same)
            weir__jar_remove(jar, same);
        destroy(jar, made);
        return WEIR_OK;
    }
    if (made->cookie.expires != 0 && weir__heap_reserve(&jar->expiry) < 0) {
        destroy(jar, made);
        return WEIR_E_MEMORY;
    }
    place(jar, made);
    return WEIR_OK;
}

int weir__jar_move(weir_cookie_jar *jar, weir_cookie_jar *from)
{
    size_t wanted = from->expiry.reserved;
    for (size_t i = 0; i < wanted; i++) {
        if (weir__heap_reserve(&jar->expiry) == WEIR_OK)
            continue;
        while (i-- > 0)
            weir__heap_release(&jar->expiry);
        return WEIR_E_MEMORY;
    }
    while (from->count > 0) {
        weir__jar_cookie *cookie = weir__jar_by_order(from->order.next);
        detach(from, cookie);
        place(jar, cookie);
    }
    return WEIR_OK;
}

/* --- finding --------------------------------------------------------------------- */

/* What a domain's cookies have to fit. */
struct request {
    weir_slice host;
    weir_slice path;
    bool secure;
};

/* Two sorted lists in one. */
static weir__jar_cookie *merge(weir__jar_cookie *a, weir__jar_cookie *b)
{
    weir__jar_cookie *merged = NULL;
    weir__jar_cookie **last = &merged;
    while (a && b) {
        weir__jar_cookie **first = comes_before(a, b) ? &a : &b;
        *last = *first;
        last = &(*last)->match;
        *first = *last;
    }
    *last = a ? a : b;
    return merged;
}

/* The cookies of one domain that fit. */
static weir__jar_cookie *match_domain(const weir_cookie_jar *jar,
                                      const struct request *request, weir_slice domain,
                                      uint32_t hash)
{
    weir__jar_cookie *matches = NULL;
    weir__jar_cookie **last = &matches;
    bool is_host = domain.len == request->host.len;
    for (weir__jar_cookie *c = *bucket_of(jar, hash); c; c = c->next) {
        if (!has_domain(c, domain, hash) || !(is_host || c->cookie.subdomains) ||
            !(request->secure || !c->cookie.secure) ||
            !weir__cookie_path_matches(request->path, c->cookie.path))
            continue;
        *last = c;
        last = &c->match;
    }
    *last = NULL;
    return matches;
}

weir__jar_cookie *weir__jar_match(weir_cookie_jar *jar, const weir_url *url,
                                  bool secure)
{
    struct request request = {weir_url_hostname(url), weir_url_path(url), secure};
    weir_slice host = request.host;
    bool is_address = weir__cookie_is_address(host);
    weir__jar_cookie *matches = NULL;
    uint32_t hash = HASH_START;
    for (size_t i = host.len; i-- > 0;) {
        hash = hash_byte(hash, host.data[i]);
        if (i > 0 && (is_address || host.data[i - 1] != '.'))
            continue;
        weir__jar_cookie *found =
            match_domain(jar, &request, weir_slice_skip(host, i), hash);
        matches = merge(matches, found);
    }
    return matches;
}
