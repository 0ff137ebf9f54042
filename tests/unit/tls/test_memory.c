/* No memory, at each place where OpenSSL asks for some: a status, and nothing leaks.
 *
 * OpenSSL takes its memory through functions that are set before its first call. There
 * are some 15000 calls of them on the way, so that each test takes a part; with
 * WEIR_EVERY_ALLOCATION=1 in the environment it takes all.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "pair.h"

static size_t countdown; /* 0: none fails */
static bool has_failed;

static bool must_fail(void)
{
    if (countdown == 0 || --countdown > 0)
        return false;
    has_failed = true;
    return true;
}

static void *counted_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : malloc(size);
}

static void *counted_realloc(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : realloc(memory, size);
}

static void counted_free(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

__attribute__((constructor)) static void count_allocations(void)
{
    CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free);
}

static const struct credential_wish LEAF = {.subject = "leaf",
                                            .names = "DNS:a.example"};

/* Both contexts with much in them, a handshake, a look at it. */
static int go_through(const struct pair_world *world)
{
    static const char *const ALPN[] = {"h2", "http/1.1", NULL};
    weir_tls_options options = {.alpn = ALPN, .ca_pem = credential_pem(&world->ca)};
    weir_tls_context *client = NULL;
    weir_tls_context *server = NULL;
    weir_tls_info *info = NULL;
    struct pair pair = {.client = {.status = WEIR_OK}};
    int rc = weir_tls_client_new(&client, &options);
    options.certificate_pem = credential_pem(&world->leaf);
    options.key_pem = credential_key(&world->leaf);
    options.client_certificate = WEIR_TLS_CLIENT_CERTIFICATE_OPTIONAL;
    if (rc == WEIR_OK)
        rc = weir_tls_server_new(&server, &options);
    if (rc == WEIR_OK)
        rc = pair_try(&pair, client, server, "a.example");
    if (rc == WEIR_OK && !pair_shake(&pair))
        rc = WEIR_E_TLS;
    if (rc == WEIR_OK)
        rc = weir__tls_info_new(&pair.client.connection, &info);
    if (rc == WEIR_OK)
        CHECK(info->verified);
    weir_tls_info_free(info);
    pair_close(&pair);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    return rc;
}

/* Fails one allocation after the other; how often that was noticed. */
static size_t fail_each(const struct pair_world *world)
{
    size_t step = getenv("WEIR_EVERY_ALLOCATION") ? 1 : 29;
    size_t failures = 0;
    has_failed = true;
    for (size_t n = 1; has_failed; n += step) {
        has_failed = false;
        countdown = n;
        int rc = go_through(world);
        countdown = 0;
        CHECK(rc == WEIR_E_MEMORY || rc == WEIR_E_TLS || rc == WEIR_OK);
        CHECK_INT(ERR_peek_error(), 0);
        failures += rc < 0;
    }
    return failures;
}

TEST(tls_memory, each_allocation_may_fail)
{
    struct pair_world world;
    world_open(&world, &LEAF);
    REQUIRE(go_through(&world) == WEIR_OK); /* what is made once is made */
    CHECK(fail_each(&world) > 50);
    CHECK_INT(go_through(&world), WEIR_OK);
    world_close(&world);
}

/* A handshake of contexts that are there. */
static int meet(weir_tls_context *client, weir_tls_context *server, const char *name)
{
    struct pair pair;
    int rc = pair_try(&pair, client, server, name);
    if (rc == WEIR_OK && !pair_shake(&pair))
        rc = WEIR_E_TLS;
    pair_close(&pair);
    return rc;
}

/* OpenSSL does not look whether the name that it is to check could be copied. */
TEST(tls_memory, no_failed_allocation_lets_a_stranger_in)
{
    struct pair_world world;
    size_t step = getenv("WEIR_EVERY_ALLOCATION") ? 1 : 3;
    world_open(&world, &LEAF);
    weir_tls_context *client = world_client(&world, (weir_tls_options){0});
    weir_tls_context *server = world_server(&world, (weir_tls_options){0});
    has_failed = true;
    for (size_t n = 1; has_failed; n += step) {
        has_failed = false;
        countdown = n;
        CHECK(meet(client, server, "b.example") < 0);
        countdown = 0;
    }
    CHECK_INT(meet(client, server, "a.example"), WEIR_OK);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    world_close(&world);
}
