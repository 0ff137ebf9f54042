/* A million timers (core/timer.h).
 *
 * SPDX-License-Identifier: MIT */
#include "timer.h"

#include <stdio.h>
#include <stdlib.h>

#include "loop.h"
#include "loop_scene.h"

#define MANY 1000000u

struct row {
    weir_loop *loop;
    weir__timer *timers;
    uint64_t random;
};

static uint64_t last_deadline;
static size_t due_count;
static bool in_order;

/* The deadline that it was due at is told by the clock, which is set to it. */
static weir_loop *due_loop;

static void note_due(weir__timer *timer)
{
    (void)timer;
    in_order &= due_loop->now >= last_deadline;
    last_deadline = due_loop->now;
    due_count++;
}

static uint64_t draw(struct row *row)
{
    row->random = row->random * 6364136223846793005u + 1442695040888963407u;
    return (row->random >> 20) + 1;
}

static void say(const char *what, uint64_t since)
{
    fprintf(stderr, "%u timers: %s: %u ms\n", MANY, what,
            (unsigned)(wall_ms() - since));
}

/* Runs the clock from deadline to deadline. */
static void run_all(struct row *row)
{
    uint64_t next;
    while ((next = weir__timers_next(row->loop)) != WEIR__NEVER) {
        row->loop->now = next;
        weir__timers_run(row->loop);
    }
}

static void set_all(struct row *row)
{
    uint64_t since = wall_ms();
    for (size_t i = 0; i < MANY; i++) {
        weir__timer_set(row->loop, &row->timers[i], row->loop->now + draw(row));
    }
    CHECK_INT(row->loop->timers.count, MANY);
    say("set at random", since);
}

/* Every second one is left alone, every fourth is stopped. */
static void move_all(struct row *row)
{
    uint64_t since = wall_ms();
    for (size_t i = 0; i < MANY; i += 4)
        weir__timer_set(row->loop, &row->timers[i],
                        row->timers[i].deadline + draw(row));
    for (size_t i = 1; i < MANY; i += 4)
        weir__timer_set(row->loop, &row->timers[i], row->loop->now + i);
    for (size_t i = 2; i < MANY; i += 4)
        weir__timer_stop(&row->timers[i]);
    CHECK_INT(row->loop->timers.count, MANY);
    say("moved later, earlier, stopped", since);
}

TEST(timer_many, a_million_are_set_moved_stopped_and_called_in_order)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    struct row row = {scene.loop, calloc(MANY, sizeof(weir__timer)), 1};
    REQUIRE(row.timers != NULL);
    due_loop = scene.loop;
    in_order = true;
    for (size_t i = 0; i < MANY; i++)
        REQUIRE(weir__timer_init(scene.loop, &row.timers[i], note_due) == WEIR_OK);
    uint64_t begin = wall_ms();
    set_all(&row);
    move_all(&row);
    uint64_t since = wall_ms();
    run_all(&row);
    say("called in order", since);
    CHECK(in_order);
    CHECK_INT(due_count, MANY / 4 * 3);

    set_all(&row);
    since = wall_ms();
    for (size_t i = 0; i < MANY; i++)
        weir__timer_clear(scene.loop, &row.timers[(i * 7919) % MANY]);
    say("taken out at random", since);
    CHECK_INT(scene.loop->timers.count, 0);
    /* Anything worse than O(log n) each would take hours. */
    CHECK(wall_ms() - begin < 60000);
    free(row.timers);
    loop_scene_close(&scene);
}
