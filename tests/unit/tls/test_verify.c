/* Who is let in: certificates, names and keys (tls/verify.c, tls/complaint.c), and what
 * is said of the others.
 *
 * SPDX-License-Identifier: MIT */
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "context_inside.h"
#include "pair.h"

/* A handshake with a server that has these names; what the client says. */
static bool visit(struct pair *pair, const struct credential_wish *leaf,
                  const char *name)
{
    struct pair_world world;
    world_open(&world, leaf);
    weir_tls_context *client = world_client(&world, (weir_tls_options){0});
    weir_tls_context *server = world_server(&world, (weir_tls_options){0});
    bool ok = pair_run(pair, client, server, name);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    world_close(&world);
    return ok;
}

static void check_name(const char *names, const char *name, const char *complaint)
{
    struct pair pair;
    bool ok = visit(&pair, &(struct credential_wish){.subject = "leaf", .names = names},
                    name);
    if (ok != (complaint == NULL))
        fprintf(stderr, "%s at %s\n", name, names ? names : "no names");
    CHECK_INT(ok, complaint == NULL);
    CHECK_INT(pair.client.status, complaint ? WEIR_E_TLS : WEIR_OK);
    CHECK_TEXT(pair.client.message, complaint ? complaint : "");
}

/* RFC 9525 6.3: "the dNSName ... MUST match", without regard to case. */
TEST(tls_verify, a_host_name_must_be_in_the_certificate)
{
    check_name("DNS:a.example", "a.example", NULL);
    check_name("DNS:b.example,DNS:a.example", "a.example", NULL);
    check_name("DNS:a.Example", "A.example", NULL);
    check_name("DNS:a.example", "a.example.", NULL);
    check_name("DNS:a.example", "b.example",
               "the server's certificate is for a.example, not for b.example");
    check_name("DNS:a.example", "x.a.example",
               "the server's certificate is for a.example, not for x.a.example");
    check_name("DNS:a.example", "example",
               "the server's certificate is for a.example, not for example");
}

/* RFC 9525 6.3: the star is a whole label, the left-most one, and stands for one. */
TEST(tls_verify, a_star_is_one_whole_label)
{
    check_name("DNS:*.a.example", "x.a.example", NULL);
    check_name("DNS:*.a.example", "y.x.a.example",
               "the server's certificate is for *.a.example, not for y.x.a.example");
    check_name("DNS:*.a.example", "a.example",
               "the server's certificate is for *.a.example, not for a.example");
    check_name("DNS:*.example", "a.example",
               "the server's certificate is for *.example, not for a.example");
    check_name("DNS:x*.a.example", "xy.a.example",
               "the server's certificate is for x*.a.example, not for xy.a.example");
    check_name("DNS:x.*.example", "x.a.example",
               "the server's certificate is for x.*.example, not for x.a.example");
}

/* RFC 9525 2: "the Common Name RDN MUST NOT be used". */
TEST(tls_verify, a_common_name_is_no_name)
{
    struct pair pair;
    CHECK(
        !visit(&pair, &(struct credential_wish){.subject = "a.example"}, "a.example"));
    CHECK_TEXT(pair.client.message,
               "the server's certificate is for no host: it has no subjectAltName, and "
               "its subject CN=a.example does not count (RFC 9525 2)");
}

/* RFC 9525 6.5: addresses are compared as bytes, and with addresses alone. */
TEST(tls_verify, an_address_must_be_in_the_certificate_as_one)
{
    char interface[IF_NAMESIZE];
    char zoned[IF_NAMESIZE + 16];
    REQUIRE(if_indextoname(1, interface) != NULL);
    snprintf(zoned, sizeof(zoned), "fe80::1%%%s", interface);
    check_name("IP:192.0.2.1", "192.0.2.1", NULL);
    check_name("IP:2001:db8::1", "2001:db8:0::1", NULL);
    check_name("IP:2001:db8::1,IP:fe80::1", zoned, NULL);
    check_name(
        "DNS:192.0.2.1", "192.0.2.1",
        "the server's certificate is for 192.0.2.1, not for the address 192.0.2.1");
    check_name("DNS:a.example,IP:192.0.2.7,IP:2001:db8::7", "192.0.2.1",
               "the server's certificate is for a.example, 192.0.2.7, 2001:db8::7, not "
               "for the address 192.0.2.1");
    check_name("IP:192.0.2.1", "a.example",
               "the server's certificate is for 192.0.2.1, not for a.example");
}

TEST(tls_verify, of_many_names_the_first_are_told)
{
    char names[2000] = "";
    for (int i = 0; i < 40; i++)
        sprintf(names + strlen(names), "%sDNS:host-%02d.a.example", i ? "," : "", i);
    check_name(
        names, "b.example",
        "the server's certificate is for host-00.a.example, host-01.a.example, "
        "host-02.a.example, host-03.a.example, host-04.a.example and 35 more, not "
        "for b.example");
}

static void check_wish(const struct credential_wish *leaf, const char *complaint)
{
    struct pair pair;
    CHECK(!visit(&pair, leaf, "a.example"));
    CHECK_INT(pair.client.status, WEIR_E_TLS);
    CHECK_TEXT(pair.client.message, complaint);
}

/* The words with the day of a certificate in their middle. */
static void check_day(const struct credential_wish *leaf, const char *before,
                      const char *after)
{
    struct pair pair;
    CHECK(!visit(&pair, leaf, "a.example"));
    weir_slice message = weir_slice_of(pair.client.message);
    CHECK(weir_slice_starts_with(message, weir_slice_of(before)));
    CHECK(weir_slice_ends_with(message, weir_slice_of(after)));
    CHECK_INT(message.len, strlen(before) + strlen("2026-01-01") + strlen(after));
}

/* RFC 5280 6.1.3: the current time is within the validity period. */
TEST(tls_verify, a_certificate_has_its_time)
{
    check_day(&(struct credential_wish){.subject = "x",
                                        .names = "DNS:a.example",
                                        .from_days = -9,
                                        .until_days = -3},
              "the server's certificate expired on ", ", 3 days ago");
    check_day(
        &(struct credential_wish){
            .subject = "x", .names = "DNS:a.example", .from_days = 1, .until_days = 3},
        "the server's certificate is not valid before ",
        ", in 1 day (is the clock of this system right?)");
}

static weir_tls_context *no_other(void *arg, const char *server_name)
{
    (void)arg;
    (void)server_name;
    return NULL;
}

/* What no server of weir's would show: its own security level refuses it first. */
static weir_tls_context *weak_server(const struct credential *leaf)
{
    weir_tls_context *context;
    weir_tls_options options = {.on_server_name = no_other};
    REQUIRE(weir_tls_server_new(&context, &options) == WEIR_OK);
    SSL_CTX *ssl = weir__tls_context_inside(context)->ssl;
    SSL_CTX_set_security_level(ssl, 0);
    REQUIRE(SSL_CTX_use_certificate(ssl, leaf->certificate) == 1);
    REQUIRE(SSL_CTX_use_PrivateKey(ssl, leaf->key) == 1);
    return context;
}

static void check_weak(struct credential_wish wish, const char *complaint)
{
    struct pair pair;
    struct pair_world world;
    wish.subject = "x";
    wish.names = "DNS:a.example";
    world_open(&world, &wish);
    weir_tls_context *client = world_client(&world, (weir_tls_options){0});
    weir_tls_context *server = weak_server(&world.leaf);
    CHECK(!pair_run(&pair, client, server, "a.example"));
    CHECK_TEXT(pair.client.message, complaint);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    world_close(&world);
}

/* RFC 9325 4.5: RSA of 2048 bits at least, SHA-256 at least. */
TEST(tls_verify, a_weak_key_or_digest_is_refused)
{
    check_weak((struct credential_wish){.digest = "SHA1"},
               "the server's certificate has a weak signature: ecdsa-with-SHA1");
    check_weak((struct credential_wish){.rsa_bits = 1024},
               "the server's certificate has a weak key: RSA 1024");
}

/* RFC 5280 4.2.1.12. */
TEST(tls_verify, a_certificate_for_clients_is_not_for_servers)
{
    check_wish(
        &(struct credential_wish){
            .subject = "x", .names = "DNS:a.example", .purpose = "clientAuth"},
        "the server's certificate is not for servers (extendedKeyUsage, RFC 5280 "
        "4.2.1.12)");
}

/* A server with such a chain, and a client that trusts `trusted`. */
static void check_chain(const struct credential *trusted, const struct credential *own,
                        const char *complaint)
{
    struct pair pair;
    struct pair_world world = {*trusted, *own};
    weir_tls_context *client = world_client(&world, (weir_tls_options){0});
    weir_tls_context *server = world_server(&world, (weir_tls_options){0});
    CHECK_INT(pair_run(&pair, client, server, "a.example"), complaint == NULL);
    CHECK_TEXT(pair.client.message, complaint ? complaint : "");
    weir_tls_context_free(client);
    weir_tls_context_free(server);
}

static const struct credential_wish LEAF = {.subject = "leaf",
                                            .names = "DNS:a.example"};

TEST(tls_verify, the_issuer_must_be_trusted)
{
    struct credential ca = credential_make(
        &(struct credential_wish){.subject = "CA", .is_authority = true}, NULL);
    struct credential other = credential_make(
        &(struct credential_wish){.subject = "Other CA", .is_authority = true}, NULL);
    struct credential middle = credential_make(
        &(struct credential_wish){.subject = "Middle", .is_authority = true}, &other);
    struct credential leaf = credential_make(&LEAF, &other);
    struct credential deep = credential_make(&LEAF, &middle);
    struct credential alone = credential_make(&LEAF, NULL);
    check_chain(
        &ca, &leaf,
        "the server's certificate comes from CN=Other CA, who is not trusted here "
        "and whose own certificate the server did not send (a missing "
        "intermediate?)");
    check_chain(&ca, &deep,
                "the server's certificate comes from CN=Other CA, who is not trusted "
                "here");
    check_chain(
        &ca, &alone,
        "the server's certificate is self-signed, and not trusted here: CN=leaf");
    check_chain(&other, &deep, NULL);
    check_chain(&alone, &alone, NULL);
    /* An intermediate authority can be trusted without its root. */
    check_chain(&middle, &deep, NULL);
    credential_clear(&ca);
    credential_clear(&other);
    credential_clear(&middle);
    credential_clear(&leaf);
    credential_clear(&deep);
    credential_clear(&alone);
}

/* RFC 5280 4.2.1.9: only who is marked so may sign others. */
TEST(tls_verify, who_is_no_authority_may_not_sign)
{
    struct credential ca = credential_make(
        &(struct credential_wish){.subject = "CA", .is_authority = true}, NULL);
    struct credential leaf = credential_make(&LEAF, &ca);
    struct credential child = credential_make(
        &(struct credential_wish){.subject = "child", .names = "DNS:a.example"}, &leaf);
    check_chain(&ca, &child,
                "the certificate of CN=leaf has signed another, and is that of no "
                "authority (RFC 5280 4.2.1.9)");
    credential_clear(&ca);
    credential_clear(&leaf);
    credential_clear(&child);
}

/* A certificate with an escape sequence and line ends in its names. */
TEST(tls_verify, what_a_peer_says_is_escaped)
{
    struct credential ca = credential_make(
        &(struct credential_wish){.subject = "CA", .is_authority = true}, NULL);
    struct credential bad = credential_make(
        &(struct credential_wish){.subject = "x\x1b[2J\r\n", .names = "DNS:a.example"},
        NULL);
    check_chain(&ca, &bad,
                "the server's certificate is self-signed, and not trusted here: "
                "CN=x\\x1b[2J\\r\\n");
    credential_clear(&ca);
    credential_clear(&bad);
}

/* A pin that is that of no key here, and that of a certificate. */
#define NO_PIN "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static void pin_of(const struct credential *credential, char text[WEIR__TLS_PIN_TEXT])
{
    unsigned char hash[WEIR__TLS_PIN_BYTES];
    REQUIRE(weir__tls_pin_hash(credential->certificate, hash));
    weir__tls_pin_text(hash, text);
}

static void check_pin(weir_tls_options options, bool fits)
{
    struct pair_world world;
    struct pair pair;
    char pin[WEIR__TLS_PIN_TEXT];
    char complaint[256];
    const char *pins[] = {NO_PIN, NULL, NULL};
    world_open(&world, &LEAF);
    pin_of(&world.leaf, pin);
    if (fits)
        pins[1] = pin;
    options.pins = pins;
    weir_tls_context *client = world_client(&world, options);
    weir_tls_context *server = world_server(&world, (weir_tls_options){0});
    snprintf(complaint, sizeof(complaint),
             "the key of the server's certificate is not one of the pins: it is %s",
             pin);
    CHECK_INT(pair_run(&pair, client, server, "a.example"), fits);
    CHECK_TEXT(pair.client.message, fits ? "" : complaint);
    CHECK_INT(pair.server.status < 0, !fits);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    world_close(&world);
}

/* RFC 7469 2.6: the key must be pinned, whatever else is right. */
TEST(tls_verify, a_pin_holds)
{
    check_pin((weir_tls_options){0}, true);
    check_pin((weir_tls_options){0}, false);
    check_pin((weir_tls_options){.insecure_skip_verify = true}, true);
    check_pin((weir_tls_options){.insecure_skip_verify = true}, false);
}

/* What a client says of a bad server that it talks to all the same. */
static void check_skipped(weir_tls_options options, const char *name, bool verified,
                          const char *verification)
{
    struct pair_world world;
    struct pair pair;
    weir_tls_info *info;
    world_open(&world, &LEAF);
    weir_tls_context *client = world_client(&world, options);
    weir_tls_context *server = world_server(&world, (weir_tls_options){0});
    pair_open(&pair, client, server, name);
    REQUIRE(pair_shake(&pair));
    REQUIRE(weir__tls_info_new(&pair.client.connection, &info) == WEIR_OK);
    CHECK_INT(info->verified, verified);
    CHECK_TEXT(info->verification, verification);
    CHECK_INT(info->certificate_count, 1);
    weir_tls_info_free(info);
    pair_close(&pair);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    world_close(&world);
}

TEST(tls_verify, what_is_skipped_is_told)
{
    weir_tls_options blind = {.insecure_skip_verify = true};
    weir_tls_options nameless = {.insecure_skip_hostname = true};
    check_skipped((weir_tls_options){0}, "a.example", true,
                  "trusted by CN=Test CA; the name is right");
    check_skipped(blind, "b.example", false,
                  "the server's certificate is for a.example, not for b.example");
    check_skipped(nameless, "a.example", true,
                  "trusted by CN=Test CA; the name is right");
    check_skipped(nameless, "b.example", false,
                  "the server's certificate is for a.example, not for b.example");
    check_skipped(nameless, "192.0.2.1", false,
                  "the server's certificate is for a.example, not for the address "
                  "192.0.2.1");
    check_skipped(nameless, NULL, false,
                  "trusted by CN=Test CA; whom it is for was not checked");
}

/* The dates come after the name: it is they that count then. */
TEST(tls_verify, after_a_name_that_is_skipped_the_dates_are_checked)
{
    struct pair_world world;
    struct pair pair;
    world_open(&world, &(struct credential_wish){.subject = "x",
                                                 .names = "DNS:a.example",
                                                 .from_days = -9,
                                                 .until_days = -3});
    weir_tls_context *client =
        world_client(&world, (weir_tls_options){.insecure_skip_hostname = true});
    weir_tls_context *server = world_server(&world, (weir_tls_options){0});
    CHECK(!pair_run(&pair, client, server, "b.example"));
    CHECK(weir_slice_starts_with(weir_slice_of(pair.client.message),
                                 WEIR_S("the server's certificate expired on ")));
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    world_close(&world);
}

TEST(tls_verify, without_the_name_the_rest_is_checked)
{
    struct credential ca = credential_make(
        &(struct credential_wish){.subject = "CA", .is_authority = true}, NULL);
    struct pair_world world = {ca, credential_make(&LEAF, NULL)};
    struct pair pair;
    weir_tls_context *client =
        world_client(&world, (weir_tls_options){.insecure_skip_hostname = true});
    weir_tls_context *server = world_server(&world, (weir_tls_options){0});
    CHECK(!pair_run(&pair, client, server, "b.example"));
    CHECK_TEXT(
        pair.client.message,
        "the server's certificate is self-signed, and not trusted here: CN=leaf");
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    world_close(&world);
}
