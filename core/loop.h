/* The loop: one iteration is poll, timers, watches, posts, tasks.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_LOOP_H
#define WEIR_CORE_LOOP_H

#include <stdbool.h>
#include <weir/loop.h>

#include "block.h"
#include "heap.h"
#include "list.h"
#include "poll.h"
#include "post.h"
#include "stack.h"
#include "sys.h"
#include "task.h"

struct weir__resolver_state;

enum weir__loop_phase {
    WEIR__LOOP_OUTSIDE, /* no iteration runs: waiting may run one */
    WEIR__LOOP_CALLBACKS,
    WEIR__LOOP_TASKS
};

struct weir_loop {
    weir_sys *sys;
    weir_sys own_sys;
    const weir_allocator *allocator;
    weir__poll poll;
    enum weir__loop_phase phase;
    bool stopping;             /* weir_loop_run() is to return */
    bool closing;              /* weir_loop_free() runs: no wait succeeds any more */
    unsigned late;             /* tasks spawned since then */
    uint64_t now;              /* in nanoseconds, as of the latest poll */
    size_t active;             /* what keeps weir_loop_run() going */
    weir_error callback_error; /* of what the loop calls, which is in no task */
    weir_task main;            /* stands for whoever calls from outside of tasks */
    weir_task *current;
    weir_task *ready_first;
    weir_task *ready_last;
    unsigned turns;         /* of tasks, that are left in this iteration */
    weir_task *ended;       /* the task that ended in the turn just over */
    weir__link tasks;       /* all that have not ended */
    weir__link ended_tasks; /* and wait to be joined */
    weir__link news;        /* watches with something ready */
    weir__link transports;
    weir__link streams;
    weir__link graves; /* streams closed while a task waits in them */
    weir__link servers;
    weir__link callback_timers;
    weir__heap timers;
    weir__blocks blocks;
    weir__stack_pool stacks;
    size_t stack_bytes;
    weir__post post;
    const struct weir_resolver *resolver;
    uint32_t resolver_cache_ms;
    struct weir__resolver_state *resolver_state; /* NULL until the first name */
};

/* weir_loop_new() over other system calls. */
weir_loop *weir__loop_new(const weir_loop_options *options, weir_sys *sys);

/* One iteration; waits up to `deadline` for news. Called from outside only. */
int weir__loop_iterate(weir_loop *loop, uint64_t deadline);

/* Registers a watch. 0 or a negative errno. */
int weir__watch_add(weir_loop *loop, weir__watch *watch, int fd, uint8_t interest,
                    void (*on_ready)(weir__watch *watch));

/* Unregisters it; its callback is not called any more. Twice is harmless. */
void weir__watch_remove(weir_loop *loop, weir__watch *watch);

static inline bool weir__watch_is_added(const weir__watch *watch)
{
    return watch->interest != 0;
}

/* Has the callback called in the next round: it left something ready undone. */
static inline void weir__watch_again(weir_loop *loop, weir__watch *watch)
{
    if (!weir__link_is_linked(&watch->link))
        weir__link_push(&loop->news, &watch->link);
}

#endif
