/* Deadlines: scopes, and sleep (weir/timeout.h).
 *
 * SPDX-License-Identifier: MIT */
#include <weir/timeout.h>

#include "loop.h"
#include "loop_scene.h"

/* Each scene runs twice: in a task, and outside of tasks. */
static void in_and_outside(weir_task_function scene_function)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    CHECK_INT(scene_function(scene.loop), 0);
    CHECK_INT(weir_join(weir_spawn(scene.loop, scene_function, scene.loop)), 0);
    CHECK(scene.loop->main.deadline == WEIR__NEVER);
    loop_scene_close(&scene);
}

static int outer_is_nearer(void *arg)
{
    weir_timeout outer = weir_timeout_start(arg, 5);
    weir_timeout inner = weir_timeout_start(arg, HOUR_MS);
    CHECK_INT(weir_sleep(arg, HOUR_MS), WEIR_E_TIMEOUT);
    CHECK(!weir_timeout_end(&inner));
    CHECK_INT(weir_sleep(arg, 1), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&outer));
    CHECK_INT(weir_sleep(arg, 1), WEIR_OK);
    return 0;
}

static int inner_is_nearer(void *arg)
{
    weir_timeout outer = weir_timeout_start(arg, HOUR_MS);
    weir_timeout inner = weir_timeout_start(arg, 5);
    CHECK_INT(weir_sleep(arg, HOUR_MS), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&inner));
    CHECK_INT(weir_sleep(arg, 1), WEIR_OK);
    CHECK(!weir_timeout_end(&outer));
    return 0;
}

static int both_pass(void *arg)
{
    weir_timeout outer = weir_timeout_start(arg, 10);
    weir_timeout inner = weir_timeout_start(arg, 2);
    CHECK_INT(weir_sleep(arg, HOUR_MS), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&inner));
    CHECK_INT(weir_sleep(arg, HOUR_MS), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&outer));
    return 0;
}

static int middle_is_nearest(void *arg)
{
    weir_timeout outer = weir_timeout_start(arg, 2000);
    weir_timeout middle = weir_timeout_start(arg, 3);
    weir_timeout inner = weir_timeout_start(arg, 1000);
    CHECK_INT(weir_yield(arg), WEIR_OK);
    CHECK_INT(weir_sleep(arg, HOUR_MS), WEIR_E_TIMEOUT);
    CHECK(!weir_timeout_end(&inner));
    CHECK(weir_timeout_end(&middle));
    CHECK(!weir_timeout_end(&outer));
    return 0;
}

TEST(timeout, the_nearest_deadline_counts_and_its_scope_says_so)
{
    in_and_outside(outer_is_nearer);
    in_and_outside(inner_is_nearer);
    in_and_outside(both_pass);
    in_and_outside(middle_is_nearest);
}

static int pass_in_time(void *arg)
{
    weir_timeout timeout = weir_timeout_start(arg, HOUR_MS);
    CHECK_INT(weir_sleep(arg, 1), WEIR_OK);
    CHECK(!weir_timeout_end(&timeout));
    timeout = weir_timeout_start(arg, 1);
    CHECK(!weir_timeout_end(&timeout)); /* nothing has waited in it */
    CHECK_INT(weir_sleep(arg, 3), WEIR_OK);
    return 0;
}

TEST(timeout, a_scope_in_which_no_wait_was_too_long_says_no)
{
    in_and_outside(pass_in_time);
}

static int move_deadline(void *arg)
{
    weir_timeout timeout = weir_timeout_start(arg, 10);
    for (int i = 0; i < 4; i++) {
        weir_timeout_restart(&timeout, 500);
        CHECK_INT(weir_sleep(arg, 5), WEIR_OK);
    }
    weir_timeout_restart(&timeout, 5); /* nearer again */
    CHECK_INT(weir_sleep(arg, HOUR_MS), WEIR_E_TIMEOUT);
    weir_timeout_restart(&timeout, HOUR_MS); /* after it passed */
    CHECK_INT(weir_sleep(arg, 1), WEIR_OK);
    CHECK(!weir_timeout_end(&timeout));
    return 0;
}

static int move_inner_only(void *arg)
{
    weir_timeout outer = weir_timeout_start(arg, 5);
    weir_timeout inner = weir_timeout_start(arg, 1);
    weir_timeout_restart(&inner, HOUR_MS);
    CHECK_INT(weir_sleep(arg, HOUR_MS), WEIR_E_TIMEOUT);
    weir_timeout_restart(&inner, HOUR_MS);
    CHECK_INT(weir_sleep(arg, 1), WEIR_E_TIMEOUT);
    CHECK(!weir_timeout_end(&inner));
    CHECK(weir_timeout_end(&outer));
    return 0;
}

TEST(timeout, restart_moves_the_deadline_of_its_own_scope)
{
    in_and_outside(move_deadline);
    in_and_outside(move_inner_only);
}

static int go_on_after(void *arg)
{
    weir_event *event = weir_event_new(arg);
    weir_queue *queue = weir_queue_new(arg, 1);
    weir_semaphore *semaphore = weir_semaphore_new(arg, 1);
    void *item = NULL;
    weir_timeout timeout = weir_timeout_start(arg, 1);
    CHECK_INT(weir_event_wait(event), WEIR_E_TIMEOUT);
    uint64_t before = wall_ms();
    for (int i = 0; i < 1000; i++)
        CHECK_INT(weir_event_wait(event), WEIR_E_TIMEOUT);
    CHECK_INT(weir_sleep(arg, HOUR_MS), WEIR_E_TIMEOUT);
    CHECK_INT(weir_sleep(arg, 0), WEIR_E_TIMEOUT);
    CHECK_INT(weir_yield(arg), WEIR_E_TIMEOUT);
    CHECK(wall_ms() - before < 2000);

    weir_event_set(event);
    CHECK_INT(weir_event_wait(event), WEIR_OK);
    CHECK_INT(weir_queue_put(queue, &item), WEIR_OK);
    CHECK_INT(weir_queue_put(queue, &item), WEIR_E_TIMEOUT);
    CHECK_INT(weir_queue_get(queue, &item), WEIR_OK);
    CHECK_INT(weir_queue_get(queue, &item), WEIR_E_TIMEOUT);
    CHECK_INT(weir_semaphore_acquire(semaphore), WEIR_OK);
    CHECK(weir_timeout_end(&timeout));
    weir_event_free(event);
    weir_queue_free(queue);
    weir_semaphore_free(semaphore);
    return 0;
}

TEST(timeout, after_it_waits_fail_at_once_and_what_need_not_wait_succeeds)
{
    in_and_outside(go_on_after);
}

static int wait_not_at_all(void *arg)
{
    weir_event *event = weir_event_new(arg);
    weir_timeout timeout = weir_timeout_start(arg, 0);
    CHECK_INT(weir_yield(arg), WEIR_E_TIMEOUT);
    CHECK_INT(weir_event_wait(event), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    weir_event_free(event);
    return 0;
}

TEST(timeout, a_timeout_of_nothing_ends_the_first_wait_at_once)
{
    in_and_outside(wait_not_at_all);
}

static int wait_for_ever(void *arg)
{
    static const uint64_t long_times[] = {
        UINT64_MAX,     UINT64_MAX - 1, UINT64_MAX / 2, UINT64_MAX / 1000000u,
        1ull << 53,     INT64_MAX,      INT32_MAX,      UINT32_MAX,
        9223372036855u, 18446744073709u};
    for (size_t i = 0; i < sizeof(long_times) / sizeof(long_times[0]); i++) {
        weir_timeout timeout = weir_timeout_start(arg, long_times[i]);
        CHECK_INT(weir_sleep(arg, 1), WEIR_OK);
        CHECK(weir_loop_timeout(arg) < 0 || weir_loop_timeout(arg) > 1000);
        CHECK(!weir_timeout_end(&timeout));

        timeout = weir_timeout_start(arg, 1);
        CHECK_INT(weir_sleep(arg, long_times[i]), WEIR_E_TIMEOUT);
        CHECK(weir_timeout_end(&timeout));
    }
    return 0;
}

TEST(timeout, very_long_times_do_not_overflow)
{
    in_and_outside(wait_for_ever);
}

static int sleep_enough(void *arg)
{
    weir_loop *loop = arg;
    for (uint64_t ms = 0; ms < 12; ms++) {
        uint64_t before = loop->sys->now(loop->sys);
        CHECK_INT(weir_sleep(loop, ms), WEIR_OK);
        CHECK(loop->sys->now(loop->sys) - before >= ms * 1000000u);
    }
    return 0;
}

TEST(timeout, sleep_is_never_short)
{
    in_and_outside(sleep_enough);
}

static int put_step(void *arg)
{
    (void)arg;
    trail_put('t');
    return 0;
}

TEST(timeout, a_sleep_of_nothing_lets_the_others_run)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_detach(weir_spawn(scene.loop, put_step, NULL));
    CHECK_INT(weir_sleep(scene.loop, 0), WEIR_OK);
    CHECK_TEXT(trail(), "t");
    loop_scene_close(&scene);
}

/* A clock that stands still but for the waits, as one in a simulation does. */
static uint64_t still_ns;

static uint64_t still_now(weir_sys *sys)
{
    (void)sys;
    return still_ns;
}

static int sleep_thrice(void *arg)
{
    for (int i = 0; i < 3; i++) {
        CHECK_INT(weir_sleep(arg, 0), WEIR_OK);
        trail_put('s');
    }
    return 0;
}

TEST(timeout, a_clock_that_stands_still_holds_up_no_sleep_of_nothing)
{
    weir_sys sys = weir__sys_posix();
    still_ns = 5000000;
    sys.now = still_now;
    trail_clear();
    weir_loop *loop = weir__loop_new(NULL, &sys);
    REQUIRE(loop != NULL);
    weir_detach(weir_spawn(loop, sleep_thrice, loop));
    weir_detach(weir_spawn(loop, put_step, NULL));
    for (int i = 0; i < 8; i++)
        weir_loop_run_once(loop, 0);
    CHECK_TEXT(trail(), "tsss");
    weir_loop_free(loop);
}
