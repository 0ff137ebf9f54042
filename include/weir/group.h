/**
 * Tasks that belong together: wait for all, and stop all when one fails.
 *
 *   weir_group *group = weir_group_new(loop, &(weir_group_options){.limit = 50});
 *   for (int i = 0; i < 1000; i++)
 *       weir_group_spawn(group, fetch, &jobs[i]);
 *   rc = weir_group_wait(group);
 *   weir_group_free(group);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_GROUP_H
#define WEIR_GROUP_H

#include <stddef.h>
#include <weir/task.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_group weir_group;

/** Options of weir_group_new. All zero is the default. */
typedef struct weir_group_options {
    /** How many of its tasks may run at a time. 0: any number. */
    size_t limit;

    /** Usable stack of each task in bytes. 0: as the loop says. */
    size_t stack_bytes;

    /** Let the others go on when one fails. */
    bool keep_going;
} weir_group_options;

/** Makes an empty group; `options` may be NULL. Returns NULL without memory. */
weir_group *weir_group_new(weir_loop *loop, const weir_group_options *options);

/**
 * Starts a task in the group; waits first while `limit` of them run.
 *
 * Returns WEIR_OK; the group's failure when a task of it has failed (nothing is
 * started then); WEIR_E_MEMORY, which fails the group; WEIR_E_TIMEOUT or
 * WEIR_E_CANCELLED while waiting for room, with nothing started.
 */
int weir_group_spawn(weir_group *group, weir_task_function function, void *arg);

/**
 * Waits until every task of the group has ended.
 *
 * The first negative result of a task cancels the others, and is the result.
 * When the caller is cancelled or its deadline passes, all tasks are cancelled,
 * and the call still waits for them: afterwards none of them runs.
 *
 * Returns WEIR_OK, the first failure, WEIR_E_CANCELLED or WEIR_E_TIMEOUT;
 * WEIR_E_CLOSED when it was freed; WEIR_E_MISUSE in a task of the group. The
 * words of a task's failure are in weir_last_error() of the caller. But after
 * WEIR_E_CLOSED the group can be used again.
 *
 * Outside of tasks also what weir_loop_run() returns when the kernel's poller
 * fails: all tasks are cancelled, and those that did not end at once still run
 * (weir_group_running). Wait again, or free the group.
 */
int weir_group_wait(weir_group *group);

/** Cancels every task of the group. */
void weir_group_cancel(weir_group *group);

/** How many of its tasks have not ended. */
size_t weir_group_running(const weir_group *group);

/**
 * Cancels the tasks, waits for them, frees the group. NULL is allowed.
 *
 * In a callback of the loop, and in a task of the group itself, it does not wait,
 * nor, outside of tasks, after the kernel's poller has failed: the tasks end
 * later, at the latest with the loop. Others that wait for the group get WEIR_E_CLOSED.
 */
void weir_group_free(weir_group *group);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
