/* https: who is trusted, which connection a request gets, and where a body ends when
 * the connection does.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <weir/group.h>
#include <weir/tls.h>

#include "certificates.h"
#include "http_scene.h"

#define OK_BODY "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"

static const struct http_answer KEPT = {.bytes = OK_BODY};

struct https_scene {
    struct http_scene http;
    weir_tls_context *server;
    weir_tls_context *client;
};

static weir_tls_context *new_server(const char *name)
{
    static const char *const PROTOCOLS[] = {"http/1.1", NULL};
    char file[64];
    char key[64];
    weir_tls_context *context = NULL;
    snprintf(file, sizeof(file), "%s.pem", name);
    snprintf(key, sizeof(key), "%s.key", name);
    REQUIRE(weir_tls_server_new(&context, &(weir_tls_options){
                                              .certificate_file = certificate(file),
                                              .key_file = certificate(key),
                                              .alpn = PROTOCOLS,
                                          }) == WEIR_OK);
    return context;
}

static weir_tls_context *new_client(void)
{
    weir_tls_context *context = NULL;
    REQUIRE(weir_tls_client_new(
                &context, &(weir_tls_options){.ca_file = certificate("ca.pem")}) ==
            WEIR_OK);
    return context;
}

static void open_with(struct https_scene *scene, const struct http_answer *answers,
                      size_t count, const weir_session_options *options)
{
    weir_session_options all = options ? *options : (weir_session_options){0};
    scene->server = new_server("localhost");
    scene->client = new_client();
    all.tls = scene->client;
    http_scene_open_secure(&scene->http, answers, count, scene->server, &all);
}

static void open_scene(struct https_scene *scene, const struct http_answer *answers,
                       size_t count)
{
    open_with(scene, answers, count, NULL);
}

static void close_scene(struct https_scene *scene)
{
    http_scene_close(&scene->http);
    weir_tls_context_free(scene->server);
    weir_tls_context_free(scene->client);
}

static void set_url(struct http_scene *scene, const char *scheme, const char *host)
{
    snprintf(scene->url, sizeof(scene->url), "%s://%s:%d/", scheme, host, scene->port);
}

TEST(https, gets_over_one_connection)
{
    struct https_scene scene;
    char text[256];
    open_scene(&scene, &KEPT, 1);
    for (int i = 0; i < 10; i++) {
        CHECK_INT(http_scene_get(&scene.http, text), 200);
        CHECK(strcmp(text, "body") == 0);
    }
    CHECK_INT(scene.http.connections, 1);
    CHECK(http_scene_saw(&scene.http, "GET /path?query HTTP/1.1\r\nHost: localhost:"));
    close_scene(&scene);
}

TEST(https, posts_a_body_of_megabytes)
{
    static char sent[3 << 20];
    struct https_scene scene;
    weir_response *response;
    open_scene(&scene, &KEPT, 1);
    memset(sent, 'x', sizeof(sent));
    REQUIRE(weir_post(scene.http.session, &response, scene.http.url,
                      .body = {sent, sizeof(sent)}) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 200);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene.http, "Content-Length: 3145728\r\n"));
    CHECK_INT(scene.http.request_len, sizeof(scene.http.request) - 1);
    close_scene(&scene);
}

/* --- trust ------------------------------------------------------------------------ */

TEST(https, talks_to_nobody_it_does_not_trust)
{
    struct https_scene scene;
    weir_session *trusting_the_system;
    weir_response *response;
    open_scene(&scene, &KEPT, 1);
    trusting_the_system = weir_session_new(scene.http.loop, NULL);
    REQUIRE(trusting_the_system != NULL);
    CHECK_INT(weir_get(trusting_the_system, &response, scene.http.url), WEIR_E_TLS);
    CHECK(http_failed_with("GET https://localhost:"));
    CHECK(http_failed_with("connect to localhost: "));
    weir_session_free(trusting_the_system);
    CHECK_INT(scene.http.requests, 0);
    close_scene(&scene);
}

TEST(https, talks_to_the_host_of_the_url_only)
{
    struct https_scene scene;
    weir_response *response;
    open_scene(&scene, &KEPT, 1);
    set_url(&scene.http, "https", "other.test");
    CHECK_INT(http_scene_get(&scene.http, NULL), WEIR_E_TLS);
    CHECK(http_failed_with("other.test"));
    CHECK(http_failed_with("localhost")); /* whom it is for */
    /* What the field Host says does not matter. */
    CHECK_INT(weir_get(scene.http.session, &response, scene.http.url,
                       .headers = (weir_pair[]){{"Host", "localhost"}, {0}}),
              WEIR_E_TLS);
    CHECK_INT(scene.http.requests, 0);
    set_url(&scene.http, "https", "127.0.0.1");
    CHECK_INT(http_scene_get(&scene.http, NULL), 200);
    close_scene(&scene);
}

struct seen {
    int count;
    char version[16];
    char alpn[16];
    char server_name[32];
    bool verified;
};

static void look(weir_stream *stream, void *arg)
{
    struct seen *seen = arg;
    weir_tls_info *info;
    seen->count++;
    if (weir_stream_tls_info(stream, &info) < 0)
        return;
    snprintf(seen->version, sizeof(seen->version), "%s", info->version);
    snprintf(seen->alpn, sizeof(seen->alpn), "%s", info->alpn);
    snprintf(seen->server_name, sizeof(seen->server_name), "%s", info->server_name);
    seen->verified = info->verified;
    weir_tls_info_free(info);
}

TEST(https, makes_a_context_of_its_own)
{
    struct https_scene scene;
    struct seen seen = {0};
    setenv("SSL_CERT_FILE", certificate("ca.pem"), 1);
    scene.server = new_server("localhost");
    scene.client = NULL;
    http_scene_open_secure(&scene.http, &KEPT, 1, scene.server,
                           &(weir_session_options){.on_connect = look, .arg = &seen});
    CHECK_INT(http_scene_get(&scene.http, NULL), 200);
    CHECK_INT(http_scene_get(&scene.http, NULL), 200);
    CHECK_INT(seen.count, 1);
    CHECK(seen.verified);
    CHECK(strcmp(seen.version, "TLSv1.3") == 0);
    CHECK(strcmp(seen.alpn, "http/1.1") == 0);
    CHECK(strcmp(seen.server_name, "localhost") == 0);
    close_scene(&scene);
    unsetenv("SSL_CERT_FILE");
}

/* --- connections ------------------------------------------------------------------ */

TEST(https, shares_no_connection_with_http)
{
    struct https_scene scene;
    struct seen seen = {0};
    open_with(&scene, &KEPT, 1,
              &(weir_session_options){.on_connect = look, .arg = &seen});
    CHECK_INT(http_scene_get(&scene.http, NULL), 200);
    CHECK_INT(weir_session_connections(scene.http.session), 1);
    set_url(&scene.http, "http", "localhost");
    CHECK(http_scene_get(&scene.http, NULL) < 0);
    CHECK_INT(seen.count, 2);
    CHECK_INT(scene.http.requests, 1);
    set_url(&scene.http, "https", "localhost");
    CHECK_INT(http_scene_get(&scene.http, NULL), 200);
    CHECK_INT(seen.count, 2); /* the first was kept */
    close_scene(&scene);
}

TEST(https, says_that_the_server_speaks_tls)
{
    static const struct http_answer ALERT = {
        .bytes = "\x15\3\3\0\2\2\x46", .len = 7, .then = HTTP_CLOSE};
    struct http_scene scene;
    http_scene_open(&scene, &ALERT, 1);
    CHECK_INT(http_scene_get(&scene, NULL), WEIR_E_PROTOCOL);
    CHECK(http_failed_with("the server speaks TLS on this port, so use https"));
    http_scene_close(&scene);
}

TEST(https, says_that_the_server_does_not_speak_tls)
{
    static const struct http_answer BAD = {.bytes = "HTTP/1.1 400 Bad Request\r\n\r\n",
                                           .then = HTTP_CLOSE,
                                           .at_once = true};
    struct http_scene scene;
    http_scene_open(&scene, &BAD, 1);
    set_url(&scene, "https", "localhost");
    CHECK_INT(http_scene_get(&scene, NULL), WEIR_E_TLS);
    CHECK(http_failed_with("TLS"));
    http_scene_close(&scene);
}

/* RFC 8446 6.1: nothing was there to be cut off, so it is as over TCP. */
TEST(https, asks_again_when_the_server_has_closed_without_a_word)
{
    static const struct http_answer CUT = {.bytes = OK_BODY, .then = HTTP_CUT};
    struct https_scene scene;
    open_scene(&scene, &CUT, 1);
    for (int i = 0; i < 4; i++)
        CHECK_INT(http_scene_get(&scene.http, NULL), 200);
    CHECK_INT(scene.http.connections, 4);
    close_scene(&scene);
}

enum { LONG_BODY = 16 << 20 }; /* more than the kernel takes */

/* The first connection ends in one direction after a request, without a word, and
 * takes nothing more. */
static int end_the_first(weir_stream *stream, void *arg)
{
    weir_reader *reader = weir_stream_reader(stream);
    int *connections = arg;
    bool first = ++*connections == 1;
    weir_slice bytes;
    int rc = weir_readuntil(reader, WEIR_S("\r\n\r\n"), &bytes);
    if (rc > 0 && !first)
        rc = weir_readexactly(reader, LONG_BODY, &bytes);
    if (rc > 0)
        rc = weir_write(weir_stream_writer(stream), WEIR_S(OK_BODY));
    if (rc == WEIR_OK)
        rc = weir_flush(weir_stream_writer(stream));
    if (rc == WEIR_OK && first)
        shutdown(weir_transport_fd(weir_stream_transport(stream)), SHUT_WR);
    return rc < 0 ? rc : weir_sleep(weir_stream_loop(stream), 60000);
}

TEST(https, asks_again_when_that_is_found_out_while_sending)
{
    static char body[LONG_BODY];
    struct https_scene scene;
    weir_server *server;
    weir_response *response;
    int connections = 0;
    open_scene(&scene, &KEPT, 1);
    REQUIRE(weir_start_server(scene.http.loop, &server, "127.0.0.1", 0,
                              .on_connect = end_the_first, .arg = &connections,
                              .tls = scene.server) == WEIR_OK);
    snprintf(scene.http.url, sizeof(scene.http.url), "https://localhost:%d/",
             weir_server_port(server));
    CHECK_INT(http_scene_get(&scene.http, NULL), 200);
    REQUIRE(weir_request(scene.http.session,
                         &(weir_request_options){.method = "PUT",
                                                 .url = scene.http.url,
                                                 .body = {body, sizeof(body)}},
                         &response) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 200);
    weir_response_free(response);
    CHECK_INT(connections, 2);
    weir_server_free(server);
    close_scene(&scene);
}

TEST(https, says_that_there_was_no_answer)
{
    static const struct http_answer NOTHING[] = {
        {.bytes = "", .then = HTTP_CUT},
        {.bytes = "", .then = HTTP_CLOSE},
    };
    for (size_t i = 0; i < sizeof(NOTHING) / sizeof(NOTHING[0]); i++) {
        struct https_scene scene;
        open_scene(&scene, &NOTHING[i], 1);
        CHECK_INT(http_scene_get(&scene.http, NULL), WEIR_E_CONNECTION);
        CHECK(http_failed_with("the server closed the connection without an answer"));
        close_scene(&scene);
    }
}

static int get_in_task(void *arg)
{
    return http_scene_get(arg, NULL);
}

/* With the session its own context must not go, of which requests still think. */
static void free_while_shaking_hands(bool own_context)
{
    for (int turns = 1; turns < 12; turns++) {
        struct https_scene scene;
        weir_task *tasks[3];
        open_scene(&scene, &KEPT, 1);
        if (own_context) {
            weir_session_free(scene.http.session);
            scene.http.session = weir_session_new(scene.http.loop, NULL);
            REQUIRE(scene.http.session != NULL);
        }
        for (int i = 0; i < 3; i++)
            tasks[i] = weir_spawn(scene.http.loop, get_in_task, &scene.http);
        for (int i = 0; i < turns; i++)
            weir_loop_run_once(scene.http.loop, 1);
        weir_session_free(scene.http.session);
        scene.http.session = NULL;
        for (int i = 0; i < 3; i++) {
            int rc = weir_join(tasks[i]);
            CHECK(rc == WEIR_E_CLOSED || rc == 200);
        }
        close_scene(&scene);
    }
}

TEST(https, can_be_freed_while_requests_shake_hands)
{
    free_while_shaking_hands(false);
    setenv("SSL_CERT_FILE", certificate("ca.pem"), 1);
    free_while_shaking_hands(true);
    unsetenv("SSL_CERT_FILE");
}

TEST(https, keeps_a_hundred_connections)
{
    struct https_scene scene;
    open_scene(&scene, &KEPT, 1);
    for (int round = 0; round < 2; round++) {
        weir_group *group = weir_group_new(scene.http.loop, NULL);
        for (int i = 0; i < 100; i++)
            weir_group_spawn(group, get_in_task, &scene.http);
        CHECK_INT(weir_group_wait(group), WEIR_OK);
        weir_group_free(group);
    }
    CHECK(scene.http.connections <= 100);
    CHECK_INT(scene.http.requests, 200);
    CHECK_INT(weir_session_connections(scene.http.session), scene.http.connections);
    close_scene(&scene);
}

/* --- ends of bodies --------------------------------------------------------------- */

TEST(https, a_body_that_has_an_end_needs_no_goodbye)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = OK_BODY, .then = HTTP_CUT},
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .then = HTTP_CUT},
        {.bytes = "HTTP/1.1 204 No\r\nConnection: close\r\n\r\n", .then = HTTP_CUT},
        {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "4\r\nbody\r\n0\r\n\r\n",
         .then = HTTP_CUT},
        {.bytes = "HTTP/1.1 200 OK\r\n\r\nuntil close", .then = HTTP_CLOSE},
    };
    for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(ANSWERS[0]); i++) {
        struct https_scene scene;
        open_scene(&scene, &ANSWERS[i], 1);
        CHECK(http_scene_get(&scene.http, NULL) >= 200);
        CHECK_INT(scene.http.requests, 1);
        close_scene(&scene);
    }
}

/* RFC 9112 9.8: an incomplete close is an incomplete message. */
TEST(https, a_body_until_the_end_needs_a_goodbye)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 200 OK\r\n\r\nuntil close", .then = HTTP_CUT},
        {.bytes = "HTTP/1.0 200 OK\r\n\r\nuntil close", .then = HTTP_CUT},
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nuntil close",
         .then = HTTP_CUT},
        {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "b\r\nuntil close\r\n",
         .then = HTTP_CUT},
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nuntil close",
         .then = HTTP_CLOSE},
    };
    for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(ANSWERS[0]); i++) {
        struct https_scene scene;
        weir_response *response;
        weir_slice bytes;
        char got[64] = "";
        int rc;
        open_scene(&scene, &ANSWERS[i], 1);
        REQUIRE(weir_get(scene.http.session, &response, scene.http.url) == WEIR_OK);
        weir_reader *body = weir_response_body(response);
        while ((rc = weir_read(body, WEIR_NO_LIMIT, &bytes)) > 0)
            strncat(got, bytes.data, bytes.len);
        CHECK(strcmp(got, "until close") == 0);
        CHECK_INT(rc, WEIR_E_INCOMPLETE);
        CHECK(http_failed_with("GET https://localhost:"));
        CHECK(http_failed_with("the body breaks off after 11 bytes: "));
        CHECK(i == 4 || http_failed_with("close_notify"));
        CHECK_INT(weir_read(body, WEIR_NO_LIMIT, &bytes), WEIR_E_INCOMPLETE);
        weir_response_free(response);
        close_scene(&scene);
    }
}

TEST(https, a_head_needs_its_end)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nContent", .then = HTTP_CUT},
        {.bytes = "HTTP/1.1 200 OK\r\nContent", .then = HTTP_CLOSE},
    };
    for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(ANSWERS[0]); i++) {
        struct https_scene scene;
        open_scene(&scene, &ANSWERS[i], 1);
        CHECK_INT(http_scene_get(&scene.http, NULL), WEIR_E_INCOMPLETE);
        CHECK(http_failed_with("reading the response head"));
        CHECK_INT(scene.http.requests, 1);
        close_scene(&scene);
    }
}

/* --- limits ----------------------------------------------------------------------- */

static int say_nothing(weir_stream *stream, void *arg)
{
    (void)arg;
    return weir_sleep(weir_stream_loop(stream), 60000);
}

TEST(https, a_handshake_is_within_the_time_of_the_request)
{
    struct https_scene scene;
    weir_server *silent;
    weir_response *response;
    open_scene(&scene, &KEPT, 1);
    REQUIRE(weir_start_server(scene.http.loop, &silent, "127.0.0.1", 0,
                              .on_connect = say_nothing) == WEIR_OK);
    snprintf(scene.http.url, sizeof(scene.http.url), "https://localhost:%d/",
             weir_server_port(silent));
    CHECK_INT(weir_get(scene.http.session, &response, scene.http.url, .timeout_ms = 30),
              WEIR_E_TIMEOUT);
    CHECK(http_failed_with("not over within 30 ms"));
    CHECK_INT(weir_session_connections(scene.http.session), 0);
    weir_server_free(silent);
    close_scene(&scene);
}

TEST(https, survives_each_failing_allocation)
{
    bool failed = true;
    for (size_t n = 1; failed && n < 1000; n++) {
        struct https_scene scene;
        open_scene(&scene, &KEPT, 1);
        scene.http.nth.fail_at = scene.http.nth.count + n;
        int rc = http_scene_get(&scene.http, NULL);
        failed = scene.http.nth.failed;
        CHECK(rc == 200 || (failed && rc < 0 && weir_last_error()->message[0] != '\0'));
        scene.http.nth.fail_at = 0;
        CHECK_INT(http_scene_get(&scene.http, NULL), 200);
        close_scene(&scene);
    }
    CHECK(!failed);
}
