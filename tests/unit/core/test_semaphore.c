/* Semaphores (weir/semaphore.h).
 *
 * SPDX-License-Identifier: MIT */
#include <weir/semaphore.h>

#include "loop_scene.h"

struct holder {
    weir_semaphore *semaphore;
    char name;
    int rc;
};

static int acquire(void *arg)
{
    struct holder *holder = arg;
    holder->rc = weir_semaphore_acquire(holder->semaphore);
    trail_put(holder->rc == WEIR_OK ? holder->name : '!');
    return holder->rc;
}

TEST(semaphore, counts_permits)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_semaphore *semaphore = weir_semaphore_new(scene.loop, 2);
    CHECK_INT(weir_semaphore_permits(semaphore), 2);
    CHECK_INT(weir_semaphore_acquire(semaphore), WEIR_OK);
    CHECK_INT(weir_semaphore_try_acquire(semaphore), WEIR_OK);
    CHECK_INT(weir_semaphore_try_acquire(semaphore), WEIR_E_AGAIN);
    CHECK_INT(weir_semaphore_permits(semaphore), 0);
    for (int i = 0; i < 3; i++)
        weir_semaphore_release(semaphore);
    CHECK_INT(weir_semaphore_permits(semaphore), 3);
    weir_semaphore_free(semaphore);
    loop_scene_close(&scene);
}

TEST(semaphore, permits_go_to_those_who_wait_in_their_order)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_semaphore *semaphore = weir_semaphore_new(scene.loop, 0);
    struct holder holders[3] = {
        {semaphore, 'a', 9}, {semaphore, 'b', 9}, {semaphore, 'c', 9}};
    for (int i = 0; i < 3; i++)
        weir_detach(weir_spawn(scene.loop, acquire, &holders[i]));
    weir_loop_run_once(scene.loop, 0);
    weir_semaphore_release(semaphore);
    /* Handed over, so that nobody overtakes. */
    CHECK_INT(weir_semaphore_try_acquire(semaphore), WEIR_E_AGAIN);
    CHECK_INT(weir_semaphore_permits(semaphore), 0);
    weir_semaphore_release(semaphore);
    weir_loop_run_once(scene.loop, 0);
    CHECK_TEXT(trail(), "ab");
    weir_semaphore_release(semaphore);
    weir_loop_run_once(scene.loop, 0);
    CHECK_TEXT(trail(), "abc");
    weir_semaphore_free(semaphore);
    loop_scene_close(&scene);
}

TEST(semaphore, a_permit_passes_over_those_who_were_cancelled)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_semaphore *semaphore = weir_semaphore_new(scene.loop, 0);
    struct holder holders[3] = {
        {semaphore, 'a', 9}, {semaphore, 'b', 9}, {semaphore, 'c', 9}};
    weir_task *tasks[3];
    for (int i = 0; i < 3; i++)
        tasks[i] = weir_spawn(scene.loop, acquire, &holders[i]);
    weir_loop_run_once(scene.loop, 0);
    weir_cancel(tasks[0]);
    weir_cancel(tasks[1]);
    weir_semaphore_release(semaphore);
    weir_semaphore_release(semaphore);
    for (int i = 0; i < 3; i++)
        CHECK_INT(weir_join(tasks[i]), i < 2 ? WEIR_E_CANCELLED : WEIR_OK);
    CHECK_INT(weir_semaphore_permits(semaphore), 1);
    weir_semaphore_free(semaphore);
    loop_scene_close(&scene);
}

TEST(semaphore, free_ends_all_who_wait)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    weir_semaphore *semaphore = weir_semaphore_new(scene.loop, 0);
    struct holder holders[2] = {{semaphore, 'a', 9}, {semaphore, 'b', 9}};
    for (int i = 0; i < 2; i++)
        weir_detach(weir_spawn(scene.loop, acquire, &holders[i]));
    weir_loop_run_once(scene.loop, 0);
    weir_semaphore_free(semaphore);
    weir_semaphore_free(NULL);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_INT(holders[0].rc, WEIR_E_CLOSED);
    CHECK_INT(holders[1].rc, WEIR_E_CLOSED);
    loop_scene_close(&scene);
}
