/* The loop: running, stopping, embedding, and what it costs to be idle (weir/loop.h).
 *
 * SPDX-License-Identifier: MIT */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "fault_sys.h"
#include "loop_scene.h"

static char step_t[] = "t";
static char step_p[] = "p";

static void put_step(void *arg)
{
    trail_put(*(const char *)arg);
}

static int sleep_1_ms(void *arg)
{
    return weir_sleep(arg, 1);
}

static int sleep_long(void *arg)
{
    return weir_sleep(arg, HOUR_MS);
}

TEST(loop, run_returns_when_nothing_is_left)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    weir_task *task = weir_spawn(scene.loop, sleep_1_ms, scene.loop);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK(weir_task_is_done(task));
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK); /* it waits only to be joined */
    CHECK_INT(weir_join(task), WEIR_OK);
    weir_timer *timer = weir_timer_new(scene.loop, put_step, step_t);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK); /* it is not set */
    weir_timer_set(timer, 1);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "t");
    loop_scene_close(&scene);
}

static int stop_and_yield(void *arg)
{
    weir_loop_stop(arg);
    trail_put('a');
    CHECK_INT(weir_sleep(arg, 1), WEIR_OK);
    trail_put('b');
    return 0;
}

TEST(loop, stop_makes_run_return_after_the_iteration)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_detach(weir_spawn(scene.loop, stop_and_yield, scene.loop));
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "a");
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "ab");
    loop_scene_close(&scene);
}

static void run_inside(void *arg)
{
    weir_loop_stop(arg);
    CHECK_INT(weir_loop_run(arg), WEIR_E_MISUSE);
    CHECK_INT(weir_loop_run_once(arg, 0), WEIR_E_MISUSE);
    CHECK_TEXT(weir_last_error()->message, "run_once: the loop is running already");
    weir_loop_free(arg); /* does nothing */
    trail_put('r');
}

static int run_in_task(void *arg)
{
    run_inside(arg);
    return weir_sleep(arg, HOUR_MS);
}

TEST(loop, run_inside_of_it_is_misuse_and_does_not_undo_stop)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    REQUIRE(weir_loop_post(scene.loop, run_inside, scene.loop) == WEIR_OK);
    weir_timer *timer = weir_timer_new(scene.loop, put_step, step_t);
    weir_timer_set(timer, HOUR_MS);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    weir_timer_free(timer);
    weir_detach(weir_spawn(scene.loop, run_in_task, scene.loop));
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "rr");
    loop_scene_close(&scene);
}

TEST(loop, run_once_waits_as_long_as_it_is_told_and_no_longer_than_for_news)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    uint64_t before = wall_ms();
    CHECK_INT(weir_loop_run_once(scene.loop, 0), WEIR_OK);
    CHECK(wall_ms() - before < 1000);
    before = scene.loop->sys->now(scene.loop->sys);
    CHECK_INT(weir_loop_run_once(scene.loop, 20), WEIR_OK);
    CHECK(scene.loop->sys->now(scene.loop->sys) - before >= 20000000u);

    weir_timer *timer = weir_timer_new(scene.loop, put_step, step_t);
    weir_timer_set(timer, 2);
    CHECK_INT(weir_loop_run_once(scene.loop, HOUR_MS), WEIR_OK);
    weir_timer_set(timer, 2);
    CHECK_INT(weir_loop_run_once(scene.loop, -1), WEIR_OK);
    weir_timer_set(timer, 2);
    CHECK_INT(weir_loop_run_once(scene.loop, INT64_MAX), WEIR_OK);
    CHECK_TEXT(trail(), "ttt");
    loop_scene_close(&scene);
}

static bool is_readable(int fd)
{
    struct pollfd question = {.fd = fd, .events = POLLIN};
    return poll(&question, 1, 0) == 1;
}

TEST(loop, its_descriptor_is_readable_exactly_when_there_is_news)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_loop *loop = scene.loop;
    int fd = weir_loop_fd(loop);
    if (fd == WEIR_E_UNSUPPORTED) {
        CHECK(strstr(weir_last_error()->message, "descriptor") != NULL);
        loop_scene_close(&scene);
        SKIP("this poller has no descriptor");
    }
    REQUIRE(fd >= 0);
    CHECK_INT(weir_loop_run_once(loop, 0), WEIR_OK);
    for (int i = 0; i < 3; i++) {
        CHECK(!is_readable(fd));
        CHECK_INT(weir_loop_timeout(loop), -1);
        REQUIRE(weir_loop_post(loop, put_step, step_p) == WEIR_OK);
        CHECK(is_readable(fd));
        CHECK(is_readable(fd));
        CHECK_INT(weir_loop_run_once(loop, 0), WEIR_OK);
    }
    CHECK(!is_readable(fd));
    CHECK_TEXT(trail(), "ppp");
    loop_scene_close(&scene);
}

struct reading {
    weir_loop *loop;
    int fd;
    int rc;
};

static int await_readable(void *arg)
{
    struct reading *reading = arg;
    reading->rc = weir_wait_fd(reading->loop, reading->fd, WEIR_READABLE);
    return reading->rc;
}

TEST(loop, a_foreign_loop_can_drive_it)
{
    struct loop_scene scene;
    int ends[2];
    loop_scene_open(&scene);
    weir_loop *loop = scene.loop;
    if (weir_loop_fd(loop) < 0) {
        loop_scene_close(&scene);
        SKIP("this poller has no descriptor");
    }
    REQUIRE(pipe(ends) == 0);
    struct reading reading = {loop, ends[0], 9};
    weir_task *reader = weir_spawn(loop, await_readable, &reading);
    weir_task *sleeper = weir_spawn(loop, sleep_1_ms, loop);
    CHECK_INT(weir_loop_timeout(loop), 0); /* they are ready */
    bool written = false;
    for (int i = 0; i < 100 && !weir_task_is_done(reader); i++) {
        struct pollfd question = {.fd = weir_loop_fd(loop), .events = POLLIN};
        if (weir_task_is_done(sleeper) && !written) {
            CHECK_INT(weir_loop_timeout(loop), -1);
            CHECK(!is_readable(weir_loop_fd(loop)));
            written = write(ends[1], "x", 1) == 1;
        }
        (void)poll(&question, 1, (int)weir_loop_timeout(loop));
        CHECK_INT(weir_loop_run_once(loop, 0), WEIR_OK);
    }
    CHECK_INT(reading.rc, WEIR_READABLE);
    CHECK_INT(weir_join(reader), WEIR_READABLE);
    CHECK_INT(weir_join(sleeper), WEIR_OK);
    close(ends[0]);
    close(ends[1]);
    loop_scene_close(&scene);
}

TEST(loop, an_idle_loop_makes_one_call_a_wait)
{
    weir_sys posix = weir__sys_posix();
    fault_sys faults;
    fault_sys_init(&faults, &posix);
    weir_loop *loop = weir__loop_new(NULL, &faults.sys);
    REQUIRE(loop != NULL);
    weir_task *task = weir_spawn(loop, sleep_long, loop);
    CHECK_INT(weir_loop_run_once(loop, 0), WEIR_OK);
    fault_sys_reset_counts(&faults);
    CHECK_INT(weir_loop_run_once(loop, 50), WEIR_OK);
    CHECK_INT(fault_sys_count(&faults, FAULT_POLLER_WAIT), 1);
    CHECK_INT(fault_sys_count(&faults, FAULT_ANY), 1);

    /* Tasks that switch among themselves need the kernel once in many turns. */
    fault_sys_reset_counts(&faults);
    for (int i = 0; i < 100; i++)
        weir_detach(weir_spawn(loop, sleep_long, loop));
    CHECK_INT(weir_loop_run_once(loop, 0), WEIR_OK);
    CHECK_INT(fault_sys_count(&faults, FAULT_ANY), 1);
    weir_detach(task);
    weir_loop_free(loop);
    CHECK_INT(fault_sys_misuse_count(&faults), 0);
    CHECK_INT(fault_sys_watch_count(&faults), 0);
    fault_sys_clear(&faults);
}

TEST(loop, a_failing_poller_ends_the_call_and_is_named)
{
    weir_sys posix = weir__sys_posix();
    fault_sys faults;
    fault_sys_init(&faults, &posix);
    weir_loop *loop = weir__loop_new(NULL, &faults.sys);
    REQUIRE(loop != NULL);
    weir_task *task = weir_spawn(loop, sleep_long, loop);
    fault_sys_fail_from(&faults, FAULT_POLLER_WAIT, 1, EBADF);
    CHECK_INT(weir_loop_run(loop), WEIR_E_SYSTEM);
    CHECK_INT(weir_last_error()->os_error, EBADF);
    CHECK_INT(weir_loop_run_once(loop, -1), WEIR_E_SYSTEM);
    CHECK_INT(weir_join(task), WEIR_E_SYSTEM);
    CHECK_INT(weir_sleep(loop, HOUR_MS), WEIR_E_SYSTEM);
    CHECK(strstr(weir_last_error()->message, "waiting for the kernel failed") != NULL);
    CHECK_INT(weir_yield(loop), WEIR_E_SYSTEM);
    fault_sys_fail(&faults, FAULT_POLLER_WAIT, 1, EINTR); /* no failure */
    CHECK_INT(weir_loop_run_once(loop, 0), WEIR_OK);
    weir_cancel(task);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    weir_loop_free(loop);
    fault_sys_clear(&faults);
}

static int run_other_loop(void *arg)
{
    (void)arg;
    return 3;
}

TEST(loop, two_loops_of_a_thread_do_not_disturb_each_other)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_loop *other = weir_loop_new(NULL);
    weir_task *here = weir_spawn(scene.loop, sleep_1_ms, scene.loop);
    weir_task *there = weir_spawn(other, run_other_loop, NULL);
    CHECK_INT(weir_join(there), 3);
    CHECK_INT(weir_join(here), WEIR_OK);
    weir_loop_free(other);
    loop_scene_close(&scene);
}
