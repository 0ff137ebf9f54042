/* What a response's text, name and links are.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/features.h>

#include "http_scene.h"

struct text_case {
    const char *content_type; /* NULL: none */
    const char *body;
    size_t len; /* 0: up to the NUL */
    const char *utf8;
};

static size_t make_answer(char *space, size_t size, const struct text_case *text)
{
    size_t len = text->len ? text->len : strlen(text->body);
    int head =
        snprintf(space, size, "HTTP/1.1 200 OK\r\n%s%s%sContent-Length: %zu\r\n\r\n",
                 text->content_type ? "Content-Type: " : "",
                 text->content_type ? text->content_type : "",
                 text->content_type ? "\r\n" : "", len);
    memcpy(space + head, text->body, len);
    return (size_t)head + len;
}

static int text_of(const struct text_case *text, const char *default_charset)
{
    char bytes[500];
    struct http_answer answer = {.bytes = bytes};
    struct http_scene scene;
    weir_response *response;
    weir_slice utf8;
    weir_slice again;
    answer.len = make_answer(bytes, sizeof(bytes), text);
    http_scene_open(&scene, &answer, 1);
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    int rc = weir_response_text_utf8(response, default_charset, &utf8);
    if (rc == WEIR_OK && text->utf8) {
        CHECK_BYTES(utf8, weir_slice_of(text->utf8));
        CHECK_INT(weir_response_text_utf8(response, NULL, &again), WEIR_OK);
        CHECK(again.data == utf8.data);
    }
    weir_response_free(response);
    http_scene_close(&scene);
    return rc;
}

TEST(response_values, text_is_utf8_whatever_its_encoding)
{
    static const struct text_case CASES[] = {
        {NULL, "gr\xC3\xBC\xC3\x9F", 0, "gr\xC3\xBC\xC3\x9F"},
        {"text/plain", "", 0, ""},
        {"text/plain; charset=ISO-8859-1", "gr\xFC\xDF \x80", 0, "grüß €"},
        {"text/plain; charset=\"latin1\"", "\xE9", 0, "é"},
        {"text/html; Charset=utf8", "\xE2\x82\xAC", 0, "€"},
        {"text/html; charset=no-such", "\xE2\x82\xAC", 0, "€"},
        {"text/html; charset=utf-7", "+AGE-", 0, "+AGE-"},
        {"text/html; charset=utf-16", "a\0\xAC\x20", 4, "a€"},
        {"text/html; charset=utf-16be", "\xD8\x3D\xDE\x00", 4, "😀"},
        /* Half a pair, and half a unit. */
        {"text/html; charset=utf-16le",
         "\x3D\xD8"
         "a\0b",
         5, "\uFFFDa\uFFFD"},
        /* RFC 8259 8.1. */
        {"application/json; charset=latin1", "\"é\"", 0, "\"é\""},
        /* A byte order mark says more than all else. */
        {"text/plain; charset=latin1", "\xEF\xBB\xBFé", 0, "é"},
        {"text/plain",
         "\xFF\xFE"
         "a\0",
         4, "a"},
        {"text/plain", "\xFE\xFF\0a", 4, "a"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        CHECK_INT(text_of(&CASES[i], NULL), WEIR_OK);
}

/* Unicode 3.9, table 3-8: one U+FFFD for each maximal subpart. */
TEST(response_values, malformed_bytes_are_replaced)
{
    static const struct text_case CASES[] = {
        {NULL,
         "a\xFF"
         "b",
         0, "a\uFFFDb"},
        {NULL, "\xF0\x9F\x98", 0, "\uFFFD"},
        {NULL,
         "\xE2\x82"
         "A",
         0, "\uFFFDA"},
        {NULL, "\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", 0,
         "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA"},
        {NULL, "\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", 0,
         "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA"},
        {NULL, "\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", 0,
         "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA\uFFFD\uFFFDB"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        CHECK_INT(text_of(&CASES[i], NULL), WEIR_OK);
}

TEST(response_values, iconv_knows_the_encodings_that_are_old)
{
    static const struct text_case CASES[] = {
        {"text/html; charset=windows-1251", "\xEF\xF0\xE8", 0, "при"},
        {"text/html; charset=Shift_JIS", "\x93\xFA\x96\x7B", 0, "日本"},
        {"text/html; charset=gb2312", "\xD6\xD0", 0, "中"},
        {"text/html; charset=EUC-KR", "\xC7\xD1", 0, "한"},
        {"text/html; charset=iso-2022-jp", "\x1B$BF|\x1B(B.", 0, "日."},
        {"text/html; charset=iso-8859-15", "\xA4", 0, "€"},
        /* A malformed character, and the beginning of one at the end. */
        {"text/html; charset=euc-jp",
         "a\xFF"
         "b\xA4",
         0, "a\uFFFDb\uFFFD"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        int rc = text_of(&CASES[i], NULL);
        CHECK_INT(rc, WEIR_HAS_ICONV ? WEIR_OK : WEIR_E_UNSUPPORTED);
    }
}

TEST(response_values, the_default_is_for_what_is_not_declared)
{
    static const struct text_case BARE = {"text/plain", "\xFC", 0, "ü"};
    static const struct text_case SAID = {"text/plain; charset=utf-8", "ü", 0, "ü"};
    CHECK_INT(text_of(&BARE, "iso-8859-1"), WEIR_OK);
    CHECK_INT(text_of(&SAID, "iso-8859-1"), WEIR_OK);
    CHECK_INT(text_of(&SAID, "klingon"), WEIR_E_INVALID);
    CHECK(http_failed_with("there is no encoding \"klingon\""));
}

TEST(response_values, a_file_name_is_the_servers_or_the_urls)
{
    static const struct {
        const char *field;
        const char *path;
        const char *name;
    } CASES[] = {
        {"attachment; filename=\"../a b.txt\"", "/x.bin", "a b.txt"},
        {"attachment; filename*=UTF-8''%e2%82%ac.txt", "/x.bin", "€.txt"},
        {"attachment", "/x.bin?a=/b", "x.bin"},
        {"?", "/dir/gr%C3%BC%C3%9F.txt", "grüß.txt"},
        {"inline", "/a%2Fb%5Cc%00d", "cd"},
        {"inline", "/dir/", ""},
        {"inline", "/%2e%2e", ""},
        {"inline", "/50%", "50%"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char bytes[300];
        char url[120];
        char name[WEIR_FILENAME_BYTES];
        struct http_answer answer = {.bytes = bytes};
        struct http_scene scene;
        weir_response *response;
        snprintf(
            bytes, sizeof(bytes),
            "HTTP/1.1 200 OK\r\nContent-Disposition: %s\r\nContent-Length: 0\r\n\r\n",
            CASES[i].field);
        http_scene_open(&scene, &answer, 1);
        snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", scene.port, CASES[i].path);
        REQUIRE(weir_get(scene.session, &response, url) == WEIR_OK);
        int len = weir_response_filename(response, name);
        REQUIRE(len >= 0);
        CHECK_BYTES(((weir_slice){name, (size_t)len}), weir_slice_of(CASES[i].name));
        CHECK_INT(strlen(name), len);
        weir_response_free(response);
        http_scene_close(&scene);
    }
}

TEST(response_values, links_are_relative_to_what_answered)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 302 X\r\nLocation: /list/one\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = "HTTP/1.1 201 OK\r\nContent-Type: Text/HTML; a=b\r\n"
                  "Link: <two?p=2>; rel=\"next\", <http://[>; rel=bad\r\n"
                  "Content-Length: 0\r\n\r\n"}};
    struct http_scene scene;
    weir_response *response;
    weir_media_type type;
    weir_url url;
    char wanted[80];
    http_scene_open(&scene, ANSWERS, 2);
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    CHECK(weir_response_ok(response));
    REQUIRE(weir_response_media_type(response, &type));
    CHECK(weir_media_type_is(&type, WEIR_S("text/html")));
    REQUIRE(weir_response_link(response, WEIR_S("next"), &url) == 1);
    snprintf(wanted, sizeof(wanted), "http://127.0.0.1:%d/list/two?p=2", scene.port);
    CHECK_BYTES(weir_url_href(&url), weir_slice_of(wanted));
    weir_url_clear(&url);
    CHECK_INT(weir_response_link(response, WEIR_S("prev"), &url), 0);
    CHECK_INT(weir_response_link(response, WEIR_S("bad"), &url), WEIR_E_INVALID);
    CHECK(http_failed_with("the link: "));
    weir_response_free(response);
    http_scene_close(&scene);
}

TEST(response_values, a_response_is_ok_below_400)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 399 X\r\nContent-Length: 0\r\nContent-Type: ;\r\n\r\n"},
        {.bytes = "HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n"}};
    struct http_scene scene;
    http_scene_open(&scene, ANSWERS, 2);
    for (int i = 0; i < 2; i++) {
        weir_response *response;
        weir_media_type type;
        REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
        CHECK(weir_response_ok(response) == (i == 0));
        CHECK(!weir_response_media_type(response, &type));
        weir_response_free(response);
    }
    http_scene_close(&scene);
}

TEST(response_values, every_allocation_of_theirs_may_fail)
{
    static const struct http_answer ANSWER = {
        .bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=latin1\r\n"
                 "Content-Length: 1\r\nLink: </a>; rel=next\r\n\r\n\xFC"};
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    weir_url url;
    char name[WEIR_FILENAME_BYTES];
    http_scene_open(&scene, &ANSWER, 1);
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    CHECK_INT(weir_response_text(response, &text), WEIR_OK);
    scene.nth.fail_at = scene.nth.count + 1;
    CHECK_INT(weir_response_text_utf8(response, NULL, &text), WEIR_E_MEMORY);
    scene.nth.fail_at = scene.nth.count + 1;
    CHECK_INT(weir_response_filename(response, name), WEIR_E_MEMORY);
    CHECK_INT(weir_response_text_utf8(response, NULL, &text), WEIR_OK);
    CHECK_BYTES(text, WEIR_S("ü"));
    CHECK_INT(weir_response_link(response, WEIR_S("next"), &url), 1);
    weir_url_clear(&url);
    weir_response_free(response);
    http_scene_close(&scene);
}
