/* Set-Cookie, taken apart (RFC 6265bis 5.6), and what a cookie fits (5.1).
 *
 * SPDX-License-Identifier: MIT */
#include "cookie.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/features.h>
#include <weir/status.h>

#include "test.h"

static const int64_t NOW = 1700000000;

static const char *const SAME_SITE[] = {"", " same-site=none", " same-site=lax",
                                        " same-site=strict"};

/* What a text says, in a line. The input lies in memory of just its size. */
static const char *told(weir_slice text)
{
    static char line[12000];
    weir_cookie c;
    weir_codec_error error = {0};
    char *exact = malloc(text.len + !text.len);
    REQUIRE(exact != NULL);
    if (text.len > 0)
        memcpy(exact, text.data, text.len);
    int rc = weir_cookie_parse(&c, (weir_slice){exact, text.len}, NOW, &error);
    CHECK_INT(error.status, rc);
    if (rc < 0)
        snprintf(line, sizeof(line), "%s at %zu", weir_status_name(rc), error.offset);
    else
        snprintf(line, sizeof(line), "[%.*s]=[%.*s]%s%.*s%s%.*s%s%s%s%s %lld",
                 (int)c.name.len, c.name.data, (int)c.value.len, c.value.data,
                 c.subdomains ? " domain=" : "", (int)c.domain.len, c.domain.data,
                 c.path.data ? " path=" : "", (int)c.path.len,
                 c.path.data ? c.path.data : "", c.secure ? " secure" : "",
                 c.http_only ? " http-only" : "", SAME_SITE[c.same_site],
                 c.expires ? " expires" : "", (long long)c.expires);
    free(exact);
    return line;
}

struct telling {
    const char *text;
    const char *wanted;
};

static void check_all(const struct telling *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!CHECK_BYTES(weir_slice_of(told(weir_slice_of(cases[i].text))),
                         weir_slice_of(cases[i].wanted)))
            fprintf(stderr, "in \"%s\"\n", cases[i].text);
    }
}

#define CHECK_ALL(cases) check_all(cases, sizeof(cases) / sizeof(*(cases)))

/* RFC 6265bis 5.6, first algorithm */
TEST(cookie, has_a_name_and_a_value)
{
    static const struct telling CASES[] = {
        {"a=b", "[a]=[b] 0"},
        {" \ta \t=\t b ", "[a]=[b] 0"},
        {"a=b=c", "[a]=[b=c] 0"},
        {"a=", "[a]=[] 0"},
        {"=b", "[]=[b] 0"},
        {"b", "[]=[b] 0"},
        {" b c ", "[]=[b c] 0"},
        {"==b", "[]=[=b] 0"},
        {"a=b\tc", "[a]=[b\tc] 0"},
        {"a=\"b\"", "[a]=[\"b\"] 0"},
        {"a=\"b;c\"", "[a]=[\"b] 0"},
        {"a=%3B%00", "[a]=[%3B%00] 0"},
        {"a=b, c=d", "[a]=[b, c=d] 0"},
        {"\xC3\xA9=\xFF", "[\xC3\xA9]=[\xFF] 0"},
        {"", "WEIR_E_INVALID at 0"},
        {"=", "WEIR_E_INVALID at 0"},
        {" = ; a=b", "WEIR_E_INVALID at 0"},
        {";a=b", "WEIR_E_INVALID at 0"},
    };
    CHECK_ALL(CASES);
    CHECK_BYTES(weir_slice_of(told((weir_slice){NULL, 0})),
                WEIR_S("WEIR_E_INVALID at 0"));
}

/* RFC 6265bis 5.6, step 1: %x00-08 / %x0A-1F / %x7F anywhere */
TEST(cookie, has_no_control_characters)
{
    for (int c = 0; c < 256; c++) {
        char text[] = "a=b; Path=/x";
        bool control = (c < ' ' && c != '\t') || c == 0x7F;
        weir_slice whole = {text, sizeof(text) - 1};
        text[11] = (char)c;
        const char *line = told(whole);
        CHECK((strcmp(line, "WEIR_E_INVALID at 11") == 0) == control);
        text[11] = 'x';
        text[2] = (char)c;
        line = told(whole);
        CHECK((strcmp(line, "WEIR_E_INVALID at 2") == 0) == control);
    }
}

/* RFC 6265bis 5.6, second algorithm, and 5.6.3 to 5.6.7 */
TEST(cookie, has_attributes)
{
    static const struct telling CASES[] = {
        {"a=b; Domain=A.Example", "[a]=[b] domain=A.Example 0"},
        {"a=b; domain=.a.example", "[a]=[b] domain=a.example 0"},
        {"a=b; domain=..a", "[a]=[b] domain=.a 0"},
        {"a=b; domain=", "[a]=[b] 0"},
        {"a=b; domain=.", "[a]=[b] 0"},
        {"a=b; domain", "[a]=[b] 0"},
        {"a=b; domain=x; domain=", "[a]=[b] 0"},
        {"a=b; domain=x; domain=y", "[a]=[b] domain=y 0"},
        {"a=b;PATH=/x/y", "[a]=[b] path=/x/y 0"},
        {"a=b; path=x", "[a]=[b] path= 0"},
        {"a=b; path", "[a]=[b] path= 0"},
        {"a=b; path=/x; path=y", "[a]=[b] path= 0"},
        {"a=b; path=\"/x\"", "[a]=[b] path= 0"},
        {"a=b; path=/x%20 y", "[a]=[b] path=/x%20 y 0"},
        {"a=b; Secure", "[a]=[b] secure 0"},
        {"a=b; secure=no", "[a]=[b] secure 0"},
        {"a=b; \t SECURE \t =;", "[a]=[b] secure 0"},
        {"a=b; insecure", "[a]=[b] 0"},
        {"a=b; HttpOnly; Secure", "[a]=[b] secure http-only 0"},
        {"a=b; SameSite=STRICT", "[a]=[b] same-site=strict 0"},
        {"a=b; SameSite=Lax", "[a]=[b] same-site=lax 0"},
        {"a=b; SameSite=none", "[a]=[b] same-site=none 0"},
        {"a=b; SameSite=none; samesite=what", "[a]=[b] 0"},
        {"a=b; SameSite", "[a]=[b] 0"},
        {"a=b; version=1; comment=x; port=80;;;", "[a]=[b] 0"},
        {"a=b; =x; =", "[a]=[b] 0"},
    };
    CHECK_ALL(CASES);
}

/* RFC 6265bis 5.6.1, 5.6.2, 5.5; 5.7, step 6: Max-Age is stronger */
TEST(cookie, expires)
{
    static const struct telling CASES[] = {
        {"a=b; Max-Age=10", "[a]=[b] expires 1700000010"},
        {"a=b; max-age=010", "[a]=[b] expires 1700000010"},
        {"a=b; max-age=0", "[a]=[b] expires -1"},
        {"a=b; max-age=-0", "[a]=[b] expires -1"},
        {"a=b; max-age=-1", "[a]=[b] expires -1"},
        {"a=b; max-age=-99999999999999999999999", "[a]=[b] expires -1"},
        {"a=b; max-age=34560000", "[a]=[b] expires 1734560000"},
        {"a=b; max-age=34560001", "[a]=[b] expires 1734560000"},
        {"a=b; max-age=99999999999999999999999999999999", "[a]=[b] expires 1734560000"},
        {"a=b; max-age=", "[a]=[b] 0"},
        {"a=b; max-age=-", "[a]=[b] 0"},
        {"a=b; max-age=--1", "[a]=[b] 0"},
        {"a=b; max-age=+1", "[a]=[b] 0"},
        {"a=b; max-age=1.5", "[a]=[b] 0"},
        {"a=b; max-age=1x", "[a]=[b] 0"},
        {"a=b; max-age=\"1\"", "[a]=[b] 0"},
        {"a=b; max-age=5; max-age=7", "[a]=[b] expires 1700000007"},
        {"a=b; max-age=5; max-age=x", "[a]=[b] expires 1700000005"},
        {"a=b; Expires=Wed, 15 Nov 2023 00:00:00 GMT", "[a]=[b] expires 1700006400"},
        {"a=b; Expires=Wed, 15-Nov-23 00:00:00", "[a]=[b] expires 1700006400"},
        {"a=b; expires=Sun, 06 Nov 1994 08:49:37 GMT", "[a]=[b] expires 784111777"},
        {"a=b; expires=Thu, 01 Jan 1970 00:00:00 GMT", "[a]=[b] expires -1"},
        {"a=b; expires=Mon, 01 Jan 1601 00:00:00 GMT", "[a]=[b] expires -11644473600"},
        {"a=b; expires=Fri, 31 Dec 9999 23:59:59 GMT", "[a]=[b] expires 1734560000"},
        {"a=b; expires=0", "[a]=[b] 0"},
        {"a=b; expires=Sun, 06 Nov 1994 08:49:37 GMT; expires=x",
         "[a]=[b] expires 784111777"},
        {"a=b; max-age=10; expires=Sun, 06 Nov 1994 08:49:37 GMT",
         "[a]=[b] expires 1700000010"},
        {"a=b; expires=Fri, 31 Dec 9999 23:59:59 GMT; max-age=0", "[a]=[b] expires -1"},
        {"a=b; max-age=x; expires=Sun, 06 Nov 1994 08:49:37 GMT",
         "[a]=[b] expires 784111777"},
    };
    CHECK_ALL(CASES);
    weir_cookie c;
    CHECK_INT(weir_cookie_parse(&c, WEIR_S("a; max-age=9999999999"), INT64_MAX, NULL),
              0);
    CHECK_INT(c.expires, INT64_MAX);
    CHECK_INT(weir_cookie_parse(&c, WEIR_S("a; max-age=5"), INT64_MIN, NULL), 0);
    CHECK_INT(c.expires, INT64_MIN + 5);
}

/* RFC 6265bis 5.6: name and value, 4096 bytes; an attribute's value, 1024 */
TEST(cookie, has_limits)
{
    static char text[9000];
    weir_cookie c;
    memset(text, 'n', sizeof(text));
    text[100] = '=';
    CHECK_INT(weir_cookie_parse(&c, (weir_slice){text, 4097}, NOW, NULL), WEIR_OK);
    CHECK_INT(c.name.len, 100);
    CHECK_INT(c.value.len, 3996);
    CHECK_INT(weir_cookie_parse(&c, (weir_slice){text, 4098}, NOW, NULL),
              WEIR_E_TOO_BIG);
    CHECK_INT(weir_cookie_parse(&c, (weir_slice){text + 101, 4096}, NOW, NULL),
              WEIR_OK);
    CHECK_INT(weir_cookie_parse(&c, (weir_slice){text + 101, 4097}, NOW, NULL),
              WEIR_E_TOO_BIG);
    text[6000] = '=';
    CHECK_INT(weir_cookie_parse(&c, (weir_slice){text + 101, 6000}, NOW, NULL),
              WEIR_E_TOO_BIG);
    memcpy(text, "a=b; path=/", 11);
    memset(text + 11, 'x', 1100);
    CHECK_INT(weir_cookie_parse(&c, (weir_slice){text, 10 + 1024}, NOW, NULL), WEIR_OK);
    CHECK_INT(c.path.len, 1024);
    CHECK_INT(weir_cookie_parse(&c, (weir_slice){text, 10 + 1025}, NOW, NULL), WEIR_OK);
    CHECK(c.path.data == NULL);
}

/* RFC 6265bis 5.1.3 */
TEST(cookie, domains_match)
{
    static const struct {
        const char *host;
        const char *domain;
        bool matches;
    } CASES[] = {
        {"a.example", "a.example", true},
        {"b.a.example", "a.example", true},
        {"c.b.a.example", "a.example", true},
        {"a.example", "A.Example", true},
        {"a.example", "b.a.example", false},
        {"xa.example", "a.example", false},
        {"a.example", "example", true},
        {"a.example", "", false},
        {"a.example", ".example", false},
        {"a.example.", "a.example", false},
        {"a.example", "a.example.", false},
        {"", "", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "0.0.1", false},
        {"127.0.0.1", "1", false},
        {"::1", "::1", true},
        {"::ffff:1.2.3.4", "4", false},
        {"::ffff:1.2.3.4", "2.3.4", false},
        {"1.example", "example", true},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        bool matches = weir__cookie_domain_matches(weir_slice_of(CASES[i].host),
                                                   weir_slice_of(CASES[i].domain));
        if (!CHECK(matches == CASES[i].matches))
            fprintf(stderr, "in %s, %s\n", CASES[i].host, CASES[i].domain);
    }
}

/* RFC 6265bis 5.1.4 */
TEST(cookie, paths_match)
{
    static const struct {
        const char *path;
        const char *cookie_path;
        bool matches;
    } CASES[] = {
        {"/", "/", true},       {"/a", "/", true},         {"/a", "/a", true},
        {"/a/", "/a", true},    {"/a/b", "/a", true},      {"/a/b", "/a/", true},
        {"/a", "/a/", false},   {"/ab", "/a", false},      {"/A", "/a", false},
        {"/%61", "/a", false},  {"/a", "", false},         {"", "/", false},
        {"/a//b", "/a/", true}, {"/a/b", "/a/b/c", false}, {"/a?b", "/a", false},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        bool matches = weir__cookie_path_matches(weir_slice_of(CASES[i].path),
                                                 weir_slice_of(CASES[i].cookie_path));
        if (!CHECK(matches == CASES[i].matches))
            fprintf(stderr, "in %s, %s\n", CASES[i].path, CASES[i].cookie_path);
    }
    CHECK_BYTES(weir__cookie_default_path(WEIR_S("")), WEIR_S("/"));
    CHECK_BYTES(weir__cookie_default_path(WEIR_S("/")), WEIR_S("/"));
    CHECK_BYTES(weir__cookie_default_path(WEIR_S("/a")), WEIR_S("/"));
    CHECK_BYTES(weir__cookie_default_path(WEIR_S("/a/")), WEIR_S("/a"));
    CHECK_BYTES(weir__cookie_default_path(WEIR_S("/a/b")), WEIR_S("/a"));
    CHECK_BYTES(weir__cookie_default_path(WEIR_S("/a/b/")), WEIR_S("/a/b"));
    CHECK_BYTES(weir__cookie_default_path(WEIR_S("//")), WEIR_S("/"));
}

/* RFC 6265bis 5.7, step 9. The list itself is libpsl's business. */
TEST(cookie, public_suffixes_are_known)
{
    CHECK(weir__is_public_suffix(WEIR_S("com")));
    CHECK(weir__is_public_suffix(WEIR_S("org.")));
    CHECK(weir__is_public_suffix(WEIR_S("localhost")));
    CHECK(weir__is_public_suffix(WEIR_S("internal")));
    CHECK(weir__is_public_suffix(WEIR_S("")));
    CHECK(!weir__is_public_suffix(WEIR_S("example.com")));
    CHECK(!weir__is_public_suffix(WEIR_S("example.com.")));
    CHECK(!weir__is_public_suffix(WEIR_S("a.b.example.org")));
    CHECK(!weir__is_public_suffix(WEIR_S("device.internal")));
#if WEIR_HAS_PSL
    CHECK(weir__is_public_suffix(WEIR_S("co.uk")));
    CHECK(weir__is_public_suffix(WEIR_S("co.uk.")));
    CHECK(weir__is_public_suffix(WEIR_S("github.io")));
    CHECK(!weir__is_public_suffix(WEIR_S("example.co.uk")));
    static char longest[300];
    memset(longest, 'a', sizeof(longest));
    longest[100] = '.';
    CHECK(weir__is_public_suffix((weir_slice){longest, sizeof(longest)}));
#endif
}
