/* URLs: the parser against the web platform's tests, and what is ours.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/status.h>
#include <weir/url.h>

#include "json.h"
#include "nth.h"
#include "test.h"

/* Where the parser is not the standard's: hosts outside of ASCII are refused with
 * WEIR_E_UNSUPPORTED, where the standard maps them with IDNA to these. */
static const char *const NEEDS_IDNA[] = {
    "http://%C3%A9@xn--9ca/", "http://googoo.com/",     "http://www.foo.bar.com/",
    "http://go.com/",         "http://xn--6qqa088eba/", "https://xn--fa-hia.example/",
    "http://192.168.0.1/",    "https://xn--n3h/",       "https://ab/"};

static bool needs_idna(const struct json *test)
{
    for (size_t i = 0; i < sizeof(NEEDS_IDNA) / sizeof(*NEEDS_IDNA); i++) {
        if (weir_slice_equal(json_text(test, "href"), weir_slice_of(NEEDS_IDNA[i])))
            return true;
    }
    return false;
}

static bool is_part(weir_slice got, weir_slice wanted)
{
    return CHECK_BYTES(got, wanted);
}

/* "search" and "hash" are what URL has after "?" and "#", with them unless empty. */
static bool is_after(weir_slice got, weir_slice wanted)
{
    return is_part(got, weir_slice_skip(wanted, 1));
}

static bool has_parts(const weir_url *url, const struct json *test)
{
    weir_slice protocol = json_text(test, "protocol");
    protocol.len--;
    bool ok = is_part(weir_url_href(url), json_text(test, "href"));
    ok = is_part(weir_url_scheme(url), protocol) && ok;
    ok = is_part(weir_url_username(url), json_text(test, "username")) && ok;
    ok = is_part(weir_url_password(url), json_text(test, "password")) && ok;
    ok = is_part(weir_url_authority(url), json_text(test, "host")) && ok;
    ok = is_part(weir_url_host(url), json_text(test, "hostname")) && ok;
    ok = is_part(weir_url_path(url), json_text(test, "pathname")) && ok;
    ok = is_after(weir_url_query(url), json_text(test, "search")) && ok;
    ok = is_after(weir_url_fragment(url), json_text(test, "hash")) && ok;
    weir_slice port = json_text(test, "port");
    if (port.len > 0)
        ok = CHECK_INT(weir_url_port(url), strtol(port.data, NULL, 10)) && ok;
    return ok;
}

/* What is serialised is parsed to itself. */
static bool is_fixed_point(const weir_url *url)
{
    weir_url again;
    if (!CHECK_INT(weir_url_parse(&again, weir_url_href(url), NULL, NULL, NULL),
                   WEIR_OK))
        return false;
    bool ok = CHECK_BYTES(weir_url_href(&again), weir_url_href(url));
    weir_url_clear(&again);
    return ok;
}

/* The input, with the base where it is one of ours. */
static int parse(weir_url *url, const struct json *test, weir_codec_error *error)
{
    weir_url base = {0};
    weir_slice text = json_text(test, "base");
    bool has_base = weir_url_parse(&base, text, NULL, NULL, NULL) == WEIR_OK;
    int rc = weir_url_parse(url, json_text(test, "input"), has_base ? &base : NULL,
                            NULL, error);
    weir_url_clear(&base);
    return rc;
}

static bool passes(const struct json *test, size_t *refused)
{
    weir_url url = {0};
    weir_codec_error error = {0};
    int rc = parse(&url, test, &error);
    bool ok;
    if (rc < 0) {
        ok = CHECK(error.status == rc && error.reason != NULL) &&
             CHECK(error.offset <= json_text(test, "input").len);
        if (!json_is_true(test, "failure")) {
            ok = CHECK(rc == WEIR_E_UNSUPPORTED && needs_idna(test)) && ok;
            ++*refused;
        }
    } else {
        ok = CHECK(!json_is_true(test, "failure")) && has_parts(&url, test) &&
             is_fixed_point(&url);
    }
    weir_url_clear(&url);
    return ok;
}

/* WHATWG URL 4.4, 4.5: parser and serialiser, by the web platform's own tests. */
TEST(url, agrees_with_the_web_platform)
{
    size_t passed = 0, refused = 0, count = 0;
    struct json *vectors = json_read_vectors("http-urls.json");
    if (!vectors)
        SKIP("shared/vectors: not there");
    const struct json *test = json_member(vectors, "tests")->first;
    for (; test; test = test->next, count++) {
        bool ok = passes(test, &refused);
        if (!ok)
            fprintf(stderr, "in %s, base %s\n", json_text(test, "input").data,
                    json_text(test, "base").data);
        passed += ok;
    }
    CHECK_INT(passed, count);
    CHECK_INT(refused, sizeof(NEEDS_IDNA) / sizeof(*NEEDS_IDNA));
    printf("%zu of %zu URL vectors pass, %zu of them by needing IDNA\n", passed, count,
           refused);
    json_free(vectors);
}

static const char BASE[] = "http://user:pw@a.example:81/b/c/d;p?q#f";

/* RFC 3986 5.4, as far as WHATWG URL agrees; url.h's own promises. */
TEST(url, is_normalised)
{
    static const struct {
        const char *text;
        const char *href; /* NULL: refused */
    } CASES[] = {
        {"g", "http://user:pw@a.example:81/b/c/g"},
        {"../g", "http://user:pw@a.example:81/b/g"},
        {"../../../g", "http://user:pw@a.example:81/g"},
        {"./", "http://user:pw@a.example:81/b/c/"},
        {"?y", "http://user:pw@a.example:81/b/c/d;p?y"},
        {"#s", "http://user:pw@a.example:81/b/c/d;p?q#s"},
        {"", "http://user:pw@a.example:81/b/c/d;p?q"},
        {"//g", "http://g/"},
        {"/%7e/%2E%2e/.", "http://user:pw@a.example:81/"},
        {"https:g", "https://g/"},
        {"http:g", "http://user:pw@a.example:81/b/c/g"},
        {"http://2130706433", "http://127.0.0.1/"},
        {"http://127.1", "http://127.0.0.1/"},
        {"http://0x7f.0.0.01.", "http://127.0.0.1/"},
        {"http://1.2.3.4.5", NULL},
        {"http://256.1", NULL},
        {"http://1.2.3.256", NULL},
        {"http://[0:0::0:0:1]:80", "http://[::1]/"},
        {"http://[2001:DB8:0:0:1:0:0:1]", "http://[2001:db8::1:0:0:1]/"},
        {"http://[::ffff:1.2.3.4]", "http://[::ffff:102:304]/"},
        {"http://[1:2:3:4:5:6:7::]", "http://[1:2:3:4:5:6:7:0]/"},
        {"http://[1::2::3]", NULL},
        {"http://[::1", NULL},
        {"http://[:1]", NULL},
        {"http://a:65536", NULL},
        {"http://a:1x", NULL},
        {"http://a b", NULL},
        {"http://a%00b", NULL},
        {"http:///", NULL},
        {"ftp://a/", NULL},
        {"WSS://A%2eB:443", "wss://a.b/"},
        {" \thttp://a\r\n/b \n", "http://a/b"},
    };
    weir_url base;
    REQUIRE(weir_url_parse(&base, weir_slice_of(BASE), NULL, NULL, NULL) == WEIR_OK);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        weir_url url = {0};
        int rc = weir_url_parse(&url, weir_slice_of(CASES[i].text), &base, NULL, NULL);
        bool ok = CASES[i].href
                      ? CHECK_BYTES(weir_url_href(&url), weir_slice_of(CASES[i].href))
                      : CHECK(rc < 0);
        if (!ok)
            fprintf(stderr, "in %s\n", CASES[i].text);
        weir_url_clear(&url);
    }
    weir_url_clear(&base);
}

/* url.h: each accessor. */
TEST(url, has_parts)
{
    weir_url url, other, none = {0};
    REQUIRE(weir_url_parse(&url, weir_slice_of(BASE), NULL, NULL, NULL) == WEIR_OK);
    CHECK_BYTES(weir_url_scheme(&url), WEIR_S("http"));
    CHECK_BYTES(weir_url_username(&url), WEIR_S("user"));
    CHECK_BYTES(weir_url_password(&url), WEIR_S("pw"));
    CHECK_BYTES(weir_url_host(&url), WEIR_S("a.example"));
    CHECK_BYTES(weir_url_authority(&url), WEIR_S("a.example:81"));
    CHECK_BYTES(weir_url_path(&url), WEIR_S("/b/c/d;p"));
    CHECK_BYTES(weir_url_query(&url), WEIR_S("q"));
    CHECK_BYTES(weir_url_fragment(&url), WEIR_S("f"));
    CHECK_BYTES(weir_url_target(&url), WEIR_S("/b/c/d;p?q"));
    CHECK_BYTES(weir_url_without_fragment(&url),
                WEIR_S("http://user:pw@a.example:81/b/c/d;p?q"));
    CHECK_INT(weir_url_port(&url), 81);
    CHECK(!weir_url_is_secure(&url));
    CHECK_INT(weir_url_parse(&other, WEIR_S("https://[::1]"), &url, NULL, NULL),
              WEIR_OK);
    CHECK_BYTES(weir_url_hostname(&other), WEIR_S("::1"));
    CHECK_INT(weir_url_port(&other), 443);
    CHECK(weir_url_is_secure(&other));
    CHECK(!weir_url_same_origin(&url, &other));
    weir_url_clear(&other);
    CHECK_INT(weir_url_parse(&other, WEIR_S("/else"), &url, NULL, NULL), WEIR_OK);
    CHECK(weir_url_same_origin(&url, &other));
    weir_url_clear(&other);
    CHECK_INT(weir_url_copy(&other, &url), WEIR_OK);
    weir_url_clear(&url);
    CHECK_BYTES(weir_url_href(&other), weir_slice_of(BASE));
    weir_url_clear(&other);
    CHECK_INT(weir_url_href(&none).len, 0);
    CHECK_INT(weir_url_query(&none).len, 0);
    CHECK_INT(weir_url_add_param(&none, WEIR_S("a"), WEIR_S("b")), WEIR_E_MISUSE);
    weir_url_clear(&none);
}

/* WHATWG URL 5.2: the application/x-www-form-urlencoded serialiser. */
TEST(url, takes_params)
{
    static const struct {
        const char *url, *name, *value, *href;
    } CASES[] = {
        {"http://h", "a", "b", "http://h/?a=b"},
        {"http://h?", "a", "", "http://h/?a="},
        {"http://h?x#f", "a b", "c&d=e+%", "http://h/?x&a+b=c%26d%3De%2B%25#f"},
        {"http://h/p?x=1", "*-._", "~\xC3\xA9 ", "http://h/p?x=1&*-._=%7E%C3%A9+"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        weir_url url;
        REQUIRE(weir_url_parse(&url, weir_slice_of(CASES[i].url), NULL, NULL, NULL) ==
                WEIR_OK);
        CHECK_INT(weir_url_add_param(&url, weir_slice_of(CASES[i].name),
                                     weir_slice_of(CASES[i].value)),
                  WEIR_OK);
        CHECK_BYTES(weir_url_href(&url), weir_slice_of(CASES[i].href));
        is_fixed_point(&url);
        weir_url_clear(&url);
    }
}

/* url.h: 64 KiB unless told otherwise; the offset of what is wrong. */
TEST(url, has_limits_and_says_where)
{
    static char big[70000] = "http://h/";
    weir_url url;
    weir_codec_error error;
    memset(big + 9, 'x', sizeof(big) - 9);
    CHECK_INT(weir_url_parse(&url, (weir_slice){big, sizeof(big)}, NULL, NULL, &error),
              WEIR_E_TOO_BIG);
    memset(big + 9, ' ', sizeof(big) - 9);
    big[30000] = 'x';
    CHECK_INT(weir_url_parse(&url, (weir_slice){big, 30001}, NULL, NULL, &error),
              WEIR_E_TOO_BIG);
    CHECK_INT(error.status, WEIR_E_TOO_BIG);
    weir_url_options small = {.max_bytes = 9};
    CHECK_INT(weir_url_parse(&url, WEIR_S("http://h/"), NULL, &small, &error), WEIR_OK);
    CHECK_INT(weir_url_add_param(&url, WEIR_S("a"), WEIR_S("b")), WEIR_E_TOO_BIG);
    CHECK_BYTES(weir_url_href(&url), WEIR_S("http://h/"));
    weir_url_clear(&url);
    CHECK_INT(weir_url_parse(&url, WEIR_S(" ht\ntp://h:x/"), NULL, NULL, &error),
              WEIR_E_INVALID);
    CHECK_INT(error.offset, 10);
}

static int use(const weir_allocator *allocator)
{
    weir_url_options options = {.allocator = allocator};
    weir_url base = {0}, url = {0}, copy = {0};
    int rc = weir_url_parse(&base, weir_slice_of(BASE), NULL, &options, NULL);
    if (rc == WEIR_OK)
        rc = weir_url_parse(&url, WEIR_S("\t../x\ny?a b"), &base, &options, NULL);
    if (rc == WEIR_OK)
        rc = weir_url_add_param(&url, WEIR_S("n"), WEIR_S("v"));
    if (rc == WEIR_OK)
        rc = weir_url_copy(&copy, &url);
    weir_url_clear(&base);
    weir_url_clear(&url);
    weir_url_clear(&copy);
    return rc;
}

/* status.h: out of memory is a status. One block a URL is url.h's promise. */
TEST(url, survives_failing_allocations)
{
    struct nth nth;
    size_t n = 0;
    do {
        nth_init(&nth, ++n);
        int rc = use(&nth.allocator);
        CHECK_INT(rc, nth.failed ? WEIR_E_MEMORY : WEIR_OK);
        CHECK_INT(nth.live, 0);
    } while (nth.failed);
    nth_init(&nth, 0);
    weir_url_options options = {.allocator = &nth.allocator};
    weir_url url;
    CHECK_INT(weir_url_parse(&url, weir_slice_of(BASE), NULL, &options, NULL), WEIR_OK);
    CHECK_INT(nth.live, 1);
    weir_url_clear(&url);
}
