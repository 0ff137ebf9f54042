/* Groups of tasks (weir/group.h).
 *
 * SPDX-License-Identifier: MIT */
#include <weir/group.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "fault_sys.h"
#include "loop.h"
#include "loop_scene.h"

struct job {
    weir_loop *loop;
    int result;
    uint64_t ms;
    int rc; /* of its wait */
};

static int work(void *arg)
{
    struct job *job = arg;
    job->rc = weir_sleep(job->loop, job->ms);
    trail_put(job->rc == WEIR_OK ? 'w' : 'x');
    if (job->rc < 0)
        return job->rc;
    if (job->result < 0)
        weir__fail(job->result, "work", "work: job %d failed", job->result);
    return job->result;
}

static weir_group *open_group(struct loop_scene *scene, weir_group_options options)
{
    loop_scene_open(scene);
    weir_group *group = weir_group_new(scene->loop, &options);
    REQUIRE(group != NULL);
    return group;
}

TEST(group, waits_for_all_and_can_be_used_again)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){0});
    struct job jobs[3] = {
        {scene.loop, 0, 3, 9}, {scene.loop, 5, 1, 9}, {scene.loop, 0, 2, 9}};
    CHECK_INT(weir_group_wait(group), WEIR_OK);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++)
            CHECK_INT(weir_group_spawn(group, work, &jobs[i]), WEIR_OK);
        CHECK_INT(weir_group_running(group), 3);
        CHECK_INT(weir_group_wait(group), WEIR_OK);
        CHECK_INT(weir_group_running(group), 0);
    }
    CHECK_TEXT(trail(), "wwwwww");
    weir_group_free(group);
    loop_scene_close(&scene);
}

struct counter {
    weir_loop *loop;
    size_t now;
    size_t most;
};

static int count_self(void *arg)
{
    struct counter *counter = arg;
    if (++counter->now > counter->most)
        counter->most = counter->now;
    (void)weir_yield(counter->loop);
    (void)weir_yield(counter->loop);
    counter->now--;
    return 0;
}

TEST(group, never_runs_more_than_its_limit)
{
    static const size_t limits[] = {1, 2, 5, 100};
    for (int i = 0; i < 4; i++) {
        struct loop_scene scene;
        weir_group *group =
            open_group(&scene, (weir_group_options){.limit = limits[i]});
        struct counter counter = {.loop = scene.loop};
        for (int n = 0; n < 60; n++)
            CHECK_INT(weir_group_spawn(group, count_self, &counter), WEIR_OK);
        CHECK_INT(weir_group_wait(group), WEIR_OK);
        CHECK_INT(counter.most, limits[i] < 60 ? limits[i] : 60);
        weir_group_free(group);
        loop_scene_close(&scene);
    }
}

TEST(group, the_first_failure_cancels_the_others_and_its_words_arrive)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){0});
    struct job jobs[4] = {{scene.loop, 0, HOUR_MS, 9},
                          {scene.loop, WEIR_E_TLS, 2, 9},
                          {scene.loop, 0, HOUR_MS, 9},
                          {scene.loop, WEIR_E_TYPE, 2, 9}};
    for (int i = 0; i < 4; i++)
        CHECK_INT(weir_group_spawn(group, work, &jobs[i]), WEIR_OK);
    CHECK_INT(weir_group_wait(group), WEIR_E_TLS);
    CHECK_TEXT(weir_last_error()->message, "work: job -15 failed");
    CHECK_TEXT(weir_last_error()->operation, "work");
    CHECK_INT(weir_last_error()->status, WEIR_E_TLS);
    CHECK_INT(jobs[0].rc, WEIR_E_CANCELLED);
    CHECK_INT(jobs[2].rc, WEIR_E_CANCELLED);
    jobs[0].ms = 0;
    CHECK_INT(weir_group_spawn(group, work, &jobs[0]), WEIR_OK);
    CHECK_INT(weir_group_wait(group), WEIR_OK);
    weir_group_free(group);
    loop_scene_close(&scene);
}

static int fail_without_words(void *arg)
{
    (void)arg;
    return WEIR_E_PROTOCOL;
}

TEST(group, a_failure_without_words_is_named)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){0});
    CHECK_INT(weir_group_spawn(group, fail_without_words, NULL), WEIR_OK);
    CHECK_INT(weir_group_wait(group), WEIR_E_PROTOCOL);
    CHECK_TEXT(weir_last_error()->message,
               "a task of the group returned WEIR_E_PROTOCOL");
    weir_group_free(group);
    loop_scene_close(&scene);
}

TEST(group, a_failed_group_starts_nothing_until_it_has_been_waited_for)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){.limit = 1});
    struct job job = {scene.loop, WEIR_E_TYPE, 1, 9};
    CHECK_INT(weir_group_spawn(group, work, &job), WEIR_OK);
    CHECK_INT(weir_group_spawn(group, work, &job), WEIR_E_TYPE);
    CHECK_TEXT(weir_last_error()->message, "work: job -18 failed");
    CHECK_TEXT(trail(), "w");
    CHECK_INT(weir_group_wait(group), WEIR_E_TYPE);
    CHECK_INT(weir_group_spawn(group, work, &job), WEIR_OK);
    weir_group_cancel(group);
    CHECK_INT(weir_group_wait(group), WEIR_E_CANCELLED);
    weir_group_free(group);
    loop_scene_close(&scene);
}

TEST(group, keep_going_lets_the_others_end)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){.keep_going = true});
    struct job jobs[3] = {{scene.loop, 0, 6, 9},
                          {scene.loop, WEIR_E_TLS, 1, 9},
                          {scene.loop, WEIR_E_TYPE, 3, 9}};
    for (int i = 0; i < 3; i++)
        CHECK_INT(weir_group_spawn(group, work, &jobs[i]), WEIR_OK);
    CHECK_INT(weir_group_wait(group), WEIR_E_TLS);
    CHECK_TEXT(trail(), "www");
    weir_group_free(group);
    loop_scene_close(&scene);
}

/* Deaf to the first cancellations, as a task is that cleans up. */
static int end_slowly(void *arg)
{
    struct job *job = arg;
    while (weir_sleep(job->loop, HOUR_MS) == WEIR_OK)
        ;
    for (int i = 0; i < 5; i++)
        (void)weir_sleep(job->loop, 1);
    trail_put('e');
    return 0;
}

struct waiting {
    weir_group *group;
    weir_loop *loop;
    int rc;
};

static int wait_for_group(void *arg)
{
    struct waiting *waiting = arg;
    waiting->rc = weir_group_wait(waiting->group);
    CHECK_INT(weir_last_error()->status, waiting->rc);
    trail_put('d');
    return waiting->rc;
}

TEST(group, a_cancelled_waiter_still_waits_for_the_tasks)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){0});
    struct job jobs[2] = {{.loop = scene.loop}, {.loop = scene.loop}};
    struct waiting waiting = {group, scene.loop, 9};
    for (int i = 0; i < 2; i++)
        CHECK_INT(weir_group_spawn(group, end_slowly, &jobs[i]), WEIR_OK);
    weir_task *task = weir_spawn(scene.loop, wait_for_group, &waiting);
    weir_loop_run_once(scene.loop, 0);
    weir_cancel(task);
    weir_loop_run_once(scene.loop, 0);
    weir_cancel(task); /* deaf now: met in its next wait */
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    CHECK_TEXT(trail(), "eed");
    weir_group_free(group);
    loop_scene_close(&scene);
}

static void fail_in_callback(void *arg)
{
    (void)arg;
    weir__fail(WEIR_E_INVALID, "callback", "callback: something else");
}

TEST(group, a_waiter_past_its_deadline_still_waits_and_keeps_its_words)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){0});
    struct job job = {.loop = scene.loop};
    CHECK_INT(weir_group_spawn(group, end_slowly, &job), WEIR_OK);
    weir_timer *timer = weir_timer_new(scene.loop, fail_in_callback, NULL);
    weir_timeout timeout = weir_timeout_start(scene.loop, 3);
    weir_timer_set(timer, 5);
    CHECK_INT(weir_group_wait(group), WEIR_E_TIMEOUT);
    CHECK_TEXT(weir_last_error()->message, "group wait: the deadline passed");
    CHECK(weir_timeout_end(&timeout));
    CHECK_TEXT(trail(), "e");
    weir_timer_free(timer);
    weir_group_free(group);
    loop_scene_close(&scene);
}

TEST(group, free_cancels_what_runs_and_waits_for_it)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){0});
    struct job jobs[3] = {
        {.loop = scene.loop}, {.loop = scene.loop}, {.loop = scene.loop}};
    for (int i = 0; i < 3; i++)
        CHECK_INT(weir_group_spawn(group, end_slowly, &jobs[i]), WEIR_OK);
    weir_loop_run_once(scene.loop, 0);
    weir_group_free(group);
    weir_group_free(NULL);
    CHECK_TEXT(trail(), "eee");
    loop_scene_close(&scene);
}

static void free_group(void *arg)
{
    weir_group_free(arg);
    trail_put('f');
}

TEST(group, free_in_a_callback_lets_the_tasks_end_by_themselves)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){0});
    struct job jobs[2] = {{.loop = scene.loop}, {.loop = scene.loop}};
    for (int i = 0; i < 2; i++)
        CHECK_INT(weir_group_spawn(group, end_slowly, &jobs[i]), WEIR_OK);
    weir_loop_run_once(scene.loop, 0);
    REQUIRE(weir_loop_post(scene.loop, free_group, group) == WEIR_OK);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "fee");
    loop_scene_close(&scene);
}

static int free_in_task(void *arg)
{
    weir_group_free(arg);
    trail_put('f');
    return 0;
}

TEST(group, free_ends_the_wait_of_others)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){.limit = 1});
    struct job job = {.loop = scene.loop};
    struct waiting waiting = {group, scene.loop, 9};
    CHECK_INT(weir_group_spawn(group, end_slowly, &job), WEIR_OK);
    weir_task *task = weir_spawn(scene.loop, wait_for_group, &waiting);
    weir_loop_run_once(scene.loop, 0);
    weir_task *freeing = weir_spawn(scene.loop, free_in_task, group);
    CHECK_INT(weir_join(freeing), 0);
    CHECK_INT(weir_join(task), WEIR_E_CLOSED);
    CHECK_TEXT(weir_last_error()->message,
               "group wait: the group was freed while waiting");
    loop_scene_close(&scene);
}

static int wait_for_own_group(void *arg)
{
    return weir_group_wait(arg);
}

TEST(group, a_task_cannot_wait_for_its_own_group)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){0});
    CHECK_INT(weir_group_spawn(group, wait_for_own_group, group), WEIR_OK);
    CHECK_INT(weir_group_wait(group), WEIR_E_MISUSE);
    weir_group_free(group);
    loop_scene_close(&scene);
}

TEST(group, a_task_can_free_its_own_group)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){0});
    struct job job = {.loop = scene.loop};
    CHECK_INT(weir_group_spawn(group, end_slowly, &job), WEIR_OK);
    CHECK_INT(weir_group_spawn(group, free_in_task, group), WEIR_OK);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "fe");
    loop_scene_close(&scene);
}

TEST(group, a_spawn_without_memory_fails_the_group)
{
    struct loop_scene scene;
    weir_group *group =
        open_group(&scene, (weir_group_options){.stack_bytes = SIZE_MAX / 4});
    struct job job = {.loop = scene.loop};
    CHECK_INT(weir_group_spawn(group, work, &job), WEIR_E_MEMORY);
    CHECK(strstr(weir_last_error()->message, "spawn: no memory") != NULL);
    CHECK_INT(weir_group_running(group), 0);
    CHECK_INT(weir_group_wait(group), WEIR_E_MEMORY);
    CHECK_INT(weir_group_wait(group), WEIR_OK);
    weir_group_free(group);
    loop_scene_close(&scene);
}

TEST(group, a_spawn_that_is_cancelled_while_it_waits_starts_nothing)
{
    struct loop_scene scene;
    weir_group *group = open_group(&scene, (weir_group_options){.limit = 1});
    struct job job = {scene.loop, 0, 20, 9};
    CHECK_INT(weir_group_spawn(group, work, &job), WEIR_OK);
    weir_timeout timeout = weir_timeout_start(scene.loop, 1);
    CHECK_INT(weir_group_spawn(group, work, &job), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    CHECK_INT(weir_group_running(group), 1);
    CHECK_INT(weir_group_wait(group), WEIR_OK);
    CHECK_TEXT(trail(), "w");
    weir_group_free(group);
    loop_scene_close(&scene);
}

/* A group on a loop of which the poller can fail. */
struct failing {
    struct loop_scene scene;
    weir_sys posix;
    fault_sys faults;
    weir_group *group;
};

static void failing_open(struct failing *t)
{
    alarm(20); /* a wait that spins is killed */
    nth_init(&t->scene.nth, 0);
    t->posix = weir__sys_posix();
    fault_sys_init(&t->faults, &t->posix);
    t->scene.loop = weir__loop_new(
        &(weir_loop_options){.allocator = &t->scene.nth.allocator}, &t->faults.sys);
    REQUIRE(t->scene.loop != NULL);
    t->group = weir_group_new(t->scene.loop, NULL);
    REQUIRE(t->group != NULL);
    trail_clear();
}

static void failing_close(struct failing *t)
{
    loop_scene_close(&t->scene);
    fault_sys_clear(&t->faults);
    alarm(0);
}

struct deaf {
    weir_loop *loop;
    bool told;
};

static int ignore_until_told(void *arg)
{
    struct deaf *deaf = arg;
    while (!deaf->told)
        (void)weir_sleep(deaf->loop, HOUR_MS);
    trail_put('t');
    return 0;
}

static void check_poller_failed(struct failing *t)
{
    fault_sys_reset_counts(&t->faults);
    CHECK_INT(weir_group_wait(t->group), WEIR_E_SYSTEM);
    CHECK_INT(weir_last_error()->os_error, EBADF);
    CHECK(strstr(weir_last_error()->message, "waiting for the kernel") != NULL);
    CHECK(fault_sys_count(&t->faults, FAULT_POLLER_WAIT) <= 3);
    CHECK_INT(weir_group_running(t->group), 1);
}

TEST(group, a_failing_poller_ends_the_wait_for_a_task_that_ignores_its_cancellation)
{
    struct failing t;
    failing_open(&t);
    struct job job = {t.scene.loop, 0, HOUR_MS, 9};
    struct deaf deaf = {t.scene.loop, false};
    CHECK_INT(weir_group_spawn(t.group, work, &job), WEIR_OK);
    CHECK_INT(weir_group_spawn(t.group, ignore_until_told, &deaf), WEIR_OK);
    fault_sys_fail_from(&t.faults, FAULT_POLLER_WAIT, 1, EBADF);
    check_poller_failed(&t);
    CHECK_TEXT(trail(), "x"); /* the other has had its turn to end */
    check_poller_failed(&t);

    /* Once it goes again, so does the group. */
    fault_sys_fail(&t.faults, FAULT_POLLER_WAIT, 0, 0);
    deaf.told = true;
    weir_group_cancel(t.group);
    CHECK_INT(weir_group_wait(t.group), WEIR_OK);
    CHECK_TEXT(trail(), "xt");
    weir_group_free(t.group);
    failing_close(&t);
}

TEST(group, a_poller_that_fails_after_the_deadline_ends_the_wait_too)
{
    struct failing t;
    failing_open(&t);
    struct deaf deaf = {t.scene.loop, false};
    CHECK_INT(weir_group_spawn(t.group, ignore_until_told, &deaf), WEIR_OK);
    CHECK_INT(weir_loop_run_once(t.scene.loop, 0), WEIR_OK);
    fault_sys_fail_from(&t.faults, FAULT_POLLER_WAIT, 1, EBADF);
    weir_timeout timeout = weir_timeout_start(t.scene.loop, 0);
    check_poller_failed(&t);
    (void)weir_timeout_end(&timeout);
    fault_sys_fail(&t.faults, FAULT_POLLER_WAIT, 0, 0);
    deaf.told = true;
    weir_group_free(t.group);
    CHECK_TEXT(trail(), "t");
    failing_close(&t);
}

/* As in a callback: the memory goes with the last task. */
TEST(group, free_with_a_failing_poller_does_not_wait)
{
    struct failing t;
    failing_open(&t);
    struct deaf deaf = {t.scene.loop, false};
    CHECK_INT(weir_group_spawn(t.group, ignore_until_told, &deaf), WEIR_OK);
    CHECK_INT(weir_loop_run_once(t.scene.loop, 0), WEIR_OK);
    fault_sys_fail_from(&t.faults, FAULT_POLLER_WAIT, 1, EBADF);
    weir_group_free(t.group);
    CHECK_TEXT(trail(), "");
    deaf.told = true;
    failing_close(&t);
    CHECK_TEXT(trail(), "t");
}
