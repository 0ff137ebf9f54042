/* Fifty thousand tasks at once: more than the kernel allows mappings for, were each
 * guarded by one (weir/task.h).
 *
 * SPDX-License-Identifier: MIT */
#include <weir/task.h>

#include "loop_scene.h"

#define MANY 50000

struct crowd {
    weir_loop *loop;
    weir_event *event;
    int parked;
};

static int park(void *arg)
{
    struct crowd *crowd = arg;
    int number = crowd->parked++;
    int rc = weir_event_wait(crowd->event);
    return rc < 0 ? rc : number;
}

TEST(task_many, fifty_thousand_wait_at_once_and_are_joined)
{
    struct loop_scene scene;
    static weir_task *tasks[MANY];
    loop_scene_open(&scene);
    struct crowd crowd = {scene.loop, weir_event_new(scene.loop), 0};
    for (int round = 0; round < 2; round++) {
        crowd.parked = 0;
        for (int i = 0; i < MANY; i++) {
            tasks[i] = weir_spawn(scene.loop, park, &crowd);
            REQUIRE(tasks[i] != NULL);
        }
        while (crowd.parked < MANY)
            REQUIRE(weir_loop_run_once(scene.loop, 0) == WEIR_OK);
        for (int i = 0; i < MANY; i++)
            REQUIRE(!weir_task_is_done(tasks[i]));
        weir_event_set(crowd.event);
        int wrong = 0;
        for (int i = 0; i < MANY; i++)
            wrong += weir_join(tasks[i]) != i;
        CHECK_INT(wrong, 0);
        weir_event_reset(crowd.event);
    }
    for (int i = 0; i < MANY; i++)
        weir_detach(weir_spawn(scene.loop, park, &crowd));
    weir_loop_run_once(scene.loop, 0);
    weir_event_free(crowd.event);
    loop_scene_close(&scene); /* while they wait, or have not begun */
}
