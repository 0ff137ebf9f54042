/* Bodies that are coded, and forms (RFC 9110 8.4; WHATWG URL 5; RFC 7578), as a session
 * receives and sends them.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/features.h>

#include "http_scene.h"

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define PLAIN    "hello, hello, hello, hello, hello, hello\n"

#if WEIR_HAS_ZLIB

/* PLAIN, by gzip. */
#define CODED \
    "\x1f"    \
    "\x8b"    \
    "\x08"    \
    "\x00"    \
    "\x00"    \
    "\x00"    \
    "\x00"    \
    "\x00"    \
    "\x02"    \
    "\x03"    \
    "\xcb"    \
    "\x48"    \
    "\xcd"    \
    "\xc9"    \
    "\xc9"    \
    "\xd7"    \
    "\x51"    \
    "\xc8"    \
    "\x20"    \
    "\x44"    \
    "\x71"    \
    "\x01"    \
    "\x00"    \
    "\x63"    \
    "\x9f"    \
    "\x59"    \
    "\xd8"    \
    "\x29"    \
    "\x00"    \
    "\x00"    \
    "\x00"
#define CODED_LEN 31
#define CODED_HEAD \
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 31\r\n\r\n"

static const struct http_answer ANSWER = {
    .bytes = CODED_HEAD CODED,
    .len = sizeof(CODED_HEAD) - 1 + CODED_LEN,
};

TEST(content, what_is_coded_is_asked_for_and_decoded)
{
    for (size_t cut = 0; cut < 3; cut++) {
        struct http_answer answer = ANSWER;
        struct http_scene scene;
        char text[256];
        answer.cut = cut;
        http_scene_open(&scene, &answer, 1);
        CHECK_INT(http_scene_get(&scene, text), 200);
        CHECK_BYTES(weir_slice_of(text), WEIR_S(PLAIN));
        CHECK(http_scene_saw(&scene, "\r\nAccept-Encoding: gzip"));
        CHECK_INT(http_scene_get(&scene, text), 200);
        CHECK_INT(scene.connections, 1); /* it was read to its end */
        http_scene_close(&scene);
    }
}

TEST(content, who_wants_it_as_it_comes_gets_it_so)
{
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    http_scene_open(&scene, &ANSWER, 1);
    REQUIRE(weir_get(scene.session, &response, scene.url, .no_decoding = true) ==
            WEIR_OK);
    CHECK_INT(weir_response_text(response, &text), WEIR_OK);
    CHECK_BYTES(text, ((weir_slice){CODED, CODED_LEN}));
    CHECK_INT(weir_response_content_length(response), CODED_LEN);
    weir_response_free(response);
    CHECK(!http_scene_saw(&scene, "Accept-Encoding"));
    http_scene_close(&scene);
}

TEST(content, a_body_that_is_not_what_it_says_is_a_failure)
{
    static const struct {
        struct http_answer answer;
        int rc;
    } CASES[] = {
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                   "Content-Length: 5\r\n\r\nplain"},
         WEIR_E_PROTOCOL},
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Encoding: secret\r\n"
                   "Content-Length: 5\r\n\r\nplain"},
         WEIR_E_UNSUPPORTED},
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                   "Content-Length: 10\r\n\r\n" CODED,
          .len = sizeof("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                        "Content-Length: 10\r\n\r\n") -
                 1 + 10},
         WEIR_E_INCOMPLETE},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct http_scene scene;
        http_scene_open(&scene, &CASES[i].answer, 1);
        CHECK_INT(http_scene_get(&scene, NULL), CASES[i].rc);
        http_scene_close(&scene);
    }
}

TEST(content, a_body_may_only_grow_so_far)
{
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    http_scene_open(&scene, &ANSWER, 1);
    REQUIRE(weir_get(scene.session, &response, scene.url,
                     .content_limits = {.max_bytes = 10}) == WEIR_OK);
    CHECK_INT(weir_response_text(response, &text), WEIR_E_TOO_BIG);
    weir_response_free(response);
    http_scene_close(&scene);
}

#endif

/* RFC 9110 14.2: the range is one of the coded bytes. */
TEST(content, a_part_is_asked_for_as_it_is)
{
    static const struct http_answer EMPTY = {.bytes = OK_EMPTY};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &EMPTY, 1);
    REQUIRE(weir_get(scene.session, &response, scene.url,
                     .headers = (weir_pair[]){{"Range", "bytes=5-"}, {0}}) == WEIR_OK);
    weir_response_free(response);
    CHECK(!http_scene_saw(&scene, "Accept-Encoding"));
    http_scene_close(&scene);
}

/* RFC 9110 8.4: the field tells of a body that is not there, too. */
TEST(content, no_body_is_no_failure)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                  "Content-Length: 0\r\n\r\n"},
        {.bytes = "HTTP/1.1 304 X\r\nContent-Encoding: gzip\r\n\r\n"}};
    struct http_scene scene;
    http_scene_open(&scene, ANSWERS, 2);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(http_scene_get(&scene, NULL), 304);
    http_scene_close(&scene);
}

TEST(content, a_form_without_files_is_one_text)
{
    static const struct http_answer EMPTY = {.bytes = OK_EMPTY};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &EMPTY, 1);
    REQUIRE(weir_post(scene.session, &response, scene.url,
                      .form = (weir_pair[]){{"name", "a b&c"},
                                            {"empty", NULL},
                                            {"\xc3\xa4", "%"},
                                            {0}}) == WEIR_OK);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene,
                         "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
    CHECK(http_scene_saw(&scene, "\r\nContent-Length: 30\r\n"));
    CHECK(http_scene_saw(&scene, "\r\n\r\nname=a+b%26c&empty=&%C3%A4=%25"));
    http_scene_close(&scene);
}

/* RFC 9110 15.4.8: a form is made anew for where a redirect leads. */
TEST(content, a_form_with_parts_is_sent_and_sent_again)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 307 X\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = OK_EMPTY}};
    struct http_scene scene;
    weir_response *response;
    char length[64];
    http_scene_open(&scene, ANSWERS, 2);
    weir_form *form = weir_form_new(&(weir_form_options){.boundary = "parting"});
    REQUIRE(weir_form_add(form, "caption", WEIR_S("hello"), NULL) == WEIR_OK);
    REQUIRE(weir_post(scene.session, &response, scene.url, .multipart = form) ==
            WEIR_OK);
    weir_response_free(response);
    snprintf(length, sizeof(length), "\r\nContent-Length: %d\r\n",
             (int)weir_form_length(form));
    CHECK_INT(scene.requests, 2);
    CHECK(http_scene_saw(&scene, "POST /y "));
    CHECK(http_scene_saw(&scene, length));
    CHECK(http_scene_saw(&scene, "multipart/form-data; boundary=parting"));
    CHECK(http_scene_saw(&scene, "name=\"caption\"\r\n\r\nhello\r\n--parting--"));
    weir_form_free(form);
    http_scene_close(&scene);
}

TEST(content, a_part_of_a_reader_is_sent_once)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 307 X\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = OK_EMPTY}};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, ANSWERS, 2);
    weir_reader *reader = weir_memory_reader_new(scene.loop, WEIR_S("once"));
    weir_form *form = weir_form_new(NULL);
    REQUIRE(weir_form_add_reader(form, "part", reader, -1, NULL) == WEIR_OK);
    CHECK_INT(weir_post(scene.session, &response, scene.url, .multipart = form),
              WEIR_E_UNSUPPORTED);
    CHECK(http_failed_with("cannot be sent again"));
    CHECK(http_scene_saw(&scene, "Transfer-Encoding: chunked"));
    weir_form_free(form);
    weir_reader_free(reader);
    http_scene_close(&scene);
}
