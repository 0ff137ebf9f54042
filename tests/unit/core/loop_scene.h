/* What the tests of the loop and of tasks share: a loop whose memory is counted, and
 * a trail of steps that tells in which order things happened.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_LOOP_SCENE_H
#define WEIR_TESTS_LOOP_SCENE_H

#include <weir/weir.h>

#include "nth.h"
#include "sanitizer.h"
#include "test.h"

/* Long enough to be for ever in a test that goes right. */
#define HOUR_MS 3600000u

/* Valgrind and the sanitizers make everything slower, up to 50 times. */
#if defined(WEIR__ASAN) || defined(WEIR__TSAN)
#define IS_SLOW 1
#elif defined(RUNNING_ON_VALGRIND)
#define IS_SLOW (RUNNING_ON_VALGRIND > 0)
#else
#define IS_SLOW 0
#endif

struct loop_scene {
    weir_loop *loop;
    struct nth nth;
};

void loop_scene_open(struct loop_scene *scene);

/* Frees the loop, and checks that all memory came back. */
void loop_scene_close(struct loop_scene *scene);

/* Frees the loop alone: for scenes in which a task was left where it was. */
void loop_scene_close_leaking(struct loop_scene *scene);

void trail_clear(void);
void trail_put(char step);
const char *trail(void);

/* CHECK_TEXT(trail(), "abc") */
void check_text(const char *got, const char *wanted, const char *file, int line);
#define CHECK_TEXT(got, wanted) check_text((got), (wanted), __FILE__, __LINE__)

/* Milliseconds of a monotonic clock. */
uint64_t wall_ms(void);

/* Runs `scene` in a child process; returns what waitpid() said of it. */
int status_of_child(void (*scene)(void));

#endif
