/* weir's client and proxies that others have written: tinyproxy (HTTP), microsocks
 * (SOCKS5). Behind them is a server of weir's.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/features.h>
#include <weir/group.h>
#include <weir/server.h>
#include <weir/session.h>
#include <weir/status.h>

#include "certificates.h"
#include "peer.h"
#include "test.h"

#if WEIR_HAS_TLS
#include <weir/tls.h>
#endif

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"

struct scene {
    weir_loop *loop;
    weir_server *plain;
    weir_server *secure; /* NULL: without TLS */
    weir_tls_context *server;
    weir_tls_context *client;
    int connections;
    char head[2048]; /* the latest that a server has read */
};

static int serve(weir_stream *stream, void *arg)
{
    static char body[100000];
    struct scene *scene = arg;
    weir_slice head;
    scene->connections++;
    while (weir_readuntil(weir_stream_reader(stream), WEIR_S("\r\n\r\n"), &head) > 0) {
        snprintf(scene->head, sizeof(scene->head), "%.*s", (int)head.len, head.data);
        weir_write(weir_stream_writer(stream), WEIR_S(ANSWER));
        if (weir_write(weir_stream_writer(stream), (weir_slice){body, sizeof(body)}) <
            0)
            break;
    }
    return WEIR_OK;
}

static void open_secure(struct scene *scene)
{
#if WEIR_HAS_TLS
    REQUIRE(weir_tls_server_new(&scene->server,
                                &(weir_tls_options){
                                    .certificate_file = certificate("localhost.pem"),
                                    .key_file = certificate("localhost.key"),
                                }) == WEIR_OK);
    REQUIRE(weir_tls_client_new(
                &scene->client,
                &(weir_tls_options){.ca_file = certificate("ca.pem")}) == WEIR_OK);
    REQUIRE(weir_start_server(scene->loop, &scene->secure, "127.0.0.1", 0,
                              .on_connect = serve, .arg = scene,
                              .tls = scene->server) == WEIR_OK);
#else
    (void)scene;
#endif
}

static void open_scene(struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    scene->loop = weir_loop_new(NULL);
    REQUIRE(weir_start_server(scene->loop, &scene->plain, "127.0.0.1", 0,
                              .on_connect = serve, .arg = scene) == WEIR_OK);
    open_secure(scene);
}

static void close_scene(struct scene *scene)
{
    weir_server_free(scene->plain);
    weir_server_free(scene->secure);
#if WEIR_HAS_TLS
    weir_tls_context_free(scene->server);
    weir_tls_context_free(scene->client);
#endif
    weir_loop_free(scene->loop);
}

static weir_session *new_session(struct scene *scene, const char *proxy)
{
    weir_session *session = weir_session_new(
        scene->loop, &(weir_session_options){.proxy = proxy, .tls = scene->client});
    REQUIRE(session != NULL);
    return session;
}

static int get(weir_session *session, const char *url)
{
    weir_response *response;
    weir_slice text;
    int rc = weir_get(session, &response, url, .timeout_ms = 20000);
    if (rc < 0) {
        fprintf(stderr, "%s\n", weir_last_error()->message);
        return rc;
    }
    int status_code = weir_response_status(response);
    rc = weir_response_text(response, &text);
    if (rc == WEIR_OK && status_code == 200 && text.len != 100000)
        rc = WEIR_E_INCOMPLETE;
    weir_response_free(response);
    return rc < 0 ? rc : status_code;
}

struct job {
    weir_session *session;
    const char *url;
    int right;
};

static int get_ten(void *arg)
{
    struct job *job = arg;
    for (int i = 0; i < 10; i++)
        job->right += get(job->session, job->url) == 200;
    return WEIR_OK;
}

/* Ten tasks at a time, over five connections. */
static void check_many(struct scene *scene, const char *proxy, const char *url)
{
    weir_session *session = weir_session_new(
        scene->loop, &(weir_session_options){.proxy = proxy,
                                             .tls = scene->client,
                                             .max_connections_per_host = 5});
    struct job job = {session, url, 0};
    weir_group *group = weir_group_new(scene->loop, NULL);
    REQUIRE(session != NULL && group != NULL);
    for (int i = 0; i < 10; i++)
        CHECK_INT(weir_group_spawn(group, get_ten, &job), WEIR_OK);
    CHECK_INT(weir_group_wait(group), WEIR_OK);
    CHECK_INT(job.right, 100);
    weir_group_free(group);
    weir_session_free(session);
}

static void check_proxy(struct scene *scene, const char *proxy)
{
    char url[64];
    weir_session *session = new_session(scene, proxy);
    snprintf(url, sizeof(url), "http://localhost:%d/path",
             weir_server_port(scene->plain));
    for (int i = 0; i < 3; i++)
        CHECK_INT(get(session, url), 200);
    CHECK(strncmp(scene->head, "GET /path HTTP/1.1\r\n", 20) == 0);
    CHECK(!strstr(scene->head, "Proxy-Authorization"));
    check_many(scene, proxy, url);
    if (scene->secure) {
        snprintf(url, sizeof(url), "https://localhost:%d/path",
                 weir_server_port(scene->secure));
        scene->connections = 0;
        for (int i = 0; i < 3; i++)
            CHECK_INT(get(session, url), 200);
        CHECK_INT(scene->connections, 1);
        CHECK(!strstr(scene->head, "Proxy-Authorization"));
        check_many(scene, proxy, url);
    }
    weir_session_free(session);
}

static void start_tinyproxy(struct peer *peer)
{
    char config[256];
    char path[96];
    if (!peer_is_installed("tinyproxy"))
        peer_missing("tinyproxy");
    peer_open(peer, "tinyproxy");
    snprintf(config, sizeof(config),
             "Port %d\nListen 127.0.0.1\nTimeout 30\nAllow 127.0.0.1\n"
             "BasicAuth user pass\nMaxClients 50\n",
             peer->port);
    peer_file(peer, "tinyproxy.conf", config);
    snprintf(path, sizeof(path), "%s", peer_path(peer, "tinyproxy.conf"));
    const char *const arguments[] = {"tinyproxy", "-d", "-c", path, NULL};
    peer_start(peer, arguments);
}

TEST(proxies, tinyproxy_is_asked_and_lets_through)
{
    struct peer peer;
    struct scene scene;
    char proxy[64];
    start_tinyproxy(&peer);
    open_scene(&scene);
    snprintf(proxy, sizeof(proxy), "http://user:pass@127.0.0.1:%d", peer.port);
    check_proxy(&scene, proxy);
    close_scene(&scene);
    peer_close(&peer);
}

TEST(proxies, tinyproxy_wants_to_know_who_asks)
{
    struct peer peer;
    struct scene scene;
    char proxy[64];
    char url[64];
    start_tinyproxy(&peer);
    open_scene(&scene);
    snprintf(proxy, sizeof(proxy), "http://user:wrong@127.0.0.1:%d", peer.port);
    weir_session *session = new_session(&scene, proxy);
    snprintf(url, sizeof(url), "http://localhost:%d/", weir_server_port(scene.plain));
    int status_code = get(session, url);
    CHECK(status_code == 401 || status_code == 407);
    if (scene.secure) {
        snprintf(url, sizeof(url), "https://localhost:%d/",
                 weir_server_port(scene.secure));
        CHECK_INT(get(session, url), WEIR_E_CONNECTION);
        CHECK(strstr(weir_last_error()->message, "answered CONNECT localhost:") !=
              NULL);
    }
    CHECK_INT(scene.connections, 0);
    weir_session_free(session);
    close_scene(&scene);
    peer_close(&peer);
}

static void start_microsocks(struct peer *peer)
{
    char port[16];
    if (!peer_is_installed("microsocks"))
        peer_missing("microsocks");
    peer_open(peer, "microsocks");
    snprintf(port, sizeof(port), "%d", peer->port);
    const char *const arguments[] = {"microsocks", "-i", "127.0.0.1", "-p", port,
                                     "-u",         "us", "-P",        "pw", NULL};
    peer_start(peer, arguments);
}

TEST(proxies, microsocks_lets_through)
{
    static const char *const SCHEMES[] = {"socks5", "socks5h"};
    struct peer peer;
    struct scene scene;
    char proxy[64];
    start_microsocks(&peer);
    open_scene(&scene);
    for (int i = 0; i < 2; i++) {
        snprintf(proxy, sizeof(proxy), "%s://us:pw@127.0.0.1:%d", SCHEMES[i],
                 peer.port);
        check_proxy(&scene, proxy);
    }
    close_scene(&scene);
    peer_close(&peer);
}

TEST(proxies, microsocks_says_why_not)
{
    struct peer peer;
    struct scene scene;
    char proxy[64];
    start_microsocks(&peer);
    open_scene(&scene);
    snprintf(proxy, sizeof(proxy), "socks5h://us:wrong@127.0.0.1:%d", peer.port);
    weir_session *session = new_session(&scene, proxy);
    CHECK_INT(get(session, "http://localhost:1/"), WEIR_E_CONNECTION);
    weir_session_free(session);
    snprintf(proxy, sizeof(proxy), "socks5h://us:pw@127.0.0.1:%d", peer.port);
    session = new_session(&scene, proxy);
    CHECK_INT(get(session, "http://localhost:1/"), WEIR_E_CONNECTION);
    CHECK(strstr(weir_last_error()->message, "did not connect to localhost: ") != NULL);
    weir_session_free(session);
    close_scene(&scene);
    peer_close(&peer);
}
