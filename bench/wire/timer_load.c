/* A million timers: all set, each moved to a later time, each cancelled.
 *
 * SPDX-License-Identifier: MIT */
#include "timer_load.h"

#include <stdio.h>
#include <time.h>

#define FIRST_MS 1000000 /* none is due while the load runs */

static double cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}

/* The same delays in every program (the constants are Knuth's). */
static uint32_t next_delay(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*state >> 44);
}

void timer_load_run(const struct timer_load_target *target, size_t count)
{
    double times[4];
    uint64_t state = 1;
    times[0] = cpu_ns();
    for (size_t i = 0; i < count; i++)
        target->set(i, FIRST_MS + next_delay(&state));
    times[1] = cpu_ns();
    for (size_t i = 0; i < count; i++) /* later, as the deadline of a busy connection */
        target->set(i, 3 * FIRST_MS + next_delay(&state));
    times[2] = cpu_ns();
    for (size_t i = 0; i < count; i++)
        target->cancel(i);
    times[3] = cpu_ns();
    double of_one = 1 / (double)count;
    printf("%.2f %.2f %.2f %.2f\n", (times[3] - times[0]) * of_one,
           (times[1] - times[0]) * of_one, (times[2] - times[1]) * of_one,
           (times[3] - times[2]) * of_one);
}
