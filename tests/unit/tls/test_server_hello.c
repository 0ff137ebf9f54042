/* A server of several names: which context a client gets (tls/server_hello.c,
 * RFC 6066 3).
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "pair.h"

static const struct credential_wish LEAF = {.subject = "leaf",
                                            .names = "DNS:a.example"};

/* A world, the two contexts of it, and the two ends. */
struct scene {
    struct pair_world world;
    weir_tls_context *client;
    weir_tls_context *server;
    struct pair pair;
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

struct hosts {
    weir_tls_context *other;
    char asked[64];
};

static weir_tls_context *find_host(void *arg, const char *server_name)
{
    struct hosts *hosts = arg;
    snprintf(hosts->asked, sizeof(hosts->asked), "%s", server_name);
    return strcmp(server_name, "b.example") == 0 ? hosts->other : NULL;
}

/* Two hosts of one server: a.example, and b.example, which knows its clients. */
struct two_hosts {
    struct scene scene;
    struct hosts hosts;
    struct credential other;
};

static void two_hosts_open(struct two_hosts *t, weir_tls_options other)
{
    static const struct credential_wish OTHER = {.subject = "b",
                                                 .names = "DNS:b.example"};
    memset(&t->hosts, 0, sizeof(t->hosts));
    scene_open(&t->scene, (weir_tls_options){0},
               (weir_tls_options){.on_server_name = find_host, .arg = &t->hosts});
    t->other = credential_make(&OTHER, &t->scene.world.ca);
    other.certificate_pem = credential_pem(&t->other);
    other.key_pem = credential_key(&t->other);
    t->hosts.other = world_server(&t->scene.world, other);
}

static void two_hosts_close(struct two_hosts *t)
{
    weir_tls_context_free(t->hosts.other);
    credential_clear(&t->other);
    scene_close(&t->scene);
}

TEST(tls_server_hello, a_server_shows_the_certificate_of_the_name)
{
    struct two_hosts t;
    two_hosts_open(&t, (weir_tls_options){0});
    CHECK(pair_run(&t.scene.pair, t.scene.client, t.scene.server, "a.example"));
    CHECK_TEXT(t.hosts.asked, "a.example");
    CHECK(pair_run(&t.scene.pair, t.scene.client, t.scene.server, "B.example."));
    CHECK_TEXT(t.hosts.asked, "b.example");
    CHECK(!pair_run(&t.scene.pair, t.scene.client, t.scene.server, "c.example"));
    CHECK_TEXT(t.scene.pair.client.message,
               "the server's certificate is for a.example, not for c.example");
    /* RFC 6066 3: addresses are not asked for. */
    t.hosts.asked[0] = '\0';
    CHECK(!pair_run(&t.scene.pair, t.scene.client, t.scene.server, "192.0.2.1"));
    CHECK_TEXT(t.hosts.asked, "");
    two_hosts_close(&t);
}

TEST(tls_server_hello, the_rules_of_a_name_are_its_own)
{
    struct two_hosts t;
    memset(&t, 0, sizeof(t));
    struct credential ca = credential_make(
        &(struct credential_wish){.subject = "Clients' CA", .is_authority = true},
        NULL);
    two_hosts_open(&t, (weir_tls_options){.ca_pem = credential_pem(&ca),
                                          .client_certificate =
                                              WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED});
    CHECK(pair_run(&t.scene.pair, t.scene.client, t.scene.server, "a.example"));
    CHECK(!pair_run(&t.scene.pair, t.scene.client, t.scene.server, "b.example"));
    CHECK_TEXT(t.scene.pair.server.message,
               "the client showed no certificate, and it needs one here");
    two_hosts_close(&t);
    credential_clear(&ca);
}

/* Moves what was remembered for one name to another, as an attacker would. */
static void check_moved(weir_tls_version version)
{
    struct two_hosts t;
    two_hosts_open(&t, (weir_tls_options){0});
    weir_tls_context *client =
        world_client(&t.scene.world, (weir_tls_options){.max_version = version});
    pair_open(&t.scene.pair, client, t.scene.server, "a.example");
    REQUIRE(pair_shake(&t.scene.pair));
    SSL_SESSION *session = SSL_get1_session(t.scene.pair.client.connection.ssl);
    pair_close(&t.scene.pair);
    REQUIRE(SSL_SESSION_is_resumable(session));
    pair_open(&t.scene.pair, client, t.scene.server, "b.example");
    REQUIRE(SSL_SESSION_set1_hostname(session, "b.example") == 1);
    REQUIRE(SSL_set_session(t.scene.pair.client.connection.ssl, session) == 1);
    CHECK(pair_shake(&t.scene.pair));
    CHECK(!SSL_session_reused(t.scene.pair.client.connection.ssl));
    pair_close(&t.scene.pair);
    SSL_SESSION_free(session);
    weir_tls_context_free(client);
    two_hosts_close(&t);
}

TEST(tls_server_hello, a_ticket_of_one_name_opens_no_other)
{
    check_moved(WEIR_TLS_1_2);
    check_moved(WEIR_TLS_1_3);
}

TEST(tls_server_hello, a_name_without_a_certificate_is_refused)
{
    struct two_hosts t;
    weir_tls_context *server;
    two_hosts_open(&t, (weir_tls_options){0});
    weir_tls_options options = {.on_server_name = find_host, .arg = &t.hosts};
    REQUIRE(weir_tls_server_new(&server, &options) == WEIR_OK);
    CHECK(pair_run(&t.scene.pair, t.scene.client, server, "b.example"));
    CHECK(!pair_run(&t.scene.pair, t.scene.client, server, "c.example"));
    CHECK_TEXT(t.scene.pair.server.message,
               "the client asked for c.example, for which there is no certificate");
    CHECK_TEXT(t.scene.pair.client.message,
               "the server has no certificate for the name c.example (its alert: "
               "unrecognized_name)");
    CHECK(!pair_run(&t.scene.pair, t.scene.client, server, "192.0.2.1"));
    CHECK_TEXT(t.scene.pair.server.message,
               "the client asked for no name, and there is no certificate for that");
    weir_tls_context_free(server);
    two_hosts_close(&t);
}

/* The other context may go while the connection still needs it. */
TEST(tls_server_hello, a_connection_holds_the_context_of_its_name)
{
    struct two_hosts t;
    two_hosts_open(&t, (weir_tls_options){0});
    pair_open(&t.scene.pair, t.scene.client, t.scene.server, "b.example");
    REQUIRE(pair_shake(&t.scene.pair));
    weir_tls_context_free(t.hosts.other);
    weir_tls_context_free(t.scene.server);
    t.hosts.other = NULL;
    t.scene.server = NULL;
    CHECK(pair_send(&t.scene.pair.client, &t.scene.pair.server));
    pair_close(&t.scene.pair);
    two_hosts_close(&t);
}
