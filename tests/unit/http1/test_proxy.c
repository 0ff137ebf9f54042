/* HTTP proxies that are asked for URLs: which one, what it is told, and whom it is
 * spoken of; and the environment.
 *
 * SPDX-License-Identifier: MIT */
#include "proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_scene.h"

#define OK_BODY "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"

static const struct http_answer KEPT = {.bytes = OK_BODY};

/* --- its URL ---------------------------------------------------------------------- */

TEST(proxy, is_read_from_a_url)
{
    static const struct {
        const char *text;
        const char *shown;
        const char *user;
        const char *password;
        const char *authorization;
    } CASES[] = {
        {"proxy", "http://proxy:80", NULL, NULL, NULL},
        {"proxy:3128", "http://proxy:3128", NULL, NULL, NULL},
        {"HTTP://Proxy:3128/", "http://proxy:3128", NULL, NULL, NULL},
        {"https://proxy", "https://proxy:443", NULL, NULL, NULL},
        {"http://[::1]:8080", "http://[::1]:8080", NULL, NULL, NULL},
        {"http://u:p@proxy", "http://proxy:80", "u", "p", "Basic dTpw"},
        {"u@proxy", "http://proxy:80", "u", "", "Basic dTo="},
        {"http://a%40b:%3a%25@proxy", "http://proxy:80", "a@b", ":%", "Basic YUBiOjol"},
        {"socks5://proxy", "socks5://proxy:1080", NULL, NULL, NULL},
        {"socks5://proxy:80", "socks5://proxy:80", NULL, NULL, NULL},
        {"socks5h://u:p@proxy:443", "socks5h://proxy:443", "u", "p", NULL},
        {"socks4://proxy:1", "socks4://proxy:1", NULL, NULL, NULL},
        {"socks4a://127.1", "socks4a://127.0.0.1:1080", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir__proxy *proxy = NULL;
        REQUIRE(weir__proxy_new(&proxy, NULL, CASES[i].text, NULL) == WEIR_OK);
        CHECK_BYTES(weir_slice_of(proxy->shown), weir_slice_of(CASES[i].shown));
        CHECK_BYTES(weir_slice_of(proxy->user), weir_slice_of(CASES[i].user));
        CHECK_BYTES(weir_slice_of(proxy->password), weir_slice_of(CASES[i].password));
        CHECK_BYTES(
            weir_http_fields_value(&proxy->fields, WEIR_S("Proxy-Authorization")),
            weir_slice_of(CASES[i].authorization));
        weir__proxy_release(proxy);
    }
}

TEST(proxy, of_a_bad_url_is_refused_without_telling_secrets)
{
    static const char *const TEXTS[] = {
        "",
        "http://",
        "ftp://secret@proxy",
        "http://user:secret@proxy/path",
        "http://user:secret@proxy?query",
        "http://user:secret@proxy:99999",
        "http://user:secret@",
        "http://user:secret@pro xy",
        "http://user%3a:secret@proxy",
        "http://user:secret%00@proxy",
        "socks5://us%00er:secret@proxy",
        "http://user:secret%0a@proxy",
        "http://proxy:0",
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        weir__proxy *proxy = NULL;
        int rc = weir__proxy_new(&proxy, NULL, TEXTS[i], NULL);
        test_check(rc == WEIR_E_INVALID || rc == WEIR_E_UNSUPPORTED, __FILE__, __LINE__,
                   TEXTS[i]);
        CHECK(http_failed_with("proxy"));
        CHECK(!strstr(weir_last_error()->message, "secret"));
    }
}

/* --- http, which the proxy is asked for ------------------------------------------- */

/* The server of the scene is the proxy. */
static void open_forwarding(struct http_scene *scene, const struct http_answer *answers,
                            size_t count, const char *user)
{
    char proxy[64];
    http_scene_open(scene, answers, count);
    weir_session_free(scene->session);
    snprintf(proxy, sizeof(proxy), "http://%s127.0.0.1:%d", user, scene->port);
    scene->session = weir_session_new(
        scene->loop,
        &(weir_session_options){
            .proxy = proxy, .proxy_headers = (weir_pair[]){{"X-Proxy", "yes"}, {0}}});
    REQUIRE(scene->session != NULL);
    snprintf(scene->url, sizeof(scene->url), "http://origin.test/path?query#part");
}

TEST(proxy, is_asked_for_http_by_the_whole_url)
{
    struct http_scene scene;
    char text[256];
    open_forwarding(&scene, &KEPT, 1, "u:p@");
    CHECK_INT(http_scene_get(&scene, text), 200);
    CHECK(strcmp(text, "body") == 0);
    CHECK(http_scene_saw(&scene, "GET http://origin.test/path?query HTTP/1.1\r\n"
                                 "Host: origin.test\r\n"));
    CHECK(http_scene_saw(&scene, "\r\nProxy-Authorization: Basic dTpw\r\n"));
    CHECK(http_scene_saw(&scene, "\r\nX-Proxy: yes\r\n"));
    CHECK(!http_scene_saw(&scene, "part"));
    /* Any host over one connection, and no head of a request without a proxy. */
    snprintf(scene.url, sizeof(scene.url), "http://other.test:8080");
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK(http_scene_saw(&scene, "GET http://other.test:8080/ HTTP/1.1\r\n"
                                 "Host: other.test:8080\r\n"));
    snprintf(scene.url, sizeof(scene.url), "http://user:secret@third.test/");
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK(http_scene_saw(&scene, "GET http://third.test/ HTTP/1.1\r\n"));
    CHECK(http_scene_saw(&scene, "\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n"));
    CHECK_INT(scene.connections, 1);
    http_scene_close(&scene);
}

TEST(proxy, is_the_requests_or_else_the_sessions)
{
    struct http_scene scene;
    weir_response *response;
    char proxy[64];
    open_forwarding(&scene, &KEPT, 1, "u:p@");
    snprintf(scene.url, sizeof(scene.url), "http://127.0.0.1:%d/", scene.port);
    REQUIRE(weir_get(scene.session, &response, scene.url, .proxy = WEIR_NO_PROXY) ==
            WEIR_OK);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "GET / HTTP/1.1\r\n"));
    CHECK(!http_scene_saw(&scene, "roxy"));
    snprintf(proxy, sizeof(proxy), "v:p@127.0.0.1:%d", scene.port);
    REQUIRE(weir_get(scene.session, &response, scene.url, .proxy = proxy) == WEIR_OK);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "GET http://127.0.0.1:"));
    CHECK(http_scene_saw(&scene, "Basic djpw"));
    CHECK(http_scene_saw(&scene, "X-Proxy: yes"));
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK(http_scene_saw(&scene, "Basic dTpw"));
    CHECK_INT(scene.connections, 3); /* none, v, u */
    CHECK_INT(weir_session_connections(scene.session), 3);
    CHECK_INT(weir_get(scene.session, &response, scene.url, .proxy = "ftp://x"),
              WEIR_E_UNSUPPORTED);
    CHECK(http_failed_with("GET http://127.0.0.1:"));
    http_scene_close(&scene);
}

TEST(proxy, leaves_out_hosts_that_need_none)
{
    struct http_scene scene;
    char proxy[64];
    http_scene_open(&scene, &KEPT, 1);
    weir_session_free(scene.session);
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", scene.port);
    scene.session = weir_session_new(
        scene.loop, &(weir_session_options){.proxy = proxy, .no_proxy = "here.test"});
    snprintf(scene.url, sizeof(scene.url), "http://a.here.test:%d/", scene.port);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK(http_scene_saw(&scene, "GET / HTTP"));
    snprintf(scene.url, sizeof(scene.url), "http://there.test:%d/", scene.port);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK(http_scene_saw(&scene, "GET http://there.test:"));
    http_scene_close(&scene);
}

/* Its answer of 407 to such a request is a response like others, and so is a redirect to
 * where no proxy is needed. */
TEST(proxy, may_answer_by_itself)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"}, {.bytes = OK_BODY}};
    struct http_scene scene;
    open_forwarding(&scene, ANSWERS, 2, "");
    CHECK_INT(http_scene_get(&scene, NULL), 407);
    http_scene_close(&scene);
}

TEST(proxy, is_named_when_it_fails)
{
    static const struct http_answer BAD[] = {
        {.bytes = "garbage\r\n\r\n"},
        {.then = HTTP_CLOSE},
        {.bytes = "HTTP/1.1 200 ", .then = HTTP_CLOSE},
        {.then = HTTP_HANG}};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct http_scene scene;
        weir_response *response;
        open_forwarding(&scene, &BAD[i], 1, "u:p@");
        CHECK(weir_get(scene.session, &response, scene.url, .read_timeout_ms = 30) < 0);
        CHECK(
            http_failed_with("GET http://origin.test/path through http://127.0.0.1:"));
        CHECK(!strstr(weir_last_error()->message, "u:p"));
        http_scene_close(&scene);
    }
}

TEST(proxy, that_is_not_there_is_named)
{
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &KEPT, 1);
    CHECK_INT(
        weir_get(scene.session, &response, "http://a.test/", .proxy = "127.0.0.1:1"),
        WEIR_E_CONNECTION);
    CHECK(http_failed_with("through http://127.0.0.1:1: "));
    CHECK(http_failed_with("Connection refused"));
    http_scene_close(&scene);
}

TEST(proxy, has_its_own_fields_to_itself)
{
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &KEPT, 1);
    const weir_pair fields[] = {{"Proxy-Authorization", "x"}, {0}};
    CHECK_INT(weir_get(scene.session, &response, scene.url, .headers = fields),
              WEIR_E_INVALID);
    CHECK(http_failed_with("Proxy-Authorization is for the proxy"));
    CHECK(!weir_session_new(scene.loop, &(weir_session_options){.headers = fields}));
    static const weir_pair BAD[][2] = {
        {{"Host", "x"}, {0}}, {{"Content-Length", "1"}, {0}}, {{"a b", "x"}, {0}}};
    for (size_t i = 0; i < 3; i++)
        CHECK(!weir_session_new(
            scene.loop,
            &(weir_session_options){.proxy = "p", .proxy_headers = BAD[i]}));
    http_scene_close(&scene);
}

TEST(proxy, excludes_a_unix_path_and_what_it_cannot_promise)
{
    struct http_scene scene;
    weir_response *response;
    http_scene_open_with(&scene, &KEPT, 1, &(weir_session_options){.unix_path = "/x"});
    CHECK(!weir_session_new(scene.loop,
                            &(weir_session_options){.unix_path = "/x", .proxy = "p"}));
    CHECK_INT(weir_get(scene.session, &response, scene.url, .proxy = "p"),
              WEIR_E_INVALID);
    http_scene_close(&scene);
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.public_only = true});
    CHECK_INT(weir_get(scene.session, &response, scene.url, .proxy = "p"),
              WEIR_E_UNSUPPORTED);
    CHECK(http_failed_with("cannot be kept to public addresses"));
    http_scene_close(&scene);
}

/* --- the environment -------------------------------------------------------------- */

static const char *const VARIABLES[] = {"http_proxy", "https_proxy", "HTTPS_PROXY",
                                        "HTTP_PROXY", "all_proxy",   "ALL_PROXY",
                                        "no_proxy",   "NO_PROXY",    NULL};

static void clear_environment(void)
{
    for (size_t i = 0; VARIABLES[i]; i++)
        unsetenv(VARIABLES[i]);
}

/* What the server of the scene sees of a request to http://name.test. */
static const char *seen_by_server(struct http_scene *scene, bool trust)
{
    weir_session *session = weir_session_new(
        scene->loop, &(weir_session_options){.trust_environment = trust});
    weir_response *response;
    REQUIRE(session != NULL);
    snprintf(scene->url, sizeof(scene->url), "http://name.test:%d/", scene->port);
    if (weir_get(session, &response, scene->url) == WEIR_OK)
        weir_response_free(response);
    weir_session_free(session);
    return strstr(scene->request, "GET http://") ? "proxy" : "server";
}

TEST(environment, counts_when_it_is_trusted)
{
    struct http_scene scene;
    char here[64];
    clear_environment();
    http_scene_open(&scene, &KEPT, 1);
    snprintf(here, sizeof(here), "http://127.0.0.1:%d", scene.port);
    CHECK(strcmp(seen_by_server(&scene, true), "server") == 0);
    setenv("http_proxy", here, 1);
    CHECK(strcmp(seen_by_server(&scene, false), "server") == 0);
    CHECK(strcmp(seen_by_server(&scene, true), "proxy") == 0);
    setenv("NO_PROXY", "name.test", 1);
    CHECK(strcmp(seen_by_server(&scene, true), "server") == 0);
    setenv("no_proxy", "other.test", 1);
    CHECK(strcmp(seen_by_server(&scene, true), "proxy") == 0);
    setenv("no_proxy", "*", 1);
    CHECK(strcmp(seen_by_server(&scene, true), "server") == 0);
    clear_environment();
    setenv("ALL_PROXY", here, 1);
    setenv("http_proxy", "", 1);
    CHECK(strcmp(seen_by_server(&scene, true), "proxy") == 0);
    clear_environment();
    setenv("https_proxy", here, 1);
    CHECK(strcmp(seen_by_server(&scene, true), "server") == 0);
    /* CVE-2016-5385 */
    setenv("HTTP_PROXY", here, 1);
    CHECK(strcmp(seen_by_server(&scene, true), "server") == 0);
    setenv("http_proxy", "ftp://u:secret@proxy", 1);
    CHECK(!weir_session_new(scene.loop,
                            &(weir_session_options){.trust_environment = true}));
    CHECK(http_failed_with("http_proxy in the environment: "));
    CHECK(!strstr(weir_last_error()->message, "secret"));
    clear_environment();
    http_scene_close(&scene);
}
