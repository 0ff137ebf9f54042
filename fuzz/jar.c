/* The cookie jar, against a search of all of its cookies.
 *
 *   >HOST PATH COOKIE   sets a cookie, from the host of that number
 *   <HOST PATH          asks for the field Cookie
 *   -HOST NAME          removes cookies;   . lets time pass;   all else is cookies.txt
 *
 * - It never has more cookies than its limits, nor more of a domain.
 * - What it sends is what a search finds: of hosts that are the domain or below it, of
 *   paths, secure only where the connection is; and never CR, LF, NUL.
 * - It never has a cookie for all of a name without a dot inside.
 * - Text that it writes, it reads, and writes again the same.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/cookies.h>

#include "harness.h"

enum { MOST = 12, MOST_OF_DOMAIN = 5, HOSTS = 8 };
static const weir_cookie_jar_options LIMITS = {
    .max_cookies = MOST, .max_cookies_per_domain = MOST_OF_DOMAIN};
static const char *const HOST[HOSTS] = {
    "http://a.example",     "https://a.example",
    "http://b.a.example",   "https://c.b.a.example",
    "http://xa.example:81", "http://127.0.0.1",
    "ws://[::1]",           "https://example",
};
static const char *const NAME[HOSTS] = {"a.example",     "a.example",  "b.a.example",
                                        "c.b.a.example", "xa.example", "127.0.0.1",
                                        "::1",           "example"};

static bool fits(const weir_cookie *c, unsigned host, weir_slice path)
{
    weir_slice name = weir_slice_of(NAME[host]);
    bool is_host = weir_slice_equal(name, c->domain);
    bool is_below = c->subdomains && name.len > c->domain.len &&
                    weir_slice_ends_with(name, c->domain) &&
                    name.data[name.len - c->domain.len - 1] == '.' && host < 5;
    bool secure = strncmp(HOST[host], "https", 5) == 0 || host == 5 || host == 6;
    bool in_path = weir_slice_starts_with(path, c->path) &&
                   (path.len == c->path.len || c->path.data[c->path.len - 1] == '/' ||
                    path.data[c->path.len] == '/');
    return (is_host || is_below) && (secure || !c->secure) && in_path;
}

/* The length of the value, by adding up what fits. */
static void check_header(weir_cookie_jar *jar, unsigned host, const weir_url *url,
                         int64_t now)
{
    weir_slice value = WEIR_S("");
    size_t len = 0;
    int count = 0, got = weir_cookie_jar_header(jar, url, now, &value);
    const weir_cookie *c = NULL;
    while ((c = weir_cookie_jar_next(jar, c))) {
        HOLDS(c->expires == 0 || c->expires > now);
        if (!fits(c, host, weir_url_path(url)))
            continue;
        len += (count++ > 0 ? 2 : 0) + c->name.len + (c->name.len > 0) + c->value.len;
        HOLDS(weir_slice_find(value, c->value) < value.len || c->value.len == 0);
    }
    HOLDS(weir_cookie_jar_left_out(jar) + (size_t)got == (size_t)count);
    HOLDS(len == value.len || weir_cookie_jar_left_out(jar) > 0);
    HOLDS(value.len <= 8190);
    for (size_t i = 0; i < value.len; i++)
        HOLDS(value.data[i] < 0 || value.data[i] >= ' ' || value.data[i] == '\t');
}

static void check_limits(const weir_cookie_jar *jar)
{
    size_t count = 0;
    for (const weir_cookie *c = NULL; (c = weir_cookie_jar_next(jar, c)); count++) {
        size_t of_domain = 0;
        for (const weir_cookie *d = NULL; (d = weir_cookie_jar_next(jar, d));)
            of_domain += weir_slice_equal(c->domain, d->domain);
        HOLDS(of_domain <= MOST_OF_DOMAIN);
        HOLDS(!c->subdomains ||
              weir_slice_find(c->domain, WEIR_S(".")) + 1 < c->domain.len);
    }
    HOLDS(count == weir_cookie_jar_count(jar) && count <= MOST);
}

static void check_text(weir_cookie_jar *jar, int64_t now)
{
    weir_cookie_jar *copy = weir_cookie_jar_new(&LIMITS);
    weir_slice text, again;
    int count = weir_cookie_jar_encode(jar, now, &text);
    HOLDS(weir_cookie_jar_decode(copy, text, now, NULL) == count);
    HOLDS(weir_cookie_jar_encode(copy, now, &again) == count);
    HOLDS(weir_slice_equal(text, again));
    weir_cookie_jar_free(copy);
}

/* The URL of a host, and of the path at the front of `rest`. */
static unsigned take_url(weir_slice *rest, weir_url *url)
{
    char text[256];
    weir_slice path = WEIR_S("");
    unsigned host = take_byte(&(weir_slice){rest->data, rest->len > 0}) % HOSTS;
    *rest = weir_slice_skip(*rest, 1);
    weir_slice_split(rest, ' ', &path);
    path.len = path.len < 150 ? path.len : 150;
    snprintf(text, sizeof(text), "%s/%.*s", HOST[host], (int)path.len, path.data);
    HOLDS(weir_url_parse(url, weir_slice_of(text), NULL, NULL, NULL) == 0);
    return host;
}

static void step(weir_cookie_jar *jar, weir_slice line, int64_t *now)
{
    weir_url url;
    weir_slice rest = weir_slice_skip(line, 1);
    size_t before = weir_cookie_jar_count(jar);
    switch (line.len > 0 ? line.data[0] : '\0') {
    case '>':
        take_url(&rest, &url);
        if (weir_cookie_jar_set(jar, &url, rest, *now, NULL) < 0)
            HOLDS(weir_cookie_jar_count(jar) <= before);
        weir_url_clear(&url);
        break;
    case '<':
        check_header(jar, take_url(&rest, &url), &url, *now);
        weir_url_clear(&url);
        break;
    case '-': {
        unsigned host = take_url(&rest, &url);
        size_t gone = weir_cookie_jar_remove(jar, weir_slice_of(NAME[host]), rest);
        HOLDS(weir_cookie_jar_count(jar) == before - gone);
        weir_url_clear(&url);
        break;
    }
    case '.':
        *now += 5;
        break;
    default:
        weir_cookie_jar_decode(jar, line, *now, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_slice rest = {(const char *)data, size}, line;
    weir_cookie_jar *jar = weir_cookie_jar_new(&LIMITS);
    int64_t now = 1700000000;
    while (weir_slice_split(&rest, '\n', &line)) {
        step(jar, line, &now);
        check_limits(jar);
    }
    check_text(jar, now);
    weir_cookie_jar_free(jar);
    return 0;
}
