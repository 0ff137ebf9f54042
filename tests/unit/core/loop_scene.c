/* What the tests of the loop and of tasks share.
 *
 * SPDX-License-Identifier: MIT */
#include "loop_scene.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char steps[512];
static size_t step_count;

void loop_scene_open(struct loop_scene *scene)
{
    nth_init(&scene->nth, 0);
    scene->loop =
        weir_loop_new(&(weir_loop_options){.allocator = &scene->nth.allocator});
    REQUIRE(scene->loop != NULL);
    trail_clear();
}

void loop_scene_close_leaking(struct loop_scene *scene)
{
    weir_loop_free(scene->loop);
    scene->loop = NULL;
}

void loop_scene_close(struct loop_scene *scene)
{
    loop_scene_close_leaking(scene);
    CHECK_INT(scene->nth.live, 0);
}

void trail_clear(void)
{
    step_count = 0;
    steps[0] = '\0';
}

void trail_put(char step)
{
    if (step_count + 1 >= sizeof(steps))
        return;
    steps[step_count++] = step;
    steps[step_count] = '\0';
}

const char *trail(void)
{
    return steps;
}

void check_text(const char *got, const char *wanted, const char *file, int line)
{
    test_check_bytes((weir_slice){got, strlen(got)},
                     (weir_slice){wanted, strlen(wanted)}, file, line, "the text");
}

uint64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

int status_of_child(void (*scene)(void))
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        scene();
        _exit(0);
    }
    REQUIRE(waitpid(child, &status, 0) == child);
    return status;
}
