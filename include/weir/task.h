/**
 * Tasks: functions that may wait without holding up the others.
 *
 * A task has a stack of its own and runs until it waits: in a read, a join, a
 * sleep. There is no preemption, so between two waits nothing else happens.
 *
 *   static int greet(void *arg)
 *   {
 *       int rc = weir_sleep(arg, 100);
 *       return rc < 0 ? rc : (int)puts("hello");
 *   }
 *   rc = weir_join(weir_spawn(loop, greet, loop));
 *
 * Each call that may wait can end with WEIR_E_CANCELLED (weir_cancel) or
 * WEIR_E_TIMEOUT (timeout.h). Called outside a task, it runs the loop until it is
 * done; called from a callback of the loop it is WEIR_E_MISUSE.
 *
 * A stack has a guard page below it: a task that overflows its stack dies there
 * with SIGSEGV. Deep recursion and large arrays want .stack_bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TASK_H
#define WEIR_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_task weir_task;

/** What a task runs; its result is the result of weir_join(). */
typedef int (*weir_task_function)(void *arg);

/** Options of weir_spawn. All zero is the default. */
typedef struct weir_task_options {
    weir_task_function function; /**< what to run */
    void *arg;                   /**< its argument; kept */

    /** Usable stack in bytes, rounded up to pages. 0: as the loop says. */
    size_t stack_bytes;

    /** A name for people, kept: it must outlive the task. NULL: none. */
    const char *name;
} weir_task_options;

/**
 * Makes a task. It starts when the caller next waits, or when the loop runs.
 *
 * As a macro it takes function and argument, then options by name:
 * `weir_spawn(loop, work, job, .stack_bytes = 1 << 20)`.
 *
 * Returns NULL when there is no memory for a stack (WEIR_E_MEMORY). The task is
 * the caller's until it is joined or detached.
 */
weir_task *weir_task_spawn(weir_loop *loop, const weir_task_options *options);

#define weir_spawn(loop, task_function, ...) \
    weir_task_spawn(                         \
        (loop), &(weir_task_options){.function = (task_function), .arg = __VA_ARGS__})

/**
 * Waits for a task to end, and frees it.
 *
 *   task   NULL is WEIR_E_MEMORY, so that weir_join(weir_spawn(...)) is right
 *
 * Returns what its function returned; or
 *
 *   WEIR_E_TIMEOUT     the caller's deadline passed
 *   WEIR_E_CANCELLED   the caller was cancelled
 *   WEIR_E_MISUSE      a task joins itself, or two join one
 *
 * The task is then still the caller's to join; it goes on, or has just ended. As
 * these can also be the task's own results, a task whose result must be told from
 * them puts it where `arg` points.
 */
int weir_join(weir_task *task);

/** Lets a task free itself when it ends. NULL is allowed. */
void weir_detach(weir_task *task);

/**
 * Asks a task to end: the wait it is in, or else its next one, returns
 * WEIR_E_CANCELLED.
 *
 * Each request is delivered once; the task may wait again to clean up. A wait
 * that has succeeded already still says so, and loses nothing. A task that has
 * not started does start, and meets the request in its first wait. Cancelling a
 * task that has ended does nothing. NULL is allowed.
 */
void weir_cancel(weir_task *task);

/** Whether the task's function has returned. */
bool weir_task_is_done(const weir_task *task);

/** The name it was given, or "". */
const char *weir_task_name(const weir_task *task);

/** The task that is running, or NULL outside of tasks. */
weir_task *weir_task_current(const weir_loop *loop);

/**
 * Lets all others run first.
 *
 * Returns WEIR_OK, WEIR_E_CANCELLED or WEIR_E_TIMEOUT.
 */
int weir_yield(weir_loop *loop);

/**
 * Waits for `ms` milliseconds, never less.
 *
 * Returns WEIR_OK; WEIR_E_CANCELLED or WEIR_E_TIMEOUT when that came first.
 */
int weir_sleep(weir_loop *loop, uint64_t ms);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
