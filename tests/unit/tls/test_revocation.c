/* Certificates that were revoked: by lists (RFC 5280 5) and by OCSP responses that the
 * server sends along (RFC 6066 8, RFC 6960; tls/staple.c).
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/ocsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "context_inside.h"
#include "pair.h"

static const struct credential_wish LEAF = {.subject = "leaf",
                                            .names = "DNS:a.example"};

/* --- lists --- */

/* A client that has such a list, in a file; what it says of a.example. */
static void check_list(const struct pair_world *world, BIO *list, const char *message)
{
    struct pair pair;
    char path[] = "/tmp/weir_crl_XXXXXX";
    weir_slice pem = bio_slice(list);
    int fd = mkstemp(path);
    REQUIRE(write(fd, pem.data, pem.len) == (ssize_t)pem.len);
    close(fd);
    weir_tls_context *client =
        world_client(world, (weir_tls_options){.crl_file = path});
    weir_tls_context *server = world_server(world, (weir_tls_options){0});
    CHECK_INT(pair_run(&pair, client, server, "a.example"), message == NULL);
    if (message)
        CHECK(weir_slice_starts_with(weir_slice_of(pair.client.message),
                                     weir_slice_of(message)));
    if (message && strncmp(message, pair.client.message, strlen(message)) != 0)
        CHECK_TEXT(pair.client.message, message);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    unlink(path);
    BIO_free(list);
}

TEST(tls_revocation, what_is_in_the_list_is_refused)
{
    struct pair_world world;
    world_open(&world, &LEAF);
    struct credential other = credential_make(
        &(struct credential_wish){.subject = "Other CA", .is_authority = true}, NULL);
    check_list(&world, credential_crl(&world.ca, NULL, 30), NULL);
    check_list(&world, credential_crl(&world.ca, &world.leaf, 30),
               "the server's certificate was revoked on 2024-03-04");
    check_list(
        &world, credential_crl(&other, NULL, 30),
        "whether the server's certificate was revoked is unknown: crl_file has no "
        "list of CN=Test CA");
    check_list(&world, credential_crl(&world.ca, NULL, -3),
               "whether the server's certificate was revoked is unknown: the list of "
               "CN=Test CA in crl_file was good until 2");
    credential_clear(&other);
    world_close(&world);
}

/* --- OCSP --- */

/* What a response says, and of whom. */
struct answer {
    const struct credential *about;
    const struct credential *issuer;
    const struct credential *signer;
    int status;
    long from_days;
    long until_days; /* 0: none is promised */
    const EVP_MD *digest;
};

static ASN1_TIME *in_days(long days)
{
    return X509_time_adj_ex(NULL, (int)days, 0, NULL);
}

static OCSP_BASICRESP *make_basic(const struct answer *answer)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    ASN1_TIME *revoked = ASN1_TIME_adj(NULL, 1709553600, 0, 0); /* 2024-03-04 */
    ASN1_TIME *from = in_days(answer->from_days);
    ASN1_TIME *until = answer->until_days ? in_days(answer->until_days) : NULL;
    OCSP_CERTID *id = OCSP_cert_to_id(answer->digest, answer->about->certificate,
                                      answer->issuer->certificate);
    REQUIRE(OCSP_basic_add1_status(
                basic, id, answer->status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                answer->status == V_OCSP_CERTSTATUS_REVOKED ? revoked : NULL, from,
                until) != NULL);
    REQUIRE(OCSP_basic_sign(basic, answer->signer->certificate, answer->signer->key,
                            EVP_sha256(), NULL, 0) == 1);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(revoked);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return basic;
}

static void write_der(BIO *out, OCSP_RESPONSE *response)
{
    unsigned char *der = NULL;
    int len = i2d_OCSP_RESPONSE(response, &der);
    REQUIRE(len > 0);
    REQUIRE(BIO_write(out, der, len) == len);
    OPENSSL_free(der);
}

static BIO *make_response(const struct answer *answer)
{
    BIO *der = BIO_new(BIO_s_mem());
    OCSP_BASICRESP *basic = make_basic(answer);
    OCSP_RESPONSE *response =
        OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    write_der(der, response);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    return der;
}

static int staple(SSL *ssl, void *arg)
{
    weir_slice bytes = bio_slice(arg);
    unsigned char *copy = OPENSSL_memdup(bytes.data, bytes.len);
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)bytes.len);
    return SSL_TLSEXT_ERR_OK;
}

/* A server that sends the bytes along; what the client says. */
static bool visit(struct pair *pair, const struct pair_world *world, BIO *der,
                  weir_tls_options options)
{
    weir_tls_context *client = world_client(world, options);
    weir_tls_context *server = world_server(world, (weir_tls_options){0});
    SSL_CTX *ssl = weir__tls_context_inside(server)->ssl;
    SSL_CTX_set_tlsext_status_cb(ssl, staple);
    SSL_CTX_set_tlsext_status_arg(ssl, der);
    pair_open(pair, client, server, "a.example");
    bool ok = pair_shake(pair);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    return ok;
}

static void check_bytes(const struct pair_world *world, BIO *der, const char *message)
{
    static const weir_tls_version VERSIONS[] = {WEIR_TLS_1_2, WEIR_TLS_1_3};
    for (size_t i = 0; i < 2; i++) {
        struct pair pair;
        CHECK_INT(
            visit(&pair, world, der, (weir_tls_options){.max_version = VERSIONS[i]}),
            message == NULL);
        CHECK_INT(pair.client.connection.stapled, message == NULL);
        CHECK_TEXT(pair.client.message, message ? message : "");
        if (message)
            CHECK_TEXT(pair.server.message,
                       "the client does not accept our OCSP response (its alert: "
                       "bad_certificate_status_response)");
        pair_close(&pair);
    }
    BIO_free(der);
}

static void check_answer(const struct pair_world *world, struct answer answer,
                         const char *message)
{
    if (!answer.about)
        answer.about = &world->leaf;
    if (!answer.signer)
        answer.signer = &world->ca;
    if (!answer.digest)
        answer.digest = EVP_sha1();
    answer.issuer = &world->ca;
    check_bytes(world, make_response(&answer), message);
}

TEST(tls_revocation, a_good_staple_is_told)
{
    struct pair_world world;
    world_open(&world, &LEAF);
    check_answer(&world, (struct answer){.from_days = -1, .until_days = 3}, NULL);
    check_answer(
        &world,
        (struct answer){.from_days = -1, .until_days = 3, .digest = EVP_sha256()},
        NULL);
    check_answer(&world, (struct answer){.from_days = 0}, NULL);
    world_close(&world);
}

/* RFC 6960 3.2: what a client checks. */
TEST(tls_revocation, a_bad_staple_ends_the_handshake)
{
    struct pair_world world;
    world_open(&world, &LEAF);
    struct credential sibling = credential_make(&LEAF, &world.ca);
    struct credential other = credential_make(
        &(struct credential_wish){.subject = "Test CA", .is_authority = true}, NULL);
    struct answer good = {.from_days = -1, .until_days = 3};
    struct answer answer = good;
    answer.status = V_OCSP_CERTSTATUS_REVOKED;
    check_answer(&world, answer,
                 "the server's certificate was revoked on 2024-03-04 (OCSP)");
    answer.status = V_OCSP_CERTSTATUS_UNKNOWN;
    check_answer(
        &world, answer,
        "the OCSP response that the server sent along does not know its certificate");
    answer = good;
    answer.about = &sibling;
    check_answer(
        &world, answer,
        "the OCSP response that the server sent along is about another certificate");
    answer = good;
    answer.signer = &other;
    check_answer(
        &world, answer,
        "the OCSP response that the server sent along is not signed by who may");
    answer.signer = &sibling;
    check_answer(
        &world, answer,
        "the OCSP response that the server sent along is not signed by who may");
    check_answer(&world, (struct answer){.from_days = -9, .until_days = -2},
                 "the OCSP response that the server sent along is out of date");
    check_answer(&world, (struct answer){.from_days = -2},
                 "the OCSP response that the server sent along is out of date");
    credential_clear(&sibling);
    credential_clear(&other);
    world_close(&world);
}

TEST(tls_revocation, what_is_no_response_is_refused)
{
    struct pair_world world;
    world_open(&world, &LEAF);
    BIO *der = BIO_new(BIO_s_mem());
    BIO_puts(der, "not DER");
    check_bytes(&world, der,
                "the OCSP response that the server sent along is malformed");
    der = BIO_new(BIO_s_mem());
    OCSP_RESPONSE *late = OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, NULL);
    write_der(der, late);
    OCSP_RESPONSE_free(late);
    check_bytes(
        &world, der,
        "the OCSP response that the server sent along is a failure of who had to "
        "give it");
    world_close(&world);
}

TEST(tls_revocation, with_insecure_skip_verify_it_is_told)
{
    struct pair_world world;
    struct pair pair;
    weir_tls_info *info;
    world_open(&world, &LEAF);
    struct answer answer = {.about = &world.leaf,
                            .issuer = &world.ca,
                            .signer = &world.ca,
                            .digest = EVP_sha1(),
                            .status = V_OCSP_CERTSTATUS_REVOKED,
                            .from_days = -1,
                            .until_days = 1};
    BIO *der = make_response(&answer);
    CHECK(visit(&pair, &world, der, (weir_tls_options){.insecure_skip_verify = true}));
    REQUIRE(weir__tls_info_new(&pair.client.connection, &info) == WEIR_OK);
    CHECK(!info->verified);
    CHECK(!info->stapled);
    CHECK_TEXT(info->verification,
               "the server's certificate was revoked on 2024-03-04 (OCSP)");
    weir_tls_info_free(info);
    pair_close(&pair);
    BIO_free(der);
    world_close(&world);
}
