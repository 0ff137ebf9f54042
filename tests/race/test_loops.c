/* Loops in several threads at the same time: they share nothing.
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <weir/weir.h>

#include "test.h"

#define THREADS 4
#define ROUNDS  40

struct pair {
    weir_loop *loop;
    weir_queue *queue;
    long sum;
};

static int produce(void *arg)
{
    static char item[100];
    struct pair *pair = arg;
    for (int i = 0; i < 100; i++) {
        int rc = weir_queue_put(pair->queue, &item[i]);
        if (rc < 0)
            return rc;
    }
    weir_queue_close(pair->queue);
    return 0;
}

static int consume(void *arg)
{
    struct pair *pair = arg;
    void *item;
    int rc;
    while ((rc = weir_queue_get(pair->queue, &item)) == WEIR_OK) {
        pair->sum++;
        if (pair->sum % 10 == 0 && (rc = weir_sleep(pair->loop, 0)) < 0)
            return rc;
    }
    return rc == WEIR_E_CLOSED ? 0 : rc;
}

static int fail(void *arg)
{
    weir_timeout timeout = weir_timeout_start(arg, 1);
    int rc = weir_sleep(arg, 100000);
    weir_timeout_end(&timeout);
    return rc;
}

static void use(weir_loop *loop)
{
    struct pair pair = {loop, weir_queue_new(loop, 3), 0};
    weir_group *group = weir_group_new(loop, NULL);
    REQUIRE(pair.queue && group);
    CHECK_INT(weir_group_spawn(group, produce, &pair), WEIR_OK);
    CHECK_INT(weir_group_spawn(group, consume, &pair), WEIR_OK);
    CHECK_INT(weir_group_wait(group), WEIR_OK);
    CHECK_INT(pair.sum, 100);
    CHECK_INT(weir_group_spawn(group, fail, loop), WEIR_OK);
    CHECK_INT(weir_group_wait(group), WEIR_E_TIMEOUT);
    CHECK_INT(weir_last_error()->status, WEIR_E_TIMEOUT);
    weir_group_free(group);
    weir_queue_free(pair.queue);
}

static void *run_loops(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        weir_loop *loop = weir_loop_new(NULL);
        REQUIRE(loop != NULL);
        use(loop);
        (void)weir_spawn(loop, fail, loop);
        weir_loop_free(loop);
    }
    return NULL;
}

TEST(loops, each_thread_has_its_own)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, run_loops, NULL) == 0);
    run_loops(NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* A message goes round: each thread posts it to the next one's loop. */
struct station {
    weir_loop *loop;
    struct station *next;
    int left;
};

static void pass_on(void *arg)
{
    struct station *station = arg;
    if (station->left-- == 0)
        weir_loop_stop(station->loop);
    CHECK_INT(weir_loop_post(station->next->loop, pass_on, station->next), WEIR_OK);
}

static void *run_station(void *arg)
{
    struct station *station = arg;
    while (station->left >= 0)
        CHECK_INT(weir_loop_run_once(station->loop, 20000), WEIR_OK);
    return NULL;
}

TEST(loops, a_message_goes_round_between_them)
{
    struct station stations[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        stations[i] =
            (struct station){weir_loop_new(NULL), &stations[(i + 1) % THREADS], 500};
    CHECK_INT(weir_loop_post(stations[0].loop, pass_on, &stations[0]), WEIR_OK);
    for (int i = 0; i < THREADS; i++)
        REQUIRE(pthread_create(&threads[i], NULL, run_station, &stations[i]) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        weir_loop_free(stations[i].loop);
}
