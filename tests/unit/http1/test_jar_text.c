/* Cookie jars as text: Netscape's cookies.txt.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/cookies.h>

#include "jar_scene.h"
#include "nth.h"

#define HEAD "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n"

static int decode(weir_cookie_jar *jar, weir_slice text, weir_codec_error *error)
{
    /* In memory of just its size. */
    char *exact = malloc(text.len + !text.len);
    REQUIRE(exact != NULL);
    if (text.len > 0)
        memcpy(exact, text.data, text.len);
    int rc = weir_cookie_jar_decode(jar, (weir_slice){exact, text.len}, JAR_NOW, error);
    free(exact);
    return rc;
}

static weir_slice encode(weir_cookie_jar *jar)
{
    weir_slice text = {NULL, 0};
    CHECK(weir_cookie_jar_encode(jar, JAR_NOW, &text) >= 0);
    return text;
}

/* The seven fields, as curl writes them. */
TEST(jar_text, is_written_a_line_a_cookie)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    weir_slice text;
    CHECK_BYTES(encode(jar), WEIR_S(HEAD));
    CHECK_INT(jar_set(jar, "http://a.example/", "s=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, "https://b.a.example/x/y",
                      "t=2; max-age=100; Secure; HttpOnly; domain=a.example"),
              WEIR_OK);
    CHECK_INT(jar_set(jar, "http://[::1]/", "nameless\tvalue"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://a.example/", "e="), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://a.example/", "x=1; max-age=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://a.example/", "tab\tbed=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://a.example/", "p=1; path=/a\tb"), WEIR_OK);
    CHECK_INT(weir_cookie_jar_encode(jar, JAR_NOW + 1, &text), 4);
    CHECK_BYTES(text,
                WEIR_S(HEAD "a.example\tFALSE\t/\tFALSE\t0\ts\t1\n"
                            "#HttpOnly_.a.example\tTRUE\t/x\tTRUE\t1700000100\tt\t2\n"
                            "::1\tFALSE\t/\tFALSE\t0\t\tnameless\tvalue\n"
                            "a.example\tFALSE\t/\tFALSE\t0\te\t\n"));
    weir_cookie_jar_free(jar);
}

TEST(jar_text, is_read_as_it_was_written)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    weir_cookie_jar *copy = weir_cookie_jar_new(NULL);
    CHECK_INT(jar_set(jar, "http://a.example/x/y", "a=1; domain=a.example"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://a.example/x/y", "b=\xE9\"; HttpOnly"), WEIR_OK);
    CHECK_INT(jar_set(jar, "https://10.0.0.1/", "__Host-c=; Secure; Path=/"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://[::1]/", "d; max-age=100"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://a.example/;x/y", "=e=1"), WEIR_OK);
    CHECK_INT(decode(copy, encode(jar), NULL), 5);
    CHECK_BYTES(encode(copy), encode(jar));
    CHECK_SENT(copy, "http://a.example/x/", "a=1; b=\xE9\"");
    CHECK_SENT(copy, "http://b.a.example/x/", "a=1");
    CHECK_SENT(copy, "http://[::1]/", "d");
    CHECK_SENT(copy, "https://10.0.0.1/", "__Host-c=");
    CHECK_SENT(copy, "http://a.example/;x", "e=1");
    CHECK_INT(decode(copy, encode(copy), NULL), 5);
    CHECK_BYTES(encode(copy), encode(jar));
    weir_cookie_jar_free(jar);
    weir_cookie_jar_free(copy);
}

/* What curl, Python and the extensions of browsers write. */
TEST(jar_text, of_other_programs_is_read)
{
    static const char TEXT[] = "# HTTP Cookie File\r\n"
                               "# a comment\n"
                               "\n"
                               "  \t \r\n"
                               "a.example\tFALSE\t/\tfalse\t0\ta\t1\r\n"
                               ".A.Example\tTRUE\t/\tFALSE\t\tb\t2\n"
                               "a.example\tTRUE\t/\tFALSE\t1700000001.25\tc\t3\n"
                               "a.example\tFALSE\t/\tFALSE\t99999999999999999999\td\n"
                               "#HttpOnly_a.example\tFALSE\t/\tFALSE\t0\te\t\n"
                               "#httponly_a.example\tFALSE\t/\tFALSE\t0\tcomment\t\n"
                               "a.example\tFALSE\t/\tFALSE\t1700000000\tgone\t1\n"
                               "a.example\tFALSE\t/\tFALSE\t-1\tgone\t1\n"
                               "a.example\tFALSE\t/\tFALSE\t0\t\t\n"
                               ".example\tTRUE\t/\tFALSE\t0\tsuffix\t1\n"
                               "a.example\tFALSE\t/\tFALSE\t0\t__Host-x\t1\n"
                               "10.0.0.1\tTRUE\t/\tFALSE\t0\tf\t1\n"
                               "a.example\tFALSE\t/\tFALSE\t0\tlast\t9";
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    CHECK_INT(decode(jar, weir_slice_of(TEXT), NULL), 7);
    CHECK_SENT(jar, "http://a.example/", "a=1; b=2; c=3; d=; e=; last=9");
    CHECK_SENT(jar, "http://b.a.example/", "b=2; c=3");
    CHECK_SENT(jar, "http://10.0.0.1/", "f=1");
    CHECK_BYTES(jar_get_at(jar, "http://b.a.example/", JAR_NOW + 1), WEIR_S("b=2"));
    weir_cookie_jar_free(jar);
}

/* All or nothing: what is there stays. */
TEST(jar_text, is_refused_whole)
{
    static const char GOOD[] = "a.example\tFALSE\t/\tFALSE\t0\ta\t2\n";
    static const char *const CASES[] = {
        "x",
        "a.example\tFALSE\t/\tFALSE\t0",
        "a.example FALSE / FALSE 0 a 1",
        "a.example\tno\t/\tFALSE\t0\ta\t1",
        "a.example\tFALSE\t/\t\t0\ta\t1",
        "a.example\tFALSE\tx\tFALSE\t0\ta\t1",
        "a.example\tFALSE\t\tFALSE\t0\ta\t1",
        "a.example\tFALSE\t/\tFALSE\tx\ta\t1",
        "a.example\tFALSE\t/\tFALSE\t-\ta\t1",
        "a.example\tFALSE\t/\tFALSE\t1.x\ta\t1",
        "a.example\tFALSE\t/\tFALSE\t0\ta=b\t1",
        "a.example\tFALSE\t/\tFALSE\t0\ta;b\t1",
        "a.example\tFALSE\t/\tFALSE\t0\ta\t1;2",
        "a.example\tFALSE\t/\tFALSE\t0\ta\t1\r2",
        "a example\tFALSE\t/\tFALSE\t0\ta\t1",
        "\tFALSE\t/\tFALSE\t0\ta\t1",
        "#HttpOnly_\tFALSE\t/\tFALSE\t0\ta\t1",
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        char text[200];
        size_t len = sizeof(GOOD) - 1;
        weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
        weir_codec_error error = {0};
        CHECK_INT(jar_set(jar, "http://a.example/", "a=1"), WEIR_OK);
        int size = snprintf(text, sizeof(text), "%s%s\n", GOOD, CASES[i]);
        bool ok = CHECK_INT(decode(jar, (weir_slice){text, (size_t)size}, &error),
                            WEIR_E_INVALID);
        ok = CHECK_INT(error.status, WEIR_E_INVALID) && ok;
        ok = CHECK_INT(error.offset, len) && CHECK(error.reason != NULL) && ok;
        ok = CHECK_SENT(jar, "http://a.example/", "a=1") && ok;
        if (!ok)
            fprintf(stderr, "in case %zu\n", i);
        weir_cookie_jar_free(jar);
    }
}

TEST(jar_text, replaces_what_the_jar_has)
{
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    CHECK_INT(jar_set(jar, "http://a.example/", "a=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, "http://a.example/", "b=1; max-age=5"), WEIR_OK);
    CHECK_INT(decode(jar,
                     WEIR_S("a.example\tFALSE\t/\tFALSE\t1700000009\ta\t2\n"
                            "a.example\tFALSE\t/\tFALSE\t0\tc\t2\n"
                            "a.example\tFALSE\t/\tFALSE\t0\tc\t3\n"),
                     NULL),
              2);
    CHECK_SENT(jar, "http://a.example/", "a=2; b=1; c=3");
    CHECK_INT(decode(jar, WEIR_S(""), NULL), 0);
    CHECK_INT(decode(jar, (weir_slice){NULL, 0}, NULL), 0);
    CHECK_INT(weir_cookie_jar_count(jar), 3);
    weir_cookie_jar_free(jar);
}

/* A text of any length fills the jar to its limits, and no further. */
TEST(jar_text, is_bounded_by_the_jar)
{
    static char text[1 << 20];
    size_t len = 0;
    struct nth nth;
    nth_init(&nth, 0);
    weir_cookie_jar_options options = {
        .allocator = &nth.allocator, .max_cookies = 50, .max_cookies_per_domain = 7};
    weir_cookie_jar *jar = weir_cookie_jar_new(&options);
    for (int i = 0; i < 10000; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "h%d.example\tFALSE\t/\tFALSE\t%lld\tn%d\tv\n", i % 20,
                                (long long)JAR_NOW + i, i);
    CHECK_INT(decode(jar, (weir_slice){text, len}, NULL), 50);
    CHECK_INT(weir_cookie_jar_count(jar), 50);
    CHECK(nth.most_bytes < (size_t)100 * 1024);
    CHECK_BYTES(jar_get(jar, "http://h19.example/"),
                WEIR_S("n9959=v; n9979=v; n9999=v"));
    weir_cookie_jar_free(jar);
    CHECK_INT(nth.live, 0);
}

/* Ten cookies that expire, one of them the jar's own: so many that its heap grows. */
static weir_slice ten_lines(void)
{
    static char text[1000];
    size_t len = 0;
    for (int i = 0; i < 10; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "a.example\tFALSE\t/\tFALSE\t1700000001\t%c\t2\n",
                                'a' + i);
    return (weir_slice){text, len};
}

/* status.h: out of memory is a status, and the jar is as before. */
TEST(jar_text, survives_failing_allocations)
{
    struct nth nth;
    size_t n = 0;
    bool failed;
    do {
        nth_init(&nth, 0);
        weir_cookie_jar_options options = {.allocator = &nth.allocator};
        weir_cookie_jar *jar = weir_cookie_jar_new(&options);
        weir_slice text;
        weir_codec_error error = {0};
        CHECK_INT(jar_set(jar, "http://a.example/", "a=1; max-age=9"), WEIR_OK);
        nth.fail_at = nth.count + ++n;
        int rc = decode(jar, ten_lines(), &error);
        failed = nth.failed;
        CHECK_INT(rc, failed ? WEIR_E_MEMORY : 10);
        CHECK_INT(error.status, failed ? WEIR_E_MEMORY : WEIR_OK);
        nth.fail_at = 0;
        CHECK(weir_slice_starts_with(jar_get(jar, "http://a.example/"),
                                     failed ? WEIR_S("a=1") : WEIR_S("a=2; b=2")));
        CHECK_INT(weir_cookie_jar_count(jar), failed ? 1 : 10);
        weir_cookie_jar_clear(jar);
        nth.fail_at = nth.count + 1;
        CHECK_INT(weir_cookie_jar_encode(jar, JAR_NOW, &text), WEIR_E_MEMORY);
        weir_cookie_jar_free(jar);
        CHECK_INT(nth.live, 0);
    } while (failed);
    /* The jar, its heap twice, two for a cookie; the own heap. */
    CHECK_INT(n, 1 + 2 + 20 + 1 + 1);
}
