/* Trying again: what for, how often, and what stands.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/reader.h>
#include <weir/trace.h>

#include "http_scene.h"

#define ANSWER(status, fields) \
    "HTTP/1.1 " status " X\r\n" fields "Content-Length: 4\r\n\r\nbody"

struct outcome {
    int rc; /* the status code, or a negative status */
    size_t requests;
    size_t history;
};

static struct outcome run(const struct http_answer *answers, size_t count,
                          const weir_request_options *options)
{
    struct outcome outcome = {.history = 0};
    struct http_scene scene;
    weir_response *response;
    http_scene_open_with(&scene, answers, count,
                         &(weir_session_options){.retry_delay_ms = 1});
    weir_request_options given = *options;
    given.url = scene.url;
    outcome.rc = weir_request(scene.session, &given, &response);
    if (outcome.rc == WEIR_OK) {
        outcome.rc = weir_response_status(response);
        outcome.history = weir_response_history_count(response);
        weir_response_free(response);
    }
    outcome.requests = scene.requests;
    http_scene_close(&scene);
    return outcome;
}

TEST(retry, a_status_or_a_broken_connection_is_tried_again)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = ANSWER("503", "")},
        {.bytes = ANSWER("429", "Retry-After: 0\r\n")},
        {.bytes = "", .then = HTTP_CLOSE},
        {.bytes = "HTTP/1.1 2", .then = HTTP_CLOSE},
        {.bytes = ANSWER("307", "Location: /b\r\n")},
        {.bytes = ANSWER("502", "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n")},
        {.bytes = ANSWER("504", "Retry-After: soon\r\n")},
        {.bytes = ANSWER("200", "")},
    };
    struct outcome outcome = run(
        ANSWERS, 8,
        &(weir_request_options){.method = "PUT", .retries = 6, .body = WEIR_S("abc")});
    CHECK_INT(outcome.rc, 200);
    CHECK_INT(outcome.requests, 8);
    CHECK_INT(outcome.history, 1); /* attempts are none */
}

TEST(retry, what_is_not_to_be_tried_again_stands)
{
    static const struct http_answer BUSY = {.bytes = ANSWER("503", "")};
    static const struct http_answer LATE = {
        .bytes = ANSWER("503", "Retry-After: 99999999999999999999\r\n")};
    static const struct http_answer BROKEN = {.bytes = ANSWER("500", "")};
    static const struct http_answer CLOSED = {.bytes = "", .then = HTTP_CLOSE};
    static const struct http_answer SILENT = {.bytes = "", .then = HTTP_HANG};
    static const struct {
        const struct http_answer *answer;
        weir_request_options options;
        int rc;
        size_t requests;
    } CASES[] = {
        {&BUSY, {.retries = 0}, 503, 1},
        {&BUSY, {.retries = WEIR_NONE}, 503, 1},
        {&BUSY, {.retries = 2}, 503, 3},
        {&BUSY, {.retries = 2, .method = "POST"}, 503, 1},
        {&BUSY, {.retries = 2, .method = "POST", .retry_all_methods = true}, 503, 3},
        {&LATE, {.retries = 2}, 503, 1},
        {&BROKEN, {.retries = 2}, 500, 1},
        {&CLOSED, {.retries = 2}, WEIR_E_CONNECTION, 3},
        {&CLOSED, {.retries = 2, .method = "PATCH"}, WEIR_E_CONNECTION, 1},
        /* Its own limits of time are meant. */
        {&SILENT, {.retries = 2, .read_timeout_ms = 10}, WEIR_E_TIMEOUT, 1},
        /* The wait would be longer than the request may take. */
        {&BUSY, {.retries = 2, .timeout_ms = 2000, .retry_delay_ms = 20000}, 503, 1},
        {&BUSY, {.retries = 2, .raise_for_status = true}, WEIR_E_STATUS, 3},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct outcome outcome = run(CASES[i].answer, 1, &CASES[i].options);
        CHECK_INT(outcome.rc, CASES[i].rc);
        CHECK_INT(outcome.requests, CASES[i].requests);
    }
}

static void count_retries(const weir_trace_event *event, void *arg)
{
    int *count = arg;
    *count += event->type == WEIR_TRACE_RETRY;
    *count += event->type == WEIR_TRACE_START ? 100 : 0;
}

TEST(retry, connecting_is_tried_again_also_when_it_takes_too_long)
{
    static const struct http_answer NONE = {.bytes = ""};
    static const char *const URLS[] = {"http://127.0.0.1:1/", "http://slow.test/"};
    static const int STATUSES[] = {WEIR_E_CONNECTION, WEIR_E_TIMEOUT};
    for (int i = 0; i < 2; i++) {
        int count = 0;
        weir_trace trace = {count_retries, &count};
        struct http_scene scene;
        weir_response *response;
        http_scene_open_with(&scene, &NONE, 1,
                             &(weir_session_options){.trace = &trace,
                                                     .retries = 2,
                                                     .retry_delay_ms = 1,
                                                     .connect_timeout_ms = 20});
        CHECK_INT(weir_get(scene.session, &response, URLS[i]), STATUSES[i]);
        CHECK_INT(count, 102);
        http_scene_close(&scene);
    }
}

struct piece {
    int left;
};

static int next_piece(void *arg, weir_slice *bytes)
{
    struct piece *piece = arg;
    *bytes = WEIR_S("abc");
    return piece->left-- > 0;
}

TEST(retry, a_body_that_is_gone_is_not_sent_again)
{
    static const struct http_answer CLOSED = {.bytes = "", .then = HTTP_CLOSE};
    static const struct http_answer BUSY = {.bytes = ANSWER("503", "")};
    struct piece piece = {1};
    weir_request_options options = {
        .method = "PUT", .retries = 2, .body_next = next_piece, .body_arg = &piece};
    struct outcome outcome = run(&CLOSED, 1, &options);
    CHECK_INT(outcome.rc, WEIR_E_CONNECTION);
    CHECK_INT(outcome.requests, 1);
    CHECK(
        http_failed_with("not tried again, since the body cannot be sent twice: PUT"));
    piece.left = 1;
    outcome = run(&BUSY, 1, &options);
    CHECK_INT(outcome.rc, 503);
    CHECK_INT(outcome.requests, 1);
}

static int get(void *arg)
{
    struct http_scene *scene = arg;
    weir_response *response;
    int rc = weir_get(scene->session, &response, scene->url, .retries = 5,
                      .retry_delay_ms = 20000);
    if (rc == WEIR_OK)
        weir_response_free(response);
    return rc;
}

TEST(retry, the_wait_can_be_cancelled_and_the_session_freed)
{
    static const struct http_answer BUSY = {.bytes =
                                                ANSWER("503", "Retry-After: 1\r\n")};
    for (int i = 0; i < 2; i++) {
        struct http_scene scene;
        http_scene_open(&scene, &BUSY, 1);
        weir_task *task = weir_spawn(scene.loop, get, &scene, .name = "retrying");
        REQUIRE(task != NULL);
        while (scene.requests == 0 || weir_session_connections(scene.session) == 0)
            weir_loop_run_once(scene.loop, 10);
        weir_loop_run_once(scene.loop, 10);
        if (i == 0) {
            weir_cancel(task);
            CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
        } else {
            weir_session_free(scene.session);
            scene.session = NULL;
            CHECK_INT(weir_join(task), WEIR_E_CLOSED);
        }
        http_scene_close(&scene);
    }
}
