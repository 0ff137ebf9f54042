/* Through SOCKS proxies: who resolves, and what becomes of it when the proxy is slow,
 * wrong or hostile.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "http_scene.h"
#include "proxy_scene.h"

#define OK_BODY "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"

static const struct http_answer KEPT = {.bytes = OK_BODY};

static int get_through(struct http_scene *scene, const struct proxy_scene *proxy,
                       const char *scheme, const char *host)
{
    weir_response *response;
    char url[80];
    char proxy_url[80];
    snprintf(url, sizeof(url), "http://%s:8080/", host);
    snprintf(proxy_url, sizeof(proxy_url), "%s127.0.0.1:%d", scheme, proxy->port);
    int rc = weir_get(scene->session, &response, url, .proxy = proxy_url,
                      .connect_timeout_ms = 2000);
    if (rc < 0)
        return rc;
    rc = weir_response_status(response);
    weir_response_free(response);
    return rc;
}

/* The resolver of the scene knows every name as 127.0.0.1. */
TEST(socks_proxy, resolves_or_is_told_the_address)
{
    static const struct {
        const char *scheme;
        int version;
        const char *host;
        const char *asked;
    } CASES[] = {
        {"socks5://", 5, "name.test", "127.0.0.1:8080"},
        {"socks5h://", 5, "name.test", "name.test:8080"},
        {"socks5h://", 5, "192.0.2.1", "192.0.2.1:8080"},
        {"socks5h://", 5, "[2001:db8::1]", "ipv6:8080"},
        {"socks5://", 5, "[2001:db8::1]", "ipv6:8080"},
        {"socks5h://", 5, "[::ffff:192.0.2.1]", "192.0.2.1:8080"},
        {"socks4://", 4, "name.test", "127.0.0.1:8080"},
        {"socks4a://", 4, "name.test", "name.test:8080"},
        {"socks4a://user@", 4, "192.0.2.1", "192.0.2.1:8080"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct http_scene scene;
        struct proxy_scene proxy = {.socks = CASES[i].version};
        http_scene_open(&scene, &KEPT, 1);
        proxy_scene_open(&proxy, scene.loop, scene.port);
        for (int k = 0; k < 2; k++)
            CHECK_INT(get_through(&scene, &proxy, CASES[i].scheme, CASES[i].host), 200);
        CHECK_BYTES(weir_slice_of(proxy.asked), weir_slice_of(CASES[i].asked));
        CHECK_INT(proxy.connections, 1); /* the tunnel is kept */
        CHECK(http_scene_saw(&scene, "GET / HTTP/1.1\r\nHost: "));
        proxy_scene_close(&proxy);
        http_scene_close(&scene);
    }
}

TEST(socks_proxy, is_told_who_asks)
{
    struct http_scene scene;
    struct proxy_scene proxy = {.socks = 5, .user = "us:er", .password = "p@ss"};
    http_scene_open(&scene, &KEPT, 1);
    proxy_scene_open(&proxy, scene.loop, scene.port);
    CHECK_INT(get_through(&scene, &proxy, "socks5h://us%3aer:p%40ss@", "name.test"),
              200);
    CHECK_INT(get_through(&scene, &proxy, "socks5h://us%3aer:wrong@", "name.test"),
              WEIR_E_CONNECTION);
    CHECK(http_failed_with("user or password is wrong"));
    CHECK_INT(get_through(&scene, &proxy, "socks5h://", "name.test"),
              WEIR_E_CONNECTION);
    CHECK(http_failed_with("there is no password for it"));
    CHECK(http_failed_with("through socks5h://127.0.0.1:"));
    CHECK(!strstr(weir_last_error()->message, "p@ss"));
    CHECK_INT(proxy.tunnels, 1);
    proxy_scene_close(&proxy);
    http_scene_close(&scene);
}

TEST(socks_proxy, cannot_do_everything)
{
    struct http_scene scene;
    struct proxy_scene proxy = {.socks = 4};
    http_scene_open(&scene, &KEPT, 1);
    proxy_scene_open(&proxy, scene.loop, scene.port);
    CHECK_INT(get_through(&scene, &proxy, "socks4://", "[2001:db8::1]"),
              WEIR_E_RESOLVE);
    CHECK(http_failed_with("no IPv4 address"));
    CHECK_INT(get_through(&scene, &proxy, "socks4a://", "[2001:db8::1]"),
              WEIR_E_INVALID);
    CHECK_INT(get_through(&scene, &proxy, "socks4://u:p@", "a.test"), WEIR_E_INVALID);
    CHECK(http_failed_with("SOCKS4 has no passwords"));
    CHECK_INT(weir_session_connections(scene.session), 0);
    proxy_scene_close(&proxy);
    http_scene_close(&scene);
}

/* By its own look-up the client knows where the proxy connects to. */
TEST(socks_proxy, keeps_to_public_addresses_when_they_are_told_to_it)
{
    struct http_scene scene;
    struct proxy_scene proxy = {.socks = 5};
    http_scene_open_with(&scene, &KEPT, 1,
                         &(weir_session_options){.public_only = true});
    proxy_scene_open(&proxy, scene.loop, scene.port);
    CHECK_INT(get_through(&scene, &proxy, "socks5://", "name.test"), WEIR_E_CONNECTION);
    CHECK(http_failed_with("no public address"));
    CHECK_INT(get_through(&scene, &proxy, "socks5h://", "1.1.1.1"), WEIR_E_UNSUPPORTED);
    CHECK_INT(get_through(&scene, &proxy, "socks5://", "1.1.1.1"), 200);
    proxy_scene_close(&proxy);
    http_scene_close(&scene);
}

/* The first host is public, and the one that it points to is not; through the proxy or
 * without it. */
TEST(socks_proxy, keeps_to_public_addresses_in_redirects)
{
    static const struct http_answer ANSWER = {
        .bytes = "HTTP/1.1 302 Found\r\nLocation: http://name.test:8080/\r\n"
                 "Content-Length: 0\r\n\r\n"};
    static const char *const SENTENCES[] = {"no public address",
                                            "is not a public address"};
    for (int i = 0; i < 2; i++) {
        struct http_scene scene;
        struct proxy_scene proxy = {.socks = 5};
        weir_response *response;
        http_scene_open(&scene, &ANSWER, 1);
        proxy_scene_open(&proxy, scene.loop, scene.port);
        weir_session_free(scene.session);
        scene.session = weir_session_new(
            scene.loop, &(weir_session_options){.proxy = proxy.url,
                                                .no_proxy = i == 1 ? "name.test" : NULL,
                                                .public_only = true});
        REQUIRE(scene.session != NULL);
        CHECK_INT(weir_get(scene.session, &response, "http://1.1.1.1/"),
                  WEIR_E_CONNECTION);
        CHECK(http_failed_with(SENTENCES[i]));
        CHECK_INT(scene.requests, 1);
        proxy_scene_close(&proxy);
        http_scene_close(&scene);
    }
}

TEST(socks_proxy, takes_addresses_from_the_sessions_table)
{
    struct http_scene scene;
    struct proxy_scene proxy = {.socks = 5};
    const weir_pair table[] = {{"name.test:8080", "192.0.2.7"}, {0}};
    http_scene_open_with(&scene, &KEPT, 1, &(weir_session_options){.resolve = table});
    proxy_scene_open(&proxy, scene.loop, scene.port);
    CHECK_INT(get_through(&scene, &proxy, "socks5://", "name.test"), 200);
    CHECK_BYTES(weir_slice_of(proxy.asked), WEIR_S("192.0.2.7:8080"));
    proxy_scene_close(&proxy);
    http_scene_close(&scene);
}

TEST(socks_proxy, says_why_it_did_not_connect)
{
    struct http_scene scene;
    struct proxy_scene proxy = {
        .socks = 5, .answer = "\5\4\0\1\0\0\0\0\0\0", .answer_len = 10};
    http_scene_open(&scene, &KEPT, 1);
    proxy_scene_open(&proxy, scene.loop, scene.port);
    CHECK_INT(get_through(&scene, &proxy, "socks5h://", "name.test"),
              WEIR_E_CONNECTION);
    CHECK(http_failed_with("through socks5h://127.0.0.1:"));
    CHECK(http_failed_with("did not connect to name.test: host unreachable"));
    proxy_scene_close(&proxy);
    http_scene_close(&scene);
}

/* More behind the reply would be taken for the host's answer. */
TEST(socks_proxy, that_says_too_much_is_refused)
{
    struct http_scene scene;
    struct proxy_scene proxy = {.socks = 5,
                                .answer = "\5\0\0\1\0\0\0\0\0\0HTTP/1.1 200 OK\r\n\r\n",
                                .answer_len = 29,
                                .then = PROXY_HANGS};
    http_scene_open(&scene, &KEPT, 1);
    proxy_scene_open(&proxy, scene.loop, scene.port);
    CHECK_INT(get_through(&scene, &proxy, "socks5h://", "name.test"), WEIR_E_PROTOCOL);
    CHECK(http_failed_with("more than SOCKS has"));
    CHECK_INT(weir_session_connections(scene.session), 0);
    proxy_scene_close(&proxy);
    http_scene_close(&scene);
}

/* All of what a proxy says in one handshake, cut off at each byte. */
static void cut_off(bool hangs)
{
    static const char ANSWER[] = "\5\2\1\0\5\0\0\3\4name\0\0";
    for (size_t cut = 0; cut < sizeof(ANSWER) - 1; cut++) {
        struct http_scene scene;
        weir_response *response;
        char proxy_url[64];
        struct proxy_scene proxy = {.socks = 5,
                                    .at_once = true,
                                    .answer = cut == 0 ? "" : ANSWER,
                                    .answer_len = cut,
                                    .then = hangs ? PROXY_HANGS : PROXY_CLOSES};
        http_scene_open_with(&scene, &KEPT, 1,
                             &(weir_session_options){.max_connections = 1});
        proxy_scene_open(&proxy, scene.loop, scene.port);
        snprintf(proxy_url, sizeof(proxy_url), "socks5h://u:p@127.0.0.1:%d",
                 proxy.port);
        int rc = weir_get(scene.session, &response, "http://name.test/",
                          .proxy = proxy_url, .connect_timeout_ms = hangs ? 10 : 5000);
        CHECK_INT(rc, hangs ? WEIR_E_TIMEOUT : WEIR_E_CONNECTION);
        CHECK(http_failed_with("through socks5h://127.0.0.1:"));
        CHECK_INT(weir_session_connections(scene.session), 0);
        CHECK_INT(http_scene_get(&scene, NULL), 200);
        proxy_scene_close(&proxy);
        http_scene_close(&scene);
    }
}

TEST(socks_proxy, may_close_at_any_byte)
{
    cut_off(false);
}

TEST(socks_proxy, may_hang_at_any_byte)
{
    cut_off(true);
}

static int get_in_task(void *arg)
{
    int rc = http_scene_get(arg, NULL);
    return rc == 200 ? WEIR_OK : rc;
}

TEST(socks_proxy, gives_its_slot_back_whenever_it_is_cancelled)
{
    bool over = false;
    for (int turn = 0; !over && turn < 60; turn++) {
        struct http_scene scene;
        struct proxy_scene proxy = {.socks = 5, .user = "u", .password = "p"};
        char url[64];
        http_scene_open(&scene, &KEPT, 1);
        proxy_scene_open(&proxy, scene.loop, scene.port);
        weir_session_free(scene.session);
        snprintf(url, sizeof(url), "socks5://u:p@127.0.0.1:%d", proxy.port);
        scene.session = weir_session_new(
            scene.loop,
            &(weir_session_options){.proxy = url, .max_connections_per_host = 1});
        weir_task *leaver = weir_spawn(scene.loop, get_in_task, &scene);
        weir_task *heir = weir_spawn(scene.loop, get_in_task, &scene);
        for (int i = 0; i < turn; i++)
            weir_loop_run_once(scene.loop, 1);
        weir_cancel(leaver);
        int rc = weir_join(leaver);
        CHECK(rc == WEIR_OK || rc == WEIR_E_CANCELLED);
        over = rc == WEIR_OK;
        CHECK_INT(weir_join(heir), WEIR_OK);
        CHECK(weir_session_connections(scene.session) <= 1);
        proxy_scene_close(&proxy);
        http_scene_close(&scene);
    }
    CHECK(over);
}

TEST(socks_proxy, survives_each_failing_allocation)
{
    bool failed = true;
    for (size_t n = 1; failed && n < 300; n++) {
        struct http_scene scene;
        struct proxy_scene proxy = {.socks = 5, .user = "u", .password = "p"};
        http_scene_open(&scene, &KEPT, 1);
        proxy_scene_open(&proxy, scene.loop, scene.port);
        scene.nth.fail_at = scene.nth.count + n;
        int rc = get_through(&scene, &proxy, "socks5://u:p@", "name.test");
        failed = scene.nth.failed;
        CHECK(rc == 200 || (failed && rc < 0 && weir_last_error()->message[0] != '\0'));
        scene.nth.fail_at = 0;
        CHECK_INT(get_through(&scene, &proxy, "socks5://u:p@", "name.test"), 200);
        proxy_scene_close(&proxy);
        http_scene_close(&scene);
    }
    CHECK(!failed);
}
