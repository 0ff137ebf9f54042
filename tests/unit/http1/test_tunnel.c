/* Tunnels through HTTP proxies: who sees which field, and what becomes of it when the
 * proxy is slow, wrong or hostile.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/tls.h>

#include "certificates.h"
#include "http_scene.h"
#include "proxy_scene.h"

#define OK_BODY "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"

static const struct http_answer KEPT = {.bytes = OK_BODY};

struct tunnel_scene {
    struct http_scene http;
    struct proxy_scene proxy;
    weir_tls_context *server;
    weir_tls_context *client;
};

static weir_tls_context *new_server(void)
{
    weir_tls_context *context = NULL;
    REQUIRE(weir_tls_server_new(&context,
                                &(weir_tls_options){
                                    .certificate_file = certificate("localhost.pem"),
                                    .key_file = certificate("localhost.key"),
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

static void open_session(struct tunnel_scene *scene, weir_session_options options,
                         const char *user)
{
    char url[128];
    const char *rest = strstr(scene->proxy.url, "://") + 3;
    snprintf(url, sizeof(url), "%.*s%s%s", (int)(rest - scene->proxy.url),
             scene->proxy.url, user, rest);
    weir_session_free(scene->http.session);
    options.tls = scene->client;
    options.proxy_tls = scene->client;
    options.proxy = url;
    scene->http.session = weir_session_new(scene->http.loop, &options);
    REQUIRE(scene->http.session != NULL);
}

/* A server that speaks TLS behind a proxy of this kind. */
static void open_tunnel(struct tunnel_scene *scene, struct proxy_scene proxy,
                        const struct http_answer *answers, size_t count)
{
    scene->server = new_server();
    scene->client = new_client();
    http_scene_open_secure(&scene->http, answers, count, scene->server, NULL);
    scene->proxy = proxy;
    proxy_scene_open(&scene->proxy, scene->http.loop, scene->http.port);
    open_session(scene, (weir_session_options){0}, "");
    snprintf(scene->http.url, sizeof(scene->http.url), "https://localhost:%d/path",
             scene->http.port);
}

static void close_tunnel(struct tunnel_scene *scene)
{
    proxy_scene_close(&scene->proxy);
    http_scene_close(&scene->http);
    weir_tls_context_free(scene->server);
    weir_tls_context_free(scene->client);
}

static bool was_asked(const struct tunnel_scene *scene, const char *text)
{
    return strstr(scene->proxy.asked, text) != NULL;
}

TEST(tunnel, carries_tls_with_the_host)
{
    struct tunnel_scene scene;
    char text[256];
    open_tunnel(&scene, (struct proxy_scene){0}, &KEPT, 1);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(http_scene_get(&scene.http, text), 200);
        CHECK(strcmp(text, "body") == 0);
    }
    CHECK_INT(scene.proxy.connections, 1);
    CHECK(was_asked(&scene, "CONNECT localhost:"));
    CHECK(was_asked(&scene, "\r\nUser-Agent: weir/"));
    CHECK(was_asked(&scene, "\r\nHost: localhost:"));
    CHECK(http_scene_saw(&scene.http, "GET /path HTTP/1.1\r\nHost: localhost:"));
    close_tunnel(&scene);
}

TEST(tunnel, keeps_apart_what_is_for_the_proxy_and_what_is_for_the_host)
{
    struct tunnel_scene scene;
    weir_response *response;
    open_tunnel(&scene, (struct proxy_scene){0}, &KEPT, 1);
    open_session(
        &scene,
        (weir_session_options){.proxy_headers = (weir_pair[]){{"X-Proxy", "yes"}, {0}},
                               .headers = (weir_pair[]){{"X-Host", "yes"}, {0}}},
        "u:p@");
    REQUIRE(weir_get(scene.http.session, &response, scene.http.url,
                     .headers = (weir_pair[]){{"Authorization", "secret"}, {0}},
                     .cookies = (weir_pair[]){{"a", "secret"}, {0}}) == WEIR_OK);
    weir_response_free(response);
    CHECK(was_asked(&scene, "\r\nProxy-Authorization: Basic dTpw\r\n"));
    CHECK(was_asked(&scene, "\r\nX-Proxy: yes\r\n"));
    CHECK(!was_asked(&scene, "\nAuthorization"));
    CHECK(!was_asked(&scene, "secret"));
    CHECK(!was_asked(&scene, "X-Host"));
    CHECK(http_scene_saw(&scene.http, "\r\nAuthorization: secret\r\n"));
    CHECK(!http_scene_saw(&scene.http, "roxy"));
    close_tunnel(&scene);
}

TEST(tunnel, is_another_one_for_another_user_host_or_none)
{
    struct tunnel_scene scene;
    weir_response *response;
    char proxy[80];
    open_tunnel(&scene, (struct proxy_scene){0}, &KEPT, 1);
    static const char *const USERS[] = {"", "u:p@", "u:q@", "u:p@"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(proxy, sizeof(proxy), "http://%s127.0.0.1:%d", USERS[i],
                 scene.proxy.port);
        REQUIRE(weir_get(scene.http.session, &response, scene.http.url,
                         .proxy = proxy) == WEIR_OK);
        weir_response_free(response);
    }
    CHECK_INT(scene.proxy.connections, 3);
    REQUIRE(weir_get(scene.http.session, &response, scene.http.url,
                     .proxy = WEIR_NO_PROXY) == WEIR_OK);
    weir_response_free(response);
    CHECK_INT(scene.http.connections, 4);
    snprintf(scene.http.url, sizeof(scene.http.url), "https://127.0.0.1:%d/",
             scene.http.port);
    CHECK_INT(http_scene_get(&scene.http, NULL), 200);
    CHECK_INT(scene.proxy.connections, 4);
    close_tunnel(&scene);
}

TEST(tunnel, does_not_weaken_the_check_of_the_host)
{
    struct tunnel_scene scene;
    open_tunnel(&scene, (struct proxy_scene){0}, &KEPT, 1);
    snprintf(scene.http.url, sizeof(scene.http.url), "https://other.test:%d/",
             scene.http.port);
    CHECK_INT(http_scene_get(&scene.http, NULL), WEIR_E_TLS);
    CHECK(http_failed_with("through http://127.0.0.1:"));
    CHECK(http_failed_with("TLS with other.test"));
    CHECK_INT(scene.http.requests, 0);
    CHECK_INT(weir_session_connections(scene.http.session), 0);
    close_tunnel(&scene);
}

TEST(tunnel, goes_through_tls_with_the_proxy)
{
    struct tunnel_scene scene;
    weir_tls_context *tls = new_server();
    open_tunnel(&scene, (struct proxy_scene){.tls = tls}, &KEPT, 1);
    CHECK_INT(http_scene_get(&scene.http, NULL), 200);
    CHECK_INT(http_scene_get(&scene.http, NULL), 200);
    CHECK_INT(scene.proxy.connections, 1);
    CHECK(was_asked(&scene, "CONNECT localhost:"));
    /* It has to be who it says, too. */
    scene.http.url[0] = '\0';
    snprintf(scene.http.url, sizeof(scene.http.url), "https://localhost:%d/",
             scene.http.port);
    weir_response *response;
    char proxy[64];
    snprintf(proxy, sizeof(proxy), "https://other.test:%d", scene.proxy.port);
    CHECK_INT(weir_get(scene.http.session, &response, scene.http.url, .proxy = proxy),
              WEIR_E_TLS);
    CHECK(http_failed_with("other.test"));
    close_tunnel(&scene);
    weir_tls_context_free(tls);
}

TEST(tunnel, that_is_refused_says_so_with_status_and_reason)
{
    static const struct {
        const char *answer;
        const char *sentence;
    } CASES[] = {
        {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 12\r\n\r\n"
         "who are you?",
         "with 407 Proxy Authentication Required: \"who are you?\""},
        {"HTTP/1.1 403 \r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno!\r\n0\r\n\r\n",
         "with 403 Forbidden: \"no!\""},
        {"HTTP/1.0 502 Bad\r\n\r\nno such host\n", "with 502 Bad: \"no such host\""},
        {"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n",
         "with 302 Found"},
        {"HTTP/1.1 504 Late\r\nContent-Length: 5\r\n\r\n\x1b]0;x", "with 504 Late: \""},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct tunnel_scene scene;
        open_tunnel(
            &scene,
            (struct proxy_scene){.answer = CASES[i].answer, .then = PROXY_HANGS}, &KEPT,
            1);
        CHECK_INT(http_scene_get(&scene.http, NULL), WEIR_E_CONNECTION);
        CHECK(http_failed_with("through http://127.0.0.1:"));
        CHECK(http_failed_with("answered CONNECT localhost:"));
        CHECK(http_failed_with(CASES[i].sentence));
        CHECK(!strchr(weir_last_error()->message, '\x1b'));
        CHECK_INT(weir_session_connections(scene.http.session), 0);
        CHECK_INT(scene.http.connections, 0);
        close_tunnel(&scene);
    }
}

/* RFC 9110 9.3.6: a length says nothing in such an answer; interim ones are none. */
TEST(tunnel, takes_any_answer_of_success)
{
    static const char *const ANSWERS[] = {
        "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 204 \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 200 \r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(ANSWERS[0]); i++) {
        struct tunnel_scene scene;
        open_tunnel(&scene, (struct proxy_scene){.answer = ANSWERS[i]}, &KEPT, 1);
        test_check(http_scene_get(&scene.http, NULL) == 200, __FILE__, __LINE__,
                   ANSWERS[i]);
        close_tunnel(&scene);
    }
}

TEST(tunnel, with_something_in_it_already_is_refused)
{
    struct tunnel_scene scene;
    open_tunnel(
        &scene,
        (struct proxy_scene){.answer = "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK"}, &KEPT,
        1);
    CHECK_INT(http_scene_get(&scene.http, NULL), WEIR_E_PROTOCOL);
    CHECK(http_failed_with("the proxy sent more than its answer"));
    CHECK_INT(weir_session_connections(scene.http.session), 0);
    close_tunnel(&scene);
}

TEST(tunnel, ends_when_the_proxy_speaks_something_else)
{
    static const struct {
        const char *answer;
        size_t len;
    } CASES[] = {
        {"\x15\3\3\0\2\2\x46", 7}, {"SSH-2.0-OpenSSH\r\n", 0}, {"\0\0\0\0\0\0\0\0", 8},
        {"HTTP/2 200\r\n\r\n", 0}, {"220 mail.test\r\n", 0},   {"\5\0", 2},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct tunnel_scene scene;
        open_tunnel(&scene,
                    (struct proxy_scene){.answer = CASES[i].answer,
                                         .answer_len = CASES[i].len,
                                         .at_once = true,
                                         .then = PROXY_CLOSES},
                    &KEPT, 1);
        CHECK_INT(http_scene_get(&scene.http, NULL) < 0, 1);
        CHECK(http_failed_with("through http://127.0.0.1:"));
        CHECK_INT(weir_session_connections(scene.http.session), 0);
        close_tunnel(&scene);
    }
}

TEST(tunnel, ends_when_the_head_is_endless)
{
    static char answer[200000];
    struct tunnel_scene scene;
    int len = snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nA: ");
    memset(answer + len, 'x', sizeof(answer) - (size_t)len - 1);
    open_tunnel(&scene, (struct proxy_scene){.answer = answer, .then = PROXY_HANGS},
                &KEPT, 1);
    CHECK_INT(http_scene_get(&scene.http, NULL), WEIR_E_TOO_BIG);
    close_tunnel(&scene);
}

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";

TEST(tunnel, ends_when_the_proxy_closes_at_any_byte)
{
    for (size_t cut = 0; cut < sizeof(ANSWER) - 1; cut++) {
        struct tunnel_scene scene;
        open_tunnel(&scene,
                    (struct proxy_scene){.answer = cut == 0 ? "" : ANSWER,
                                         .cut = cut,
                                         .then = PROXY_CLOSES},
                    &KEPT, 1);
        int rc = http_scene_get(&scene.http, NULL);
        CHECK(rc == WEIR_E_CONNECTION || rc == WEIR_E_INCOMPLETE);
        CHECK(http_failed_with("through http://127.0.0.1:"));
        CHECK(http_failed_with("CONNECT"));
        CHECK_INT(weir_session_connections(scene.http.session), 0);
        close_tunnel(&scene);
    }
}

TEST(tunnel, ends_in_time_when_the_proxy_hangs_at_any_byte)
{
    for (size_t cut = 0; cut <= sizeof(ANSWER) - 1; cut++) {
        struct tunnel_scene scene;
        weir_response *response;
        open_tunnel(&scene,
                    (struct proxy_scene){.answer = cut == 0 ? "" : ANSWER,
                                         .cut = cut,
                                         .then = PROXY_HANGS},
                    &KEPT, 1);
        bool whole = cut == sizeof(ANSWER) - 1; /* then TLS hangs */
        CHECK_INT(weir_get(scene.http.session, &response, scene.http.url,
                           .connect_timeout_ms = whole ? 0 : 10,
                           .timeout_ms = whole ? 10 : 0),
                  WEIR_E_TIMEOUT);
        CHECK(http_failed_with("through http://127.0.0.1:"));
        CHECK(http_failed_with(whole ? "not over within 10 ms"
                                     : "no way through the proxy within 10 ms"));
        CHECK_INT(weir_session_connections(scene.http.session), 0);
        close_tunnel(&scene);
    }
}

/* The server of the scene is the proxy, and asked for a URL of http. */
TEST(tunnel, is_not_needed_for_http_also_when_the_proxy_speaks_tls)
{
    struct tunnel_scene scene;
    weir_response *response;
    char proxy[64];
    open_tunnel(&scene, (struct proxy_scene){0}, &KEPT, 1);
    for (int i = 0; i < 2; i++) {
        snprintf(proxy, sizeof(proxy), "https://u:p@localhost:%d", scene.http.port);
        REQUIRE(weir_get(scene.http.session, &response, "http://name.test/",
                         .proxy = proxy) == WEIR_OK);
        weir_response_free(response);
        CHECK(http_scene_saw(&scene.http, "GET http://name.test/ HTTP/1.1\r\n"));
        CHECK(http_scene_saw(&scene.http, "Proxy-Authorization: Basic dTpw\r\n"));
    }
    CHECK_INT(scene.http.connections, 1);
    close_tunnel(&scene);
}

/* --- giving up -------------------------------------------------------------------- */

static int get_in_task(void *arg)
{
    int rc = http_scene_get(arg, NULL);
    return rc == 200 ? WEIR_OK : rc;
}

/* Cancelled at each turn of the loop, which is every wait there is: for the proxy, TLS
 * with it, its answer, TLS with the host, the host's answer. */
TEST(tunnel, gives_its_slot_back_whenever_it_is_cancelled)
{
    weir_tls_context *tls = new_server();
    bool over = false;
    for (int turn = 0; !over && turn < 100; turn++) {
        struct tunnel_scene scene;
        open_tunnel(&scene, (struct proxy_scene){.tls = tls}, &KEPT, 1);
        open_session(
            &scene,
            (weir_session_options){.max_connections = 1, .max_connections_per_host = 1},
            "u:p@");
        weir_task *leaver = weir_spawn(scene.http.loop, get_in_task, &scene.http);
        weir_task *heir = weir_spawn(scene.http.loop, get_in_task, &scene.http);
        for (int i = 0; i < turn; i++)
            weir_loop_run_once(scene.http.loop, 1);
        weir_cancel(leaver);
        int rc = weir_join(leaver);
        CHECK(rc == WEIR_OK || rc == WEIR_E_CANCELLED);
        over = rc == WEIR_OK;
        CHECK_INT(weir_join(heir), WEIR_OK);
        CHECK(weir_session_connections(scene.http.session) <= 1);
        weir_session_free(scene.http.session);
        scene.http.session = NULL;
        close_tunnel(&scene);
    }
    CHECK(over);
    weir_tls_context_free(tls);
}

/* To be cancelled while the body of a refusal may come is not the refusal. */
TEST(tunnel, that_is_refused_can_be_cancelled)
{
    struct tunnel_scene scene;
    open_tunnel(&scene,
                (struct proxy_scene){.answer = "HTTP/1.1 407 No\r\n"
                                               "Content-Length: 5\r\n\r\n",
                                     .then = PROXY_HANGS},
                &KEPT, 1);
    weir_task *task = weir_spawn(scene.http.loop, get_in_task, &scene.http);
    weir_sleep(scene.http.loop, 20);
    weir_cancel(task);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    CHECK_INT(weir_session_connections(scene.http.session), 0);
    close_tunnel(&scene);
}

TEST(tunnel, ends_with_its_session_at_any_time)
{
    bool over = false;
    for (int turn = 1; !over && turn < 100; turn++) {
        struct tunnel_scene scene;
        open_tunnel(&scene, (struct proxy_scene){0}, &KEPT, 1);
        weir_task *task = weir_spawn(scene.http.loop, get_in_task, &scene.http);
        for (int i = 0; i < turn; i++)
            weir_loop_run_once(scene.http.loop, 1);
        weir_session_free(scene.http.session);
        scene.http.session = NULL;
        int rc = weir_join(task);
        CHECK(rc == WEIR_OK || rc == WEIR_E_CLOSED);
        over = rc == WEIR_OK;
        close_tunnel(&scene);
    }
    CHECK(over);
}

/* A proxy that hangs does not keep a session that is freed. */
TEST(tunnel, that_hangs_ends_with_its_session)
{
    struct tunnel_scene scene;
    open_tunnel(&scene, (struct proxy_scene){.answer = "", .then = PROXY_HANGS}, &KEPT,
                1);
    weir_task *task = weir_spawn(scene.http.loop, get_in_task, &scene.http);
    weir_sleep(scene.http.loop, 20);
    weir_session_free(scene.http.session);
    scene.http.session = NULL;
    weir_timeout timeout = weir_timeout_start(scene.http.loop, 5000);
    CHECK_INT(weir_join(task), WEIR_E_CLOSED);
    CHECK(!weir_timeout_end(&timeout));
    close_tunnel(&scene);
}

TEST(tunnel, survives_each_failing_allocation)
{
    weir_tls_context *tls = new_server();
    bool failed = true;
    for (size_t n = 1; failed && n < 1000; n++) {
        struct tunnel_scene scene;
        open_tunnel(&scene, (struct proxy_scene){.tls = tls}, &KEPT, 1);
        open_session(&scene,
                     (weir_session_options){.max_connections_per_host = 2,
                                            .proxy_headers =
                                                (weir_pair[]){{"X-Proxy", "yes"}, {0}}},
                     "u:p@");
        scene.http.nth.fail_at = scene.http.nth.count + n;
        int rc = http_scene_get(&scene.http, NULL);
        failed = scene.http.nth.failed;
        CHECK(rc == 200 || (failed && rc < 0 && weir_last_error()->message[0] != '\0'));
        scene.http.nth.fail_at = 0;
        CHECK_INT(http_scene_get(&scene.http, NULL), 200);
        close_tunnel(&scene);
    }
    CHECK(!failed);
    weir_tls_context_free(tls);
}
