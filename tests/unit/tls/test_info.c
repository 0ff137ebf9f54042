/* What is known of a connection (tls/info.c, tls/certificate.c).
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "ip_text.h"
#include "nth.h"
#include "pair.h"

#define DAY 86400

static const struct credential_wish LEAF = {
    .subject = "leaf",
    .names = "DNS:a.example, DNS:*.b.example, IP:192.0.2.1, IP:2001:db8::1, "
             "URI:https://a.example/, email:x@a.example, RID:1.2.3",
};

static void check_certificate(const weir_tls_certificate *certificate)
{
    static const char *const NAMES[] = {"a.example",
                                        "*.b.example",
                                        "192.0.2.1",
                                        "2001:db8::1",
                                        "URI:https://a.example/",
                                        "email:x@a.example",
                                        "other:"};
    CHECK_TEXT(certificate->subject, "CN=leaf");
    CHECK_TEXT(certificate->issuer, "CN=Test CA");
    CHECK_TEXT(certificate->key, "EC P-256");
    CHECK_TEXT(certificate->signature, "ecdsa-with-SHA256");
    CHECK(!certificate->is_authority);
    REQUIRE(certificate->name_count == sizeof(NAMES) / sizeof(NAMES[0]));
    for (size_t i = 0; i < certificate->name_count; i++)
        CHECK_TEXT(certificate->names[i], NAMES[i]);
    CHECK_INT(certificate->not_after - certificate->not_before, 31 * DAY + 60);
    CHECK(certificate->not_before > 1700000000);
}

static weir_tls_info *info_of(const struct pair_end *end)
{
    weir_tls_info *info = NULL;
    REQUIRE(weir__tls_info_new(&end->connection, &info) == WEIR_OK);
    return info;
}

static void check_agreed(const struct pair_world *world, weir_tls_version version,
                         const char *name, const char *cipher)
{
    struct pair pair;
    weir_tls_context *client = world_client(
        world, (weir_tls_options){.max_version = version,
                                  .cipher_suites = "TLS_AES_128_GCM_SHA256",
                                  .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256",
                                  .groups = "P-256"});
    weir_tls_context *server = world_server(world, (weir_tls_options){0});
    pair_open(&pair, client, server, "a.example");
    REQUIRE(pair_shake(&pair));
    weir_tls_info *info = info_of(&pair.client);
    CHECK_TEXT(info->version, name);
    CHECK_TEXT(info->cipher, cipher);
    CHECK_TEXT(info->group, "P-256");
    CHECK_TEXT(info->alpn, "");
    CHECK_TEXT(info->server_name, "a.example");
    CHECK(!info->resumed);
    CHECK(info->verified);
    CHECK(!info->stapled);
    CHECK(!info->closed);
    REQUIRE(info->certificate_count == 1);
    check_certificate(info->certificates);
    weir_tls_info_free(info);
    pair_close(&pair);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
}

TEST(tls_info, what_was_agreed_on_is_told)
{
    struct pair_world world;
    world_open(&world, &LEAF);
    check_agreed(&world, WEIR_TLS_1_3, "TLSv1.3", "TLS_AES_128_GCM_SHA256");
    check_agreed(&world, WEIR_TLS_1_2, "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256");
    world_close(&world);
}

TEST(tls_info, a_server_knows_its_client)
{
    struct pair_world world;
    struct pair pair;
    char pin[WEIR__TLS_PIN_TEXT];
    unsigned char hash[WEIR__TLS_PIN_BYTES];
    world_open(&world, &LEAF);
    struct credential middle = credential_make(
        &(struct credential_wish){.subject = "Middle", .is_authority = true},
        &world.ca);
    struct credential own =
        credential_make(&(struct credential_wish){.subject = "me"}, &middle);
    weir_tls_context *client =
        world_client(&world, (weir_tls_options){.certificate_pem = credential_pem(&own),
                                                .key_pem = credential_key(&own)});
    weir_tls_context *server = world_server(
        &world,
        (weir_tls_options){.ca_pem = credential_pem(&world.ca),
                           .client_certificate = WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED});
    pair_open(&pair, client, server, "a.example");
    REQUIRE(pair_shake(&pair));
    weir_tls_info *info = info_of(&pair.server);
    CHECK_TEXT(info->server_name, "a.example");
    CHECK(info->verified);
    CHECK_TEXT(info->verification, "trusted by CN=Test CA");
    REQUIRE(info->certificate_count == 2);
    CHECK_TEXT(info->certificates[0].subject, "CN=me");
    CHECK_INT(info->certificates[0].name_count, 0);
    CHECK(info->certificates[1].is_authority);
    REQUIRE(weir__tls_pin_hash(own.certificate, hash));
    weir__tls_pin_text(hash, pin);
    CHECK_TEXT(info->certificates[0].pin, pin);
    weir_tls_info_free(info);
    info = info_of(&pair.client);
    CHECK_TEXT(info->certificates[0].subject, "CN=leaf");
    weir_tls_info_free(info);
    pair_close(&pair);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    credential_clear(&own);
    credential_clear(&middle);
    world_close(&world);
}

TEST(tls_info, a_resumed_session_and_a_silent_client_are_told)
{
    struct pair_world world;
    struct pair pair;
    world_open(&world, &LEAF);
    weir_tls_context *client = world_client(&world, (weir_tls_options){0});
    weir_tls_context *server = world_server(&world, (weir_tls_options){0});
    CHECK(pair_run(&pair, client, server, "a.example"));
    pair_open(&pair, client, server, "a.example");
    REQUIRE(pair_shake(&pair));
    weir_tls_info *info = info_of(&pair.client);
    CHECK(info->resumed);
    CHECK(info->verified);
    CHECK_TEXT(info->verification, "trusted when the session began; the name is right");
    CHECK_INT(info->certificate_count, 1);
    weir_tls_info_free(info);
    info = info_of(&pair.server);
    CHECK(info->resumed);
    CHECK(!info->verified);
    CHECK_TEXT(info->verification, "the peer showed no certificate");
    CHECK_INT(info->certificate_count, 0);
    CHECK(!info->closed);
    weir_tls_info_free(info);
    SSL_shutdown(pair.client.connection.ssl);
    CHECK(!pair_send(&pair.client, &pair.server));
    info = info_of(&pair.server);
    CHECK(info->closed);
    weir_tls_info_free(info);
    pair_close(&pair);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    world_close(&world);
    weir_tls_info_free(NULL);
}

/* U+009B begins a command to a terminal as ESC [ does. */
TEST(tls_info, control_characters_are_escaped_and_others_are_not)
{
    struct pair_world world;
    struct pair pair;
    world_open(&world, &(struct credential_wish){.subject = "B\xc3\xbc"
                                                            "cher \x1b[2J \xc2\x9b"
                                                            "31m, Ltd",
                                                 .names = "DNS:a.example"});
    weir_tls_context *client = world_client(&world, (weir_tls_options){0});
    weir_tls_context *server = world_server(&world, (weir_tls_options){0});
    pair_open(&pair, client, server, "a.example");
    REQUIRE(pair_shake(&pair));
    weir_tls_info *info = info_of(&pair.client);
    CHECK_TEXT(info->certificates[0].subject, "CN=B\xc3\xbc"
                                              "cher \\1B[2J \\xc2\x9b"
                                              "31m\\, Ltd");
    weir_tls_info_free(info);
    pair_close(&pair);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    world_close(&world);
}

TEST(tls_info, without_memory_there_is_none)
{
    struct pair_world world;
    struct pair pair;
    struct nth nth;
    weir_tls_info *info = NULL;
    world_open(&world, &LEAF);
    weir_tls_context *client = world_client(&world, (weir_tls_options){0});
    weir_tls_context *server = world_server(&world, (weir_tls_options){0});
    pair_open(&pair, client, server, "a.example");
    REQUIRE(pair_shake(&pair));
    const weir_allocator *own = pair.client.connection.allocator;
    for (size_t n = 1; !info; n++) {
        nth_init(&nth, n);
        pair.client.connection.allocator = &nth.allocator;
        int rc = weir__tls_info_new(&pair.client.connection, &info);
        CHECK_INT(rc, nth.failed ? WEIR_E_MEMORY : WEIR_OK);
        weir_tls_info_free(info);
        CHECK_INT(nth.live, 0);
    }
    pair.client.connection.allocator = own;
    pair_close(&pair);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    world_close(&world);
}

static void check_ip(weir_slice bytes, const char *wanted)
{
    char text[WEIR__IP_TEXT_BYTES];
    CHECK_TEXT(weir__ip_text(bytes, text), wanted);
}

/* RFC 5952 4. */
TEST(tls_info, addresses_are_written_short)
{
    check_ip(WEIR_S("\xc0\x00\x02\x01"), "192.0.2.1");
    check_ip(WEIR_S("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "::");
    check_ip(WEIR_S("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"), "::1");
    check_ip(WEIR_S("\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "fe80::");
    check_ip(WEIR_S("\x20\x01\x0d\xb8\0\0\0\x01\0\x01\0\x01\0\x01\0\x01"),
             "2001:db8:0:1:1:1:1:1");
    check_ip(WEIR_S("\x20\x01\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01"), "2001:0:0:1::1");
    check_ip(WEIR_S("\x20\x01\x0d\xb8\0\0\0\0\0\x01\0\0\0\0\0\x01"),
             "2001:db8::1:0:0:1");
    check_ip(WEIR_S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
             "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    check_ip(WEIR_S("\x7f"), "a malformed address");
}
