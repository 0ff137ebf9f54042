/**
 * Timers for callbacks. In a task, weir_sleep() and weir_timeout_start() are
 * what one wants.
 *
 *   weir_timer *timer = weir_timer_new(loop, on_tick, self);
 *   weir_timer_set(timer, 1000);
 *
 * A timer costs O(log n) to set and to stop; setting one again to a later time
 * costs a memory write.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TIMER_H
#define WEIR_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_timer weir_timer;

/**
 * Makes a timer, not yet set.
 *
 *   function   called once each time the timer is due, from the loop; it may do
 *              anything but wait, and may set or free the timer
 *
 * Returns NULL without memory. A timer that is set keeps weir_loop_run() going.
 */
weir_timer *weir_timer_new(weir_loop *loop, void (*function)(void *arg), void *arg);

/** Stops and frees the timer. NULL is allowed. */
void weir_timer_free(weir_timer *timer);

/** Makes the timer due `after_ms` milliseconds from now, instead of whenever it was. */
void weir_timer_set(weir_timer *timer, uint64_t after_ms);

/** Makes the timer never due. */
void weir_timer_stop(weir_timer *timer);

/** Whether the timer is set and has not been due. */
bool weir_timer_is_set(const weir_timer *timer);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
