/* A million timers: all set, each moved to a later time, each cancelled.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BENCH_TIMER_LOAD_H
#define WEIR_BENCH_TIMER_LOAD_H

#include <stddef.h>
#include <stdint.h>

/* What is under test: timers by index, that are all there and not set. */
struct timer_load_target {
    void (*set)(size_t index, uint32_t after_ms); /* also moves one that is set */
    void (*cancel)(size_t index);
};

/* Prints CPU nanoseconds for one timer: in all; to set, to move, to cancel it. */
void timer_load_run(const struct timer_load_target *target, size_t count);

#endif
