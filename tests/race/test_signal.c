/* Signals and threads: caught in any, waited for in some (weir/signal.h).
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>
#include <weir/weir.h>

#include "test.h"

#define ROUNDS 200

struct listener {
    pthread_t thread;
    int number;
    int heard;
    atomic_bool ready;
};

static void *listen_for(void *arg)
{
    struct listener *listener = arg;
    weir_loop *loop = weir_loop_new(NULL);
    weir_signal *opened = NULL;
    REQUIRE(loop != NULL);
    REQUIRE(weir_signal_open(loop, &opened, listener->number) == WEIR_OK);
    for (int i = 0; i < ROUNDS; i++) {
        atomic_store(&listener->ready, true);
        weir_timeout timeout = weir_timeout_start(loop, 20000);
        listener->heard += weir_signal_wait(opened) == WEIR_OK;
        weir_timeout_end(&timeout);
    }
    weir_signal_close(opened);
    weir_loop_free(loop);
    return NULL;
}

/* One at a time, since those that come while nobody waits count as one. */
TEST(signal, each_of_two_loops_hears_its_own_and_misses_none)
{
    struct listener listeners[2] = {{.number = SIGUSR1}, {.number = SIGUSR2}};
    for (int i = 0; i < 2; i++)
        REQUIRE(pthread_create(&listeners[i].thread, NULL, listen_for, &listeners[i]) ==
                0);
    for (int i = 0; i < ROUNDS; i++) {
        for (int n = 0; n < 2; n++) {
            while (!atomic_exchange(&listeners[n].ready, false))
                usleep(50);
            kill(getpid(), listeners[n].number);
        }
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(listeners[i].thread, NULL);
        CHECK_INT(listeners[i].heard, ROUNDS);
    }
}

/* Two threads fight for one signal while others, of a third, keep coming. */
static void *open_and_close(void *arg)
{
    atomic_int *opened_count = arg;
    weir_loop *loop = weir_loop_new(NULL);
    REQUIRE(loop != NULL);
    for (int i = 0; i < ROUNDS; i++) {
        weir_signal *opened = NULL;
        int rc = weir_signal_open(loop, &opened, SIGUSR1);
        CHECK(rc == WEIR_OK || rc == WEIR_E_MISUSE);
        weir_loop_run_once(loop, 0);
        atomic_fetch_add(opened_count, rc == WEIR_OK);
        weir_signal_close(opened);
    }
    weir_loop_free(loop);
    return NULL;
}

TEST(signal, it_is_open_in_one_loop_at_a_time_whoever_asks)
{
    pthread_t threads[2];
    atomic_int opened_count = 0;
    weir_loop *loop = weir_loop_new(NULL);
    weir_signal *usr2 = NULL;
    REQUIRE(loop != NULL);
    REQUIRE(weir_signal_open(loop, &usr2, SIGUSR2) == WEIR_OK);
    for (int i = 0; i < 2; i++)
        REQUIRE(pthread_create(&threads[i], NULL, open_and_close, &opened_count) == 0);
    for (int i = 0; i < ROUNDS; i++) {
        kill(getpid(), SIGUSR2);
        CHECK_INT(weir_signal_wait(usr2), WEIR_OK);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK(atomic_load(&opened_count) > 0);
    weir_signal_close(usr2);
    weir_loop_free(loop);
}
