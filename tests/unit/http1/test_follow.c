/* Redirects: where they lead, what goes along, and what does not (RFC 9110 15.4).
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "http_scene.h"

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define TO(code, location)                                    \
    {                                                         \
        .bytes = "HTTP/1.1 " code " X\r\nLocation: " location \
                 "\r\nContent-Length: 4\r\n\r\nbody"          \
    }

/* The head of a redirect to the same server by another name, which is another
 * origin. */
static const char *to_other_origin(char *space, size_t size, int port)
{
    snprintf(space, size,
             "HTTP/1.1 302 X\r\nLocation: http://other.test:%d/there\r\n"
             "Content-Length: 0\r\n\r\n",
             port);
    return space;
}

TEST(follow, a_redirect_is_followed_over_the_same_connection)
{
    static const struct http_answer ANSWERS[] = {
        TO("302", "/second"), TO("301", "third?x=1#part"), {.bytes = OK_EMPTY}};
    struct http_scene scene;
    weir_response *response;
    char wanted[64];
    http_scene_open(&scene, ANSWERS, 3);
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 200);
    snprintf(wanted, sizeof(wanted), "http://127.0.0.1:%d/third?x=1", scene.port);
    CHECK_BYTES(weir_response_url(response), weir_slice_of(wanted));
    CHECK(http_scene_saw(&scene, "GET /third?x=1 HTTP/1.1\r\n"));
    CHECK_INT(scene.connections, 1);
    CHECK_INT(scene.requests, 3);
    REQUIRE(weir_response_history_count(response) == 2);
    CHECK_INT(weir_response_status(weir_response_history(response, 0)), 302);
    CHECK_INT(weir_response_status(weir_response_history(response, 1)), 301);
    CHECK(!weir_response_history(response, 2));
    weir_response_free(response);
    http_scene_close(&scene);
}

/* RFC 9110 15.4.2 to 15.4.9. */
TEST(follow, the_method_and_the_body_change_as_the_status_says)
{
    static const struct {
        const char *method;
        int status_code;
        const char *next;
        bool body;
    } CASES[] = {
        {"POST", 301, "GET ", false},     {"POST", 302, "GET ", false},
        {"POST", 303, "GET ", false},     {"POST", 307, "POST ", true},
        {"POST", 308, "POST ", true},     {"PUT", 301, "PUT ", true},
        {"PUT", 302, "PUT ", true},       {"PUT", 303, "GET ", false},
        {"PUT", 307, "PUT ", true},       {"PATCH", 308, "PATCH ", true},
        {"DELETE", 301, "DELETE ", true}, {"HEAD", 303, "HEAD ", true},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char redirect[100];
        snprintf(redirect, sizeof(redirect),
                 "HTTP/1.1 %d X\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n",
                 CASES[i].status_code);
        struct http_answer answers[] = {{.bytes = redirect}, {.bytes = OK_EMPTY}};
        struct http_scene scene;
        weir_response *response;
        http_scene_open(&scene, answers, 2);
        weir_request_options options = {.method = CASES[i].method,
                                        .url = scene.url,
                                        .body = WEIR_S("abc"),
                                        .content_type = "text/plain"};
        REQUIRE(weir_request(scene.session, &options, &response) == WEIR_OK);
        weir_response_free(response);
        CHECK(strncmp(scene.request, CASES[i].next, strlen(CASES[i].next)) == 0);
        CHECK_INT(http_scene_saw(&scene, "\r\n\r\nabc"), CASES[i].body);
        CHECK_INT(http_scene_saw(&scene, "text/plain"), CASES[i].body);
        CHECK_INT(http_scene_saw(&scene, "Content-Length: 3"), CASES[i].body);
        http_scene_close(&scene);
    }
}

TEST(follow, credentials_stay_with_their_origin)
{
    char redirect[128];
    struct http_answer answers[] = {
        {.bytes = ""}, {.bytes = OK_EMPTY}, TO("302", "/same"), {.bytes = OK_EMPTY}};
    struct http_scene scene;
    weir_response *response;
    weir_session_options session = {
        .headers = (weir_pair[]){{"Cookie", "session=1"}, {"X-Kept", "yes"}, {0}}};
    http_scene_open_with(&scene, answers, 4, &session);
    answers[0].bytes = to_other_origin(redirect, sizeof(redirect), scene.port);
    const weir_pair *secrets = (weir_pair[]){{"Authorization", "Bearer secret"}, {0}};
    REQUIRE(weir_get(scene.session, &response, scene.url, .headers = secrets) ==
            WEIR_OK);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "Host: other.test"));
    CHECK(http_scene_saw(&scene, "X-Kept: yes"));
    CHECK(!http_scene_saw(&scene, "secret"));
    CHECK(!http_scene_saw(&scene, "Cookie"));
    REQUIRE(weir_get(scene.session, &response, scene.url, .headers = secrets) ==
            WEIR_OK);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "GET /same "));
    CHECK(http_scene_saw(&scene, "Bearer secret"));
    CHECK(http_scene_saw(&scene, "Cookie: session=1"));
    http_scene_close(&scene);
}

/* A server could have us say who we are in its own words, and show them in logs. */
TEST(follow, a_name_and_password_in_a_redirect_are_not_heeded)
{
    char redirect[128];
    struct http_answer answers[] = {{.bytes = redirect}, {.bytes = OK_EMPTY}};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, answers, 2);
    snprintf(redirect, sizeof(redirect),
             "HTTP/1.1 302 X\r\nLocation: http://you:secret@127.0.0.1:%d/y\r\n"
             "Content-Length: 0\r\n\r\n",
             scene.port);
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    CHECK(!http_scene_saw(&scene, "Authorization"));
    CHECK(weir_slice_find(weir_response_url(response), WEIR_S("secret")) ==
          weir_response_url(response).len);
    weir_response_free(response);
    http_scene_close(&scene);
}

TEST(follow, a_loop_ends_at_the_limit)
{
    static const struct http_answer ANSWER = TO("302", "/again");
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &ANSWER, 1);
    CHECK_INT(weir_get(scene.session, &response, scene.url), WEIR_E_TOO_BIG);
    CHECK(http_failed_with("more than 10 times"));
    CHECK_INT(scene.requests, 11);
    CHECK_INT(weir_get(scene.session, &response, scene.url, .max_redirects = 2),
              WEIR_E_TOO_BIG);
    CHECK_INT(scene.requests, 14);
    REQUIRE(weir_get(scene.session, &response, scene.url, .max_redirects = WEIR_NONE) ==
            WEIR_OK);
    CHECK_INT(weir_response_status(response), 302);
    weir_response_free(response);
    CHECK_INT(weir_session_connections(scene.session), 1);
    http_scene_close(&scene);
}

TEST(follow, other_schemes_and_broken_places_are_not_followed)
{
    static const struct {
        struct http_answer answer;
        int rc;
        const char *words;
    } CASES[] = {
        {TO("302", "file:///etc/passwd"), WEIR_E_UNSUPPORTED, "file:///etc/passwd"},
        {TO("302", "ws://host/"), WEIR_E_UNSUPPORTED, "ws is not supported"},
        {TO("302", "http://"), WEIR_E_INVALID, "the redirect to"},
        {TO("302", "http://a b/"), WEIR_E_INVALID, "the redirect to"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct http_scene scene;
        weir_response *response;
        http_scene_open(&scene, &CASES[i].answer, 1);
        CHECK_INT(weir_get(scene.session, &response, scene.url), CASES[i].rc);
        CHECK(http_failed_with(CASES[i].words));
        http_scene_close(&scene);
    }
}

TEST(follow, a_redirect_without_a_place_is_an_answer)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = "HTTP/1.1 304 X\r\nLocation: /x\r\n\r\n"},
        {.bytes = "HTTP/1.1 300 X\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"},
    };
    struct http_scene scene;
    http_scene_open(&scene, ANSWERS, 3);
    CHECK_INT(http_scene_get(&scene, NULL), 302);
    CHECK_INT(http_scene_get(&scene, NULL), 304);
    CHECK_INT(http_scene_get(&scene, NULL), 300);
    http_scene_close(&scene);
}

TEST(follow, one_time_limit_is_for_all_hops)
{
    static const struct http_answer ANSWERS[] = {TO("302", "/second"),
                                                 {.bytes = "", .then = HTTP_HANG}};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, ANSWERS, 2);
    CHECK_INT(weir_get(scene.session, &response, scene.url, .timeout_ms = 60),
              WEIR_E_TIMEOUT);
    CHECK(http_failed_with("60 ms"));
    CHECK(http_failed_with("/second"));
    http_scene_close(&scene);
}

/* A long body of a redirect is not read to its end for its connection. */
TEST(follow, a_long_body_of_a_redirect_costs_its_connection)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 302 X\r\nLocation: /x\r\nContent-Length: 100000\r\n\r\n",
         .then = HTTP_HANG},
        {.bytes = OK_EMPTY}};
    struct http_scene scene;
    http_scene_open(&scene, ANSWERS, 2);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(scene.connections, 2);
    http_scene_close(&scene);
}

TEST(follow, the_session_says_what_requests_have_in_common)
{
    static const struct http_answer ANSWER = {.bytes = OK_EMPTY};
    struct http_scene scene;
    weir_response *response;
    char base[64];
    http_scene_open(&scene, &ANSWER, 1);
    snprintf(base, sizeof(base), "http://127.0.0.1:%d/api/", scene.port);
    weir_session *session = weir_session_new(
        scene.loop,
        &(weir_session_options){
            .base_url = base,
            .params = (weir_pair[]){{"key", "k&1"}, {0}},
            .headers =
                (weir_pair[]){{"X-One", "1"}, {"X-Two", "2"}, {"X-Two", "3"}, {0}},
            .user_agent = "test"});
    REQUIRE(session != NULL);
    REQUIRE(weir_get(session, &response, "items?a=b",
                     .params = (weir_pair[]){{"q", "x y"}, {"none", NULL}, {0}},
                     .headers = (weir_pair[]){{"x-two", "mine"}, {0}},
                     .skip_headers = (const char *const[]){
                         "x-one", "accept", "accept-encoding", NULL}) == WEIR_OK);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "GET /api/items?a=b&key=k%261&q=x+y&none= HTTP/1.1"));
    CHECK(http_scene_saw(&scene, "x-two: mine"));
    CHECK(http_scene_saw(&scene, "User-Agent: test"));
    CHECK(!http_scene_saw(&scene, "X-Two"));
    CHECK(!http_scene_saw(&scene, "X-One"));
    CHECK(!http_scene_saw(&scene, "Accept"));
    REQUIRE(weir_get(session, &response, "/top") == WEIR_OK);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "GET /top?key=k%261 HTTP/1.1"));
    CHECK(http_scene_saw(&scene, "X-Two: 2\r\nX-Two: 3"));
    weir_session_free(session);
    http_scene_close(&scene);
}

TEST(follow, a_session_refuses_what_requests_cannot_have_in_common)
{
    const weir_session_options CASES[] = {
        {.base_url = "relative/"},
        {.headers = (weir_pair[]){{"Host", "x"}, {0}}},
        {.headers = (weir_pair[]){{"Content-Length", "1"}, {0}}},
        {.headers = (weir_pair[]){{"X", "a\r\nb"}, {0}}},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        CHECK(!weir_session_new(NULL, &CASES[i]));
        CHECK_INT(weir_last_error()->status, WEIR_E_INVALID);
    }
}

TEST(follow, an_error_status_is_a_failure_where_that_is_asked_for)
{
    static const struct http_answer ANSWER = {
        .bytes = "HTTP/1.1 404 Gone\r\nContent-Length: 14\r\n\r\nno such thing\n"};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &ANSWER, 1);
    CHECK_INT(weir_get(scene.session, &response, scene.url, .raise_for_status = true),
              WEIR_E_STATUS);
    CHECK(http_failed_with("404 Gone: \"no such thing\""));
    CHECK_INT(http_scene_get(&scene, NULL), 404);
    http_scene_close(&scene);
}
