/* Every kind of wait, and how each can end: news, cancellation, a deadline, the end
 * of the loop (core/park.h).
 *
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "loop_scene.h"

/* One of each thing that can be waited for, none of which has news. */
struct things {
    struct loop_scene scene;
    weir_loop *loop;
    weir_task *sleeper;
    weir_queue *empty;
    weir_queue *full;
    weir_event *event;
    weir_semaphore *semaphore;
    weir_group *group;
    weir_group *crowded; /* its limit is reached */
    weir_signal *signal;
    int pipe[2];
};

static char old_item[] = "old";
static char new_item[] = "new";

static int sleep_long(void *arg)
{
    return weir_sleep(arg, HOUR_MS);
}

static void open_objects(struct things *t)
{
    t->empty = weir_queue_new(t->loop, 1);
    t->full = weir_queue_new(t->loop, 1);
    REQUIRE(weir_queue_try_put(t->full, old_item) == WEIR_OK);
    t->event = weir_event_new(t->loop);
    t->semaphore = weir_semaphore_new(t->loop, 0);
    t->group = weir_group_new(t->loop, NULL);
    REQUIRE(weir_group_spawn(t->group, sleep_long, t->loop) == WEIR_OK);
    t->crowded = weir_group_new(t->loop, &(weir_group_options){.limit = 1});
    REQUIRE(weir_group_spawn(t->crowded, sleep_long, t->loop) == WEIR_OK);
    REQUIRE(weir_signal_open(t->loop, &t->signal, SIGUSR1) == WEIR_OK);
    REQUIRE(pipe(t->pipe) == 0);
}

static void open_things(struct things *t)
{
    memset(t, 0, sizeof(*t));
    loop_scene_open(&t->scene);
    t->loop = t->scene.loop;
    t->sleeper = weir_spawn(t->loop, sleep_long, t->loop);
    open_objects(t);
    REQUIRE(weir_loop_run_once(t->loop, 0) == WEIR_OK);
}

static void free_objects(struct things *t)
{
    weir_signal_close(t->signal);
    weir_group_free(t->crowded);
    weir_group_free(t->group);
    weir_semaphore_free(t->semaphore);
    weir_event_free(t->event);
    weir_queue_free(t->full);
    weir_queue_free(t->empty);
    close(t->pipe[0]);
    close(t->pipe[1]);
}

static void close_things(struct things *t)
{
    free_objects(t);
    if (t->sleeper) {
        weir_cancel(t->sleeper);
        CHECK_INT(weir_join(t->sleeper), WEIR_E_CANCELLED);
    }
    loop_scene_close(&t->scene);
}

/* The waits */

static int wait_sleep(struct things *t)
{
    return weir_sleep(t->loop, HOUR_MS);
}

static int wait_join(struct things *t)
{
    int rc = weir_join(t->sleeper);
    if (rc == 7)
        t->sleeper = NULL;
    return rc;
}

static int wait_put(struct things *t)
{
    return weir_queue_put(t->full, new_item);
}

static int wait_get(struct things *t)
{
    void *item;
    return weir_queue_get(t->empty, &item);
}

static int wait_event(struct things *t)
{
    return weir_event_wait(t->event);
}

static int wait_semaphore(struct things *t)
{
    return weir_semaphore_acquire(t->semaphore);
}

static int wait_group(struct things *t)
{
    return weir_group_wait(t->group);
}

static int wait_group_spawn(struct things *t)
{
    return weir_group_spawn(t->crowded, sleep_long, t->loop);
}

static int wait_signal(struct things *t)
{
    return weir_signal_wait(t->signal);
}

static int wait_readable(struct things *t)
{
    return weir_wait_fd(t->loop, t->pipe[0], WEIR_READABLE);
}

/* The news for those whose news is one call; and whether it is there still. */

static void give_item(struct things *t)
{
    CHECK_INT(weir_queue_try_put(t->empty, new_item), WEIR_OK);
}

static bool item_is_there(struct things *t)
{
    void *item = NULL;
    return weir_queue_len(t->empty) == 1 &&
           weir_queue_try_get(t->empty, &item) == WEIR_OK && item == new_item;
}

static void make_room(struct things *t)
{
    void *item = NULL;
    CHECK_INT(weir_queue_try_get(t->full, &item), WEIR_OK);
    CHECK_TEXT(item, old_item);
}

static bool room_is_there(struct things *t)
{
    return weir_queue_len(t->full) == 0;
}

static void set_event(struct things *t)
{
    weir_event_set(t->event);
}

static bool event_is_set(struct things *t)
{
    return weir_event_is_set(t->event);
}

static void give_permit(struct things *t)
{
    weir_semaphore_release(t->semaphore);
}

static bool permit_is_there(struct things *t)
{
    return weir_semaphore_permits(t->semaphore) == 1;
}

struct kind {
    const char *name;
    int (*wait)(struct things *t);
    void (*give_news)(struct things *t);
    bool (*is_kept)(struct things *t);
};

static const struct kind KINDS[] = {
    {"sleep", wait_sleep, NULL, NULL},
    {"join", wait_join, NULL, NULL},
    {"queue put", wait_put, make_room, room_is_there},
    {"queue get", wait_get, give_item, item_is_there},
    {"event", wait_event, set_event, event_is_set},
    {"semaphore", wait_semaphore, give_permit, permit_is_there},
    {"group wait", wait_group, NULL, NULL},
    {"group spawn", wait_group_spawn, NULL, NULL},
    {"signal", wait_signal, NULL, NULL},
    {"wait fd", wait_readable, NULL, NULL},
};

enum { KIND_COUNT = sizeof(KINDS) / sizeof(KINDS[0]) };

/* One row of a table, in a scene of its own and told by its name. */
struct row {
    struct things t;
    const struct kind *kind;
    int first;
    int second;
    bool mine;
};

static void for_each_kind(void (*show)(struct row *row), bool with_news)
{
    for (int i = 0; i < KIND_COUNT; i++) {
        struct row row = {.kind = &KINDS[i], .first = 99, .second = 99};
        if (with_news && !KINDS[i].give_news)
            continue;
        open_things(&row.t);
        show(&row);
        close_things(&row.t);
        if (!CHECK(row.first != 99))
            test_check(false, __FILE__, __LINE__, KINDS[i].name);
    }
}

#define CHECK_ROW(row, condition) \
    (CHECK(condition)             \
         ? (void)0                \
         : (void)test_check(false, __FILE__, __LINE__, (row)->kind->name))

static int wait_twice(void *arg)
{
    struct row *row = arg;
    row->first = row->kind->wait(&row->t);
    row->second = weir_sleep(row->t.loop, 1);
    return 0;
}

static weir_task *start(struct row *row, weir_task_function function)
{
    weir_task *task = weir_spawn(row->t.loop, function, row);
    REQUIRE(task != NULL);
    REQUIRE(weir_loop_run_once(row->t.loop, 0) == WEIR_OK);
    CHECK_ROW(row, row->first == 99);
    return task;
}

static void cancel_it(struct row *row)
{
    weir_task *task = start(row, wait_twice);
    weir_cancel(task);
    CHECK_ROW(row, weir_join(task) == 0);
    CHECK_ROW(row, row->first == WEIR_E_CANCELLED);
    CHECK_ROW(row, row->second == WEIR_OK);
}

TEST(park, every_wait_can_be_cancelled_and_only_once)
{
    for_each_kind(cancel_it, false);
}

static void cancel_before_start(struct row *row)
{
    weir_task *task = weir_spawn(row->t.loop, wait_twice, row);
    weir_cancel(task);
    weir_cancel(task);
    CHECK_ROW(row, weir_join(task) == 0);
    CHECK_ROW(row, row->first == WEIR_E_CANCELLED);
    CHECK_ROW(row, row->second == WEIR_OK);
}

TEST(park, a_task_cancelled_before_it_starts_meets_that_in_its_first_wait)
{
    for_each_kind(cancel_before_start, false);
}

static void give_then_cancel(struct row *row)
{
    weir_task *task = start(row, wait_twice);
    row->kind->give_news(&row->t);
    weir_cancel(task);
    CHECK_ROW(row, weir_join(task) == 0);
    CHECK_ROW(row, row->first == WEIR_OK);
    CHECK_ROW(row, row->second == WEIR_E_CANCELLED);
}

TEST(park, a_wait_that_had_succeeded_says_so_and_the_next_is_cancelled)
{
    for_each_kind(give_then_cancel, true);
}

static void cancel_then_give(struct row *row)
{
    weir_task *task = start(row, wait_twice);
    weir_cancel(task);
    row->kind->give_news(&row->t);
    CHECK_ROW(row, weir_join(task) == 0);
    CHECK_ROW(row, row->first == WEIR_E_CANCELLED);
    CHECK_ROW(row, row->second == WEIR_OK);
    CHECK_ROW(row, row->kind->is_kept(&row->t));
}

TEST(park, news_after_the_cancellation_is_not_lost)
{
    for_each_kind(cancel_then_give, true);
}

static int wait_within_5_ms(void *arg)
{
    struct row *row = arg;
    weir_timeout timeout = weir_timeout_start(row->t.loop, 5);
    row->first = row->kind->wait(&row->t);
    row->second = weir_yield(row->t.loop);
    row->mine = weir_timeout_end(&timeout);
    return weir_sleep(row->t.loop, 1);
}

static void time_out(struct row *row)
{
    weir_task *task = start(row, wait_within_5_ms);
    CHECK_ROW(row, weir_join(task) == 0);
    CHECK_ROW(row, row->first == WEIR_E_TIMEOUT);
    CHECK_ROW(row, row->second == WEIR_E_TIMEOUT);
    CHECK_ROW(row, row->mine);
}

TEST(park, every_wait_can_have_a_deadline)
{
    for_each_kind(time_out, false);
}

static void time_out_outside(struct row *row)
{
    CHECK_ROW(row, wait_within_5_ms(row) == WEIR_OK);
    CHECK_ROW(row, row->first == WEIR_E_TIMEOUT);
    CHECK_ROW(row, row->second == WEIR_E_TIMEOUT);
    CHECK_ROW(row, row->mine);
}

TEST(park, every_wait_outside_of_tasks_can_have_a_deadline)
{
    for_each_kind(time_out_outside, false);
}

/* The task that gives the news runs after the timer, in the same iteration. */
static void give_too_late(void *arg)
{
    struct row *row = arg;
    row->kind->give_news(&row->t);
}

static void expire_then_give(struct row *row)
{
    weir_task *task = start(row, wait_within_5_ms);
    usleep(8000);
    REQUIRE(weir_loop_post(row->t.loop, give_too_late, row) == WEIR_OK);
    CHECK_ROW(row, weir_join(task) == 0);
    CHECK_ROW(row, row->first == WEIR_E_TIMEOUT);
    CHECK_ROW(row, row->mine);
    CHECK_ROW(row, row->kind->is_kept(&row->t));
}

TEST(park, news_after_the_deadline_is_not_lost)
{
    for_each_kind(expire_then_give, true);
}

static void wait_in_callback(void *arg)
{
    struct row *row = arg;
    row->first = row->kind->wait(&row->t);
    row->second = weir_yield(row->t.loop);
    CHECK(strstr(weir_last_error()->message, "callback") != NULL);
}

static void misuse(struct row *row)
{
    REQUIRE(weir_loop_post(row->t.loop, wait_in_callback, row) == WEIR_OK);
    REQUIRE(weir_loop_run_once(row->t.loop, 1000) == WEIR_OK);
    CHECK_ROW(row, row->first == WEIR_E_MISUSE);
    CHECK_ROW(row, row->second == WEIR_E_MISUSE);
}

TEST(park, waiting_in_a_callback_is_misuse_and_no_hang)
{
    for_each_kind(misuse, false);
}

/* The loop is freed while somebody waits in each thing; all are told, and only then
 * are the things freed that do not need the loop. */
static void free_loop(struct row *row)
{
    weir_detach(start(row, wait_twice));
    weir_detach(row->t.sleeper);
    free_objects(&row->t);
    loop_scene_close(&row->t.scene);
    CHECK_ROW(row, row->first < 0);
    CHECK_ROW(row, row->second == WEIR_E_CANCELLED);
}

TEST(park, freeing_things_and_the_loop_while_tasks_wait_loses_nothing)
{
    for (int i = 0; i < KIND_COUNT; i++) {
        struct row row = {.kind = &KINDS[i], .first = 99, .second = 99};
        if (KINDS[i].wait == wait_group || KINDS[i].wait == wait_group_spawn)
            continue; /* test_group.c */
        open_things(&row.t);
        free_loop(&row);
    }
}

static void cancel_and_free(struct row *row)
{
    weir_task *task = start(row, wait_twice);
    weir_cancel(task);
    free_objects(&row->t);
    open_objects(&row->t); /* what close_things() frees */
    CHECK_ROW(row, weir_join(task) == 0);
    CHECK_ROW(row, row->first == WEIR_E_CANCELLED);
}

TEST(park, a_thing_may_be_freed_before_the_cancelled_wait_in_it_returns)
{
    for (int i = 0; i < KIND_COUNT; i++) {
        struct row row = {.kind = &KINDS[i], .first = 99, .second = 99};
        if (KINDS[i].wait == wait_readable)
            continue; /* its descriptor must stay open */
        open_things(&row.t);
        cancel_and_free(&row);
        close_things(&row.t);
    }
}

TEST(park, the_sentence_says_what_waited_and_why_it_ended)
{
    struct things t;
    open_things(&t);
    weir_timeout timeout = weir_timeout_start(t.loop, 1);
    CHECK_INT(weir_event_wait(t.event), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    CHECK_TEXT(weir_last_error()->message, "event: the deadline passed");
    CHECK_TEXT(weir_last_error()->operation, "event");
    CHECK_INT(weir_last_error()->status, WEIR_E_TIMEOUT);
    close_things(&t);
}
