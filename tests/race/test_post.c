/* Calls posted by other threads (weir_loop_post).
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <weir/weir.h>

#include "sanitizer.h"
#include "test.h"

#define THREADS 4

/* Valgrind runs one thread at a time, and slowly. */
#ifdef RUNNING_ON_VALGRIND
#define EACH (RUNNING_ON_VALGRIND ? 5000u : 100000u)
#else
#define EACH 100000u
#endif

struct sender {
    weir_loop *loop;
    pthread_t thread;
    unsigned received; /* by the loop's thread */
    bool in_order;
};

struct letter {
    struct sender *sender;
    unsigned number;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static void receive(void *arg)
{
    struct letter *letter = arg;
    struct sender *sender = letter->sender;
    sender->in_order &= letter->number == sender->received;
    sender->received++;
    free(letter);
}

static void *send_all(void *arg)
{
    struct sender *sender = arg;
    for (unsigned i = 0; i < EACH; i++) {
        struct letter *letter = malloc(sizeof(*letter));
        REQUIRE(letter != NULL);
        *letter = (struct letter){sender, i};
        if (weir_loop_post(sender->loop, receive, letter) < 0)
            free(letter);
    }
    return NULL;
}

static bool all_received(const struct sender *senders)
{
    for (int i = 0; i < THREADS; i++) {
        if (senders[i].received < EACH)
            return false;
    }
    return true;
}

TEST(post, calls_of_four_threads_all_come_and_each_thread_s_in_its_order)
{
    struct sender senders[THREADS];
    weir_loop *loop = weir_loop_new(NULL);
    REQUIRE(loop != NULL);
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){.loop = loop, .in_order = true};
        REQUIRE(pthread_create(&senders[i].thread, NULL, send_all, &senders[i]) == 0);
    }
    uint64_t begin = now_ms();
    while (!all_received(senders) && now_ms() - begin < 100000)
        CHECK_INT(weir_loop_run_once(loop, 1000), WEIR_OK);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(senders[i].thread, NULL);
        CHECK_INT(senders[i].received, EACH);
        CHECK(senders[i].in_order);
    }
    CHECK_INT(weir_loop_run_once(loop, 0), WEIR_OK);
    weir_loop_free(loop);
}

static void count(void *arg)
{
    ++*(unsigned *)arg;
}

struct late {
    weir_loop *loop;
    unsigned *counter;
    atomic_uint *posted;
};

static void *post_late(void *arg)
{
    struct late *late = arg;
    for (int i = 0; i < 20; i++) {
        usleep(2000);
        weir_loop_post(late->loop, count, late->counter);
        atomic_fetch_add(late->posted, 1);
    }
    return NULL;
}

TEST(post, a_call_wakes_a_loop_that_sleeps)
{
    pthread_t thread;
    unsigned counter = 0;
    atomic_uint posted = 0;
    weir_loop *loop = weir_loop_new(NULL);
    REQUIRE(loop != NULL);
    struct late late = {loop, &counter, &posted};
    uint64_t begin = now_ms();
    REQUIRE(pthread_create(&thread, NULL, post_late, &late) == 0);
    while (counter < 20)
        CHECK_INT(weir_loop_run_once(loop, 20000), WEIR_OK);
    CHECK(now_ms() - begin < 15000); /* had it slept once, 20 s */
    pthread_join(thread, NULL);
    weir_loop_free(loop);
}

static int sleep_long(void *arg)
{
    return weir_sleep(arg, 3600000);
}

static void cancel(void *arg)
{
    weir_cancel(arg);
}

struct canceller {
    weir_loop *loop;
    weir_task *task;
};

static void *cancel_by_post(void *arg)
{
    struct canceller *canceller = arg;
    weir_loop_post(canceller->loop, cancel, canceller->task);
    return NULL;
}

TEST(post, a_thread_cancels_a_task_by_a_call)
{
    weir_loop *loop = weir_loop_new(NULL);
    REQUIRE(loop != NULL);
    for (int i = 0; i < 100; i++) {
        pthread_t thread;
        struct canceller canceller = {loop, weir_spawn(loop, sleep_long, loop)};
        REQUIRE(pthread_create(&thread, NULL, cancel_by_post, &canceller) == 0);
        CHECK_INT(weir_join(canceller.task), WEIR_E_CANCELLED);
        pthread_join(thread, NULL);
    }
    weir_loop_free(loop);
}

/* The loop is freed as soon as the last call has come, which may be before the
 * thread that posted it is out of weir_loop_post(). */
static void *post_once(void *arg)
{
    const struct late *late = arg;
    weir_loop_post(late->loop, count, late->counter);
    return NULL;
}

TEST(post, the_loop_may_be_freed_by_who_receives_the_last_call)
{
    for (int i = 0; i < 300; i++) {
        pthread_t thread;
        unsigned counter = 0;
        weir_loop *loop = weir_loop_new(NULL);
        REQUIRE(loop != NULL);
        struct late late = {loop, &counter, NULL};
        REQUIRE(pthread_create(&thread, NULL, post_once, &late) == 0);
        while (counter == 0)
            CHECK_INT(weir_loop_run_once(loop, 20000), WEIR_OK);
        weir_loop_free(loop);
        pthread_join(thread, NULL);
    }
}

TEST(post, what_is_pending_when_the_loop_is_freed_is_dropped)
{
    for (int i = 0; i < 20; i++) {
        pthread_t threads[THREADS];
        unsigned counter = 0;
        weir_loop *loop = weir_loop_new(NULL);
        REQUIRE(loop != NULL);
        struct late late = {loop, &counter, NULL};
        for (int n = 0; n < THREADS; n++)
            REQUIRE(pthread_create(&threads[n], NULL, post_once, &late) == 0);
        for (int n = 0; n < THREADS; n++)
            pthread_join(threads[n], NULL);
        weir_loop_free(loop);
        CHECK_INT(counter, 0);
    }
}
