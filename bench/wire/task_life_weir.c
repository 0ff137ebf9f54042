/* What a task costs beside a switch: to spawn it, let it finish, and join it.
 *
 * Prints CPU nanoseconds for one switch (a yield between two tasks) or, with the
 * argument `life`, for one task that does nothing from its spawn to its join.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weir/loop.h>
#include <weir/task.h>

#include "argument.h"

#define BATCH 100

static long long count;

static long long cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (long long)used.tv_sec * 1000000000 + used.tv_nsec;
}

static int yield_again(void *loop)
{
    int rc = WEIR_OK;
    for (long long i = 0; i < count / 2 && rc == WEIR_OK; i++)
        rc = weir_yield(loop);
    return rc;
}

static int switch_to_and_fro(void *loop)
{
    weir_task *other = weir_spawn(loop, yield_again, loop);
    int rc = yield_again(loop);
    return rc < 0 ? rc : weir_join(other);
}

static int finish(void *arg)
{
    (void)arg;
    return WEIR_OK;
}

/* In batches, as a program has them: the loop's turn is shared. */
static int live_and_end(void *loop)
{
    weir_task *tasks[BATCH];
    for (long long done = 0; done < count; done += BATCH) {
        for (int i = 0; i < BATCH; i++)
            tasks[i] = weir_spawn(loop, finish, NULL);
        for (int i = 0; i < BATCH; i++)
            if (weir_join(tasks[i]) != WEIR_OK)
                return WEIR_E_MISUSE;
    }
    return WEIR_OK;
}

int main(int argc, char **argv)
{
    argument_count(argc, 2, "task_life_weir switch|life COUNT");
    weir_task_function work =
        strcmp(argv[1], "life") == 0 ? live_and_end : switch_to_and_fro;
    weir_loop *loop = weir_loop_new(NULL);
    if (!loop)
        return EXIT_FAILURE;
    count = argument_number(argv[2], 1LL << 40);
    long long before = cpu_ns();
    int rc = weir_join(weir_spawn(loop, work, loop));
    printf("%.2f\n", (double)(cpu_ns() - before) / (double)count);
    weir_loop_free(loop);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
