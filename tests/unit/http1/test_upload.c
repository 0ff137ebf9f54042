/* Bodies of requests that are not in memory, and servers that answer before they have
 * read them (RFC 9112 7.1, RFC 9110 10.1.1).
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "http_scene.h"

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static const struct http_answer EMPTY = {.bytes = OK_EMPTY};

TEST(upload, a_reader_is_sent_in_chunks)
{
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &EMPTY, 1);
    weir_reader *reader =
        weir_memory_reader_new(scene.loop, WEIR_S("hello, in chunks"));
    REQUIRE(weir_post(scene.session, &response, scene.url, .body_reader = reader,
                      .trailers = (weir_pair[]){{"X-Sum", "1"}, {0}}) == WEIR_OK);
    weir_response_free(response);
    weir_reader_free(reader);
    CHECK(http_scene_saw(&scene, "Transfer-Encoding: chunked\r\n"));
    CHECK(!http_scene_saw(&scene, "Content-Length"));
    CHECK(http_scene_saw(&scene,
                         "\r\n\r\n10\r\nhello, in chunks\r\n0\r\nX-Sum: 1\r\n\r\n"));
    CHECK_INT(weir_session_connections(scene.session), 1); /* kept */
    http_scene_close(&scene);
}

struct source {
    const char *const *pieces;
    size_t count;
    size_t given;
    int failure;
    uint64_t progress;
};

static int next(void *arg, weir_slice *piece)
{
    struct source *source = arg;
    if (source->given == source->count)
        return source->failure;
    *piece = weir_slice_of(source->pieces[source->given++]);
    return 1;
}

static void note_progress(void *arg, uint64_t sent)
{
    struct source *source = arg;
    CHECK(sent > source->progress);
    source->progress = sent;
}

TEST(upload, a_callback_is_asked_piece_by_piece)
{
    static const char *const PIECES[] = {"one", "", "two", "three"};
    struct source source = {.pieces = PIECES, .count = 4};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &EMPTY, 1);
    REQUIRE(weir_put(scene.session, &response, scene.url, .body_next = next,
                     .body_arg = &source, .on_progress = note_progress,
                     .progress_arg = &source) == WEIR_OK);
    weir_response_free(response);
    CHECK(
        http_scene_saw(&scene, "\r\n\r\n3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n"));
    CHECK_INT(source.progress, 11);
    http_scene_close(&scene);
}

TEST(upload, a_known_length_is_sent_and_must_be_true)
{
    static const char *const PIECES[] = {"12345", "67"};
    static const struct {
        uint64_t length;
        int rc;
        const char *words;
    } CASES[] = {{7, WEIR_OK, NULL},
                 {8, WEIR_E_INCOMPLETE, "less than the 8 bytes"},
                 {6, WEIR_E_INVALID, "more than the 6 bytes"}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct source source = {.pieces = PIECES, .count = 2};
        struct http_scene scene;
        weir_response *response;
        http_scene_open(&scene, &EMPTY, 1);
        int rc = weir_put(scene.session, &response, scene.url, .body_next = next,
                          .body_arg = &source, .body_length = CASES[i].length);
        CHECK_INT(rc, CASES[i].rc);
        if (rc == WEIR_OK) {
            weir_response_free(response);
            CHECK(http_scene_saw(&scene, "Content-Length: 7\r\n"));
            CHECK(http_scene_saw(&scene, "\r\n\r\n1234567"));
        } else {
            CHECK(http_failed_with(CASES[i].words));
            CHECK_INT(weir_session_connections(scene.session), 0);
        }
        http_scene_close(&scene);
    }
}

TEST(upload, a_callback_that_gives_up_breaks_the_request_off)
{
    struct source source = {.failure = WEIR_E_TYPE};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &EMPTY, 1);
    CHECK_INT(weir_put(scene.session, &response, scene.url, .body_next = next,
                       .body_arg = &source),
              WEIR_E_TYPE);
    CHECK(http_failed_with("body_next has given up"));
    CHECK_INT(weir_session_connections(scene.session), 0);
    http_scene_close(&scene);
}

TEST(upload, two_bodies_are_one_too_many)
{
    struct source source = {.count = 0};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &EMPTY, 1);
    CHECK_INT(weir_put(scene.session, &response, scene.url, .body_next = next,
                       .body_arg = &source, .body = WEIR_S("x")),
              WEIR_E_INVALID);
    http_scene_close(&scene);
}

TEST(upload, the_body_waits_for_the_server_to_want_it)
{
    static const struct http_answer ANSWER = {
        .bytes = OK_EMPTY,
        .interim = "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &ANSWER, 1);
    REQUIRE(weir_post(scene.session, &response, scene.url, .body = WEIR_S("wanted"),
                      .expect_continue = true) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 200);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "Expect: 100-continue\r\n"));
    CHECK(http_scene_saw(&scene, "\r\n\r\nwanted"));
    CHECK_INT(weir_session_connections(scene.session), 1);
    http_scene_close(&scene);
}

TEST(upload, a_server_that_does_not_know_expectations_gets_the_body_after_a_second)
{
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &EMPTY, 1);
    uint64_t before = weir_loop_now_ms(scene.loop);
    REQUIRE(weir_post(scene.session, &response, scene.url, .body = WEIR_S("late"),
                      .expect_continue = true) == WEIR_OK);
    uint64_t ms = weir_loop_now_ms(scene.loop) - before;
    CHECK(ms >= 900 && ms < 5000);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "\r\n\r\nlate"));
    http_scene_close(&scene);
}

TEST(upload, a_server_that_does_not_want_the_body_is_not_sent_it)
{
    static const struct http_answer ANSWER = {
        .bytes = "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno\n",
        .early = true,
        .then = HTTP_HANG};
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    http_scene_open(&scene, &ANSWER, 1);
    REQUIRE(weir_post(scene.session, &response, scene.url, .body = WEIR_S("unwanted"),
                      .expect_continue = true) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 413);
    CHECK_INT(weir_response_text(response, &text), WEIR_OK);
    CHECK_BYTES(text, WEIR_S("no\n"));
    weir_response_free(response);
    CHECK(!http_scene_saw(&scene, "unwanted"));
    CHECK_INT(weir_session_connections(scene.session), 0); /* its body is owed */
    http_scene_close(&scene);
}

/* More than all buffers between the two hold. */
static char large[32 * 1024 * 1024];

/* A server that answers early and reads no more must be heard. */
TEST(upload, an_early_answer_ends_a_long_body)
{
    static const struct http_answer ANSWER = {
        .bytes = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        .early = true,
        .then = HTTP_HANG};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &ANSWER, 1);
    REQUIRE(weir_post(scene.session, &response, scene.url,
                      .body = {large, sizeof(large)},
                      .read_timeout_ms = 5000) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 403);
    weir_response_free(response);
    CHECK_INT(weir_session_connections(scene.session), 0);
    http_scene_close(&scene);
}

/* RFC 9110 15.4.8: the body goes along, if it is still there. */
TEST(upload, a_body_that_was_used_up_is_not_sent_after_a_redirect)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 307 X\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = OK_EMPTY}};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, ANSWERS, 2);
    weir_reader *reader = weir_memory_reader_new(scene.loop, WEIR_S("once"));
    CHECK_INT(weir_post(scene.session, &response, scene.url, .body_reader = reader),
              WEIR_E_UNSUPPORTED);
    CHECK(http_failed_with("cannot be sent again"));
    weir_reader_free(reader);
    http_scene_close(&scene);
}
