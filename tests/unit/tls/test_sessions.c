/* Sessions that are resumed, each once, and never with another peer (tls/sessions.c).
 *
 * SPDX-License-Identifier: MIT */
#include "sessions.h"

#include <stdio.h>

#include "context_inside.h"
#include "pair.h"

static const struct credential_wish LEAF = {
    .subject = "leaf",
    .names = "DNS:a.example, DNS:b.example, DNS:*.c.example, IP:192.0.2.1",
};

struct scene {
    struct pair_world world;
    weir_tls_context *client;
    weir_tls_context *server;
};

static void scene_open(struct scene *scene, weir_tls_options client,
                       weir_tls_options server)
{
    world_open(&scene->world, &LEAF);
    scene->client = world_client(&scene->world, client);
    scene->server = world_server(&scene->world, server);
}

static void scene_close(struct scene *scene)
{
    weir_tls_context_free(scene->client);
    weir_tls_context_free(scene->server);
    world_close(&scene->world);
}

static size_t remembered(const struct scene *scene)
{
    return weir__tls_context_inside(scene->client)->sessions.count;
}

/* A connection; whether it was resumed. */
static bool resumes(struct scene *scene, const char *name, uint16_t port)
{
    struct pair pair;
    pair_open_port(&pair, scene->client, scene->server, name, port);
    REQUIRE(pair_shake(&pair));
    bool resumed = SSL_session_reused(pair.client.connection.ssl) == 1;
    CHECK_INT(SSL_session_reused(pair.server.connection.ssl), resumed);
    pair_close(&pair);
    return resumed;
}

/* RFC 8446 4.6.1: tickets come after the handshake; OpenSSL's server sends two. */
TEST(tls_sessions, a_session_is_resumed)
{
    struct scene scene;
    scene_open(&scene, (weir_tls_options){0}, (weir_tls_options){0});
    CHECK(!resumes(&scene, "a.example", 443));
    CHECK_INT(remembered(&scene), 2);
    CHECK(resumes(&scene, "a.example", 443));
    CHECK(resumes(&scene, "a.example", 443));
    CHECK(resumes(&scene, "a.example", 443));
    CHECK(!resumes(&scene, "192.0.2.1", 443));
    CHECK(resumes(&scene, "192.0.2.1", 443));
    scene_close(&scene);
}

/* RFC 8446 C.4: "Clients SHOULD NOT reuse a ticket for multiple connections". */
TEST(tls_sessions, a_ticket_is_used_once)
{
    struct scene scene;
    struct pair pairs[3];
    scene_open(&scene, (weir_tls_options){0}, (weir_tls_options){0});
    CHECK(!resumes(&scene, "a.example", 443));
    for (size_t i = 0; i < 3; i++)
        pair_open_port(&pairs[i], scene.client, scene.server, "a.example", 443);
    CHECK_INT(remembered(&scene), 0);
    for (size_t i = 0; i < 3; i++) {
        REQUIRE(pair_shake(&pairs[i]));
        CHECK_INT(SSL_session_reused(pairs[i].client.connection.ssl), i < 2);
        pair_close(&pairs[i]);
    }
    scene_close(&scene);
}

TEST(tls_sessions, tls_1_2_resumes_too)
{
    struct scene scene;
    scene_open(&scene, (weir_tls_options){.max_version = WEIR_TLS_1_2},
               (weir_tls_options){0});
    CHECK(!resumes(&scene, "a.example", 443));
    CHECK_INT(remembered(&scene), 1);
    CHECK(resumes(&scene, "a.example", 443));
    scene_close(&scene);
}

TEST(tls_sessions, another_name_or_port_is_another_peer)
{
    struct scene scene;
    scene_open(&scene, (weir_tls_options){0}, (weir_tls_options){0});
    CHECK(!resumes(&scene, "a.example", 443));
    CHECK(!resumes(&scene, "b.example", 443));
    CHECK(!resumes(&scene, "a.example", 8443));
    CHECK(!resumes(&scene, "a.example", 0));
    CHECK(resumes(&scene, "A.example.", 443));
    CHECK(resumes(&scene, "a.example", 8443));
    scene_close(&scene);
}

TEST(tls_sessions, no_sessions_are_none)
{
    struct scene scene;
    scene_open(&scene, (weir_tls_options){.no_sessions = true}, (weir_tls_options){0});
    CHECK(!resumes(&scene, "a.example", 443));
    CHECK(!resumes(&scene, "a.example", 443));
    CHECK_INT(remembered(&scene), 0);
    scene_close(&scene);
    scene_open(&scene, (weir_tls_options){0}, (weir_tls_options){.no_sessions = true});
    CHECK(!resumes(&scene, "a.example", 443));
    CHECK(!resumes(&scene, "a.example", 443));
    scene_close(&scene);
}

/* The longest unused ones go first. */
TEST(tls_sessions, their_number_is_bounded)
{
    struct scene scene;
    char name[32];
    scene_open(&scene, (weir_tls_options){.max_sessions = 6}, (weir_tls_options){0});
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof(name), "h%d.c.example", i);
        CHECK(!resumes(&scene, name, 443));
        CHECK(remembered(&scene) <= 6);
    }
    CHECK(resumes(&scene, "h9.c.example", 443));
    CHECK(resumes(&scene, "h8.c.example", 443));
    CHECK(!resumes(&scene, "h0.c.example", 443));
    scene_close(&scene);
}

TEST(tls_sessions, a_busy_peer_leaves_the_others_theirs)
{
    struct scene scene;
    struct pair pairs[10];
    scene_open(&scene, (weir_tls_options){0}, (weir_tls_options){0});
    CHECK(!resumes(&scene, "b.example", 443));
    for (size_t i = 0; i < 10; i++)
        pair_open_port(&pairs[i], scene.client, scene.server, "a.example", 443);
    for (size_t i = 0; i < 10; i++) {
        REQUIRE(pair_shake(&pairs[i]));
        pair_close(&pairs[i]);
    }
    CHECK_INT(remembered(&scene), 2 + 4);
    CHECK(resumes(&scene, "b.example", 443));
    scene_close(&scene);
}

/* Resumed, a certificate is not checked: what was not trusted must not be remembered. */
TEST(tls_sessions, an_untrusted_peer_is_not_remembered)
{
    struct scene scene;
    scene_open(&scene, (weir_tls_options){.insecure_skip_verify = true},
               (weir_tls_options){0});
    CHECK(!resumes(&scene, "x.example", 443));
    CHECK_INT(remembered(&scene), 0);
    CHECK(!resumes(&scene, "a.example", 443));
    CHECK(resumes(&scene, "a.example", 443));
    scene_close(&scene);
}

TEST(tls_sessions, a_client_that_is_reloaded_begins_anew)
{
    struct scene scene;
    struct pair pair;
    scene_open(&scene, (weir_tls_options){0}, (weir_tls_options){0});
    CHECK(!resumes(&scene, "a.example", 443));
    pair_open_port(&pair, scene.client, scene.server, "b.example", 443);
    REQUIRE(weir_tls_context_reload(scene.client) == WEIR_OK);
    CHECK_INT(remembered(&scene), 0);
    /* A session that an older trust store has let in. */
    REQUIRE(pair_shake(&pair));
    pair_close(&pair);
    CHECK_INT(remembered(&scene), 0);
    CHECK(!resumes(&scene, "a.example", 443));
    CHECK(resumes(&scene, "a.example", 443));
    scene_close(&scene);
}

TEST(tls_sessions, tickets_outlive_the_renewal_of_a_server)
{
    struct scene scene;
    scene_open(&scene, (weir_tls_options){0}, (weir_tls_options){0});
    CHECK(!resumes(&scene, "a.example", 443));
    REQUIRE(weir_tls_context_reload(scene.server) == WEIR_OK);
    CHECK(resumes(&scene, "a.example", 443));
    scene_close(&scene);
}

/* They stand for a certificate that may have been revoked meanwhile. */
TEST(tls_sessions, tickets_of_clients_with_certificates_do_not)
{
    struct scene scene;
    weir_tls_options server = {.client_certificate =
                                   WEIR_TLS_CLIENT_CERTIFICATE_OPTIONAL};
    world_open(&scene.world, &LEAF);
    server.ca_pem = credential_pem(&scene.world.ca);
    scene.client = world_client(&scene.world, (weir_tls_options){0});
    scene.server = world_server(&scene.world, server);
    CHECK(!resumes(&scene, "a.example", 443));
    CHECK(resumes(&scene, "a.example", 443));
    REQUIRE(weir_tls_context_reload(scene.server) == WEIR_OK);
    CHECK(!resumes(&scene, "a.example", 443));
    scene_close(&scene);
}
