/* Which of the time limits has ended a request.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "http_scene.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

/* One request, from head to body. */
static int run(const struct http_answer *answer, const weir_request_options *options)
{
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    http_scene_open(&scene, answer, 1);
    weir_request_options given = *options;
    given.url = given.url ? given.url : scene.url;
    int rc = weir_request(scene.session, &given, &response);
    if (rc == WEIR_OK) {
        rc = weir_response_text(response, &text);
        weir_response_free(response);
    }
    http_scene_close(&scene);
    return rc;
}

TEST(timeouts, the_sentence_says_which_limit_and_after_how_long)
{
    static const struct http_answer SILENT = {.bytes = "", .then = HTTP_HANG};
    static const struct http_answer HALF = {.bytes = HEAD "he", .then = HTTP_HANG};
    static const struct {
        const struct http_answer *answer;
        weir_request_options options;
        const char *words;
    } CASES[] = {
        {&SILENT,
         {.url = "http://slow.test/", .connect_timeout_ms = 11},
         "no connection within 11 ms (.connect_timeout_ms)"},
        {&SILENT,
         {.url = "http://slow.test/", .timeout_ms = 12},
         "not over within 12 ms (.timeout_ms)"},
        {&SILENT,
         {.first_byte_timeout_ms = 13, .read_timeout_ms = 1},
         "no answer within 13 ms (.first_byte_timeout_ms)"},
        {&SILENT,
         {.first_byte_timeout_ms = 900, .timeout_ms = 14},
         "not over within 14 ms (.timeout_ms)"},
        {&SILENT, {.read_timeout_ms = 15}, "nothing came for 15 ms (.read_timeout_ms)"},
        {&HALF,
         {.read_timeout_ms = 16, .first_byte_timeout_ms = 2000},
         "nothing came for 16 ms (.read_timeout_ms)"},
        {&HALF, {.timeout_ms = 17}, "not over within 17 ms (.timeout_ms)"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        CHECK_INT(run(CASES[i].answer, &CASES[i].options), WEIR_E_TIMEOUT);
        CHECK(http_failed_with(CASES[i].words));
        CHECK(http_failed_with("GET http://"));
    }
}

static int get(void *arg)
{
    return http_scene_get(arg, NULL);
}

TEST(timeouts, the_wait_for_a_connection_has_a_limit)
{
    static const struct http_answer ANSWER = {.bytes = HEAD "hello"};
    struct http_scene scene;
    weir_response *response;
    http_scene_open_with(
        &scene, &ANSWER, 1,
        &(weir_session_options){.max_connections = 1, .wait_timeout_ms = 20});
    for (int round = 0; round < 2; round++) {
        /* The body is not read, so the connection is in use. */
        REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
        weir_task *task = weir_spawn(scene.loop, get, &scene, .name = "second");
        REQUIRE(task != NULL);
        CHECK_INT(weir_join(task), WEIR_E_TIMEOUT);
        weir_response_free(response);
        CHECK_INT(http_scene_get(&scene, NULL), 200);
    }
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    CHECK_INT(weir_get(scene.session, &response, scene.url, .wait_timeout_ms = 10),
              WEIR_E_TIMEOUT);
    CHECK(http_failed_with("no connection was free for 10 ms (.wait_timeout_ms)"));
    weir_response_free(response);
    http_scene_close(&scene);
}
