/* Timers: their order, and how lazily they move (core/timer.h, weir/timer.h).
 *
 * SPDX-License-Identifier: MIT */
#include "timer.h"

#include <weir/timer.h>

#include "loop.h"
#include "loop_scene.h"

static void put_step(void *arg)
{
    trail_put(*(char *)arg);
}

static char names[] = "abcdefgh";

static weir_timer *timer_in(struct loop_scene *scene, int name, uint64_t ms)
{
    weir_timer *timer = weir_timer_new(scene->loop, put_step, &names[name]);
    REQUIRE(timer != NULL);
    CHECK(!weir_timer_is_set(timer));
    weir_timer_set(timer, ms);
    CHECK(weir_timer_is_set(timer));
    return timer;
}

TEST(timer, those_that_are_due_are_called_in_the_order_of_their_deadlines)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    (void)timer_in(&scene, 3, 90);
    (void)timer_in(&scene, 0, 1);
    (void)timer_in(&scene, 2, 60);
    (void)timer_in(&scene, 1, 30);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "abcd");
    loop_scene_close(&scene);
}

TEST(timer, it_moves_earlier_and_later_and_stops)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_timer *a = timer_in(&scene, 0, HOUR_MS);
    weir_timer *b = timer_in(&scene, 1, 1);
    weir_timer *c = timer_in(&scene, 2, 3);
    weir_timer *d = timer_in(&scene, 3, 2);
    weir_timer_set(a, 2);
    weir_timer_set(b, 40);
    weir_timer_stop(c);
    weir_timer_stop(c);
    CHECK(!weir_timer_is_set(c));
    weir_timer_free(d);
    weir_timer_free(NULL);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "ab");
    weir_timer_set(c, 0);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "abc");
    CHECK(!weir_timer_is_set(a) && !weir_timer_is_set(b) && !weir_timer_is_set(c));
    loop_scene_close(&scene);
}

TEST(timer, it_is_never_early)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    for (uint64_t ms = 0; ms < 8; ms++) {
        uint64_t before = scene.loop->sys->now(scene.loop->sys);
        weir_timer *timer = timer_in(&scene, 0, ms);
        CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
        CHECK(scene.loop->sys->now(scene.loop->sys) - before >= ms * 1000000u);
        weir_timer_free(timer);
    }
    loop_scene_close(&scene);
}

/* A timer and what its callback does with itself and with another one. */
struct act {
    weir_timer *timer;
    weir_timer *other;
    int left;
};

static void free_both(void *arg)
{
    struct act *act = arg;
    trail_put('f');
    weir_timer_free(act->other);
    weir_timer_free(act->timer);
}

static void set_both(void *arg)
{
    struct act *act = arg;
    trail_put('s');
    CHECK(!weir_timer_is_set(act->timer));
    if (act->left-- == 0)
        return;
    weir_timer_set(act->timer, 0);
    weir_timer_set(act->other, 0);
}

TEST(timer, a_callback_frees_itself_and_another_that_is_due_too)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    for (int order = 0; order < 2; order++) {
        struct act act = {0};
        act.timer = weir_timer_new(scene.loop, free_both, &act);
        act.other = weir_timer_new(scene.loop, put_step, &names[0]);
        weir_timer_set(act.timer, 0);
        weir_timer_set(act.other, 0);
        weir_timer_set(order ? act.timer : act.other, 1);
        CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    }
    CHECK_TEXT(trail(), "faf");
    loop_scene_close(&scene);
}

TEST(timer, a_callback_sets_itself_and_another)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    struct act act = {.left = 3};
    act.timer = weir_timer_new(scene.loop, set_both, &act);
    act.other = weir_timer_new(scene.loop, put_step, &names[0]);
    weir_timer_set(act.timer, 1);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "ssssa");
    loop_scene_close(&scene);
}

static uint64_t still_ns;

static uint64_t still_now(weir_sys *sys)
{
    (void)sys;
    return still_ns;
}

TEST(timer, one_that_sets_itself_to_now_is_due_in_the_next_iteration)
{
    weir_sys sys = weir__sys_posix();
    still_ns = 1000;
    sys.now = still_now;
    trail_clear();
    weir_loop *loop = weir__loop_new(NULL, &sys);
    REQUIRE(loop != NULL);
    struct act act = {.left = 1000};
    act.timer = weir_timer_new(loop, set_both, &act);
    act.other = weir_timer_new(loop, put_step, &names[0]);
    weir_timer_set(act.timer, 0);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(weir_loop_run_once(loop, 0), WEIR_OK);
        still_ns++;
    }
    CHECK(act.left >= 997);
    weir_loop_free(loop);
}

static int due_count;

static void count_due(weir__timer *timer)
{
    (void)timer;
    due_count++;
}

TEST(timer, equal_deadlines_are_all_called)
{
    enum { MANY = 200 };
    static weir__timer timers[MANY];
    struct loop_scene scene;
    loop_scene_open(&scene);
    due_count = 0;
    for (int i = 0; i < MANY; i++) {
        REQUIRE(weir__timer_init(scene.loop, &timers[i], count_due) == WEIR_OK);
        weir__timer_set(scene.loop, &timers[i], scene.loop->now + 1);
    }
    weir__timers_run(scene.loop);
    CHECK_INT(due_count, 0);
    scene.loop->now++;
    weir__timers_run(scene.loop);
    CHECK_INT(due_count, MANY);
    for (int i = 0; i < MANY; i++)
        weir__timer_clear(scene.loop, &timers[i]);
    loop_scene_close(&scene);
}

/* Where every entry of the heap is, so that any move shows. */
static uint64_t picture(const weir_loop *loop)
{
    uint64_t sum = loop->timers.count;
    for (size_t i = 0; i < loop->timers.count; i++)
        sum = sum * 31 + loop->timers.slots[i].key * (i + 1) +
              (uintptr_t)loop->timers.slots[i].node;
    return sum;
}

TEST(timer, moving_later_and_stopping_only_write_a_number)
{
    enum { MANY = 50 };
    static weir__timer timers[MANY];
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_loop *loop = scene.loop;
    due_count = 0;
    for (uint64_t i = 0; i < MANY; i++) {
        REQUIRE(weir__timer_init(loop, &timers[i], count_due) == WEIR_OK);
        weir__timer_set(loop, &timers[i], loop->now + (MANY - i) * 1000000u);
    }
    uint64_t before = picture(loop);
    for (int round = 0; round < 1000; round++) {
        for (uint64_t i = 0; i < MANY; i++)
            weir__timer_set(loop, &timers[i], loop->now + 100000000u * (i + 1));
    }
    for (int i = 0; i < MANY; i += 2)
        weir__timer_stop(&timers[i]);
    CHECK(picture(loop) == before);
    CHECK_INT(weir__timers_next(loop), loop->now + 100000000u * 2);
    CHECK(picture(loop) != before);
    CHECK_INT(loop->timers.count, MANY / 2); /* the stale ones were on top */
    loop->now += 100000000u * 3;
    weir__timers_run(loop);
    CHECK_INT(due_count, 1);
    for (int i = 0; i < MANY; i++)
        weir__timer_clear(loop, &timers[i]);
    CHECK_INT(loop->timers.count, 0);
    loop_scene_close(&scene);
}

TEST(timer, a_stopped_timer_keeps_neither_run_nor_a_foreign_loop_waiting)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    CHECK_INT(weir_loop_timeout(scene.loop), -1);
    weir_timer *timer = timer_in(&scene, 0, HOUR_MS);
    CHECK(weir_loop_timeout(scene.loop) > (int64_t)HOUR_MS - 1000);
    CHECK(weir_loop_timeout(scene.loop) <= (int64_t)HOUR_MS);
    weir_timer_stop(timer);
    CHECK_INT(weir_loop_timeout(scene.loop), -1);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    weir_timer_set(timer, 0);
    CHECK_INT(weir_loop_timeout(scene.loop), 0);
    weir_timer_set(timer, UINT64_MAX);
    CHECK(weir_loop_timeout(scene.loop) > 1000);
    weir_timer_free(timer);
    CHECK_INT(weir_loop_timeout(scene.loop), -1);
    loop_scene_close(&scene);
}
