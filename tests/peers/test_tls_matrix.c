/* weir as a client, and openssl s_server with everything that can be wrong with a
 * certificate, a version or a proof: each is refused, with the reason.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tls_scene.h"

/* Lets s_server use what is too weak. */
#define WEAK "-cipher", "ALL:@SECLEVEL=0"

struct refusal {
    const char *name; /* of the server's certificate */
    const char *server_name;
    const char *words[5];
    int alert; /* that the server is told (RFC 8446 6.2); 0: any, or none */
    bool weak;
};

/* A connection to a server with this certificate. */
static void try_certificate(const char *name, const char *server_name,
                            const weir_tls_options *options, bool weak, int alert,
                            struct tls_talk *talk)
{
    const char *arguments[] = {"-rev", weak ? "-cipher" : NULL, "ALL:@SECLEVEL=0",
                               NULL};
    struct tls_scene scene;
    struct s_server server;
    char number[32];
    s_server_start(&server, name, arguments);
    tls_scene_open(&scene);
    weir_tls_context *tls = tls_client(options);
    tls_talk(talk, scene.loop, server.peer.port, tls, server_name);
    snprintf(number, sizeof(number), "SSL alert number %d", alert);
    if (alert && !CHECK(s_server_said(&server, scene.loop, number)))
        fprintf(stderr, "    %s: no %s\n", name, number);
    weir_tls_context_free(tls);
    tls_scene_close(&scene);
    s_server_stop(&server);
}

static void refuse_each(const struct refusal *cases, size_t count,
                        const weir_tls_options *options)
{
    for (size_t i = 0; i < count; i++) {
        struct tls_talk talk;
        const struct refusal *c = &cases[i];
        try_certificate(c->name, c->server_name, options, c->weak, c->alert, &talk);
        bool ok = tls_failed(&talk, WEIR_E_TLS, c->words);
        ok &= CHECK_INT(strcmp(talk.step, "connect"), 0);
        if (!ok)
            fprintf(stderr, "    of %s for %s\n", c->name,
                    c->server_name ? c->server_name : "127.0.0.1");
    }
}

/* RFC 5280 6: the path. */
TEST(tls_matrix, refuses_a_certificate_that_cannot_be_trusted)
{
    static const struct refusal CASES[] = {
        {"expired", "localhost", {"expired", "{year-2}-12-31"}, 45, false},
        {"future", "localhost", {"not", "valid", "{year+2}-01-01"}, 0, false},
        {"self-signed", "localhost", {"self-signed"}, 0, false},
        {"unknown-root", "localhost", {"weir test stranger"}, 48, false},
        {"localhost-alone", "localhost", {"weir test intermediate"}, 48, false},
        {"by-leaf", "localhost", {"weir test localhost"}, 0, false},
        {"by-constrained", "localhost", {"permitted"}, 0, false},
        {"for-clients", "localhost", {"not for servers"}, 0, false},
        {"md5", "localhost", {"md5"}, 0, true},
        {"sha1", "localhost", {"sha1"}, 0, true},
        {"rsa1024", "localhost", {"1024"}, 0, true},
    };
    refuse_each(CASES, sizeof(CASES) / sizeof(CASES[0]), NULL);
}

/* RFC 9525 6: the name. */
TEST(tls_matrix, refuses_a_certificate_for_somebody_else)
{
    static const struct refusal CASES[] = {
        {"example",
         "localhost",
         {"localhost", "example.test", "www.example.test"},
         0,
         false},
        {"example", "sub.example.test", {"sub.example.test", "example.test"}, 0, false},
        {"cn-only", "localhost", {"localhost", "subjectAltName"}, 0, false},
        {"wildcard",
         "a.b.example.test",
         {"a.b.example.test", "*.example.test"},
         0,
         false},
        {"wildcard", "example.test", {"example.test", "*.example.test"}, 0, false},
        {"wildcard-top", "example.test", {"example.test", "*.test"}, 0, false},
        {"wildcard-part",
         "host.example.test",
         {"host.example.test", "h*.example"},
         0,
         false},
        {"example", NULL, {"127.0.0.1", "example.test"}, 0, false},
        {"ip-as-name", NULL, {"127.0.0.1"}, 0, false},
        {"ip", "localhost", {"localhost", "127.0.0.1"}, 0, false},
        {"ip", "127.0.0.2", {"127.0.0.2", "127.0.0.1"}, 0, false},
        {"nul-name", "localhost", {"localhost"}, 0, false},
        {"ugly-name",
         "localhost",
         {"localhost", "a\\x1b[31m\\r\\nlocalhost"},
         0,
         false},
    };
    refuse_each(CASES, sizeof(CASES) / sizeof(CASES[0]), NULL);
}

TEST(tls_matrix, takes_each_good_certificate)
{
    static const struct {
        const char *name;
        const char *server_name;
    } CASES[] = {
        {"localhost", "localhost"},
        {"localhost", "LocalHost"},
        {"localhost", NULL},
        {"ip", NULL},
        {"ip", "::1"},
        {"wildcard", "www.example.test"},
        {"example", "example.test"},
        {"rsa2048", "localhost"},
        {"ed25519", "localhost"},
        {"many-names", "host-150.example.test"},
        {"wildcard", "a-b.EXAMPLE.test"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct tls_talk talk;
        try_certificate(CASES[i].name, CASES[i].server_name, NULL, false, 0, &talk);
        tls_went_well(&talk, CASES[i].name);
        CHECK_BYTES(weir_slice_of(talk.answer), WEIR_S("olleh"));
    }
}

/* A sentence has room for 255 bytes, and the certificate has more. */
TEST(tls_matrix, says_what_fits_of_many_names)
{
    struct tls_talk talk;
    const char *const words[] = {"other.test", "host-1.example.test", NULL};
    try_certificate("many-names", "other.test", NULL, false, 0, &talk);
    tls_failed(&talk, WEIR_E_TLS, words);
}

/* RFC 5280 6.3. */
TEST(tls_matrix, looks_into_revocation_lists)
{
    static const struct {
        const char *name;
        const char *list;
        const char *words[4]; /* none: it goes well */
    } CASES[] = {
        {"localhost", "crl.pem", {NULL}},
        {"revoked", "crl.pem", {"revoked on {year-0}"}},
        {"localhost", "crl-expired.pem", {"unknown", "good until", "{year-2}"}},
        {"localhost", "crl-leaf.pem", {"unknown", "weir test root"}},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct tls_talk talk;
        weir_tls_options options = {.crl_file = certificate(CASES[i].list)};
        try_certificate(CASES[i].name, "localhost", &options, false, 0, &talk);
        if (CASES[i].words[0])
            tls_failed(&talk, WEIR_E_TLS, CASES[i].words);
        else
            tls_went_well(&talk, CASES[i].list);
    }
}

static void read_pin(char *pin, size_t size, const char *file)
{
    FILE *in = fopen(certificate(file), "r");
    REQUIRE(in != NULL);
    pin[fread(pin, 1, size - 1, in)] = '\0';
    fclose(in);
}

/* RFC 7469 2.4, and the key of the peer alone. */
TEST(tls_matrix, holds_to_pins)
{
    static const struct {
        const char *file;
        bool unchecked;
        bool right;
    } CASES[] = {{"localhost.pin", false, true},
                 {"intermediate.pin", false, false},
                 {"localhost.pin", true, true},
                 {"intermediate.pin", true, false}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char pin[80];
        struct tls_talk talk;
        const char *const pins[] = {pin, NULL};
        const char *const words[] = {"pin", NULL};
        weir_tls_options options = {.pins = pins,
                                    .insecure_skip_verify = CASES[i].unchecked};
        read_pin(pin, sizeof(pin), CASES[i].file);
        try_certificate("localhost", "localhost", &options, false, 0, &talk);
        if (CASES[i].right)
            tls_went_well(&talk, CASES[i].file);
        else
            tls_failed(&talk, WEIR_E_TLS, words);
    }
}

struct staple {
    const char *name;
    const char *response; /* NULL: none */
    const char *version;
    const char *words[3]; /* none: it goes well */
    bool stapled;
};

static void try_staple(const struct staple *c)
{
    struct tls_scene scene;
    struct s_server server;
    struct tls_talk talk;
    weir_stream *stream = NULL;
    weir_tls_info *info = NULL;
    const char *const arguments[] = {
        "-rev", c->version, c->response ? "-status_file" : NULL,
        c->response ? certificate(c->response) : NULL, NULL};
    s_server_start(&server, c->name, arguments);
    tls_scene_open(&scene);
    weir_tls_context *tls = tls_client(&(weir_tls_options){.no_sessions = true});
    tls_talk(&talk, scene.loop, server.peer.port, tls, "localhost");
    if (c->words[0]) {
        tls_failed(&talk, WEIR_E_TLS, c->words);
    } else if (tls_went_well(&talk, c->response)) {
        REQUIRE(weir_open_connection(scene.loop, &stream, "127.0.0.1", server.peer.port,
                                     .tls = tls,
                                     .server_name = "localhost") == WEIR_OK);
        REQUIRE(weir_stream_tls_info(stream, &info) == WEIR_OK);
        CHECK(info->verified);
        CHECK_BYTES(weir_slice_of(talk.answer), WEIR_S("olleh"));
        CHECK_INT(info->stapled, c->stapled);
        weir_tls_info_free(info);
        weir_stream_close(stream);
    }
    weir_tls_context_free(tls);
    tls_scene_close(&scene);
    s_server_stop(&server);
}

/* RFC 6066 8, RFC 6960, RFC 7633. */
TEST(tls_matrix, looks_at_a_stapled_response)
{
    static const struct staple CASES[] = {
        {"localhost", "ocsp-good.der", "-tls1_3", {NULL}, true},
        {"localhost", "ocsp-good.der", "-tls1_2", {NULL}, true},
        {"localhost", "ocsp-revoked.der", "-tls1_3", {"revoked"}, false},
        {"localhost", "ocsp-revoked.der", "-tls1_2", {"revoked"}, false},
        {"localhost", "ocsp-forged.der", "-tls1_3", {"OCSP"}, false},
        {"localhost", "ocsp-other.der", "-tls1_3", {"OCSP"}, false},
        {"localhost", NULL, "-tls1_3", {NULL}, false},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        try_staple(&CASES[i]);
}

/* RFC 8996: TLS 1.0 and 1.1 are gone. */
TEST(tls_matrix, refuses_old_versions)
{
    static const struct {
        const char *version;
        weir_tls_version min, max;
        const char *words[3];
    } CASES[] = {
        {"-tls1", WEIR_TLS_ANY, WEIR_TLS_ANY, {"version"}},
        {"-tls1_1", WEIR_TLS_ANY, WEIR_TLS_ANY, {"version"}},
        {"-tls1_1", WEIR_TLS_ANY, WEIR_TLS_1_2, {"version"}},
        {"-tls1_2", WEIR_TLS_1_3, WEIR_TLS_ANY, {"version"}},
        {"-tls1_3", WEIR_TLS_ANY, WEIR_TLS_1_2, {"version"}},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct tls_scene scene;
        struct s_server server;
        struct tls_talk talk;
        const char *const arguments[] = {"-rev", WEAK, CASES[i].version, NULL};
        weir_tls_options options = {.min_version = CASES[i].min,
                                    .max_version = CASES[i].max};
        s_server_start(&server, "localhost", arguments);
        tls_scene_open(&scene);
        weir_tls_context *tls = tls_client(&options);
        tls_talk(&talk, scene.loop, server.peer.port, tls, "localhost");
        tls_failed(&talk, WEIR_E_TLS, CASES[i].words);
        weir_tls_context_free(tls);
        tls_scene_close(&scene);
        s_server_stop(&server);
    }
}

struct offer {
    const char *server[6]; /* of s_server */
    weir_tls_options client;
    const char *words[3]; /* none: it goes well */
};

/* RFC 8446 4.1.1; with another round when the client has guessed the wrong group
 * (HelloRetryRequest, 4.1.4). */
TEST(tls_matrix, says_when_there_is_nothing_in_common)
{
    static const char *const HTTP[] = {"http/1.1", NULL};
    static const struct offer CASES[] = {
        {{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"},
         {.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"},
         {"handshake_failure"}},
        {{"-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384"},
         {.cipher_suites = "TLS_AES_128_GCM_SHA256"},
         {"handshake_failure"}},
        {{"-groups", "P-384"}, {.groups = "X25519"}, {"handshake_failure"}},
        {{"-tls1_3"},
         {.signature_algorithms = "rsa_pss_rsae_sha256"},
         {"handshake_failure"}},
        {{"-alpn", "h2"}, {.alpn = HTTP}, {"no_application_protocol"}},
        {{"-tls1_3", "-groups", "X25519"}, {.groups = "P-521:X25519"}, {NULL}},
        {{"-alpn", "h2,http/1.1"}, {.alpn = HTTP}, {NULL}},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const struct offer *c = &CASES[i];
        const char *const arguments[] = {"-rev", c->server[0], c->server[1],
                                         c->server[2], NULL};
        struct tls_scene scene;
        struct s_server server;
        struct tls_talk talk;
        s_server_start(&server, "localhost", arguments);
        tls_scene_open(&scene);
        weir_tls_context *tls = tls_client(&c->client);
        tls_talk(&talk, scene.loop, server.peer.port, tls, "localhost");
        if (c->words[0])
            tls_failed(&talk, WEIR_E_TLS, c->words);
        else
            tls_went_well(&talk, c->server[0]);
        weir_tls_context_free(tls);
        tls_scene_close(&scene);
        s_server_stop(&server);
    }
}

struct proof {
    const char *version;
    const char *client; /* its certificate; NULL: none */
    const char *words[3];
};

static void try_proof(const struct proof *c)
{
    struct tls_scene scene;
    struct s_server server;
    struct tls_talk talk;
    char file[64], key[64];
    const char *const arguments[] = {"-rev",     "-Verify",
                                     "3",        "-verify_return_error",
                                     "-CAfile",  certificate("client-ca.pem"),
                                     c->version, NULL};
    weir_tls_options options = {0};
    if (c->client) {
        snprintf(file, sizeof(file), "%s.pem", c->client);
        snprintf(key, sizeof(key), "%s.key", c->client);
        options.certificate_file = certificate(file);
        options.key_file = certificate(key);
    }
    s_server_start(&server, "localhost", arguments);
    tls_scene_open(&scene);
    weir_tls_context *tls = tls_client(&options);
    tls_talk(&talk, scene.loop, server.peer.port, tls, "localhost");
    if (c->words[0])
        tls_failed(&talk, WEIR_E_TLS, c->words);
    else
        tls_went_well(&talk, c->version);
    weir_tls_context_free(tls);
    tls_scene_close(&scene);
    s_server_stop(&server);
}

/* RFC 8446 4.4.2.4: in TLS 1.3 the refusal comes after the handshake. */
TEST(tls_matrix, says_what_a_server_did_not_like_of_the_own_certificate)
{
    static const struct proof CASES[] = {
        {"-tls1_3", NULL, {"certificate", "required"}},
        {"-tls1_2", NULL, {"certificate", "handshake_failure"}},
        {"-tls1_3", "client-other", {"unknown"}},
        {"-tls1_2", "client-other", {"unknown"}},
        {"-tls1_3", "client-expired", {"expired"}},
        {"-tls1_2", "client-expired", {"expired"}},
        {"-tls1_3", "client", {NULL}},
        {"-tls1_2", "client", {NULL}},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        try_proof(&CASES[i]);
}
