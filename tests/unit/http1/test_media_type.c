/* Parameters, media types and links.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/http_values.h>
#include <weir/status.h>

#include "test.h"

/* "name=value;" of each, quoted ones as name="value"; "!" for what is none. */
static void check_params(const char *text, const char *wanted)
{
    char log[512];
    size_t len = 0;
    weir_slice rest = weir_slice_of(text);
    weir_http_param p;
    int rc;
    while ((rc = weir_http_param_next(&rest, &p)) != 0) {
        const char *quote = rc > 0 && p.quoted ? "\"" : "";
        if (rc < 0)
            len += (size_t)snprintf(log + len, sizeof(log) - len, "!");
        else if (!p.value.data)
            len += (size_t)snprintf(log + len, sizeof(log) - len, "%.*s;",
                                    (int)p.name.len, p.name.data);
        else
            len += (size_t)snprintf(log + len, sizeof(log) - len, "%.*s=%s%.*s%s;",
                                    (int)p.name.len, p.name.data, quote,
                                    (int)p.value.len, p.value.data, quote);
    }
    CHECK_BYTES(((weir_slice){log, len}), weir_slice_of(wanted));
}

/* RFC 9110 5.6.6 */
TEST(params, are_names_with_values)
{
    check_params("", "");
    check_params(" ;\t; ", "");
    check_params(";a=b", "a=b;");
    check_params("a=b", "a=b;");
    check_params("; a=b ;c = \"d;e,f\" ; g", "a=b;c=\"d;e,f\";g;");
    check_params(";a=\"\";b=\"\\\"\"", "a=\"\";b=\"\\\"\";");
    check_params(";x=foo bar(1).txt ;y=/=+", "x=foo bar(1).txt;y=/=+;");
}

TEST(params, that_are_none_are_passed_over_one_by_one)
{
    check_params(";=b;c=d", "!c=d;");
    check_params("; \"a;b\"; c=d", "!c=d;");
    check_params(";a=;c=d", "!c=d;");
    check_params(";a=b\"c;d\";e=f", "!e=f;");
    check_params(";a=\"b\"c;e=f", "!e=f;");
    check_params(";a b;e=f", "!e=f;");
    check_params(";a=\"b;c=d", "!");
    check_params(";a=\"b\\\"", "!");
    check_params(";a=\x01;e=f", "!e=f;");
    check_params(";a=\"\x7F\";e=f", "!e=f;");
}

/* RFC 9110 5.6.4: a backslash and what follows it is that. */
TEST(params, have_text_without_backslashes)
{
    weir_http_param p;
    weir_slice rest = WEIR_S("a=\"x\\\"y\\\\\\z\";b=x\\y");
    char space[32];
    CHECK_INT(weir_http_param_next(&rest, &p), 1);
    CHECK_BYTES(((weir_slice){space, weir_http_param_text(&p, space)}),
                WEIR_S("x\"y\\z"));
    CHECK(weir_http_param_is(&p, WEIR_S("X\"Y\\Z")));
    CHECK(!weir_http_param_is(&p, WEIR_S("X\"Y\\")));
    CHECK(!weir_http_param_is(&p, WEIR_S("X\"Y\\ZZ")));
    CHECK_INT(weir_http_param_next(&rest, &p), 1);
    CHECK_BYTES(((weir_slice){space, weir_http_param_text(&p, space)}), WEIR_S("x\\y"));
    CHECK(!weir_http_param_is(&(weir_http_param){{NULL, 0}, {NULL, 0}, false},
                              WEIR_S("")));
}

/* RFC 9110 8.3.1, and what servers make of it. */
TEST(media_type, has_type_subtype_and_charset)
{
    static const struct {
        const char *text;
        const char *essence;
        const char *charset;
    } ROWS[] = {
        {"text/html;charset=utf-8", "text/html", "utf-8"},
        {"Text/HTML;Charset=\"utf-8\"", "Text/HTML", "utf-8"},
        {"text/html; charset=\"utf-8\"", "text/html", "utf-8"},
        {" text/plain ;; a=b ; CHARSET = latin1 ", "text/plain", "latin1"},
        {"text/html;charset=a;charset=b", "text/html", "a"},
        {"text/html;charset;charset=;charset=c", "text/html", "c"},
        {"text/html;x=\";charset=no\";charset=yes", "text/html", "yes"},
        {"image/svg+xml", "image/svg+xml", NULL},
        {"text/html;charset=\"utf-8", "text/html", NULL},
        {"multipart/form-data; boundary=----=_Part:1", "multipart/form-data", NULL},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        weir_media_type t;
        weir_http_param p = {{NULL, 0}, {NULL, 0}, false};
        REQUIRE(weir_media_type_parse(&t, weir_slice_of(ROWS[i].text)) == WEIR_OK);
        CHECK_BYTES(t.essence, weir_slice_of(ROWS[i].essence));
        CHECK(weir_media_type_param(&t, WEIR_S("charset"), &p) ==
              (ROWS[i].charset != NULL));
        CHECK_BYTES(p.value, weir_slice_of(ROWS[i].charset));
    }
}

TEST(media_type, is_refused_without_type_and_subtype)
{
    static const char *const BAD[] = {"",
                                      " ",
                                      "text",
                                      "text/",
                                      "/html",
                                      "text /html",
                                      "text/ html",
                                      "te\"xt/html",
                                      "text/html, text/plain",
                                      "text/html charset=utf-8",
                                      "text/html/x",
                                      "\x80/x"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        weir_media_type t;
        CHECK_INT(weir_media_type_parse(&t, weir_slice_of(BAD[i])), WEIR_E_INVALID);
    }
}

TEST(media_type, knows_json)
{
    static const char *const JSON[] = {"application/json", "Application/JSON; x=y",
                                       "text/json", "application/problem+json",
                                       "image/x+JSON"};
    static const char *const OTHER[] = {"application/jsonp", "text/html",
                                        "application/json-seq", "application/+json"};
    weir_media_type t;
    for (size_t i = 0; i < sizeof(JSON) / sizeof(JSON[0]); i++) {
        CHECK_INT(weir_media_type_parse(&t, weir_slice_of(JSON[i])), WEIR_OK);
        CHECK(weir_media_type_is_json(&t));
    }
    for (size_t i = 0; i < sizeof(OTHER) / sizeof(OTHER[0]); i++) {
        CHECK_INT(weir_media_type_parse(&t, weir_slice_of(OTHER[i])), WEIR_OK);
        CHECK(!weir_media_type_is_json(&t));
    }
    CHECK(weir_media_type_is(&t, WEIR_S("Application/+JSON")));
}

/* RFC 8288 3.5, B.2 */
TEST(links, are_targets_with_parameters)
{
    weir_slice rest =
        WEIR_S(" , <http://e/TheBook/chapter2>; rel=\"previous\"; title=\"a, b; <c>\","
               "<?page=2&x=a,b;c>;rel=\"next  Start http://e/rel\";rel=no , ,<>, junk,"
               "<unclosed;rel=x");
    weir_link link;
    weir_http_param p;
    CHECK_INT(weir_link_next(&rest, &link), 1);
    CHECK_BYTES(link.target, WEIR_S("http://e/TheBook/chapter2"));
    CHECK(weir_link_has_rel(&link, WEIR_S("PREVIOUS")));
    CHECK(weir_link_param(&link, WEIR_S("Title"), &p));
    CHECK_BYTES(p.value, WEIR_S("a, b; <c>"));
    CHECK_INT(weir_link_next(&rest, &link), 1);
    CHECK_BYTES(link.target, WEIR_S("?page=2&x=a,b;c"));
    CHECK(weir_link_has_rel(&link, WEIR_S("next")));
    CHECK(weir_link_has_rel(&link, WEIR_S("start")));
    CHECK(weir_link_has_rel(&link, WEIR_S("http://e/rel")));
    CHECK(!weir_link_has_rel(&link, WEIR_S("no")));
    CHECK(!weir_link_has_rel(&link, WEIR_S("")));
    CHECK_INT(weir_link_next(&rest, &link), 1);
    CHECK_BYTES(link.target, WEIR_S(""));
    CHECK(!weir_link_has_rel(&link, WEIR_S("next")));
    CHECK_INT(weir_link_next(&rest, &link), WEIR_E_INVALID);
    CHECK_INT(weir_link_next(&rest, &link), WEIR_E_INVALID);
    CHECK_INT(weir_link_next(&rest, &link), 0);
}

/* RFC 8288 3.2, 3.3, 3.4; extended values by RFC 8187. */
TEST(links, are_found_by_relation_over_all_fields)
{
    weir_http_fields fields;
    weir_link link;
    weir_http_param p;
    char space[64];
    size_t len;
    weir_http_fields_init(&fields, NULL, NULL);
    weir_http_fields_add(&fields, WEIR_S("Link"),
                         WEIR_S("</a>;rel=next;anchor=\"#x\", </b>; rel=prev, <bad"));
    weir_http_fields_add(
        &fields, WEIR_S("link"),
        WEIR_S("</c>; rel=\"last next\"; title*=UTF-8'de'n%c3%a4chstes%20Kapitel"));
    REQUIRE(weir_link_find(&fields, WEIR_S("next"), &link));
    CHECK_BYTES(link.target, WEIR_S("/c"));
    CHECK(weir_link_param(&link, WEIR_S("title*"), &p));
    CHECK_INT(weir_http_ext_value_decode(p.value, space, &len), WEIR_OK);
    CHECK_BYTES(((weir_slice){space, len}), WEIR_S("n\xC3\xA4"
                                                   "chstes Kapitel"));
    CHECK(weir_link_find(&fields, WEIR_S("prev"), &link));
    CHECK(!weir_link_find(&fields, WEIR_S("up"), &link));
    CHECK_BYTES(link.target, WEIR_S("/b"));
    weir_http_fields_clear(&fields);
}
