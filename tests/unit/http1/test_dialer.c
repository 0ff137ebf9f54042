/* Where connections go, and how long they are kept: Unix paths, own tables of names,
 * public addresses; Keep-Alive; and what a response tells of its connection.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "http_scene.h"

#define OK_BODY "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"

static const struct http_answer KEPT = {.bytes = OK_BODY};

static int get(struct http_scene *scene, const char *url)
{
    snprintf(scene->url, sizeof(scene->url), "%s", url);
    return http_scene_get(scene, NULL);
}

static int serve(weir_stream *stream, void *arg)
{
    weir_slice head;
    int *requests = arg;
    while (weir_readuntil(weir_stream_reader(stream), WEIR_S("\r\n\r\n"), &head) > 0) {
        ++*requests;
        weir_write(weir_stream_writer(stream), WEIR_S(OK_BODY));
    }
    return WEIR_OK;
}

TEST(dialer, goes_to_a_unix_path_whatever_the_host)
{
    struct http_scene scene;
    weir_server *server;
    int requests = 0;
    char path[64];
    snprintf(path, sizeof(path), "/tmp/weir-test-%d.sock", (int)getpid());
    http_scene_open_with(&scene, &KEPT, 1, &(weir_session_options){.unix_path = path});
    REQUIRE(weir_start_unix_server(scene.loop, &server, path, .on_connect = serve,
                                   .arg = &requests) == WEIR_OK);
    CHECK_INT(get(&scene, "http://a.test/"), 200);
    CHECK_INT(get(&scene, "http://a.test/"), 200);
    CHECK_INT(weir_session_connections(scene.session), 1);
    CHECK_INT(get(&scene, "http://b.test:81/"), 200);
    CHECK_INT(weir_session_connections(scene.session), 2);
    CHECK_INT(requests, 3);
    CHECK_INT(scene.requests, 0);
    weir_server_free(server);
    weir_session_free(scene.session);
    scene.session = NULL;
    http_scene_close(&scene);
}

TEST(dialer, has_addresses_in_place_of_look_ups)
{
    struct http_scene scene;
    char here[64];
    char closed[64];
    http_scene_open(&scene, &KEPT, 1);
    weir_session_free(scene.session);
    snprintf(here, sizeof(here), "slow.test:%d", scene.port);
    snprintf(closed, sizeof(closed), "http://slow.test:%d/", scene.port + 1);
    const weir_pair table[] = {{here, " 127.0.0.1 , ::1"},
                               {"[::5]", "127.0.0.1"},
                               {"any.test:1", "192.0.2.1"},
                               {"*", "127.0.0.1"},
                               {0}};
    scene.session =
        weir_session_new(scene.loop, &(weir_session_options){.resolve = table});
    REQUIRE(scene.session != NULL);
    snprintf(scene.url, sizeof(scene.url), "http://slow.test:%d/", scene.port);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK(http_scene_saw(&scene, "Host: slow.test:"));
    snprintf(scene.url, sizeof(scene.url), "http://ANY.test:%d/", scene.port);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    snprintf(scene.url, sizeof(scene.url), "http://[::5]:%d/", scene.port);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    http_scene_close(&scene);
}

TEST(dialer, refuses_options_that_make_no_sense)
{
    static const weir_pair TABLES[][2] = {
        {{"", "127.0.0.1"}, {0}},
        {{"a.test", "b.test"}, {0}},
        {{"a.test", ""}, {0}},
        {{"a.test", NULL}, {0}},
        {{"a.test:0", "127.0.0.1"}, {0}},
        {{"a.test:65536", "127.0.0.1"}, {0}},
        {{"a.test:x", "127.0.0.1"}, {0}},
        {{"a.test:", "127.0.0.1"}, {0}},
        {{"[::1", "127.0.0.1"}, {0}},
        {{"[::1]x", "127.0.0.1"}, {0}},
        {{"a.test", "127.0.0.1,"}, {0}},
        {{"a.test", "127.0.0.1 ::1"}, {0}},
        {{"a.test:123456", "::1"}, {0}},
    };
    struct http_scene scene;
    http_scene_open(&scene, &KEPT, 1);
    for (size_t i = 0; i < sizeof(TABLES) / sizeof(TABLES[0]); i++) {
        weir_session *session =
            weir_session_new(scene.loop, &(weir_session_options){.resolve = TABLES[i]});
        test_check(!session, __FILE__, __LINE__, TABLES[i][0].name);
        CHECK(http_failed_with(".resolve: "));
        weir_session_free(session);
    }
    CHECK(
        !weir_session_new(scene.loop, &(weir_session_options){.local_host = "a.test"}));
    CHECK(http_failed_with("a.test is no address"));
    CHECK(!weir_session_new(
        scene.loop, &(weir_session_options){.unix_path = "/x", .public_only = true}));
    CHECK(http_failed_with(".unix_path"));
    http_scene_close(&scene);
}

TEST(dialer, comes_from_the_address_and_family_that_are_asked_for)
{
    struct http_scene scene;
    http_scene_open_with(
        &scene, &KEPT, 1,
        &(weir_session_options){.local_host = "127.0.0.1", .family = WEIR_FAMILY_IPV4});
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    weir_session_free(scene.session);
    scene.session = weir_session_new(
        scene.loop, &(weir_session_options){.family = WEIR_FAMILY_IPV6});
    CHECK_INT(http_scene_get(&scene, NULL), WEIR_E_RESOLVE); /* of a literal: no such */
    http_scene_close(&scene);
}

/* Also where a redirect leads, and by whatever name. */
TEST(dialer, keeps_to_public_addresses_when_asked_to)
{
    struct http_scene scene;
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.public_only = true});
    static const char *const URLS[] = {
        "http://127.0.0.1/", "http://0x7f.1/", "http://[::ffff:127.0.0.1]/",
        "http://any.test/",  "http://[::1]/",  "http://169.254.169.254/"};
    for (size_t i = 0; i < sizeof(URLS) / sizeof(URLS[0]); i++) {
        CHECK_INT(get(&scene, URLS[i]), WEIR_E_CONNECTION);
        CHECK(http_failed_with("is not a public address"));
    }
    CHECK_INT(scene.connections, 0);
    http_scene_close(&scene);
}

/* --- how long --------------------------------------------------------------------- */

TEST(keep_alive, is_no_longer_than_the_server_says)
{
    static const struct {
        const char *field;
        bool kept;
    } CASES[] = {
        {"Keep-Alive: timeout=5, max=100", true},
        {"Keep-Alive: timeout=2", true},
        {"keep-alive: TIMEOUT = 2 ; x", true}, /* not a number: nothing is said */
        {"Keep-Alive: max=1", true},
        {"Keep-Alive: max=0", false},
        {"Keep-Alive: timeout=0", false},
        {"Keep-Alive: timeout=1", false}, /* a second less is none */
        {"Keep-Alive: timeout=5,max=0", false},
        {"Keep-Alive: timeout=99999999999999999999", true},
        {"Keep-Alive: timeout=4294967296", true},
        {"Keep-Alive: ", true},
        {"Keep-Alive: 300", true},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct http_scene scene;
        char answer[200];
        struct http_answer answers[] = {{.bytes = answer}};
        snprintf(answer, sizeof(answer),
                 "HTTP/1.1 200 OK\r\n%s\r\nContent-Length: 0\r\n\r\n", CASES[i].field);
        http_scene_open(&scene, answers, 1);
        CHECK_INT(http_scene_get(&scene, NULL), 200);
        test_check(weir_session_connections(scene.session) == (CASES[i].kept ? 1 : 0),
                   __FILE__, __LINE__, CASES[i].field);
        http_scene_close(&scene);
    }
}

TEST(keep_alive, ends_a_second_before_the_server_would)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
        {.bytes =
             "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 0\r\n\r\n"}};
    struct http_scene scene;
    http_scene_open(&scene, ANSWERS, 2);
    CHECK_INT(get(&scene, "http://a.test/"), WEIR_E_CONNECTION); /* no such port */
    snprintf(scene.url, sizeof(scene.url), "http://a.test:%d/", scene.port);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    snprintf(scene.url, sizeof(scene.url), "http://b.test:%d/", scene.port);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(weir_session_connections(scene.session), 2);
    weir_sleep(scene.loop, 700);
    CHECK_INT(weir_session_connections(scene.session), 2);
    weir_sleep(scene.loop, 500); /* the one behind is due first */
    CHECK_INT(weir_session_connections(scene.session), 1);
    http_scene_close(&scene);
}

TEST(keep_alive, is_off_when_asked_for)
{
    struct http_scene scene;
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.force_close = true});
    for (int i = 0; i < 3; i++) {
        CHECK_INT(http_scene_get(&scene, NULL), 200);
        CHECK(http_scene_saw(&scene, "Connection: close\r\n"));
        CHECK_INT(weir_session_connections(scene.session), 0);
    }
    CHECK_INT(scene.connections, 3);
    http_scene_close(&scene);
}

/* --- what is told ----------------------------------------------------------------- */

static void check_text(struct http_scene *scene, weir_connection_choice choice,
                       unsigned number, const char *wanted)
{
    weir_response *response;
    char text[128];
    REQUIRE(weir_get(scene->session, &response, scene->url) == WEIR_OK);
    weir_connection_info info = weir_response_connection_info(response);
    CHECK_INT(info.choice, choice);
    CHECK_INT(info.request_number, number);
    CHECK(info.idle_ms < 1000);
    weir_response_connection_text(response, text, sizeof(text));
    test_check(strstr(text, wanted) != NULL, __FILE__, __LINE__, text);
    weir_response_connection_text(response, text, 4);
    CHECK_INT(strlen(text), 3);
    weir_response_free(response);
}

TEST(connection_info, says_why_a_connection_was_opened_or_used_again)
{
    static const struct http_answer ANSWERS[] = {{.bytes = OK_BODY},
                                                 {.bytes = OK_BODY},
                                                 {.bytes = OK_BODY},
                                                 {.then = HTTP_CLOSE},
                                                 {.bytes = OK_BODY}};
    struct http_scene scene;
    http_scene_open(&scene, ANSWERS, 5);
    snprintf(scene.url, sizeof(scene.url), "http://a.test:%d/", scene.port);
    check_text(&scene, WEIR_CONNECTION_NONE_IDLE, 1,
               "opened: none idle to http://a.test:");
    check_text(&scene, WEIR_CONNECTION_REUSED, 2, "reused, idle for ");
    check_text(&scene, WEIR_CONNECTION_REUSED, 3, " ms, request 3 on it");
    check_text(&scene, WEIR_CONNECTION_WAS_CLOSED, 1,
               "opened: the server had closed the idle one");
    http_scene_close(&scene);
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.force_close = true});
    check_text(&scene, WEIR_CONNECTION_NEVER_KEPT, 1, "opened: none is kept");
    http_scene_close(&scene);
}
