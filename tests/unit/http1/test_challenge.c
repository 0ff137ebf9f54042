/* Challenges, and credentials that need no hash.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/http_auth.h>
#include <weir/status.h>

#include "test.h"

static size_t put(char *log, size_t len, weir_slice text)
{
    if (text.len > 0)
        memcpy(log + len, text.data, text.len);
    return len + text.len;
}

/* "scheme[params]" or "scheme(token68)" of each; "!" for what is none. */
static void check(const char *text, const char *wanted)
{
    char log[512];
    size_t len = 0;
    weir_slice rest = weir_slice_of(text);
    weir_http_challenge c;
    int rc;
    while ((rc = weir_http_challenge_next(&rest, &c)) != 0) {
        if (rc < 0) {
            len = put(log, len, WEIR_S("!"));
            continue;
        }
        len = put(log, len, c.scheme);
        len = put(log, len, c.token68.data ? WEIR_S("(") : WEIR_S("["));
        len = put(log, len, c.token68.data ? c.token68 : c.params);
        len = put(log, len, c.token68.data ? WEIR_S(")") : WEIR_S("]"));
    }
    CHECK_BYTES(((weir_slice){log, len}), weir_slice_of(wanted));
}

/* RFC 9110 11.3, 11.6.1 */
TEST(challenges, are_told_from_parameters)
{
    check("", "");
    check(" , ,", "");
    check("Basic realm=\"simple\"", "Basic[realm=\"simple\"]");
    check("Newauth realm=\"apps\", type=1,\ttitle=\"Login to \\\"apps\\\"\", "
          "Basic realm=\"simple\"",
          "Newauth[realm=\"apps\", type=1,\ttitle=\"Login to \\\"apps\\\"\"]"
          "Basic[realm=\"simple\"]");
    check("Negotiate, NTLM ,Basic realm = x ,charset=UTF-8",
          "Negotiate[]NTLM[]Basic[realm = x ,charset=UTF-8]");
    check("Negotiate oYG2MIGzoAMKAQE=, Basic realm=a",
          "Negotiate(oYG2MIGzoAMKAQE=)Basic[realm=a]");
    check("A b==, , C d", "A(b==)C(d)");
    check("Digest realm=\"a, Basic realm=b\",,nonce=c/d+e==,",
          "Digest[realm=\"a, Basic realm=b\",,nonce=c/d+e==]");
}

TEST(challenges, that_are_none_are_passed_over_one_by_one)
{
    check("=, Basic realm=x", "!Basic[realm=x]");
    check("\"Basic realm=x\", A", "!A[]");
    check("Basic=x, A", "!A[]");
    check("Basic @, A", "!A[]");
    check("Basic \"x\", A", "!A[]");
    check("Basic realm=, A", "Basic(realm=)A[]"); /* by the grammar */
    check("Basic realm=,x=y, A", "Basic(realm=)!A[]");
    check("Basic realm=\"a\", x=, A b=c", "!A[b=c]");
    check("Basic realm=a b, A", "!A[]");
    check("Digest realm=\"a\" nonce=b, x=y, A", "!A[]");
    check("Digest realm=\"a, A", "!");
}

TEST(challenges, are_found_over_all_fields)
{
    weir_http_fields fields;
    weir_http_challenge c;
    weir_http_param p;
    weir_slice name = WEIR_S("WWW-Authenticate");
    weir_http_fields_init(&fields, NULL, NULL);
    weir_http_fields_add(&fields, name, WEIR_S("Negotiate, Basic realm=\"x"));
    weir_http_fields_add(&fields, name,
                         WEIR_S("digest REALM=\"x\",realm=y, Basic realm=\"a\\\"b\""));
    REQUIRE(weir_http_challenge_find(&fields, name, WEIR_S("Digest"), &c));
    REQUIRE(weir_http_challenge_param(&c, WEIR_S("realm"), &p));
    CHECK_BYTES(p.value, WEIR_S("x"));
    CHECK(!weir_http_challenge_param(&c, WEIR_S("nonce"), &p));
    REQUIRE(weir_http_challenge_find(&fields, name, WEIR_S("basic"), &c));
    REQUIRE(weir_http_challenge_param(&c, WEIR_S("realm"), &p));
    CHECK(weir_http_param_is(&p, WEIR_S("a\"b")));
    CHECK(!weir_http_challenge_find(&fields, name, WEIR_S("Bearer"), &c));
    weir_http_fields_clear(&fields);
}

/* RFC 7617 2, 2.1 */
TEST(credentials, of_basic_are_user_and_password)
{
    static const struct {
        weir_slice user;
        weir_slice password;
        const char *wanted;
    } ROWS[] = {
        {{"Aladdin", 7}, {"open sesame", 11}, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        {{"test", 4}, {"123\xC2\xA3", 5}, "Basic dGVzdDoxMjPCow=="},
        {{NULL, 0}, {NULL, 0}, "Basic Og=="},
        {{"a", 1}, {NULL, 0}, "Basic YTo="},
        {{NULL, 0}, {":b", 2}, "Basic Ojpi"},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        char space[64];
        size_t len;
        size_t wanted = strlen(ROWS[i].wanted);
        CHECK_INT(weir_http_basic(ROWS[i].user, ROWS[i].password, space, wanted, &len),
                  WEIR_OK);
        CHECK_BYTES(((weir_slice){space, len}), weir_slice_of(ROWS[i].wanted));
        CHECK_INT(
            weir_http_basic(ROWS[i].user, ROWS[i].password, space, wanted - 1, &len),
            WEIR_E_TOO_BIG);
        CHECK_INT(len, wanted);
    }
}

/* RFC 7617 2: the colon ends the user's name, and control characters are not for it. */
TEST(credentials, of_basic_refuse_colons_and_control_characters)
{
    char space[64];
    size_t len;
    CHECK_INT(weir_http_basic(WEIR_S("a:b"), WEIR_S(""), space, 64, &len),
              WEIR_E_INVALID);
    CHECK_INT(weir_http_basic(WEIR_S("a\r\n"), WEIR_S(""), space, 64, &len),
              WEIR_E_INVALID);
    CHECK_INT(weir_http_basic(WEIR_S("a"), WEIR_S("\0"), space, 64, &len),
              WEIR_E_INVALID);
    CHECK_INT(weir_http_basic(WEIR_S("a"), WEIR_S("\x7F"), space, 64, &len),
              WEIR_E_INVALID);
}

/* RFC 6750 2.1 */
TEST(credentials, of_bearer_are_a_token)
{
    char space[64];
    size_t len;
    CHECK_INT(weir_http_bearer(WEIR_S("mF_9.B5f-4.1JqM=="), space, 64, &len), WEIR_OK);
    CHECK_BYTES(((weir_slice){space, len}), WEIR_S("Bearer mF_9.B5f-4.1JqM=="));
    CHECK_INT(weir_http_bearer(WEIR_S("1|abc"), space, 64, &len), WEIR_OK);
    CHECK_INT(weir_http_bearer(WEIR_S("abc"), space, 9, &len), WEIR_E_TOO_BIG);
    CHECK_INT(len, 10);
    CHECK_INT(weir_http_bearer(WEIR_S(""), space, 64, &len), WEIR_E_INVALID);
    CHECK_INT(weir_http_bearer(WEIR_S("a b"), space, 64, &len), WEIR_E_INVALID);
    CHECK_INT(weir_http_bearer(WEIR_S("a\r\nb"), space, 64, &len), WEIR_E_INVALID);
    CHECK_INT(weir_http_bearer(WEIR_S("\xC3\xA4"), space, 64, &len), WEIR_E_INVALID);
}
