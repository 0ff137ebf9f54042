/* Sessions: their options, and their end while others use them.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "http_scene.h"

#define OK_BODY "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"

static const struct http_answer KEPT = {.bytes = OK_BODY};

TEST(session, has_a_loop_of_its_own)
{
    weir_session *session = weir_session_new(NULL, NULL);
    weir_response *response;
    REQUIRE(session != NULL);
    CHECK(weir_session_loop(session) != NULL);
    CHECK_INT(weir_get(session, &response, "http://127.0.0.1:1/"), WEIR_E_CONNECTION);
    CHECK(http_failed_with("GET http://127.0.0.1:1/: connect to 127.0.0.1 port 1"));
    weir_session_free(session);
    weir_session_free(NULL);
    weir_response_free(NULL);
}

TEST(session, sends_its_user_agent)
{
    struct http_scene scene;
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.user_agent = "test/1 (x)"});
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK(http_scene_saw(&scene, "\r\nUser-Agent: test/1 (x)\r\n"));
    CHECK(weir_session_new(scene.loop,
                           &(weir_session_options){.user_agent = "a\r\nb"}) == NULL);
    CHECK_INT(weir_last_error()->status, WEIR_E_INVALID);
    http_scene_close(&scene);
}

TEST(session, gives_its_options_to_requests)
{
    static const struct http_answer HANG = {.bytes = "HTTP/1.1 200 OK\r\n\r\nbody",
                                            .then = HTTP_HANG};
    struct http_scene scene;
    weir_response *response;
    http_scene_open_with(
        &scene, &HANG, 1,
        &(weir_session_options){.timeout_ms = 20, .limits = {.max_fields = 0}});
    CHECK_INT(http_scene_get(&scene, NULL), WEIR_E_TIMEOUT);
    CHECK(http_failed_with("not over within 20 ms"));
    REQUIRE(weir_get(scene.session, &response, scene.url, .timeout_ms = WEIR_NO_TIMEOUT,
                     .read_timeout_ms = 30) == WEIR_OK);
    weir_slice text;
    CHECK_INT(weir_response_text(response, &text), WEIR_E_TIMEOUT);
    CHECK(http_failed_with("nothing came for 30 ms"));
    weir_response_free(response);
    http_scene_close(&scene);
    http_scene_open_with(
        &scene, &KEPT, 1,
        &(weir_session_options){.max_text_bytes = 3, .limits = {.max_head_bytes = 50}});
    CHECK_INT(http_scene_get(&scene, NULL), WEIR_E_TOO_BIG);
    http_scene_close(&scene);
}

static int get_in_task(void *arg)
{
    return http_scene_get(arg, NULL);
}

static void free_session(struct http_scene *scene)
{
    weir_session_free(scene->session);
    scene->session = NULL;
}

TEST(session, can_be_freed_while_requests_wait)
{
    static const struct http_answer ANSWERS[] = {
        {.then = HTTP_HANG}, {.bytes = "HTTP/1.1 200 OK\r\n\r\nx", .then = HTTP_HANG}};
    struct http_scene scene;
    weir_task *tasks[3];
    http_scene_open_with(&scene, ANSWERS, 2,
                         &(weir_session_options){.max_connections = 2});
    for (int i = 0; i < 3; i++) { /* at the head, in the body, for a connection */
        tasks[i] = weir_spawn(scene.loop, get_in_task, &scene);
        weir_sleep(scene.loop, 10);
    }
    free_session(&scene);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(weir_join(tasks[i]), WEIR_E_CLOSED);
        CHECK(http_failed_with(""));
    }
    http_scene_close(&scene);
}

static int get_slowly(void *arg)
{
    struct http_scene *scene = arg;
    weir_response *response;
    int rc = weir_get(scene->session, &response, "http://slow.test/");
    return rc < 0 ? rc : 0;
}

TEST(session, can_be_freed_while_a_request_connects)
{
    struct http_scene scene;
    http_scene_open(&scene, &KEPT, 1);
    weir_task *task = weir_spawn(scene.loop, get_slowly, &scene);
    weir_sleep(scene.loop, 5);
    free_session(&scene);
    weir_cancel(task);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    http_scene_close(&scene);
}

TEST(session, responses_outlive_it)
{
    static const struct http_answer LONG = {
        .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nbody"};
    struct http_scene scene;
    weir_response *ended;
    weir_response *open;
    weir_slice text;
    http_scene_open(&scene, &KEPT, 1);
    REQUIRE(weir_get(scene.session, &ended, scene.url) == WEIR_OK);
    REQUIRE(weir_response_text(ended, &text) == WEIR_OK);
    scene.answers = &LONG;
    REQUIRE(weir_get(scene.session, &open, scene.url) == WEIR_OK);
    free_session(&scene);
    CHECK_INT(weir_response_status(ended), 200);
    CHECK_BYTES(text, WEIR_S("body"));
    CHECK_BYTES(weir_response_url(open), weir_slice_of(scene.url));
    CHECK_INT(weir_response_text(open, &text), WEIR_E_CLOSED);
    CHECK(http_failed_with("reading the response body: the session was freed"));
    CHECK_INT(weir_response_text(open, &text), WEIR_E_CLOSED);
    weir_response_free(open);
    weir_response_free(ended);
    http_scene_close(&scene);
}

TEST(session, responses_outlive_its_own_loop_too)
{
    struct http_scene scene;
    http_scene_open(&scene, &KEPT, 1);
    weir_session *session = weir_session_new(NULL, NULL);
    weir_response *response;
    REQUIRE(session != NULL);
    /* Nobody serves it: the other loop does not run. */
    CHECK_INT(weir_get(session, &response, scene.url, .timeout_ms = 20),
              WEIR_E_TIMEOUT);
    weir_session_free(session);
    http_scene_close(&scene);
}

static int own_session(void *arg)
{
    struct http_scene *scene = arg;
    weir_session *session = weir_session_new(scene->loop, NULL);
    weir_response *first;
    weir_response *second;
    int rc = weir_get(session, &first, scene->url);
    if (rc == WEIR_OK) {
        rc = weir_get(session, &second, scene->url); /* beside an open connection */
        if (rc == WEIR_OK) {
            weir_response_free(second); /* idle now */
            rc = weir_sleep(scene->loop, 60000);
        }
        weir_response_free(first);
    }
    weir_session_free(session);
    return rc;
}

TEST(session, ends_in_a_task_that_ends_with_its_loop)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\nbody"},
        {.bytes = OK_BODY}};
    for (int late = 0; late < 2; late++) {
        struct http_scene scene;
        http_scene_open(&scene, ANSWERS, 2);
        weir_detach(weir_spawn(scene.loop, own_session, &scene));
        for (int i = 0; i < (late ? 20 : 3); i++)
            weir_yield(scene.loop);
        weir_sleep(scene.loop, late ? 10 : 0);
        http_scene_close(&scene);
    }
}

static void call_in_callback(void *arg)
{
    struct http_scene *scene = arg;
    weir_response *response;
    CHECK_INT(weir_get(scene->session, &response, scene->url), WEIR_E_MISUSE);
    scene->requests++;
}

TEST(session, requests_are_refused_in_callbacks)
{
    struct http_scene scene;
    http_scene_open(&scene, &KEPT, 1);
    weir_loop_post(scene.loop, call_in_callback, &scene);
    weir_sleep(scene.loop, 5);
    CHECK_INT(scene.requests, 1);
    http_scene_close(&scene);
}

TEST(session, fails_without_memory)
{
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        struct nth nth;
        nth_init(&nth, 0);
        weir_loop *loop =
            weir_loop_new(&(weir_loop_options){.allocator = &nth.allocator});
        REQUIRE(loop != NULL);
        nth.fail_at = nth.count + n;
        weir_session *session = weir_session_new(loop, NULL);
        failed = nth.failed;
        CHECK_INT(session == NULL, failed);
        CHECK(!failed || weir_last_error()->status == WEIR_E_MEMORY);
        weir_session_free(session);
        weir_loop_free(loop);
        CHECK_INT(nth.live, 0);
    }
}
