/* A task: its stack, its state, and what it waits for.
 *
 *   READY <-> RUNNING -> PARKED -> READY        RUNNING -> DONE
 *
 * The struct lies at the top of the task's own stack mapping, so that a task is
 * one allocation, and idle it touches few pages.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_TASK_H
#define WEIR_CORE_TASK_H

#include <weir/status.h>
#include <weir/task.h>

#include "list.h"
#include "stack.h"
#include "switch.h"
#include "timer.h"

enum weir__task_state {
    WEIR__TASK_READY, /* in the loop's queue */
    WEIR__TASK_RUNNING,
    WEIR__TASK_PARKED,
    WEIR__TASK_SHIELDED,  /* parked, deaf to cancellation and deadlines */
    WEIR__TASK_ABANDONED, /* waits on although its loop is being freed */
    WEIR__TASK_DONE
};

struct weir_task {
    weir__context context;
    weir_loop *loop;
    weir_task *next_ready;
    enum weir__task_state state;
    int wake_result;
    bool cancel_requested; /* and not delivered yet */
    bool detached;
    unsigned refusals; /* waits that ended at once since the loop is being freed */
    int result;
    uint64_t deadline;  /* the nearest of its timeout scopes, or WEIR__NEVER */
    uint64_t timed_out; /* the deadline that ended a wait, until its scope ends;
                           else WEIR__NEVER */
    weir__timer timer;  /* runs while it is parked */
    weir_task *joiner;
    void (*on_end)(weir_task *task); /* of its group; called in the task itself */
    void *owner;                     /* its group */
    weir__link siblings;             /* in its group */
    weir__link link;                 /* in loop->tasks */
    weir_task_function function;
    void *arg;
    const char *name;
    weir__stack stack;
    weir_error error; /* operation is NULL until its first failure */
};

/* All but the stack of a task. WEIR_OK or WEIR_E_MEMORY. */
int weir__task_init(weir_loop *loop, weir_task *task);

/* Spawns with an owner that is told the end. */
weir_task *weir__task_spawn(weir_loop *loop, const weir_task_options *options,
                            void (*on_end)(weir_task *task), void *owner);

/* Runs ready tasks until none is left or so many turns are over that the poller
 * must have its turn. */
void weir__tasks_run(weir_loop *loop);

/* Takes the task's stack, and itself with it, from a task that has ended or never
 * will. */
void weir__task_free(weir_task *task);

/* Puts a task at the end of the queue. */
void weir__task_make_ready(weir_task *task);

/* Gives the turn of the running task, whose state the caller has set, to the
 * next; returns when it is this task's turn again. */
void weir__task_switch_away(weir_task *task);

#endif
