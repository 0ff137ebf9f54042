/* What a response says of itself.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "http_scene.h"

TEST(response, tells_status_reason_fields_and_url)
{
    static const struct http_answer ANSWER = {
        .bytes = "HTTP/1.1 203 Half True\r\nContent-Length: 2\r\nX-A: 1\r\nx-a: "
                 "2\r\n\r\nhi"};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &ANSWER, 1);
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 203);
    CHECK_BYTES(weir_response_reason(response), WEIR_S("Half True"));
    CHECK_INT(weir_response_minor_version(response), 1);
    CHECK_INT(weir_http_fields_count(weir_response_fields(response)), 3);
    CHECK_BYTES(weir_response_field(response, WEIR_S("X-a")), WEIR_S("1"));
    CHECK(weir_response_field(response, WEIR_S("none")).data == NULL);
    CHECK_INT(weir_response_content_length(response), 2);
    CHECK_BYTES(weir_response_url(response), weir_slice_of(scene.url));
    CHECK(weir_response_trailers(response) == NULL);
    weir_response_free(response);
    http_scene_close(&scene);
}

TEST(response, url_has_no_fragment)
{
    static const struct http_answer ANSWER = {
        .bytes = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"};
    struct http_scene scene;
    weir_response *response;
    char url[80];
    http_scene_open(&scene, &ANSWER, 1);
    snprintf(url, sizeof(url), "%s#part", scene.url);
    REQUIRE(weir_get(scene.session, &response, url) == WEIR_OK);
    CHECK_BYTES(weir_response_url(response), weir_slice_of(scene.url));
    CHECK_INT(weir_response_minor_version(response), 0);
    CHECK(http_scene_saw(&scene, "GET /path?query HTTP/1.1\r\n"));
    weir_response_free(response);
    http_scene_close(&scene);
}

TEST(response, raises_for_400_and_more)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 399 X\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = "HTTP/1.1 404 Gone \x1b[31mRed\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = "HTTP/1.1 404 Gone Red\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = "HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n"},
    };
    static const char *const SENTENCES[] = {NULL, NULL, "404 Gone Red",
                                            "503 Service Unavailable"};
    struct http_scene scene;
    http_scene_open(&scene, ANSWERS, 4);
    for (int i = 0; i < 4; i++) {
        weir_response *response;
        if (weir_get(scene.session, &response, scene.url) < 0) {
            CHECK_INT(i, 1); /* a control character is no reason phrase */
            continue;
        }
        int rc = weir_response_raise_for_status(response);
        CHECK_INT(rc, SENTENCES[i] ? WEIR_E_STATUS : WEIR_OK);
        CHECK(!SENTENCES[i] || http_failed_with(SENTENCES[i]));
        CHECK(!SENTENCES[i] || http_failed_with("GET http://127.0.0.1:"));
        CHECK(!SENTENCES[i] || !strstr(weir_last_error()->message, "query"));
        weir_response_free(response);
    }
    http_scene_close(&scene);
}

TEST(response, text_is_the_same_twice_and_survives_the_connection)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"},
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond"},
    };
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    weir_slice again;
    http_scene_open(&scene, ANSWERS, 2);
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    REQUIRE(weir_response_text(response, &text) == WEIR_OK);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(scene.connections, 1);
    CHECK_BYTES(text, WEIR_S("first"));
    CHECK_INT(weir_read(weir_response_body(response), 100, &again), 0);
    REQUIRE(weir_response_text(response, &again) == WEIR_OK);
    CHECK_BYTES(again, WEIR_S("first"));
    CHECK(weir_reader_at_eof(weir_response_body(response)));
    weir_response_free(response);
    http_scene_close(&scene);
}

TEST(response, text_over_the_limit_can_still_be_read)
{
    static const struct http_answer ANSWER = {
        .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"};
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    http_scene_open(&scene, &ANSWER, 1);
    REQUIRE(weir_get(scene.session, &response, scene.url, .max_text_bytes = 9) ==
            WEIR_OK);
    CHECK_INT(weir_response_text(response, &text), WEIR_E_TOO_BIG);
    CHECK(http_failed_with("more than 9 bytes"));
    CHECK_INT(weir_read(weir_response_body(response), 100, &text), 10);
    CHECK_BYTES(text, WEIR_S("0123456789"));
    CHECK_INT(weir_read(weir_response_body(response), 100, &text), 0);
    weir_response_free(response);
    CHECK_INT(weir_session_connections(scene.session), 1);
    http_scene_close(&scene);
}
