/* Deadlines in a heap.
 *
 * Setting a timer that is in the heap to a later time, and stopping it, write a
 * number; the heap is put right when the stale entry comes to its top. So the
 * deadline of a connection that keeps moving costs nothing per move.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_TIMER_H
#define WEIR_CORE_TIMER_H

#include <stdint.h>
#include <weir/loop.h>

#include "heap.h"

#define WEIR__NEVER UINT64_MAX

typedef struct weir__timer {
    weir__heap_node node;
    uint64_t deadline; /* in nanoseconds of the loop's clock, or WEIR__NEVER */
    void (*on_due)(struct weir__timer *timer);
} weir__timer;

/* Reserves the timer's place, so that setting it cannot fail.
 * WEIR_OK or WEIR_E_MEMORY. */
int weir__timer_init(weir_loop *loop, weir__timer *timer,
                     void (*on_due)(weir__timer *timer));

/* Takes the timer out of the heap for good. */
void weir__timer_clear(weir_loop *loop, weir__timer *timer);

void weir__timer_set(weir_loop *loop, weir__timer *timer, uint64_t deadline);

static inline void weir__timer_stop(weir__timer *timer)
{
    timer->deadline = WEIR__NEVER;
}

/* The earliest deadline, or WEIR__NEVER; drops stale entries on the way. */
uint64_t weir__timers_next(weir_loop *loop);

/* Calls on_due of all that are due at loop->now. */
void weir__timers_run(weir_loop *loop);

/* Frees what weir_timer_new() made; when the loop is freed. */
void weir__callback_timers_free(weir_loop *loop);

/* `ms` from `now`, or the last moment before WEIR__NEVER when that overflows. */
uint64_t weir__deadline_after(uint64_t now, uint64_t ms);

#endif
