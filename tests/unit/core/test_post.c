/* Calls posted to the loop, from its own thread; from others: tests/race (weir/loop.h).
 *
 * SPDX-License-Identifier: MIT */

#include "loop_scene.h"

struct letter {
    weir_loop *loop;
    char name;
    int again;
};

static void read_letter(void *arg)
{
    struct letter *letter = arg;
    trail_put(letter->name);
    if (letter->again-- > 0)
        CHECK_INT(weir_loop_post(letter->loop, read_letter, letter), WEIR_OK);
}

TEST(post, calls_come_in_their_order_and_never_inside_the_call_that_posts)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    struct letter letters[3] = {
        {scene.loop, 'a', 1}, {scene.loop, 'b', 0}, {scene.loop, 'c', 0}};
    for (int i = 0; i < 3; i++)
        CHECK_INT(weir_loop_post(scene.loop, read_letter, &letters[i]), WEIR_OK);
    CHECK_TEXT(trail(), "");
    CHECK_INT(weir_loop_run_once(scene.loop, 1000), WEIR_OK);
    CHECK_TEXT(trail(), "abc"); /* what was posted inside is for the next round */
    CHECK_INT(weir_loop_run_once(scene.loop, 1000), WEIR_OK);
    CHECK_TEXT(trail(), "abca");
    loop_scene_close(&scene);
}

static int post_and_yield(void *arg)
{
    struct letter *letter = arg;
    CHECK_INT(weir_loop_post(letter->loop, read_letter, letter), WEIR_OK);
    CHECK_TEXT(trail(), "");
    return weir_sleep(letter->loop, 50);
}

TEST(post, a_task_posts_to_its_own_loop)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    struct letter letter = {scene.loop, 't', 2};
    CHECK_INT(weir_join(weir_spawn(scene.loop, post_and_yield, &letter)), WEIR_OK);
    CHECK_TEXT(trail(), "ttt");
    loop_scene_close(&scene);
}

TEST(post, what_is_posted_keeps_run_going)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    struct letter letter = {scene.loop, 'p', 9};
    CHECK_INT(weir_loop_post(scene.loop, read_letter, &letter), WEIR_OK);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "pppppppppp");
    loop_scene_close(&scene);
}

TEST(post, what_is_posted_when_the_loop_is_freed_is_dropped)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    struct letter letter = {scene.loop, 'd', 0};
    for (int i = 0; i < 5; i++)
        CHECK_INT(weir_loop_post(scene.loop, read_letter, &letter), WEIR_OK);
    loop_scene_close(&scene);
    CHECK_TEXT(trail(), "");
}

static int post_at_end(void *arg)
{
    struct letter *letter = arg;
    CHECK_INT(weir_sleep(letter->loop, HOUR_MS), WEIR_E_CANCELLED);
    CHECK_INT(weir_loop_post(letter->loop, read_letter, letter), WEIR_OK);
    CHECK_INT(weir_yield(letter->loop), WEIR_E_CANCELLED);
    return 0;
}

TEST(post, what_is_posted_while_the_loop_is_freed_is_dropped)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    struct letter letter = {scene.loop, 'd', 0};
    weir_detach(weir_spawn(scene.loop, post_at_end, &letter));
    weir_loop_run_once(scene.loop, 0);
    loop_scene_close(&scene);
    CHECK_TEXT(trail(), "");
}
