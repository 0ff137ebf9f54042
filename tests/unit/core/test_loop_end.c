/* How a loop ends: with tasks that wait, that will not end, that have ended; and how
 * its making fails (weir_loop_free, weir_loop_new).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fault_sys.h"
#include "loop.h"
#include "loop_scene.h"

static int sleep_long(void *arg)
{
    int rc = weir_sleep(arg, HOUR_MS);
    trail_put(rc == WEIR_E_CANCELLED ? 'c' : '?');
    return rc;
}

static int do_nothing(void *arg)
{
    (void)arg;
    return 0;
}

TEST(loop_end, free_finishes_tasks_whoever_they_belong_to)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    (void)weir_spawn(scene.loop, sleep_long, scene.loop);
    weir_detach(weir_spawn(scene.loop, sleep_long, scene.loop));
    (void)weir_spawn(scene.loop, do_nothing, NULL); /* ends and is not joined */
    weir_loop_run_once(scene.loop, 0);
    (void)weir_spawn(scene.loop, sleep_long, scene.loop); /* not started */
    loop_scene_close(&scene);
    CHECK_TEXT(trail(), "ccc");
    weir_loop_free(NULL);
}

static int clean_up(void *arg)
{
    weir_loop *loop = arg;
    weir_event *event = weir_event_new(loop);
    CHECK_INT(weir_event_wait(event), WEIR_E_CANCELLED);
    CHECK_INT(weir_event_wait(event), WEIR_E_CANCELLED);
    CHECK_INT(weir_yield(loop), WEIR_E_CANCELLED);
    CHECK_INT(weir_join(weir_spawn(loop, do_nothing, NULL)), WEIR_E_CANCELLED);
    weir_group *group = weir_group_new(loop, NULL);
    CHECK_INT(weir_group_spawn(group, sleep_long, loop), WEIR_OK);
    CHECK_INT(weir_group_wait(group), WEIR_E_CANCELLED);
    weir_group_free(group);
    weir_event_free(event);
    trail_put('u');
    return 0;
}

TEST(loop_end, every_further_wait_of_a_task_is_refused_while_it_cleans_up)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_detach(weir_spawn(scene.loop, clean_up, scene.loop));
    weir_loop_run_once(scene.loop, 0);
    loop_scene_close(&scene);
    CHECK_TEXT(trail(), "cu");
}

static char step_t[] = "t";
static char step_p[] = "p";

static void put_step(void *arg)
{
    trail_put(*(const char *)arg);
}

TEST(loop_end, no_callback_is_called_any_more)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_timer *timer = weir_timer_new(scene.loop, put_step, step_t);
    weir_timer_set(timer, 0);
    REQUIRE(weir_loop_post(scene.loop, put_step, step_p) == WEIR_OK);
    weir_detach(weir_spawn(scene.loop, sleep_long, scene.loop));
    usleep(2000);
    loop_scene_close(&scene);
    CHECK_TEXT(trail(), "c");
}

/* Tasks that do not end */

static int ignore_cancellation(void *arg)
{
    while (weir_sleep(arg, 1) <= 0)
        ;
    return 0;
}

static int ignore_in_yield(void *arg)
{
    while (weir_yield(arg) <= 0)
        ;
    return 0;
}

static int ignore_in_join(void *arg)
{
    while (weir_join(weir_spawn(arg, do_nothing, NULL)) <= 0)
        ;
    return 0;
}

static int spawn_the_next(void *arg)
{
    (void)weir_sleep(arg, 1);
    weir_detach(weir_spawn(arg, spawn_the_next, arg));
    weir_detach(weir_spawn(arg, spawn_the_next, arg));
    return 0;
}

static weir_group *left_group; /* what such a task cannot free */

static int wait_for_the_deaf(void *arg)
{
    weir_group *group = weir_group_new(arg, NULL);
    left_group = group;
    CHECK_INT(weir_group_spawn(group, ignore_cancellation, arg), WEIR_OK);
    (void)weir_group_wait(group);
    trail_put('!'); /* never */
    return 0;
}

static int join_the_deaf(void *arg)
{
    weir_task *task = weir_spawn(arg, ignore_cancellation, arg);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    trail_put('j');
    return 0;
}

static void close_leaving_group(struct loop_scene *scene)
{
    loop_scene_close_leaking(scene);
    if (left_group)
        scene->nth.allocator.free(left_group, scene->nth.allocator.user_data);
    left_group = NULL;
    CHECK_INT(scene->nth.live, 0);
    CHECK(strchr(trail(), '!') == NULL);
}

TEST(loop_end, tasks_that_never_end_do_not_hold_it_up)
{
    static const weir_task_function deaf[] = {ignore_cancellation, ignore_in_yield,
                                              ignore_in_join,      spawn_the_next,
                                              wait_for_the_deaf,   join_the_deaf};
    for (size_t i = 0; i < sizeof(deaf) / sizeof(deaf[0]); i++) {
        for (int rounds = 0; rounds < 3; rounds++) {
            struct loop_scene scene;
            loop_scene_open(&scene);
            weir_detach(weir_spawn(scene.loop, deaf[i], scene.loop));
            for (int n = 0; n < rounds; n++)
                weir_loop_run_once(scene.loop, 0);
            close_leaving_group(&scene);
        }
    }
}

TEST(loop_end, a_task_cancelled_in_its_group_wait_is_freed_in_its_shielded_wait)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_task *task = weir_spawn(scene.loop, wait_for_the_deaf, scene.loop);
    weir_loop_run_once(scene.loop, 0);
    weir_cancel(task);
    weir_loop_run_once(scene.loop, 0);
    weir_loop_run_once(scene.loop, 0);
    close_leaving_group(&scene);
    CHECK_TEXT(trail(), "");
}

/* Failing allocations */

static int hold(void *arg)
{
    return weir_sleep(arg, 0);
}

static int use(weir_loop *loop)
{
    int rc = 0;
    weir_queue *queue = weir_queue_new(loop, 100);
    weir_event *event = weir_event_new(loop);
    weir_semaphore *semaphore = weir_semaphore_new(loop, 1);
    weir_group *group = weir_group_new(loop, &(weir_group_options){.limit = 20});
    weir_timer *timer = weir_timer_new(loop, put_step, step_t);
    weir_signal *signal = NULL;
    if (!queue || !event || !semaphore || !group || !timer)
        rc = WEIR_E_MEMORY;
    int opened = weir_signal_open(loop, &signal, SIGUSR2);
    if (opened < 0)
        rc = opened;
    for (int i = 0; i < 40 && rc == 0; i++)
        rc = weir_group_spawn(group, hold, loop);
    for (int i = 0; i < 40 && rc == 0; i++)
        rc = weir_join(weir_spawn(loop, hold, loop));
    int waited = group ? weir_group_wait(group) : 0;
    if (rc == 0)
        rc = waited;
    if (rc < 0)
        CHECK_INT(weir_last_error()->status, WEIR_E_MEMORY);
    weir_signal_close(signal);
    weir_timer_free(timer);
    weir_group_free(group);
    weir_semaphore_free(semaphore);
    weir_event_free(event);
    weir_queue_free(queue);
    return rc;
}

TEST(loop_end, each_allocation_may_fail_and_nothing_leaks)
{
    struct nth nth;
    size_t n = 0;
    do {
        nth_init(&nth, ++n);
        weir_loop *loop =
            weir_loop_new(&(weir_loop_options){.allocator = &nth.allocator});
        if (!loop) {
            CHECK_INT(weir_last_error()->status, WEIR_E_MEMORY);
            CHECK(nth.failed);
            CHECK_INT(nth.live, 0);
            continue;
        }
        int rc = use(loop);
        CHECK_INT(rc, nth.failed ? WEIR_E_MEMORY : WEIR_OK);
        weir_loop_free(loop);
        CHECK_INT(nth.live, 0);
    } while (nth.failed && n < 1000);
    CHECK(n > 8);
}

TEST(loop_end, each_system_call_of_its_making_may_fail_and_nothing_leaks)
{
    weir_sys posix = weir__sys_posix();
    fault_sys faults;
    unsigned long met = 1;
    for (unsigned long n = 1; met; n++) {
        fault_sys_init(&faults, &posix);
        fault_sys_fail(&faults, FAULT_ANY, n, EMFILE);
        weir_loop *loop = weir__loop_new(NULL, &faults.sys);
        met = fault_sys_fault_count(&faults);
        CHECK((loop == NULL) == (met > 0));
        if (!loop) {
            CHECK_INT(weir_last_error()->status, WEIR_E_SYSTEM);
            CHECK_INT(weir_last_error()->os_error, EMFILE);
        }
        weir_loop_free(loop);
        CHECK_INT(fault_sys_watch_count(&faults), 0);
        fault_sys_clear(&faults);
    }
}

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 200; fd++) {
        int copy = dup(fd);
        if (copy >= 0) {
            count++;
            close(copy);
        }
    }
    return count;
}

TEST(loop_end, it_leaves_no_descriptor_open)
{
    int before = count_descriptors();
    for (int i = 0; i < 20; i++) {
        struct loop_scene scene;
        loop_scene_open(&scene);
        weir_detach(weir_spawn(scene.loop, sleep_long, scene.loop));
        weir_loop_run_once(scene.loop, 0);
        loop_scene_close(&scene);
    }
    CHECK_INT(count_descriptors(), before);
}
