/* Tasks: spawn, join, detach, yield, their order and their stacks (weir/task.h).
 *
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"
#include "loop_scene.h"

static int give_back(void *arg)
{
    return *(int *)arg;
}

static int sleep_long(void *arg)
{
    return weir_sleep(arg, HOUR_MS);
}

TEST(task, join_returns_what_the_function_returned)
{
    static int results[] = {0, 1, 7, -1, -12, -999, 2147483647};
    struct loop_scene scene;
    loop_scene_open(&scene);
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        weir_task *task = weir_spawn(scene.loop, give_back, &results[i]);
        CHECK(!weir_task_is_done(task));
        CHECK_INT(weir_join(task), results[i]);
    }
    loop_scene_close(&scene);
}

TEST(task, join_of_a_task_that_has_ended_returns_at_once)
{
    struct loop_scene scene;
    int result = 5;
    loop_scene_open(&scene);
    weir_task *task = weir_spawn(scene.loop, give_back, &result);
    REQUIRE(weir_loop_run(scene.loop) == WEIR_OK);
    CHECK(weir_task_is_done(task));
    weir_cancel(task);
    CHECK_INT(weir_join(task), 5);
    loop_scene_close(&scene);
}

TEST(task, join_of_null_is_memory)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    CHECK_INT(weir_join(NULL), WEIR_E_MEMORY);
    CHECK_INT(weir_last_error()->status, WEIR_E_MEMORY);
    weir_detach(NULL);
    weir_cancel(NULL);
    weir_task *task =
        weir_spawn(scene.loop, sleep_long, scene.loop, .stack_bytes = SIZE_MAX / 4);
    CHECK(task == NULL);
    CHECK_INT(weir_last_error()->status, WEIR_E_MEMORY);
    loop_scene_close(&scene);
}

static int join_itself(void *arg)
{
    return weir_join(weir_task_current(arg));
}

TEST(task, a_task_cannot_join_itself)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    CHECK_INT(weir_join(weir_spawn(scene.loop, join_itself, scene.loop)),
              WEIR_E_MISUSE);
    CHECK_TEXT(weir_last_error()->message, "join: a task cannot join itself");
    loop_scene_close(&scene);
}

static int join_another(void *arg)
{
    return weir_join(arg);
}

TEST(task, two_cannot_join_one_and_the_first_gets_the_result)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_task *task = weir_spawn(scene.loop, sleep_long, scene.loop);
    weir_task *first = weir_spawn(scene.loop, join_another, task);
    weir_task *second = weir_spawn(scene.loop, join_another, task);
    CHECK_INT(weir_join(second), WEIR_E_MISUSE);
    CHECK_INT(weir_join(task), WEIR_E_MISUSE);
    weir_cancel(task);
    CHECK_INT(weir_join(first), WEIR_E_CANCELLED);
    weir_task *detached = weir_spawn(scene.loop, sleep_long, scene.loop);
    weir_detach(detached);
    CHECK_INT(weir_join(detached), WEIR_E_MISUSE);
    loop_scene_close(&scene);
}

TEST(task, a_join_that_was_cancelled_leaves_the_task_to_be_joined)
{
    struct loop_scene scene;
    int result = 4;
    loop_scene_open(&scene);
    weir_task *task = weir_spawn(scene.loop, sleep_long, scene.loop);
    weir_task *joiner = weir_spawn(scene.loop, join_another, task);
    weir_loop_run_once(scene.loop, 0);
    weir_cancel(joiner);
    weir_cancel(task); /* they end in the same iteration, the joiner first */
    CHECK_INT(weir_join(joiner), WEIR_E_CANCELLED);
    CHECK(weir_task_is_done(task));
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);

    task = weir_spawn(scene.loop, give_back, &result);
    joiner = weir_spawn(scene.loop, join_another, task);
    weir_cancel(joiner);
    CHECK_INT(weir_join(joiner), 4); /* it need not wait */
    loop_scene_close(&scene);
}

static int cancel_joiner_and_end(void *arg)
{
    weir_task *const *joiner = arg;
    weir_cancel(*joiner);
    return 6;
}

static int end_and_let_cancel(void *arg)
{
    weir_task *const *joiner = arg;
    weir_cancel(*joiner);
    return 0;
}

TEST(task, a_join_that_had_succeeded_says_so)
{
    struct loop_scene scene;
    weir_task *joiner = NULL;
    int result = 6;
    loop_scene_open(&scene);
    /* Cancelled by the very task it joins, just before that ends. */
    weir_task *task = weir_spawn(scene.loop, cancel_joiner_and_end, &joiner);
    joiner = weir_spawn(scene.loop, join_another, task);
    CHECK_INT(weir_join(joiner), 6);

    /* It begins to wait, the task ends, and only then is it cancelled. */
    weir_task *sleeper = weir_spawn(scene.loop, sleep_long, scene.loop);
    joiner = weir_spawn(scene.loop, join_another, sleeper);
    weir_loop_run_once(scene.loop, 0);
    weir_cancel(sleeper);
    weir_task *canceller = weir_spawn(scene.loop, end_and_let_cancel, &joiner);
    CHECK_INT(weir_join(joiner), WEIR_E_CANCELLED);
    CHECK_TEXT(weir_last_error()->message, "sleep: the task was cancelled");
    CHECK_INT(weir_join(canceller), 0);
    CHECK_INT(weir_join(weir_spawn(scene.loop, give_back, &result)), 6);
    loop_scene_close(&scene);
}

/* All but the loop's own timer has been given back. */
static void check_no_tasks(weir_loop *loop)
{
    CHECK(!weir__link_is_linked(&loop->tasks));
    CHECK(!weir__link_is_linked(&loop->ended_tasks));
    CHECK_INT(loop->timers.reserved, 1);
}

static int detach_itself(void *arg)
{
    weir_detach(weir_task_current(arg));
    weir_detach(weir_task_current(arg));
    return weir_yield(arg);
}

TEST(task, a_detached_task_frees_itself_whenever_it_was_detached)
{
    struct loop_scene scene;
    int result = 0;
    loop_scene_open(&scene);
    weir_detach(weir_spawn(scene.loop, give_back, &result));
    (void)weir_spawn(scene.loop, detach_itself, scene.loop);
    weir_task *parked = weir_spawn(scene.loop, sleep_long, scene.loop);
    weir_task *ended = weir_spawn(scene.loop, give_back, &result);
    weir_loop_run_once(scene.loop, 0);
    weir_loop_run_once(scene.loop, 0);
    weir_detach(ended);
    weir_cancel(parked);
    weir_detach(parked);
    weir_detach(weir_spawn(scene.loop, give_back, &result));
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    check_no_tasks(scene.loop);
    loop_scene_close(&scene);
}

TEST(task, a_task_detached_while_it_is_joined_is_freed_by_its_joiner)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    for (int order = 0; order < 3; order++) {
        weir_task *task = weir_spawn(scene.loop, sleep_long, scene.loop);
        weir_task *joiner = weir_spawn(scene.loop, join_another, task);
        weir_loop_run_once(scene.loop, 0);
        if (order == 2)
            weir_cancel(joiner);
        weir_cancel(task);
        if (order == 0)
            weir_detach(task);
        weir_loop_run_once(scene.loop, 0);
        if (order == 2)
            weir_detach(task);
        CHECK_INT(weir_join(joiner), WEIR_E_CANCELLED);
        check_no_tasks(scene.loop);
    }
    loop_scene_close(&scene);
}

struct nest {
    weir_loop *loop;
    int depth;
};

static int spawn_deeper(void *arg)
{
    const struct nest *outer = arg;
    struct nest inner = {outer->loop, outer->depth - 1};
    if (inner.depth == 0)
        return 1;
    int rc = weir_join(weir_spawn(inner.loop, spawn_deeper, &inner));
    return rc < 0 ? rc : rc + 1;
}

TEST(task, tasks_spawn_tasks_and_join_them)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    struct nest nest = {scene.loop, 300};
    CHECK_INT(weir_join(weir_spawn(scene.loop, spawn_deeper, &nest)), 300);
    check_no_tasks(scene.loop);
    loop_scene_close(&scene);
}

struct stepper {
    weir_loop *loop;
    char name;
    int steps;
};

static int step(void *arg)
{
    const struct stepper *self = arg;
    for (int i = 0; i < self->steps; i++) {
        trail_put(self->name);
        CHECK_INT(weir_yield(self->loop), WEIR_OK);
    }
    trail_put((char)(self->name - 'a' + 'A'));
    return 0;
}

TEST(task, tasks_take_turns_in_the_order_in_which_they_became_ready)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    struct stepper steppers[] = {
        {scene.loop, 'a', 3}, {scene.loop, 'b', 1}, {scene.loop, 'c', 2}};
    for (int i = 0; i < 3; i++)
        weir_detach(weir_spawn(scene.loop, step, &steppers[i]));
    CHECK_TEXT(trail(), "");
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "abcaBcaCA");
    loop_scene_close(&scene);
}

static void stop_yielding(void *arg)
{
    *(bool *)arg = true;
}

struct yielder {
    weir_loop *loop;
    bool stop;
    unsigned long turns;
};

static int yield_until_told(void *arg)
{
    struct yielder *self = arg;
    while (!self->stop && weir_yield(self->loop) == WEIR_OK)
        self->turns++;
    return 0;
}

TEST(task, a_lone_yielding_task_starves_neither_timers_nor_posts_nor_descriptors)
{
    struct loop_scene scene;
    int ends[2];
    loop_scene_open(&scene);
    struct yielder self = {.loop = scene.loop};
    weir_timer *timer = weir_timer_new(scene.loop, stop_yielding, &self.stop);
    weir_timer_set(timer, 3);
    CHECK_INT(weir_join(weir_spawn(scene.loop, yield_until_told, &self)), 0);
    CHECK(self.turns > 0);
    weir_timer_free(timer);

    self.stop = false;
    weir_task *task = weir_spawn(scene.loop, yield_until_told, &self);
    weir_loop_run_once(scene.loop, 0);
    REQUIRE(weir_loop_post(scene.loop, stop_yielding, &self.stop) == WEIR_OK);
    CHECK_INT(weir_join(task), 0);

    self.stop = false;
    task = weir_spawn(scene.loop, yield_until_told, &self);
    REQUIRE(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
    CHECK_INT(weir_wait_fd(scene.loop, ends[0], WEIR_READABLE), WEIR_READABLE);
    self.stop = true;
    CHECK_INT(weir_join(task), 0);
    close(ends[0]);
    close(ends[1]);
    loop_scene_close(&scene);
}

TEST(task, yield_outside_of_tasks_runs_those_that_are_ready)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    struct stepper stepper = {scene.loop, 'a', 0};
    weir_detach(weir_spawn(scene.loop, step, &stepper));
    CHECK_INT(weir_yield(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "A");
    CHECK_INT(weir_yield(scene.loop), WEIR_OK);
    weir_timeout timeout = weir_timeout_start(scene.loop, 0);
    CHECK_INT(weir_yield(scene.loop), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    loop_scene_close(&scene);
}

static int check_current(void *arg)
{
    weir_task *current = weir_task_current(arg);
    CHECK(current != NULL);
    CHECK_TEXT(weir_task_name(current), "inner");
    CHECK_INT(weir_yield(arg), WEIR_OK);
    CHECK(weir_task_current(arg) == current);
    return 0;
}

static void check_no_current(void *arg)
{
    CHECK(weir_task_current(arg) == NULL);
    trail_put('p');
}

TEST(task, a_task_knows_itself_and_its_name)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    CHECK(weir_task_current(scene.loop) == NULL);
    weir_task *task =
        weir_spawn(scene.loop, check_current, scene.loop, .name = "inner");
    REQUIRE(weir_loop_post(scene.loop, check_no_current, scene.loop) == WEIR_OK);
    CHECK_INT(weir_join(task), 0);
    CHECK(weir_task_current(scene.loop) == NULL);
    CHECK_TEXT(trail(), "p");
    task = weir_spawn(scene.loop, sleep_long, scene.loop);
    CHECK_TEXT(weir_task_name(task), "");
    loop_scene_close(&scene);
}

static void spawn_from_callback(void *arg)
{
    weir_detach(weir_spawn(arg, check_current, arg, .name = "inner"));
    trail_put('s');
}

TEST(task, callbacks_spawn_tasks)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    REQUIRE(weir_loop_post(scene.loop, spawn_from_callback, scene.loop) == WEIR_OK);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "s");
    check_no_tasks(scene.loop);
    loop_scene_close(&scene);
}

/* Stacks */

#define FRAME 1024

struct usage {
    uintptr_t top;
    size_t bytes;
};

/* Volatile, and read after the call, so that each call keeps its frame; with an index
 * that the compiler does not know, since clang keeps no more of an array than is
 * named; and not inlined into itself, which makes large frames of several. The frames
 * are to be few: ThreadSanitizer has room for 65,536, writes beyond it into its own
 * memory, and dies of that later, or does not. */
__attribute__((noinline)) static int use_stack(const struct usage *usage)
{
    volatile char frame[FRAME];
    size_t index = usage->bytes % FRAME;
    frame[index] = 1;
    if (usage->top - (uintptr_t)__builtin_frame_address(0) >= usage->bytes)
        return frame[index];
    return use_stack(usage) + frame[index] - 1;
}

static int use_size(void *arg)
{
    struct usage usage = {(uintptr_t)__builtin_frame_address(0), *(size_t *)arg};
    return use_stack(&usage);
}

TEST(task, a_stack_of_a_given_size_can_be_used_to_its_end)
{
    static const size_t sizes[] = {0, 16384, 64 * 1024, 1 << 20, (8 << 20) + 1};
    struct loop_scene scene;
    loop_scene_open(&scene);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            /* Less what lies above, one frame, and what a sanitizer calls in it. */
            size_t used = (sizes[i] ? sizes[i] : 64 * 1024) - 8 * 1024;
            CHECK_INT(weir_join(weir_spawn(scene.loop, use_size, &used,
                                           .stack_bytes = sizes[i])),
                      1);
        }
    }
    loop_scene_close(&scene);
}

static void overflow_stack(void)
{
    weir_loop *loop = weir_loop_new(NULL);
    size_t used = 100 * 1024;
    signal(SIGSEGV, SIG_DFL); /* sanitizers print, and end otherwise */
    weir_join(weir_spawn(loop, use_size, &used));
}

TEST(task, a_stack_overflow_dies_at_the_guard)
{
    int status = status_of_child(overflow_stack);
    CHECK(WIFSIGNALED(status));
    CHECK_INT(WTERMSIG(status), SIGSEGV);
}
