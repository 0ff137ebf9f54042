/* The one way to wait.
 *
 * Everything in weir that waits parks its task here and is unparked by whoever
 * brings the news; cancellation and deadlines are therefore implemented once.
 * Outside a task, parking runs the loop until the news is there.
 *
 *   waiter in the object  ->  weir__park()  ->  news, cancel or deadline
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_PARK_H
#define WEIR_CORE_PARK_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"
#include "loop.h"

/* A task in an object's list of those who wait; lives on the task's stack. */
typedef struct weir__waiter {
    weir__link link;
    weir_task *task;
} weir__waiter;

/* Suspends the running task until weir__unpark().
 *
 * Returns what was given to unpark, WEIR_E_CANCELLED or WEIR_E_TIMEOUT: then the
 * caller takes its waiter out of the object. WEIR_E_MISUSE in a callback, where
 * waiting would stop the loop for ever. `what` begins the sentence: "read". */
int weir__park(weir_loop *loop, const char *what);

/* The same without a sentence, for waits of which the end by a deadline is no
 * failure. */
int weir__park_quietly(weir_loop *loop);

/* The same, deaf to cancellation and deadlines; for clean-up that must be done.
 * Outside of tasks the poller's failure ends it all the same, with its sentence:
 * what would bring the news may never come. */
int weir__park_shielded(weir_loop *loop);

/* Makes a parked task ready, with `result` (WEIR_OK or a status). False, and
 * nothing is done, when the task has been made ready by something else before and
 * has not had its turn yet: what is brought is then for the next who waits. */
bool weir__unpark(weir_task *task, int result);

/* Parks in a list of waiters. */
int weir__park_in(weir_loop *loop, weir__link *waiters, const char *what);

/* Unparks the first of a list who still waits, or all. The first: false when
 * nobody waits. */
bool weir__unpark_first(weir__link *waiters, int result);
void weir__unpark_all(weir__link *waiters, int result);

/* Whether the caller is in a task, or outside of the loop; not in a callback. */
bool weir__may_wait(const weir_loop *loop);

/* WEIR_E_MISUSE with a sentence when the caller may not wait now. */
int weir__check_may_wait(weir_loop *loop, const char *what);

#endif
