/* What the two sides agree on: protocols, versions, certificates; and what changes
 * with a reload (tls/context.c, tls/settings.c).
 *
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "context_inside.h"
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

static bool scene_run(struct scene *scene)
{
    return pair_run(&scene->pair, scene->client, scene->server, "a.example");
}

static void scene_close(struct scene *scene)
{
    weir_tls_context_free(scene->client);
    weir_tls_context_free(scene->server);
    world_close(&scene->world);
}

/* --- protocols of the application (RFC 7301) --- */

static const char *const H2_HTTP[] = {"h2", "http/1.1", NULL};
static const char *const HTTP_H2[] = {"http/1.1", "h2", NULL};
static const char *const SMTP[] = {"smtp", NULL};

static void check_alpn(const char *const *client, const char *const *server,
                       const char *picked)
{
    struct scene scene;
    weir_tls_info *info;
    scene_open(&scene, (weir_tls_options){.alpn = client},
               (weir_tls_options){.alpn = server});
    pair_open(&scene.pair, scene.client, scene.server, "a.example");
    REQUIRE(pair_shake(&scene.pair));
    REQUIRE(weir__tls_info_new(&scene.pair.client.connection, &info) == WEIR_OK);
    CHECK_TEXT(info->alpn, picked);
    weir_tls_info_free(info);
    pair_close(&scene.pair);
    scene_close(&scene);
}

/* RFC 7301 3.2: the server chooses, by its own preference. */
TEST(tls_context, the_server_picks_its_first_protocol_that_the_client_has)
{
    check_alpn(H2_HTTP, HTTP_H2, "http/1.1");
    check_alpn(HTTP_H2, H2_HTTP, "h2");
    check_alpn(H2_HTTP, NULL, "");
    check_alpn(NULL, H2_HTTP, "");
}

/* RFC 7301 3.2: no_application_protocol. */
TEST(tls_context, no_common_protocol_is_a_failure)
{
    struct scene scene;
    scene_open(&scene, (weir_tls_options){.alpn = SMTP},
               (weir_tls_options){.alpn = H2_HTTP});
    CHECK(!scene_run(&scene));
    CHECK_TEXT(
        scene.pair.server.message,
        "the client speaks none of our protocols (ALPN): it offers smtp, not h2, "
        "http/1.1");
    CHECK_TEXT(scene.pair.client.message,
               "the server speaks none of our protocols (ALPN): smtp (its alert: "
               "no_application_protocol)");
    scene_close(&scene);
}

static int pick_unoffered(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                          const unsigned char *in, unsigned in_len, void *arg)
{
    (void)ssl;
    (void)in;
    (void)in_len;
    (void)arg;
    *out = (const unsigned char *)"evil";
    *out_len = 4;
    return SSL_TLSEXT_ERR_OK;
}

/* RFC 7301 3.1: "exactly one", of those that were offered. */
TEST(tls_context, a_protocol_that_was_not_offered_is_refused)
{
    struct scene scene;
    scene_open(&scene, (weir_tls_options){.alpn = SMTP},
               (weir_tls_options){.alpn = SMTP});
    pair_open(&scene.pair, scene.client, scene.server, "a.example");
    SSL_CTX_set_alpn_select_cb(SSL_get_SSL_CTX(scene.pair.server.connection.ssl),
                               pick_unoffered, NULL);
    CHECK(!pair_shake(&scene.pair));
    CHECK_INT(scene.pair.client.status, WEIR_E_TLS); /* by OpenSSL, if it is new */
    pair_close(&scene.pair);
    scene_close(&scene);
}

/* --- clients' certificates --- */

/* A client with a certificate of the same authority, or of another, or with none. */
enum shown { NOTHING, TRUSTED, STRANGE, FOR_SERVERS };

static struct credential make_shown(const struct pair_world *world, enum shown shown)
{
    struct credential_wish wish = {.subject = "client", .purpose = "clientAuth"};
    if (shown == FOR_SERVERS)
        wish.purpose = "serverAuth";
    return credential_make(&wish, shown == STRANGE ? NULL : &world->ca);
}

static bool show(struct pair *pair, enum shown shown, weir_tls_client_certificate asked,
                 weir_tls_version version)
{
    struct pair_world world;
    world_open(&world, &LEAF);
    struct credential own = make_shown(&world, shown);
    weir_tls_options options = {.max_version = version};
    if (shown != NOTHING) {
        options.certificate_pem = credential_pem(&own);
        options.key_pem = credential_key(&own);
    }
    weir_tls_context *client = world_client(&world, options);
    weir_tls_context *server =
        world_server(&world, (weir_tls_options){.ca_pem = credential_pem(&world.ca),
                                                .client_certificate = asked});
    bool ok = pair_run(pair, client, server, "a.example");
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    credential_clear(&own);
    world_close(&world);
    return ok;
}

static void check_shown(enum shown shown, weir_tls_client_certificate asked,
                        bool wanted)
{
    struct pair pair;
    CHECK_INT(show(&pair, shown, asked, WEIR_TLS_1_2), wanted);
    CHECK_INT(show(&pair, shown, asked, WEIR_TLS_1_3), wanted);
}

TEST(tls_context, a_server_asks_clients_for_a_certificate_or_not)
{
    check_shown(NOTHING, WEIR_TLS_CLIENT_CERTIFICATE_NONE, true);
    check_shown(STRANGE, WEIR_TLS_CLIENT_CERTIFICATE_NONE, true);
    check_shown(NOTHING, WEIR_TLS_CLIENT_CERTIFICATE_OPTIONAL, true);
    check_shown(TRUSTED, WEIR_TLS_CLIENT_CERTIFICATE_OPTIONAL, true);
    check_shown(STRANGE, WEIR_TLS_CLIENT_CERTIFICATE_OPTIONAL, false);
    check_shown(NOTHING, WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED, false);
    check_shown(TRUSTED, WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED, true);
    check_shown(STRANGE, WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED, false);
    check_shown(FOR_SERVERS, WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED, false);
}

TEST(tls_context, both_sides_say_what_is_wrong_with_a_clients_certificate)
{
    struct pair pair;
    show(&pair, NOTHING, WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED, WEIR_TLS_1_3);
    CHECK_TEXT(pair.server.message,
               "the client showed no certificate, and it needs one here");
    CHECK_TEXT(pair.client.message,
               "the server wants a certificate of ours, and we have none (its alert: "
               "certificate_required)");
    show(&pair, STRANGE, WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED, WEIR_TLS_1_3);
    CHECK_TEXT(
        pair.server.message,
        "the client's certificate is self-signed, and not trusted here: CN=client");
    CHECK_TEXT(pair.client.message,
               "the server does not accept our certificate (its alert: unknown_ca)");
    show(&pair, FOR_SERVERS, WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED, WEIR_TLS_1_2);
    CHECK_TEXT(
        pair.server.message,
        "the client's certificate is not for clients (extendedKeyUsage, RFC 5280 "
        "4.2.1.12)");
    CHECK_TEXT(pair.client.message,
               "the server does not accept our certificate (its alert: "
               "unsupported_certificate)");
}

/* --- trust --- */

/* Reading the system's trust store takes longer than a handshake. */
TEST(tls_context, the_systems_trust_store_is_shared)
{
    weir_tls_context *contexts[2];
    weir_tls_options options = {.min_version = WEIR_TLS_1_3};
    if (weir_tls_client_new(&contexts[0], NULL) < 0)
        SKIP("this system has no trust store");
    weir_tls_context_free(contexts[0]);
    REQUIRE(weir_tls_client_new(&contexts[0], NULL) == WEIR_OK);
    REQUIRE(weir_tls_client_new(&contexts[1], &options) == WEIR_OK);
    const X509_STORE *store = weir__tls_context_inside(contexts[0])->trust;
    CHECK(weir__tls_context_inside(contexts[1])->trust == store);
    /* Read again for one, it is so for all to come. */
    REQUIRE(weir_tls_context_reload(contexts[0]) == WEIR_OK);
    const X509_STORE *fresh = weir__tls_context_inside(contexts[0])->trust;
    CHECK(fresh != store);
    CHECK(weir__tls_context_inside(contexts[1])->trust == store);
    weir_tls_context_free(contexts[1]);
    REQUIRE(weir_tls_client_new(&contexts[1], NULL) == WEIR_OK);
    CHECK(weir__tls_context_inside(contexts[1])->trust == fresh);
    weir_tls_context_free(contexts[0]);
    weir_tls_context_free(contexts[1]);
}

/* --- versions --- */

static void check_versions(weir_tls_options client, weir_tls_options server,
                           const char *client_says, const char *server_says)
{
    struct scene scene;
    scene_open(&scene, client, server);
    CHECK_INT(scene_run(&scene), client_says == NULL);
    CHECK_TEXT(scene.pair.client.message, client_says ? client_says : "");
    CHECK_TEXT(scene.pair.server.message, server_says ? server_says : "");
    scene_close(&scene);
}

TEST(tls_context, without_a_common_version_both_say_what_they_have)
{
    weir_tls_options old = {.max_version = WEIR_TLS_1_2};
    weir_tls_options new = {.min_version = WEIR_TLS_1_3};
    check_versions(old, old, NULL, NULL);
    check_versions(new, new, NULL, NULL);
    check_versions(old, new,
                   "the server speaks no version of TLS that we do: we speak TLS 1.2 "
                   "(its alert: protocol_version)",
                   "no version of TLS in common with the client: we have TLS 1.3");
}

TEST(tls_context, without_a_common_cipher_both_say_what_they_have)
{
    weir_tls_options aes = {.cipher_suites = "TLS_AES_128_GCM_SHA256",
                            .min_version = WEIR_TLS_1_3};
    weir_tls_options chacha = {.cipher_suites = "TLS_CHACHA20_POLY1305_SHA256",
                               .min_version = WEIR_TLS_1_3};
    check_versions(
        aes, chacha,
        "the server finds nothing to agree on (its alert: handshake_failure); "
        "we have TLS 1.3, cipher_suites \"TLS_AES_128_GCM_SHA256\"",
        "no cipher in common with the client: we have TLS 1.3, cipher_suites "
        "\"TLS_CHACHA20_POLY1305_SHA256\"");
}

/* --- reload --- */

static void write_file(const char *path, weir_slice bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
    close(fd);
}

/* The certificate and the key in one file. */
static void write_both(const char *path, const struct credential *credential)
{
    weir_slice pem = credential_pem(credential);
    weir_slice key = credential_key(credential);
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    fprintf(file, "%.*s%.*s", (int)pem.len, pem.data, (int)key.len, key.data);
    fclose(file);
}

TEST(tls_context, a_reload_shows_the_renewed_certificate)
{
    struct scene scene;
    char path[] = "/tmp/weir_reload_XXXXXX";
    close(mkstemp(path));
    world_open(&scene.world, &LEAF);
    struct credential renewed = credential_make(
        &(struct credential_wish){.subject = "new", .names = "DNS:b.example"},
        &scene.world.ca);
    write_file(path, credential_pem(&scene.world.leaf));
    weir_tls_options options = {.certificate_file = path,
                                .key_pem = credential_key(&scene.world.leaf)};
    scene.client = world_client(&scene.world, (weir_tls_options){.no_sessions = true});
    REQUIRE(weir_tls_server_new(&scene.server, &options) == WEIR_OK);
    CHECK(scene_run(&scene));

    /* The key is not that of the new certificate: all stays as it was. */
    write_file(path, credential_pem(&renewed));
    CHECK_INT(weir_tls_context_reload(scene.server), WEIR_E_TLS);
    CHECK_TEXT(weir_last_error()->message,
               "key_pem: the key is not that of the certificate");
    CHECK(scene_run(&scene));
    weir_tls_context_free(scene.server);

    options = (weir_tls_options){.certificate_file = path};
    write_both(path, &scene.world.leaf);
    REQUIRE(weir_tls_server_new(&scene.server, &options) == WEIR_OK);
    pair_open(&scene.pair, scene.client, scene.server, "a.example");
    write_both(path, &renewed);
    CHECK_INT(weir_tls_context_reload(scene.server), WEIR_OK);
    CHECK(pair_shake(&scene.pair)); /* who is there goes on as it began */
    pair_close(&scene.pair);
    CHECK(pair_run(&scene.pair, scene.client, scene.server, "b.example"));
    CHECK(!scene_run(&scene));
    unlink(path);
    credential_clear(&renewed);
    scene_close(&scene);
}

/* --- secrets for Wireshark --- */

static void count_line(void *arg, const char *line)
{
    CHECK(strchr(line, '\n') == NULL);
    ++*(int *)arg;
}

TEST(tls_context, the_key_log_has_whole_lines_and_one_reader)
{
    struct scene scene;
    struct stat status;
    char line[600];
    char path[] = "/tmp/weir_keys_XXXXXX";
    int told = 0;
    int lines = 0;
    close(mkstemp(path));
    unlink(path); /* the log makes the file by itself */
    scene_open(&scene,
               (weir_tls_options){
                   .key_log_file = path, .on_key_log = count_line, .arg = &told},
               (weir_tls_options){.key_log_file = path});
    CHECK(scene_run(&scene));
    REQUIRE(stat(path, &status) == 0);
    CHECK_INT(status.st_mode & 0777, 0600);
    FILE *file = fopen(path, "r");
    REQUIRE(file != NULL);
    while (fgets(line, sizeof(line), file)) {
        CHECK(weir_slice_ends_with(weir_slice_of(line), WEIR_S("\n")));
        CHECK(strchr(line, ' ') != NULL);
        lines++;
    }
    fclose(file);
    CHECK(told >= 4);
    CHECK_INT(lines, 2 * told);
    unlink(path);
    scene_close(&scene);
}
