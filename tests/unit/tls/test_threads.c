/* Contexts that threads share, and that are renewed meanwhile; for ThreadSanitizer above
 * all.
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>

#include "pair.h"

#define THREADS 4
#define ROUNDS  20

static const struct credential_wish LEAF = {.subject = "leaf",
                                            .names = "DNS:a.example"};

struct shared {
    struct pair_world world;
    weir_tls_context *client;
    weir_tls_context *server;
    atomic_size_t went_well;
};

static void *meet(void *arg)
{
    struct shared *shared = arg;
    struct pair pair;
    for (int i = 0; i < ROUNDS; i++)
        shared->went_well +=
            pair_run(&pair, shared->client, shared->server, "a.example");
    return NULL;
}

static void *renew(void *arg)
{
    struct shared *shared = arg;
    for (int i = 0; i < ROUNDS; i++) {
        shared->went_well += weir_tls_context_reload(shared->client) == WEIR_OK;
        shared->went_well += weir_tls_context_reload(shared->server) == WEIR_OK;
    }
    return NULL;
}

TEST(tls_threads, a_context_is_anybodys)
{
    struct shared shared = {.went_well = 0};
    pthread_t threads[THREADS + 1];
    world_open(&shared.world, &LEAF);
    shared.client = world_client(&shared.world, (weir_tls_options){.max_sessions = 3});
    shared.server = world_server(&shared.world, (weir_tls_options){0});
    for (size_t i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, meet, &shared) == 0);
    REQUIRE(pthread_create(&threads[THREADS], NULL, renew, &shared) == 0);
    for (size_t i = 0; i <= THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(shared.went_well, THREADS * ROUNDS + 2 * ROUNDS);
    weir_tls_context_free(shared.client);
    weir_tls_context_free(shared.server);
    world_close(&shared.world);
}

/* The trust store of the system comes with the first context and goes with the last. */
static void *come_and_go(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++) {
        weir_tls_context *context = NULL;
        if (weir_tls_client_new(&context, NULL) == WEIR_OK)
            (void)weir_tls_context_reload(context);
        weir_tls_context_free(context);
    }
    return NULL;
}

TEST(tls_threads, the_systems_trust_store_is_everybodys)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, come_and_go, NULL) == 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}
