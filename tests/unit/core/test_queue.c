/* Queues between tasks (weir/queue.h).
 *
 * SPDX-License-Identifier: MIT */
#include <weir/queue.h>

#include "loop_scene.h"

static char items[] = "abcdefghijklmnopqrstuvwxyz";

static void open_queue(struct loop_scene *scene, weir_queue **queue, size_t capacity)
{
    loop_scene_open(scene);
    *queue = weir_queue_new(scene->loop, capacity);
    REQUIRE(*queue != NULL);
}

TEST(queue, gives_items_in_their_order_and_holds_as_many_as_its_capacity)
{
    static const size_t capacities[] = {1, 2, 3, 7, 20};
    for (size_t i = 0; i < 5; i++) {
        struct loop_scene scene;
        weir_queue *queue;
        size_t capacity = capacities[i];
        void *item = NULL;
        open_queue(&scene, &queue, capacity);
        CHECK_INT(weir_queue_try_get(queue, &item), WEIR_E_AGAIN);
        CHECK(item == NULL);
        for (size_t round = 0; round < 3; round++) {
            for (size_t n = 0; n < capacity; n++)
                CHECK_INT(weir_queue_put(queue, &items[n]), WEIR_OK);
            CHECK_INT(weir_queue_len(queue), capacity);
            CHECK_INT(weir_queue_try_put(queue, items), WEIR_E_AGAIN);
            /* Leave one in, so that the ring's beginning moves. */
            for (size_t n = 0; n < capacity; n++) {
                CHECK_INT(weir_queue_get(queue, &item), WEIR_OK);
                CHECK(item == &items[n]);
            }
            CHECK_INT(weir_queue_put(queue, items), WEIR_OK);
            CHECK_INT(weir_queue_try_get(queue, &item), WEIR_OK);
        }
        weir_queue_free(queue);
        loop_scene_close(&scene);
    }
}

static void *refuse_memory(size_t size, void *user_data)
{
    (void)size;
    (void)user_data;
    return NULL;
}

TEST(queue, refuses_a_capacity_that_is_not_possible)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    CHECK(weir_queue_new(scene.loop, 0) == NULL);
    CHECK_INT(weir_last_error()->status, WEIR_E_INVALID);
    CHECK(weir_queue_new(scene.loop, SIZE_MAX) == NULL);
    CHECK_INT(weir_last_error()->status, WEIR_E_INVALID);
    CHECK(weir_queue_new(scene.loop, SIZE_MAX / 16 + 1) == NULL);
    CHECK_INT(weir_last_error()->status, WEIR_E_INVALID);
    scene.nth.allocator.malloc = refuse_memory;
    CHECK(weir_queue_new(scene.loop, SIZE_MAX / 16) == NULL);
    CHECK_INT(weir_last_error()->status, WEIR_E_MEMORY);
    weir_queue_free(NULL);
    loop_scene_close(&scene);
}

struct user {
    weir_queue *queue;
    char *item;
    int rc;
};

static int put(void *arg)
{
    struct user *user = arg;
    user->rc = weir_queue_put(user->queue, user->item);
    trail_put(user->rc == WEIR_OK ? *user->item : '!');
    return user->rc;
}

static int get(void *arg)
{
    struct user *user = arg;
    void *item = NULL;
    user->rc = weir_queue_get(user->queue, &item);
    user->item = item;
    trail_put(user->rc == WEIR_OK ? *user->item : '!');
    return user->rc;
}

static weir_task *start(struct loop_scene *scene, weir_task_function function,
                        struct user *user)
{
    weir_task *task = weir_spawn(scene->loop, function, user);
    REQUIRE(task != NULL);
    weir_loop_run_once(scene->loop, 0);
    return task;
}

static void start_detached(struct loop_scene *scene, weir_task_function function,
                           struct user *user)
{
    weir_detach(start(scene, function, user));
}

TEST(queue, serves_takers_in_the_order_in_which_they_came)
{
    struct loop_scene scene;
    weir_queue *queue;
    open_queue(&scene, &queue, 2);
    struct user users[3] = {{.queue = queue}, {.queue = queue}, {.queue = queue}};
    for (int i = 0; i < 3; i++)
        start_detached(&scene, get, &users[i]);
    for (int i = 0; i < 5; i++)
        CHECK_INT(weir_queue_try_put(queue, &items[i]), WEIR_OK);
    CHECK_INT(weir_queue_try_put(queue, items), WEIR_E_AGAIN);
    CHECK_INT(weir_queue_len(queue), 2);
    weir_loop_run_once(scene.loop, 0);
    for (int i = 0; i < 3; i++)
        CHECK(users[i].item == &items[i]);
    CHECK_TEXT(trail(), "abc");
    weir_queue_free(queue);
    loop_scene_close(&scene);
}

TEST(queue, serves_givers_in_the_order_in_which_they_came)
{
    struct loop_scene scene;
    weir_queue *queue;
    void *item = NULL;
    open_queue(&scene, &queue, 1);
    struct user users[4] = {{queue, items, 0},
                            {queue, items + 1, 0},
                            {queue, items + 2, 0},
                            {queue, items + 3, 0}};
    for (int i = 0; i < 4; i++)
        start_detached(&scene, put, &users[i]);
    CHECK_TEXT(trail(), "a");
    CHECK_INT(weir_queue_try_put(queue, items), WEIR_E_AGAIN); /* no overtaking */
    for (int i = 0; i < 4; i++) {
        CHECK_INT(weir_queue_get(queue, &item), WEIR_OK);
        CHECK(item == &items[i]);
    }
    weir_loop_run_once(scene.loop, 0);
    CHECK_TEXT(trail(), "abcd");
    CHECK_INT(weir_queue_len(queue), 0);
    weir_queue_free(queue);
    loop_scene_close(&scene);
}

TEST(queue, a_cancelled_giver_has_put_nothing_and_the_next_is_served)
{
    struct loop_scene scene;
    weir_queue *queue;
    void *item = NULL;
    open_queue(&scene, &queue, 1);
    struct user users[3] = {
        {queue, items, 0}, {queue, items + 1, 0}, {queue, items + 2, 0}};
    weir_task *tasks[3];
    for (int i = 0; i < 3; i++)
        tasks[i] = start(&scene, put, &users[i]);
    weir_cancel(tasks[1]);
    CHECK_INT(weir_queue_try_get(queue, &item), WEIR_OK);
    CHECK(item == items);
    CHECK_INT(weir_queue_get(queue, &item), WEIR_OK);
    CHECK(item == items + 2);
    CHECK_INT(weir_queue_try_get(queue, &item), WEIR_E_AGAIN);
    CHECK_INT(weir_join(tasks[0]), WEIR_OK);
    CHECK_INT(weir_join(tasks[1]), WEIR_E_CANCELLED);
    CHECK_INT(weir_join(tasks[2]), WEIR_OK);
    weir_queue_free(queue);
    loop_scene_close(&scene);
}

TEST(queue, close_ends_givers_at_once_and_takers_when_it_is_empty)
{
    struct loop_scene scene;
    weir_queue *queue;
    void *item = NULL;
    open_queue(&scene, &queue, 1);
    struct user users[2] = {{queue, items, 0}, {queue, items + 1, 0}};
    weir_task *tasks[2];
    for (int i = 0; i < 2; i++)
        tasks[i] = start(&scene, put, &users[i]);
    weir_queue_close(queue);
    weir_queue_close(queue);
    CHECK_INT(weir_join(tasks[1]), WEIR_E_CLOSED);
    CHECK_TEXT(weir_last_error()->message, "queue: it is closed");
    CHECK_INT(weir_queue_put(queue, items), WEIR_E_CLOSED);
    CHECK_INT(weir_queue_try_put(queue, items), WEIR_E_CLOSED);
    CHECK_INT(weir_queue_get(queue, &item), WEIR_OK);
    CHECK(item == items);
    CHECK_INT(weir_queue_get(queue, &item), WEIR_E_CLOSED);
    CHECK_INT(weir_queue_try_get(queue, &item), WEIR_E_CLOSED);
    CHECK_INT(weir_join(tasks[0]), WEIR_OK);
    weir_queue_free(queue);
    loop_scene_close(&scene);
}

TEST(queue, free_ends_all_who_wait)
{
    struct loop_scene scene;
    weir_queue *queue;
    open_queue(&scene, &queue, 1);
    struct user takers[2] = {{.queue = queue}, {.queue = queue}};
    for (int i = 0; i < 2; i++)
        start_detached(&scene, get, &takers[i]);
    weir_queue_free(queue);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_INT(takers[0].rc, WEIR_E_CLOSED);
    CHECK_INT(takers[1].rc, WEIR_E_CLOSED);
    CHECK_TEXT(trail(), "!!");
    loop_scene_close(&scene);
}

/* Many givers and takers, each cancelled or timed out at random: what was put and
 * what was taken, counted by those who did, must agree in the end. */
struct crowd {
    weir_loop *loop;
    weir_queue *queue;
    unsigned random;
    long put;
    long taken;
    bool over;
};

static unsigned draw(struct crowd *crowd, unsigned below)
{
    crowd->random = crowd->random * 1103515245u + 12345u;
    return (crowd->random >> 16) % below;
}

static int put_often(void *arg)
{
    struct crowd *crowd = arg;
    while (!crowd->over) {
        weir_timeout timeout = weir_timeout_start(crowd->loop, draw(crowd, 2));
        crowd->put += weir_queue_put(crowd->queue, items) == WEIR_OK;
        weir_timeout_end(&timeout);
        (void)weir_yield(crowd->loop);
    }
    return 0;
}

static int get_often(void *arg)
{
    struct crowd *crowd = arg;
    while (!crowd->over) {
        void *item;
        weir_timeout timeout = weir_timeout_start(crowd->loop, draw(crowd, 2));
        crowd->taken += weir_queue_get(crowd->queue, &item) == WEIR_OK;
        weir_timeout_end(&timeout);
        (void)weir_yield(crowd->loop);
    }
    return 0;
}

TEST(queue, loses_and_doubles_nothing_when_waits_are_cut_short_at_random)
{
    enum { EACH = 8, ROUNDS = 3000 };
    struct loop_scene scene;
    struct crowd crowd = {.random = 1};
    weir_task *tasks[2 * EACH];
    open_queue(&scene, &crowd.queue, 2);
    crowd.loop = scene.loop;
    for (int i = 0; i < 2 * EACH; i++)
        tasks[i] = weir_spawn(scene.loop, i % 2 ? put_often : get_often, &crowd);
    for (int i = 0; i < ROUNDS / (IS_SLOW ? 10 : 1); i++) {
        weir_cancel(tasks[draw(&crowd, 2 * EACH)]);
        weir_cancel(tasks[draw(&crowd, 2 * EACH)]);
        weir_yield(scene.loop);
    }
    crowd.over = true;
    for (int i = 0; i < 2 * EACH; i++) {
        weir_cancel(tasks[i]);
        CHECK_INT(weir_join(tasks[i]), 0);
    }
    CHECK(crowd.put > 100);
    CHECK_INT(crowd.put - crowd.taken, weir_queue_len(crowd.queue));
    weir_queue_free(crowd.queue);
    loop_scene_close(&scene);
}
