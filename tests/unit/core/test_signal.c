/* Signals as something to wait for (weir/signal.h).
 *
 * SPDX-License-Identifier: MIT */
#include <weir/signal.h>

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "loop_scene.h"

static weir_signal *open_signal(struct loop_scene *scene, int number)
{
    weir_signal *opened = NULL;
    CHECK_INT(weir_signal_open(scene->loop, &opened, number), WEIR_OK);
    REQUIRE(opened != NULL);
    return opened;
}

static int wait(void *arg)
{
    int rc = weir_signal_wait(arg);
    trail_put(rc == WEIR_OK ? 'o' : '!');
    return rc;
}

TEST(signal, one_that_came_before_the_wait_ends_it_at_once_and_many_count_as_one)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_signal *interrupt = open_signal(&scene, SIGINT);
    for (int i = 0; i < 3; i++)
        raise(SIGINT);
    CHECK_INT(weir_signal_wait(interrupt), WEIR_OK);
    weir_timeout timeout = weir_timeout_start(scene.loop, 2);
    CHECK_INT(weir_signal_wait(interrupt), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    kill(getpid(), SIGINT);
    CHECK_INT(weir_signal_wait(interrupt), WEIR_OK);
    weir_signal_close(interrupt);
    loop_scene_close(&scene);
}

TEST(signal, one_that_comes_wakes_the_task_that_waits)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_signal *usr1 = open_signal(&scene, SIGUSR1);
    weir_signal *usr2 = open_signal(&scene, SIGUSR2);
    weir_task *first = weir_spawn(scene.loop, wait, usr1);
    weir_task *second = weir_spawn(scene.loop, wait, usr2);
    weir_loop_run_once(scene.loop, 0);
    raise(SIGUSR2);
    CHECK_INT(weir_join(second), WEIR_OK);
    CHECK(!weir_task_is_done(first));
    raise(SIGUSR1);
    CHECK_INT(weir_join(first), WEIR_OK);
    /* Each has been used up by its wait. */
    weir_timeout timeout = weir_timeout_start(scene.loop, 2);
    CHECK_INT(weir_signal_wait(usr2), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    weir_signal_close(usr1);
    weir_signal_close(usr2);
    loop_scene_close(&scene);
}

static void *send_late(void *arg)
{
    (void)arg;
    usleep(20000);
    kill(getpid(), SIGUSR1);
    return NULL;
}

TEST(signal, one_from_another_thread_wakes_a_sleeping_loop)
{
    struct loop_scene scene;
    pthread_t thread;
    loop_scene_open(&scene);
    weir_signal *usr1 = open_signal(&scene, SIGUSR1);
    REQUIRE(pthread_create(&thread, NULL, send_late, NULL) == 0);
    uint64_t before = wall_ms();
    CHECK_INT(weir_signal_wait(usr1), WEIR_OK);
    CHECK(wall_ms() - before < 5000);
    pthread_join(thread, NULL);
    weir_signal_close(usr1);
    loop_scene_close(&scene);
}

static int own_handler_calls;

static void own_handler(int number)
{
    (void)number;
    own_handler_calls++;
}

TEST(signal, close_puts_the_previous_handler_back)
{
    struct loop_scene scene;
    struct sigaction own;
    struct sigaction now;
    loop_scene_open(&scene);
    memset(&own, 0, sizeof(own));
    own.sa_handler = own_handler;
    sigaction(SIGUSR1, &own, NULL);
    own_handler_calls = 0;
    weir_signal *usr1 = open_signal(&scene, SIGUSR1);
    raise(SIGUSR1);
    CHECK_INT(own_handler_calls, 0);
    weir_signal_close(usr1);
    weir_signal_close(NULL);
    raise(SIGUSR1);
    CHECK_INT(own_handler_calls, 1);

    (void)open_signal(&scene, SIGUSR1); /* freed with the loop */
    loop_scene_close(&scene);
    sigaction(SIGUSR1, NULL, &now);
    CHECK(now.sa_handler == own_handler);
    signal(SIGUSR1, SIG_DFL);
}

TEST(signal, it_can_be_open_once)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_loop *other = weir_loop_new(NULL);
    weir_signal *second = NULL;
    weir_signal *usr1 = open_signal(&scene, SIGUSR1);
    CHECK_INT(weir_signal_open(scene.loop, &second, SIGUSR1), WEIR_E_MISUSE);
    CHECK_INT(weir_signal_open(other, &second, SIGUSR1), WEIR_E_MISUSE);
    CHECK(second == NULL);
    weir_signal_close(usr1);
    CHECK_INT(weir_signal_open(other, &second, SIGUSR1), WEIR_OK);
    raise(SIGUSR1);
    CHECK_INT(weir_signal_wait(second), WEIR_OK);
    weir_signal_close(second);
    weir_loop_free(other);
    loop_scene_close(&scene);
}

TEST(signal, one_that_came_before_it_was_closed_is_forgotten)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_signal *usr1 = open_signal(&scene, SIGUSR1);
    raise(SIGUSR1);
    weir_signal_close(usr1);
    usr1 = open_signal(&scene, SIGUSR1);
    weir_timeout timeout = weir_timeout_start(scene.loop, 2);
    CHECK_INT(weir_signal_wait(usr1), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    weir_signal_close(usr1);
    loop_scene_close(&scene);
}

TEST(signal, one_that_cannot_be_caught_is_refused)
{
    static const int numbers[] = {SIGKILL, SIGSTOP, 0, -1, 65, 1000};
    struct loop_scene scene;
    loop_scene_open(&scene);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        weir_signal *opened = NULL;
        CHECK_INT(weir_signal_open(scene.loop, &opened, numbers[i]), WEIR_E_INVALID);
        CHECK_INT(weir_last_error()->status, WEIR_E_INVALID);
        CHECK(opened == NULL);
    }
    loop_scene_close(&scene);
}

TEST(signal, one_task_waits_at_a_time)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_signal *usr1 = open_signal(&scene, SIGUSR1);
    weir_task *task = weir_spawn(scene.loop, wait, usr1);
    weir_loop_run_once(scene.loop, 0);
    CHECK_INT(weir_signal_wait(usr1), WEIR_E_MISUSE);
    weir_cancel(task);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    raise(SIGUSR1);
    CHECK_INT(weir_signal_wait(usr1), WEIR_OK);
    weir_signal_close(usr1);
    loop_scene_close(&scene);
}

TEST(signal, close_ends_the_wait)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_signal *usr1 = open_signal(&scene, SIGUSR1);
    weir_task *task = weir_spawn(scene.loop, wait, usr1);
    weir_loop_run_once(scene.loop, 0);
    weir_signal_close(usr1);
    CHECK_INT(weir_join(task), WEIR_E_CLOSED);
    CHECK(strstr(weir_last_error()->message, ": closed while waiting") != NULL);
    loop_scene_close(&scene);
}

TEST(signal, one_that_comes_after_the_cancellation_is_not_lost)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_signal *usr1 = open_signal(&scene, SIGUSR1);
    weir_task *task = weir_spawn(scene.loop, wait, usr1);
    weir_loop_run_once(scene.loop, 0);
    weir_cancel(task);
    raise(SIGUSR1);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    weir_timeout timeout = weir_timeout_start(scene.loop, 2000);
    CHECK_INT(weir_signal_wait(usr1), WEIR_OK);
    CHECK(!weir_timeout_end(&timeout));
    weir_signal_close(usr1);
    loop_scene_close(&scene);
}
