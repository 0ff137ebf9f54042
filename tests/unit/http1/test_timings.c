/* How long requests took, and how much was sent and received.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "http_scene.h"

#define CHUNKED \
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"

TEST(timings, bytes_are_counted_as_they_are_on_the_connection)
{
    static const struct http_answer ANSWER = {.bytes = CHUNKED};
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    http_scene_open(&scene, &ANSWER, 1);
    for (int i = 0; i < 2; i++) {
        REQUIRE(weir_post(scene.session, &response, scene.url, .body = WEIR_S("abc")) ==
                WEIR_OK);
        REQUIRE(weir_response_text(response, &text) == WEIR_OK);
        weir_response_times times = weir_response_timings(response);
        CHECK_INT(times.sent_bytes, scene.request_len);
        CHECK_INT(times.received_bytes, strlen(CHUNKED));
        CHECK_INT(times.body_bytes, 5);
        CHECK_INT(times.decoded_bytes, 5);
        CHECK((times.connect_ms > 0) == (i == 0));
        CHECK(times.tls_ms == 0);
        CHECK(times.first_byte_ms > 0 && times.first_byte_ms <= times.total_ms);
        CHECK(times.resolve_ms + times.connect_ms <= times.first_byte_ms);
        weir_response_free(response);
    }
    CHECK_INT(scene.connections, 1);
    http_scene_close(&scene);
}

TEST(timings, the_addresses_outlive_the_connection)
{
    static const struct http_answer ANSWER = {.bytes = "HTTP/1.1 200 OK\r\n\r\n",
                                              .then = HTTP_CLOSE};
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    http_scene_open(&scene, &ANSWER, 1);
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    REQUIRE(weir_response_text(response, &text) == WEIR_OK);
    CHECK_INT(weir_session_connections(scene.session), 0);
    const weir_address *peer = weir_response_peer_address(response);
    const weir_address *local = weir_response_local_address(response);
    CHECK_INT(weir_address_port(peer), scene.port);
    CHECK(weir_address_port(local) > 0 && weir_address_port(local) != scene.port);
    weir_response_free(response);
    http_scene_close(&scene);
}

static int hold(void *arg)
{
    struct http_scene *scene = arg;
    weir_response *response;
    int rc = weir_get(scene->session, &response, scene->url);
    if (rc < 0)
        return rc;
    rc = weir_sleep(scene->loop, 30);
    weir_response_free(response);
    return rc;
}

static int wait_behind(void *arg)
{
    struct http_scene *scene = arg;
    weir_response *response;
    int rc = weir_sleep(scene->loop, 5);
    if (rc == WEIR_OK)
        rc = weir_get(scene->session, &response, scene->url);
    if (rc < 0)
        return rc;
    weir_response_times times = weir_response_timings(response);
    CHECK(times.wait_ms >= 15 && times.wait_ms <= times.first_byte_ms);
    CHECK(times.first_byte_ms <= times.total_ms);
    weir_response_free(response);
    return rc;
}

TEST(timings, the_wait_for_a_connection_is_told_apart)
{
    static const struct http_answer ANSWER = {
        .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", .then = HTTP_HANG};
    static const struct http_answer *const ANSWERS = &ANSWER;
    struct http_scene scene;
    http_scene_open_with(&scene, ANSWERS, 1,
                         &(weir_session_options){.max_connections = 1});
    weir_task *holder = weir_spawn(scene.loop, hold, &scene, .name = "holder");
    weir_task *waiter = weir_spawn(scene.loop, wait_behind, &scene, .name = "waiter");
    REQUIRE(holder && waiter);
    CHECK_INT(weir_join(holder), WEIR_OK);
    CHECK_INT(weir_join(waiter), WEIR_OK);
    http_scene_close(&scene);
}
