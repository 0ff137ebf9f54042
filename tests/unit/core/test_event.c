/* Events (weir/event.h).
 *
 * SPDX-License-Identifier: MIT */
#include <weir/event.h>

#include "loop_scene.h"

static int wait(void *arg)
{
    int rc = weir_event_wait(arg);
    trail_put(rc == WEIR_OK ? 'o' : '!');
    return rc;
}

TEST(event, all_who_wait_go_on_when_it_is_set)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_event *event = weir_event_new(scene.loop);
    for (int i = 0; i < 4; i++)
        weir_detach(weir_spawn(scene.loop, wait, event));
    weir_loop_run_once(scene.loop, 0);
    CHECK_TEXT(trail(), "");
    CHECK(!weir_event_is_set(event));
    weir_event_set(event);
    weir_event_reset(event); /* too late for those who waited */
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "oooo");
    weir_event_free(event);
    loop_scene_close(&scene);
}

TEST(event, nobody_waits_while_it_is_set)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_event *event = weir_event_new(scene.loop);
    weir_event_set(event);
    weir_event_set(event);
    CHECK(weir_event_is_set(event));
    CHECK_INT(weir_event_wait(event), WEIR_OK);
    CHECK_INT(weir_event_wait(event), WEIR_OK);
    weir_event_reset(event);
    CHECK(!weir_event_is_set(event));
    weir_timeout timeout = weir_timeout_start(scene.loop, 1);
    CHECK_INT(weir_event_wait(event), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    weir_event_free(event);
    loop_scene_close(&scene);
}

TEST(event, free_ends_all_who_wait)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_event *event = weir_event_new(scene.loop);
    weir_task *first = weir_spawn(scene.loop, wait, event);
    weir_task *second = weir_spawn(scene.loop, wait, event);
    weir_loop_run_once(scene.loop, 0);
    weir_event_free(event);
    weir_event_free(NULL);
    CHECK_INT(weir_join(second), WEIR_E_CLOSED);
    CHECK_TEXT(weir_last_error()->message, "event: freed while waiting");
    CHECK_INT(weir_join(first), WEIR_E_CLOSED);
    loop_scene_close(&scene);
}

static void set_it(void *arg)
{
    weir_event_set(arg);
}

TEST(event, a_timer_sets_it_for_who_waits_outside_of_tasks)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_event *event = weir_event_new(scene.loop);
    weir_timer *timer = weir_timer_new(scene.loop, set_it, event);
    weir_timer_set(timer, 2);
    CHECK_INT(weir_event_wait(event), WEIR_OK);
    weir_timer_free(timer);
    weir_event_free(event);
    loop_scene_close(&scene);
}
