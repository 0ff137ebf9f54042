/* Which connection a request gets, and what becomes of it afterwards.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/group.h>

#include "http_scene.h"

#define OK_BODY "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"

static const struct http_answer KEPT = {.bytes = OK_BODY};

TEST(pool, uses_a_connection_again)
{
    struct http_scene scene;
    http_scene_open(&scene, &KEPT, 1);
    for (int i = 0; i < 10; i++)
        CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(scene.requests, 10);
    CHECK_INT(scene.connections, 1);
    CHECK_INT(weir_session_connections(scene.session), 1);
    http_scene_close(&scene);
}

TEST(pool, closes_what_cannot_be_used_again)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"},
        {.bytes = "HTTP/1.1 200 OK\r\n\r\nuntil close", .then = HTTP_CLOSE},
        {.bytes = OK_BODY "HTTP/1.1 200 unasked for"},
    };
    for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(ANSWERS[0]); i++) {
        struct http_scene scene;
        http_scene_open(&scene, &ANSWERS[i], 1);
        CHECK_INT(http_scene_get(&scene, NULL), 200);
        CHECK_INT(weir_session_connections(scene.session), 0);
        CHECK_INT(http_scene_get(&scene, NULL), 200);
        CHECK_INT(scene.connections, 2);
        http_scene_close(&scene);
    }
}

TEST(pool, closes_when_the_request_asked_for_it)
{
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    http_scene_open(&scene, &KEPT, 1);
    REQUIRE(weir_get(scene.session, &response, scene.url,
                     .headers = (weir_pair[]){{"Connection", "close"}, {0}}) ==
            WEIR_OK);
    CHECK_INT(weir_response_text(response, &text), WEIR_OK);
    weir_response_free(response);
    CHECK_INT(weir_session_connections(scene.session), 0);
    http_scene_close(&scene);
}

TEST(pool, drops_an_idle_connection_that_its_server_closes)
{
    static const struct http_answer ANSWER = {.bytes = OK_BODY, .then = HTTP_CLOSE};
    struct http_scene scene;
    http_scene_open(&scene, &ANSWER, 1);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(weir_session_connections(scene.session), 1);
    weir_sleep(scene.loop, 10);
    CHECK_INT(weir_session_connections(scene.session), 0);
    http_scene_close(&scene);
}

static int serve_then_talk(weir_stream *stream, void *arg)
{
    weir_slice head;
    size_t *connections = arg;
    ++*connections;
    if (weir_readuntil(weir_stream_reader(stream), WEIR_S("\r\n\r\n"), &head) <= 0)
        return WEIR_OK;
    weir_write(weir_stream_writer(stream), WEIR_S(OK_BODY));
    weir_sleep(weir_stream_loop(stream), 5);
    weir_write(weir_stream_writer(stream), WEIR_S(OK_BODY)); /* request smuggling */
    return weir_sleep(weir_stream_loop(stream), 60000);
}

TEST(pool, drops_an_idle_connection_that_talks)
{
    struct http_scene scene;
    weir_server *server;
    size_t connections = 0;
    http_scene_open(&scene, &KEPT, 1);
    REQUIRE(weir_start_server(scene.loop, &server, "127.0.0.1", 0,
                              .on_connect = serve_then_talk,
                              .arg = &connections) == WEIR_OK);
    snprintf(scene.url, sizeof(scene.url), "http://127.0.0.1:%d/",
             weir_server_port(server));
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(weir_session_connections(scene.session), 1);
    weir_sleep(scene.loop, 20);
    CHECK_INT(weir_session_connections(scene.session), 0);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(connections, 2);
    weir_server_free(server);
    http_scene_close(&scene);
}

/* The server closes when it gets the second request, as one does whose patience with
 * an idle connection ends at that moment. */
TEST(pool, sends_an_idempotent_request_once_more)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = OK_BODY}, {.then = HTTP_CLOSE}, {.bytes = OK_BODY}};
    struct http_scene scene;
    http_scene_open(&scene, ANSWERS, 3);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(scene.requests, 3);
    CHECK_INT(scene.connections, 2);
    http_scene_close(&scene);
}

TEST(pool, does_not_send_it_a_third_time_or_after_an_answer)
{
    static const struct http_answer NEVER[] = {{.bytes = OK_BODY},
                                               {.then = HTTP_CLOSE}};
    static const struct http_answer PART[] = {{.bytes = OK_BODY},
                                              {.bytes = "H", .then = HTTP_CLOSE}};
    struct http_scene scene;
    http_scene_open(&scene, NEVER, 2);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(http_scene_get(&scene, NULL), WEIR_E_CONNECTION);
    CHECK_INT(scene.requests, 3);
    http_scene_close(&scene);
    http_scene_open(&scene, PART, 2);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(http_scene_get(&scene, NULL), WEIR_E_INCOMPLETE);
    CHECK_INT(scene.requests, 2);
    http_scene_close(&scene);
}

TEST(pool, does_not_send_a_post_twice)
{
    static const struct http_answer ANSWERS[] = {{.bytes = OK_BODY},
                                                 {.then = HTTP_CLOSE}};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, ANSWERS, 2);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(weir_post(scene.session, &response, scene.url, .body = WEIR_S("pay")),
              WEIR_E_CONNECTION);
    CHECK_INT(scene.requests, 2);
    http_scene_close(&scene);
}

/* Outside of tasks the loop does not run between two calls, so the end of an idle
 * connection is only noticed if one looks. */
TEST(pool, a_post_does_not_meet_a_connection_closed_while_the_loop_stood_still)
{
    static const struct http_answer ANSWER = {.bytes = OK_BODY, .then = HTTP_CLOSE};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &ANSWER, 1);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(weir_session_connections(scene.session), 1);
    CHECK_INT(weir_loop_run_once(scene.loop, 10), WEIR_OK); /* the server's turn */
    CHECK_INT(weir_post(scene.session, &response, scene.url), WEIR_OK);
    weir_response_free(response);
    CHECK_INT(scene.connections, 2);
    http_scene_close(&scene);
}

TEST(pool, closes_what_is_idle_for_too_long)
{
    struct http_scene scene;
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.idle_timeout_ms = 30});
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    weir_sleep(scene.loop, 10);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    weir_sleep(scene.loop, 10);
    CHECK_INT(weir_session_connections(scene.session), 1);
    weir_sleep(scene.loop, 60);
    CHECK_INT(weir_session_connections(scene.session), 0);
    CHECK_INT(scene.connections, 1);
    http_scene_close(&scene);
}

static int get_in_task(void *arg)
{
    int rc = http_scene_get(arg, NULL);
    return rc == 200 ? WEIR_OK : rc;
}

TEST(pool, has_no_more_connections_than_it_may)
{
    static const struct http_answer CUT = {.bytes = OK_BODY, .cut = 3};
    struct http_scene scene;
    http_scene_open_with(&scene, &CUT, 1,
                         &(weir_session_options){.max_connections = 3});
    weir_group *group = weir_group_new(scene.loop, NULL);
    for (int i = 0; i < 40; i++)
        CHECK_INT(weir_group_spawn(group, get_in_task, &scene), WEIR_OK);
    CHECK_INT(weir_group_wait(group), WEIR_OK);
    weir_group_free(group);
    CHECK_INT(scene.requests, 40);
    CHECK_INT(scene.connections, 3);
    CHECK_INT(weir_session_connections(scene.session), 3);
    http_scene_close(&scene);
}

TEST(pool, gives_up_the_oldest_idle_connection_for_another_origin)
{
    static const char *const HOSTS[] = {"a.test", "b.test", "c.test", "b.test",
                                        "c.test"};
    struct http_scene scene;
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.max_connections = 2});
    for (size_t i = 0; i < 5; i++) {
        snprintf(scene.url, sizeof(scene.url), "http://%s:%d/", HOSTS[i], scene.port);
        CHECK_INT(http_scene_get(&scene, NULL), 200);
        CHECK(weir_session_connections(scene.session) <= 2);
    }
    CHECK_INT(scene.connections, 3);
    http_scene_close(&scene);
}

TEST(pool, a_cancelled_wait_for_a_connection_hands_it_on)
{
    struct http_scene scene;
    weir_response *response;
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.max_connections = 1});
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    weir_task *first = weir_spawn(scene.loop, get_in_task, &scene);
    weir_task *second = weir_spawn(scene.loop, get_in_task, &scene);
    weir_task *third = weir_spawn(scene.loop, get_in_task, &scene);
    weir_sleep(scene.loop, 5);
    CHECK_INT(scene.requests, 1);
    weir_cancel(second);
    weir_response_free(response); /* the first is granted it */
    weir_cancel(first);           /* too late or not, the third must get it */
    int rc = weir_join(first);
    CHECK(rc == WEIR_OK || rc == WEIR_E_CANCELLED);
    CHECK_INT(weir_join(second), WEIR_E_CANCELLED);
    CHECK_INT(weir_join(third), WEIR_OK);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    http_scene_close(&scene);
}

TEST(pool, a_cancel_that_comes_before_the_grant_passes_it_on)
{
    struct http_scene scene;
    weir_response *response;
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.max_connections = 1});
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    weir_task *first = weir_spawn(scene.loop, get_in_task, &scene);
    weir_task *second = weir_spawn(scene.loop, get_in_task, &scene);
    weir_sleep(scene.loop, 5);
    weir_cancel(first); /* ready to say so, but still the first of those who wait */
    weir_response_free(response);
    CHECK_INT(weir_join(first), WEIR_E_CANCELLED);
    CHECK_INT(weir_join(second), WEIR_OK);
    http_scene_close(&scene);
}

TEST(pool, waiting_for_a_connection_counts_as_time)
{
    struct http_scene scene;
    weir_response *response;
    weir_response *other;
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.max_connections = 1});
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    CHECK_INT(weir_get(scene.session, &other, scene.url, .timeout_ms = 20),
              WEIR_E_TIMEOUT);
    CHECK(http_failed_with("not over within 20 ms"));
    weir_response_free(response);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(scene.connections, 1);
    http_scene_close(&scene);
}
