/* The cookie jar: what is stored and what is sent (RFC 6265bis 5.7, 5.8).
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/cookies.h>
#include <weir/features.h>

#include "jar_scene.h"
#include "json.h"

/* --- the suite of the working group ------------------------------------------------ */

/* The bytes of a text that the vectors have as latin-1. */
static weir_slice latin1(weir_slice text, char *bytes)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= 0x80)
            c = (unsigned char)(c << 6 | (text.data[++i] & 0x3F));
        bytes[len++] = (char)c;
    }
    return (weir_slice){bytes, len};
}

static bool passes(const struct json *test)
{
    static char bytes[70000], wanted_bytes[70000];
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    weir_url from = {0}, to = {0};
    weir_slice value = {NULL, 0};
    int64_t now = json_number(test, "now");
    REQUIRE(weir_url_parse(&from, json_text(test, "set_url"), NULL, NULL, NULL) == 0);
    REQUIRE(weir_url_parse(&to, json_text(test, "url"), NULL, NULL, NULL) == 0);
    const struct json *set = json_member(test, "set_cookie")->first;
    for (; set; set = set->next) {
        weir_slice text = {set->text, set->len};
        weir_cookie_jar_set(jar, &from, latin1(text, bytes), now, NULL);
    }
    CHECK(weir_cookie_jar_header(jar, &to, now, &value) >= 0);
    weir_slice wanted = latin1(json_text(test, "rfc6265bis"), wanted_bytes);
    bool ok = CHECK_BYTES(value, wanted);
    weir_url_clear(&from);
    weir_url_clear(&to);
    weir_cookie_jar_free(jar);
    return ok;
}

/* RFC 6265bis 5.6, 5.7, 5.8: http-state, as the working group and a reference of
 * RFC 6265bis see it. */
TEST(jar, agrees_with_http_state)
{
    size_t passed = 0, count = 0;
    struct json *vectors = json_read_vectors("cookies-http-state.json");
    if (!vectors)
        SKIP("shared/vectors: not there");
    const struct json *test = json_member(vectors, "cases")->first;
    for (; test; test = test->next, count++) {
        bool ok = passes(test);
        if (!ok)
            fprintf(stderr, "in %s\n", json_text(test, "name").data);
        passed += ok;
    }
    CHECK_INT(count, 222);
    CHECK_INT(passed, count);
    printf("%zu of %zu cookies of http-state pass\n", passed, count);
    json_free(vectors);
}

/* --- domains ----------------------------------------------------------------------- */

#define A "http://a.example/"

/* RFC 6265bis 5.7, steps 7 to 10 */
TEST(jar, knows_hosts_and_domains)
{
    static const struct {
        const char *url;
        const char *cookie;
        int status;
        const char *to;
        const char *sent;
    } CASES[] = {
        {"http://a.example/", "c=1", WEIR_OK, "http://a.example/", "c=1"},
        {"http://a.example/", "c=1", WEIR_OK, "http://b.a.example/", ""},
        {"http://a.example/", "c=1", WEIR_OK, "http://A.EXAMPLE:81/", "c=1"},
        {"http://a.example/", "c=1", WEIR_OK, "https://a.example/", "c=1"},
        {"http://a.example/", "c=1", WEIR_OK, "ws://a.example/", "c=1"},
        {"http://a.example/", "c=1; domain=a.example", WEIR_OK, "http://b.a.example/",
         "c=1"},
        {"http://b.a.example/", "c=1; domain=A.Example", WEIR_OK, "http://c.a.example/",
         "c=1"},
        {"http://b.a.example/", "c=1; domain=.a.example", WEIR_OK, "http://a.example/",
         "c=1"},
        {"http://b.a.example/", "c=1; domain=a.example", WEIR_OK, "http://xa.example/",
         ""},
        {"http://b.a.example/", "c=1; domain=b.example", WEIR_E_INVALID, A, ""},
        {"http://a.example/", "c=1; domain=b.a.example", WEIR_E_INVALID, A, ""},
        {"http://a.example/", "c=1; domain=example", WEIR_E_INVALID, A, ""},
        {"http://a.example/", "c=1; domain=a.example.", WEIR_E_INVALID, A, ""},
        {"http://a.example./", "c=1; domain=a.example.", WEIR_OK, "http://a.example./",
         "c=1"},
        {"http://a.example./", "c=1; domain=example.", WEIR_E_INVALID, A, ""},
        {"http://a.example/", "c=1; domain=\xC3\xA9.example", WEIR_E_INVALID, A, ""},
        /* A public suffix is refused, but for itself (step 9). */
        {"http://intranet/", "c=1; domain=intranet", WEIR_OK, "http://intranet/",
         "c=1"},
        {"http://intranet/", "c=1; domain=intranet", WEIR_OK, "http://x.intranet/", ""},
        {"http://localhost/", "c=1; domain=localhost", WEIR_OK, "http://localhost/",
         "c=1"},
        /* Addresses have no domains (5.1.3). */
        {"http://127.0.0.1/", "c=1", WEIR_OK, "http://127.1/", "c=1"},
        {"http://10.0.0.1/", "c=1; domain=10.0.0.1", WEIR_OK, "http://10.0.0.1/",
         "c=1"},
        {"http://10.0.0.1/", "c=1; domain=0.0.1", WEIR_E_INVALID, A, ""},
        {"http://[::1]/", "c=1", WEIR_OK, "http://[0:0::1]/", "c=1"},
        {"http://[2001:db8::1]/", "c=1; domain=2001:db8::1", WEIR_OK,
         "http://[2001:db8::1]/", "c=1"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
        bool ok =
            CHECK_INT(jar_set(jar, CASES[i].url, CASES[i].cookie), CASES[i].status);
        ok = CHECK_INT(weir_cookie_jar_count(jar), CASES[i].status == WEIR_OK) && ok;
        ok = CHECK_SENT(jar, CASES[i].to, CASES[i].sent) && ok;
        if (!ok)
            fprintf(stderr, "in %s from %s\n", CASES[i].cookie, CASES[i].url);
        weir_cookie_jar_free(jar);
    }
}

#if WEIR_HAS_PSL
/* RFC 6265bis 5.7, step 9, by the list */
TEST(jar, refuses_public_suffixes_of_the_list)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    CHECK_INT(jar_set(jar, "http://a.co.uk/", "c=1; domain=co.uk"), WEIR_E_INVALID);
    CHECK_INT(jar_set(jar, "http://b.a.co.uk/", "c=1; domain=a.co.uk"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://co.uk/", "d=2; domain=co.uk"), WEIR_OK);
    CHECK_SENT(jar, "http://a.co.uk/", "c=1");
    CHECK_SENT(jar, "http://co.uk/", "d=2");
    weir_cookie_jar_free(jar);
}
#endif

/* RFC 6265bis 5.1.4, 5.7 step 11 */
TEST(jar, knows_paths)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    CHECK_INT(jar_set(jar, "http://a.example/x/y?/z/w", "c=1"), WEIR_OK);
    CHECK_SENT(jar, "http://a.example/x", "c=1");
    CHECK_SENT(jar, "http://a.example/x/z", "c=1");
    CHECK_SENT(jar, "http://a.example/x?q", "c=1");
    CHECK_SENT(jar, "http://a.example/xy", "");
    CHECK_SENT(jar, "http://a.example/", "");
    CHECK_SENT(jar, "http://a.example/y/../x/", "c=1");
    CHECK_INT(jar_set(jar, A, "d=2; path=/p"), WEIR_OK);
    CHECK_SENT(jar, "http://a.example/p", "d=2");
    CHECK_SENT(jar, "http://a.example/", "");
    weir_cookie_jar_free(jar);
}

/* RFC 6265bis 5.8.3, step 4; 5.7, step 23.3 */
TEST(jar, sends_longer_paths_first_and_then_older_cookies)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    static const char URL[] = "http://b.a.example/x/y/z";
    CHECK_INT(jar_set(jar, URL, "one=1; path=/"), WEIR_OK);
    CHECK_INT(jar_set(jar, URL, "two=2; path=/x/y"), WEIR_OK);
    CHECK_INT(jar_set(jar, URL, "three=3; path=/; domain=a.example"), WEIR_OK);
    CHECK_INT(jar_set(jar, URL, "four=4; path=/x"), WEIR_OK);
    CHECK_INT(jar_set(jar, URL, "five=5; path=/x/y; domain=a.example"), WEIR_OK);
    CHECK_INT(jar_set(jar, URL, "six=6; path=/; domain=b.a.example"), WEIR_OK);
    CHECK_SENT(jar, URL, "two=2; five=5; four=4; one=1; three=3; six=6");
    /* What is replaced keeps its place, also if the clock goes back. */
    CHECK_INT(jar_set_at(jar, URL, "one=7; path=/", JAR_NOW + 5), WEIR_OK);
    CHECK_INT(jar_set_at(jar, URL, "two=8; path=/x/y", JAR_NOW - 5), WEIR_OK);
    CHECK_SENT(jar, URL, "two=8; five=5; four=4; one=7; three=3; six=6");
    /* The same name, domain and path, for the host alone: another cookie (step 23). */
    CHECK_INT(jar_set(jar, URL, "six=9; path=/"), WEIR_OK);
    CHECK_SENT(jar, URL, "two=8; five=5; four=4; one=7; three=3; six=6; six=9");
    const weir_cookie *cookie = NULL;
    char names[64] = "";
    while ((cookie = weir_cookie_jar_next(jar, cookie)))
        strncat(names, cookie->name.data, cookie->name.len < 3 ? cookie->name.len : 3);
    CHECK_BYTES(weir_slice_of(names), WEIR_S("onetwothrfoufivsixsix"));
    weir_cookie_jar_free(jar);
}

/* RFC 6265bis 5.8.3, step 6 */
TEST(jar, sends_the_bytes_that_it_got)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    CHECK_INT(jar_set(jar, A, "q=\"a b\", \\\"; path=/"), WEIR_OK);
    CHECK_INT(jar_set(jar, A, "empty="), WEIR_OK);
    CHECK_INT(jar_set(jar, A, "nameless"), WEIR_OK);
    CHECK_INT(jar_set(jar, A, "\xE9=\xFF\x80"), WEIR_OK);
    CHECK_SENT(jar, A, "q=\"a b\", \\\"; empty=; nameless; \xE9=\xFF\x80");
    weir_cookie_jar_free(jar);
}

/* --- security ---------------------------------------------------------------------- */

/* RFC 6265bis 5.7, step 13; 5.8.3, step 3, and which connections are secure */
TEST(jar, keeps_secure_cookies_to_secure_connections)
{
    static const struct {
        const char *url;
        bool secure;
    } CASES[] = {
        {"https://a.example/", true},     {"wss://a.example/", true},
        {"http://a.example/", false},     {"ws://a.example/", false},
        {"http://localhost:8080/", true}, {"ws://localhost/", true},
        {"http://127.0.0.1/", true},      {"http://127.1.2.3/", true},
        {"http://[::1]/", true},          {"http://127.example/", false},
        {"http://x.localhost/", false},   {"http://128.0.0.1/", false},
        {"http://[::2]/", false},         {"http://localhost.example/", false},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
        int rc = jar_set(jar, CASES[i].url, "c=1; Secure");
        if (!CHECK_INT(rc, CASES[i].secure ? WEIR_OK : WEIR_E_INVALID))
            fprintf(stderr, "in %s\n", CASES[i].url);
        weir_cookie_jar_free(jar);
    }
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    CHECK_INT(jar_set(jar, "https://a.example/", "c=1; Secure"), WEIR_OK);
    CHECK_SENT(jar, "http://a.example/", "");
    CHECK_SENT(jar, "ws://a.example/", "");
    CHECK_SENT(jar, "wss://a.example/", "c=1");
    weir_cookie_jar_free(jar);
}

/* RFC 6265bis 5.7, step 16: leave secure cookies alone */
TEST(jar, leaves_secure_cookies_alone)
{
    static const char LOGIN[] = "c=1; Secure; path=/login; domain=a.example";
    static const struct {
        const char *url;
        const char *cookie;
        int status;
    } CASES[] = {
        {"http://a.example/", "c=2; path=/login", WEIR_E_INVALID},
        {"http://a.example/", "c=2; path=/login/en", WEIR_E_INVALID},
        {"http://b.a.example/", "c=2; path=/login", WEIR_E_INVALID},
        {"http://b.a.example/", "c=2; path=/login; domain=a.example", WEIR_E_INVALID},
        {"http://a.example/", "c=; path=/login; max-age=0", WEIR_E_INVALID},
        {"http://a.example/", "c=2; path=/", WEIR_OK},
        {"http://a.example/", "c=2; path=/foo", WEIR_OK},
        {"http://a.example/", "d=2; path=/login", WEIR_OK},
        {"http://b.example/", "c=2; path=/login", WEIR_OK},
        {"https://a.example/", "c=2; path=/login", WEIR_OK},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
        CHECK_INT(jar_set(jar, "https://a.example/", LOGIN), WEIR_OK);
        if (!CHECK_INT(jar_set(jar, CASES[i].url, CASES[i].cookie), CASES[i].status))
            fprintf(stderr, "in %s from %s\n", CASES[i].cookie, CASES[i].url);
        weir_cookie_jar_free(jar);
    }
    /* From below: a cookie of a subdomain is hidden by one of the domain. */
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    CHECK_INT(jar_set(jar, "https://b.a.example/", "c=1; Secure"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://x.a.example/", "c=2; domain=a.example"),
              WEIR_E_INVALID);
    /* Not by one that has expired. */
    CHECK_INT(jar_set(jar, "https://b.a.example/", "d=1; Secure; max-age=5"), WEIR_OK);
    CHECK_INT(jar_set_at(jar, "http://b.a.example/", "d=2", JAR_NOW + 5), WEIR_OK);
    weir_cookie_jar_free(jar);
}

/* RFC 6265bis 5.4: the examples of the text; 5.7, steps 20 to 22 */
TEST(jar, holds_names_to_their_prefixes)
{
    static const struct {
        const char *cookie;
        int status;
    } CASES[] = {
        {"__Secure-SID=12345; Domain=site.example", WEIR_E_INVALID},
        {"__secure-SID=12345; Domain=site.example", WEIR_E_INVALID},
        {"__SECURE-SID=12345; Domain=site.example", WEIR_E_INVALID},
        {"__Host-SID=12345", WEIR_E_INVALID},
        {"__host-SID=12345; Secure", WEIR_E_INVALID},
        {"__host-SID=12345; Domain=site.example", WEIR_E_INVALID},
        {"__HOST-SID=12345; Domain=site.example; Path=/", WEIR_E_INVALID},
        {"__Host-SID=12345; Secure; Domain=site.example; Path=/", WEIR_E_INVALID},
        {"__host-SID=12345; Secure; Domain=site.example; Path=/", WEIR_E_INVALID},
        {"__HOST-SID=12345; Secure; Domain=site.example; Path=/", WEIR_E_INVALID},
        {"__Host-SID=12345; Secure; Path=/x", WEIR_E_INVALID},
        {"__Secure-SID=12345; Domain=site.example; Secure", WEIR_OK},
        {"__secure-SID=12345; Domain=site.example; Secure", WEIR_OK},
        {"__SECURE-SID=12345; Domain=site.example; Secure", WEIR_OK},
        {"__Host-SID=12345; Secure; Path=/", WEIR_OK},
        {"__host-SID=12345; Secure; Path=/", WEIR_OK},
        {"__HOST-SID=12345; Secure; Path=/", WEIR_OK},
        {"__Secure-=; Secure", WEIR_OK},
        {"=__Secure-SID=12345; Secure", WEIR_E_INVALID},
        {"__Host-SID; Secure; Path=/", WEIR_E_INVALID},
        {"= __hOst-SID=12345; Secure; Path=/", WEIR_E_INVALID},
        {"__Secure=1", WEIR_OK},
        {"__Host=1", WEIR_OK},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
        if (!CHECK_INT(jar_set(jar, "https://site.example/", CASES[i].cookie),
                       CASES[i].status))
            fprintf(stderr, "in %s\n", CASES[i].cookie);
        weir_cookie_jar_free(jar);
    }
}

/* cookies.h: SameSite is told, and nothing depends on it. */
TEST(jar, sends_cookies_of_any_same_site)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    CHECK_INT(jar_set(jar, A, "s=1; SameSite=Strict; HttpOnly"), WEIR_OK);
    CHECK_INT(jar_set(jar, A, "l=2; SameSite=Lax"), WEIR_OK);
    CHECK_INT(jar_set(jar, A, "n=3; SameSite=None"), WEIR_OK);
    CHECK_SENT(jar, A, "s=1; l=2; n=3");
    const weir_cookie *cookie = weir_cookie_jar_next(jar, NULL);
    CHECK(cookie->http_only && !cookie->secure && !cookie->subdomains);
    CHECK_INT(cookie->same_site, WEIR_COOKIE_SAME_SITE_STRICT);
    CHECK_BYTES(cookie->domain, WEIR_S("a.example"));
    CHECK_BYTES(cookie->path, WEIR_S("/"));
    weir_cookie_jar_free(jar);
}

/* --- time -------------------------------------------------------------------------- */

/* RFC 6265bis 5.7: expired cookies are evicted, and an expired one removes its like. */
TEST(jar, forgets_what_has_expired)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    CHECK_INT(jar_set(jar, A, "a=1; max-age=10"), WEIR_OK);
    CHECK_INT(jar_set(jar, A, "b=2; max-age=20"), WEIR_OK);
    CHECK_INT(jar_set(jar, A, "c=3"), WEIR_OK);
    CHECK_BYTES(jar_get_at(jar, A, JAR_NOW + 9), WEIR_S("a=1; b=2; c=3"));
    CHECK_BYTES(jar_get_at(jar, A, JAR_NOW + 10), WEIR_S("b=2; c=3"));
    CHECK_INT(weir_cookie_jar_count(jar), 2);
    CHECK_INT(jar_set(jar, A, "c=; max-age=0"), WEIR_OK);
    CHECK_INT(jar_set(jar, A, "d=; expires=Thu, 01 Jan 1970 00:00:00 GMT"), WEIR_OK);
    CHECK_INT(weir_cookie_jar_count(jar), 1);
    CHECK_INT(weir_cookie_jar_expire(jar, JAR_NOW + 20), 1);
    CHECK_INT(weir_cookie_jar_count(jar), 0);
    /* From a session's to one with a time, and back. */
    CHECK_INT(jar_set(jar, A, "a=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, A, "a=2; max-age=5"), WEIR_OK);
    CHECK_INT(jar_set(jar, A, "a=3"), WEIR_OK);
    CHECK_BYTES(jar_get_at(jar, A, JAR_NOW + 99), WEIR_S("a=3"));
    CHECK_INT(weir_cookie_jar_drop_session(jar), 1);
    CHECK_INT(weir_cookie_jar_count(jar), 0);
    weir_cookie_jar_free(jar);
}

TEST(jar, ends_a_session)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    CHECK_INT(jar_set(jar, A, "a=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, A, "b=2; max-age=20"), WEIR_OK);
    CHECK_INT(jar_set(jar, A, "c=3"), WEIR_OK);
    CHECK_INT(weir_cookie_jar_drop_session(jar), 2);
    CHECK_SENT(jar, A, "b=2");
    weir_cookie_jar_free(jar);
}
