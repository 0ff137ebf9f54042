/* How long something took.
 *
 * SPDX-License-Identifier: MIT */
#include "stopwatch.h"

#include <time.h>

double stopwatch_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}
