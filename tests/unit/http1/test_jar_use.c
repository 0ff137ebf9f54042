/* The cookie jar: its limits, and cookies by hand.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/cookies.h>

#include "jar_scene.h"
#include "nth.h"

#define A "http://a.example/"

/* --- limits ------------------------------------------------------------------------ */

/* RFC 6265bis 5.7, "remove excess cookies", 6.1 */
TEST(jar_use, evicts_what_was_not_used_for_longest)
{
    weir_cookie_jar_options options = {.max_cookies = 3};
    weir_cookie_jar *jar = weir_cookie_jar_new(&options);
    CHECK_INT(jar_set(jar, "http://a.example/", "a=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://b.example/", "b=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://c.example/", "c=1"), WEIR_OK);
    CHECK_SENT(jar, "http://a.example/", "a=1");
    CHECK_INT(jar_set(jar, "http://d.example/", "d=1"), WEIR_OK);
    CHECK_INT(weir_cookie_jar_count(jar), 3);
    CHECK_SENT(jar, "http://b.example/", "");
    CHECK_SENT(jar, "http://a.example/", "a=1");
    /* What has expired goes first. */
    CHECK_INT(jar_set(jar, "http://d.example/", "d=1; max-age=5"), WEIR_OK);
    CHECK_INT(jar_set_at(jar, "http://e.example/", "e=1", JAR_NOW + 5), WEIR_OK);
    CHECK_SENT(jar, "http://c.example/", "c=1");
    CHECK_INT(weir_cookie_jar_count(jar), 3);
    weir_cookie_jar_free(jar);
}

TEST(jar_use, evicts_of_a_domain_with_too_many_first_what_is_not_secure)
{
    static const char URL[] = "https://a.example/";
    weir_cookie_jar_options options = {.max_cookies_per_domain = 3};
    weir_cookie_jar *jar = weir_cookie_jar_new(&options);
    CHECK_INT(jar_set(jar, "https://b.example/", "x=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, URL, "a=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, URL, "b=1; Secure"), WEIR_OK);
    CHECK_INT(jar_set(jar, URL, "c=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, URL, "d=1; Secure"), WEIR_OK);
    CHECK_SENT(jar, URL, "b=1; c=1; d=1");
    CHECK_INT(jar_set(jar, URL, "e=1; Secure"), WEIR_OK);
    CHECK_SENT(jar, URL, "b=1; d=1; e=1");
    CHECK_INT(jar_set(jar, URL, "b=2; Secure"), WEIR_OK);
    CHECK_INT(jar_set(jar, URL, "f=1; Secure"), WEIR_OK);
    CHECK_SENT(jar, URL, "b=2; e=1; f=1");
    CHECK_INT(jar_set(jar, URL, "g=1"), WEIR_OK);
    CHECK_SENT(jar, URL, "b=2; e=1; f=1");
    CHECK_SENT(jar, "https://b.example/", "x=1");
    weir_cookie_jar_free(jar);
}

/* RFC 6265bis 6.1, and cookies.h: 180 a domain, 3000 in all */
TEST(jar_use, is_bounded)
{
    struct nth nth;
    char text[64], url[64];
    nth_init(&nth, 0);
    weir_cookie_jar_options options = {.allocator = &nth.allocator};
    weir_cookie_jar *jar = weir_cookie_jar_new(&options);
    for (int i = 0; i < 400; i++) {
        snprintf(text, sizeof(text), "c%d=%d", i, i);
        CHECK_INT(jar_set(jar, A, text), WEIR_OK);
    }
    CHECK_INT(weir_cookie_jar_count(jar), 180);
    for (int i = 0; i < 4000; i++) {
        snprintf(text, sizeof(text), "c%d=%d; max-age=%d", i, i, 1 + i * 7919 % 4000);
        snprintf(url, sizeof(url), "http://h%d.example/", i / 100);
        CHECK_INT(jar_set(jar, url, text), WEIR_OK);
    }
    CHECK_INT(weir_cookie_jar_count(jar), 3000);
    CHECK(nth.most_bytes < 3001 * 400);
    CHECK_INT(jar_get(jar, "http://h39.example/").len > 800, true);
    for (int64_t now = JAR_NOW; weir_cookie_jar_count(jar) > 0; now += 100)
        weir_cookie_jar_expire(jar, now);
    weir_cookie_jar_clear(jar);
    CHECK_INT(nth.live, 1);
    weir_cookie_jar_free(jar);
    CHECK_INT(nth.live, 0);
}

/* cookies.h: a Cookie field of 8190 bytes at most; hosts and paths of 1024 */
TEST(jar_use, bounds_what_it_sends_and_what_it_takes_from_urls)
{
    static char text[5000], url[5000] = "http://a.example/";
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    memset(text, 'x', 4095);
    for (char name = 'a'; name < 'd'; name++) {
        text[0] = name;
        text[1] = '=';
        text[4095] = '\0';
        CHECK_INT(jar_set(jar, A, text), WEIR_OK);
    }
    CHECK_INT(jar_get(jar, A).len, 4095);
    CHECK_INT(weir_cookie_jar_left_out(jar), 2);
    CHECK_INT(jar_set(jar, A, "a=1"), WEIR_OK);
    CHECK_INT(jar_get(jar, A).len, 3 + 2 + 4095);
    CHECK_INT(weir_cookie_jar_left_out(jar), 1);
    CHECK_INT(jar_set(jar, A, "b=1"), WEIR_OK);
    CHECK_INT(jar_get(jar, A).len, 3 + 2 + 3 + 2 + 4095);
    CHECK_INT(weir_cookie_jar_left_out(jar), 0);
    memset(url + 17, 'x', 1030);
    url[17 + 1023] = '/';
    CHECK_INT(jar_set(jar, url, "p=1"), WEIR_OK);
    url[17 + 1023] = 'x';
    url[17 + 1024] = '/';
    CHECK_INT(jar_set(jar, url, "p=1"), WEIR_E_TOO_BIG);
    memset(url + 7, 'x', 1025);
    url[7 + 1025] = '\0';
    CHECK_INT(jar_set(jar, url, "h=1"), WEIR_E_INVALID);
    url[7 + 1024] = '\0';
    CHECK_INT(jar_set(jar, url, "h=1"), WEIR_OK);
    CHECK_SENT(jar, url, "h=1");
    CHECK_INT(weir_cookie_jar_count(jar), 5);
    weir_cookie_jar_free(jar);
}

/* --- by hand ------------------------------------------------------------------------ */

#define N           .name = WEIR_S("n")
#define V           .value = WEIR_S("v")
#define H           .domain = WEIR_S("a.example")
#define COOKIE(...) (&(weir_cookie){__VA_ARGS__})

TEST(jar_use, takes_cookies_of_the_program)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    CHECK_INT(
        weir_cookie_jar_add(jar, COOKIE(N, V, .domain = WEIR_S("A.Example")), JAR_NOW),
        WEIR_OK);
    CHECK_SENT(jar, "http://a.example/any", "n=v");
    CHECK_SENT(jar, "http://b.a.example/", "");
    CHECK_INT(weir_cookie_jar_add(jar,
                                  COOKIE(.name = WEIR_S(" m\t"), .value = WEIR_S(" w "),
                                         .domain = WEIR_S(".a.example"),
                                         .subdomains = true, .path = WEIR_S("/x"),
                                         .secure = true, .expires = JAR_NOW + 1),
                                  JAR_NOW),
              WEIR_OK);
    CHECK_SENT(jar, "https://b.a.example/x/y", "m=w");
    CHECK_SENT(jar, "http://b.a.example/x/y", "");
    CHECK_BYTES(jar_get_at(jar, "https://b.a.example/x/y", JAR_NOW + 1), WEIR_S(""));
    /* One of its own, changed. */
    weir_cookie own = *weir_cookie_jar_next(jar, NULL);
    own.value = own.name;
    CHECK_INT(weir_cookie_jar_add(jar, &own, JAR_NOW), WEIR_OK);
    CHECK_SENT(jar, A, "n=n");
    own = *weir_cookie_jar_next(jar, NULL);
    own.expires = WEIR_COOKIE_EXPIRED;
    CHECK_INT(weir_cookie_jar_add(jar, &own, JAR_NOW), WEIR_OK);
    CHECK_INT(weir_cookie_jar_count(jar), 0);
    /* What has expired goes when something is stored. */
    CHECK_INT(weir_cookie_jar_add(jar, COOKIE(N, V, H, .expires = 2), 1), WEIR_OK);
    CHECK_INT(weir_cookie_jar_add(jar, COOKIE(N, V, .domain = WEIR_S("b.example")), 2),
              WEIR_OK);
    CHECK_INT(weir_cookie_jar_count(jar), 1);
    /* Addresses, in any form. */
    CHECK_INT(weir_cookie_jar_add(jar, COOKIE(N, V, .domain = WEIR_S("0x7f.1")), 1),
              WEIR_OK);
    CHECK_INT(weir_cookie_jar_add(jar, COOKIE(N, V, .domain = WEIR_S("::1")), 1),
              WEIR_OK);
    CHECK_INT(weir_cookie_jar_add(
                  jar, COOKIE(N, V, .domain = WEIR_S("[::2]"), .subdomains = true), 1),
              WEIR_OK);
    CHECK_SENT(jar, "http://127.0.0.1/", "n=v");
    CHECK_SENT(jar, "http://[::1]/", "n=v");
    CHECK_SENT(jar, "http://[::2]/", "n=v");
    weir_cookie_jar_free(jar);
}

/* RFC 6265bis 5.7: what no server could set, a program cannot either. */
TEST(jar_use, refuses_cookies_that_cannot_be)
{
    static char big[5000];
    memset(big, 'x', sizeof(big));
    const struct {
        weir_cookie cookie;
        int status;
    } CASES[] = {
        {{N, V, .domain = WEIR_S("")}, WEIR_E_INVALID},
        {{N, V, .domain = WEIR_S(".")}, WEIR_E_INVALID},
        {{N, V, .domain = WEIR_S("a b")}, WEIR_E_INVALID},
        {{N, V, .domain = WEIR_S("a.example:80")}, WEIR_E_INVALID},
        {{N, V, .domain = WEIR_S("[::1]:81")}, WEIR_E_INVALID},
        {{N, V, .domain = WEIR_S("[::1")}, WEIR_E_INVALID},
        {{N, V, .domain = WEIR_S("u@a.example")}, WEIR_E_INVALID},
        {{N, V, .domain = WEIR_S("a.example/x")}, WEIR_E_INVALID},
        {{N, V, .domain = WEIR_S("a.example?x")}, WEIR_E_INVALID},
        {{N, V, .domain = WEIR_S("a.example\0x")}, WEIR_E_INVALID},
        {{N, V, .domain = WEIR_S("\xC3\xA9.example")}, WEIR_E_INVALID},
        {{N, V, .domain = WEIR_S("example"), .subdomains = true}, WEIR_E_INVALID},
        {{N, V, .domain = {big, 1025}}, WEIR_E_TOO_BIG},
        {{.name = WEIR_S(""), .value = WEIR_S(" "), H}, WEIR_E_INVALID},
        {{.name = WEIR_S("n=m"), V, H}, WEIR_E_INVALID},
        {{.name = WEIR_S("n;m"), V, H}, WEIR_E_INVALID},
        {{.name = WEIR_S("n\r\n"), V, H}, WEIR_E_INVALID},
        {{N, .value = WEIR_S("v;w"), H}, WEIR_E_INVALID},
        {{N, .value = WEIR_S("v\nw"), H}, WEIR_E_INVALID},
        {{N, .value = WEIR_S("v\0w"), H}, WEIR_E_INVALID},
        {{N, V, H, .path = WEIR_S("x")}, WEIR_E_INVALID},
        {{N, V, H, .path = WEIR_S("/;x")}, WEIR_OK},
        {{N, V, H, .path = WEIR_S("/\nx")}, WEIR_E_INVALID},
        {{N, .value = {big, 4096}, H}, WEIR_E_TOO_BIG},
        {{.name = {big, 5000}, V, H}, WEIR_E_TOO_BIG},
        {{.name = WEIR_S("__Host-n"), V, H}, WEIR_E_INVALID},
        {{.name = WEIR_S("__Host-n"), V, H, .secure = true}, WEIR_OK},
        {{.name = WEIR_S("__Secure-n"), V, H}, WEIR_E_INVALID},
        {{N, .value = {big, 4095}, H}, WEIR_OK},
        {{.name = WEIR_S(""), V, H}, WEIR_OK},
    };
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        if (!CHECK_INT(weir_cookie_jar_add(jar, &CASES[i].cookie, JAR_NOW),
                       CASES[i].status))
            fprintf(stderr, "in case %zu\n", i);
    }
    CHECK_INT(weir_cookie_jar_count(jar), 4);
    weir_cookie_jar_free(jar);
}

static void fill(weir_cookie_jar *jar)
{
    CHECK_INT(jar_set(jar, "http://a.example/", "n=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://a.example/", "m=2; domain=a.example"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://b.a.example/", "n=3"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://xa.example/", "n=4"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://xa.example/", "nameless"), WEIR_OK);
}

TEST(jar_use, removes_by_domain_and_name)
{
    static const weir_slice ANY = {NULL, 0};
    static const struct {
        weir_slice domain;
        weir_slice name;
        size_t removed;
    } CASES[] = {
        {{"a.example", 9}, {NULL, 0}, 3}, {{"A.EXAMPLE", 9}, {"n", 1}, 2},
        {{NULL, 0}, {"n", 1}, 3},         {{NULL, 0}, {"", 0}, 1},
        {{"example", 7}, {NULL, 0}, 5},   {{"c.example", 9}, {NULL, 0}, 0},
        {{"", 0}, {NULL, 0}, 0},          {{NULL, 0}, {NULL, 0}, 5},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
        fill(jar);
        if (!CHECK_INT(weir_cookie_jar_remove(jar, CASES[i].domain, CASES[i].name),
                       CASES[i].removed))
            fprintf(stderr, "in case %zu\n", i);
        CHECK_INT(weir_cookie_jar_count(jar), 5 - CASES[i].removed);
        weir_cookie_jar_free(jar);
    }
    /* By the text of what is removed. */
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    fill(jar);
    const weir_cookie *first = weir_cookie_jar_next(jar, NULL);
    const weir_cookie *third =
        weir_cookie_jar_next(jar, weir_cookie_jar_next(jar, first));
    CHECK_INT(weir_cookie_jar_remove(jar, first->domain, third->name), 2);
    CHECK_INT(weir_cookie_jar_remove(jar, ANY, weir_cookie_jar_next(jar, NULL)->name),
              1);
    weir_cookie_jar_clear(jar);
    CHECK_INT(weir_cookie_jar_count(jar), 0);
    CHECK(weir_cookie_jar_next(jar, NULL) == NULL);
    fill(jar);
    CHECK_SENT(jar, "http://b.a.example/", "m=2; n=3");
    weir_cookie_jar_free(jar);
}

TEST(jar_use, finds_what_would_be_sent)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    weir_url url = jar_url("http://a.example/x/y");
    CHECK(weir_cookie_jar_find(jar, &url, WEIR_S("n"), JAR_NOW) == NULL);
    CHECK_INT(jar_set(jar, "http://a.example/", "n=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://a.example/x/", "n=2; max-age=5"), WEIR_OK);
    CHECK_INT(jar_set(jar, "https://a.example/x/", "s=3; Secure"), WEIR_OK);
    const weir_cookie *found = weir_cookie_jar_find(jar, &url, WEIR_S("n"), JAR_NOW);
    CHECK_BYTES(found->value, WEIR_S("2"));
    found = weir_cookie_jar_find(jar, &url, found->name, JAR_NOW + 5);
    CHECK_BYTES(found->value, WEIR_S("1"));
    CHECK(weir_cookie_jar_find(jar, &url, WEIR_S("s"), JAR_NOW) == NULL);
    CHECK(weir_cookie_jar_find(jar, &url, WEIR_S("N"), JAR_NOW) == NULL);
    weir_url_clear(&url);
    weir_cookie_jar_free(jar);
}

/* A URL that is all zero has no host, and so no cookies. */
TEST(jar_use, has_nothing_for_no_url)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    weir_url url = {0};
    weir_slice value = WEIR_S("x");
    CHECK_INT(weir_cookie_jar_set(jar, &url, WEIR_S("a=b"), JAR_NOW, NULL),
              WEIR_E_INVALID);
    CHECK_INT(weir_cookie_jar_header(jar, &url, JAR_NOW, &value), 0);
    CHECK_INT(value.len, 0);
    fill(jar);
    CHECK_INT(weir_cookie_jar_header(jar, &url, JAR_NOW, &value), 0);
    CHECK_INT(value.len, 0);
    weir_cookie_jar_free(jar);
    weir_cookie_jar_free(NULL);
}

/* --- memory ------------------------------------------------------------------------- */

static int use(const weir_allocator *allocator)
{
    weir_cookie_jar_options options = {.allocator = allocator};
    weir_cookie_jar *jar = weir_cookie_jar_new(&options);
    weir_url url = jar_url("https://a.example/");
    weir_slice value;
    int rc = jar ? WEIR_OK : WEIR_E_MEMORY;
    for (int i = 0; i < 40 && rc == WEIR_OK; i++) {
        char text[] = "nX=v; max-age=9";
        text[1] = (char)('0' + i);
        rc = weir_cookie_jar_set(jar, &url, weir_slice_of(text), JAR_NOW, NULL);
        CHECK_INT(weir_cookie_jar_count(jar), (size_t)i + (rc == WEIR_OK));
    }
    if (rc == WEIR_OK)
        rc = weir_cookie_jar_add(jar, COOKIE(N, V, .domain = WEIR_S("b.example")),
                                 JAR_NOW);
    if (rc == WEIR_OK)
        rc = weir_cookie_jar_header(jar, &url, JAR_NOW, &value);
    weir_url_clear(&url);
    weir_cookie_jar_free(jar);
    return rc < 0 ? rc : WEIR_OK;
}

/* status.h: out of memory is a status. Buckets that cannot be had are done without. */
TEST(jar_use, survives_failing_allocations)
{
    struct nth nth;
    size_t n = 0, without = 0;
    do {
        nth_init(&nth, ++n);
        int rc = use(&nth.allocator);
        CHECK(rc == WEIR_OK || (rc == WEIR_E_MEMORY && nth.failed));
        CHECK_INT(nth.live, 0);
        without += nth.failed && rc == WEIR_OK;
    } while (nth.failed);
    CHECK_INT(without, 2); /* from 16 to 32, and to 64 */
}
