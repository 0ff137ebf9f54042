/* The life of a task: spawn, turns, end, join.
 *
 * SPDX-License-Identifier: MIT */
#include "task.h"

#include <string.h>

#include "error.h"
#include "loop.h"
#include "park.h"

/* Turns until the poller is asked again: tasks that keep each other ready must
 * not starve the sockets, and a system call shared by this many turns does not
 * show. */
#define TURNS 1024

/* Tasks that may still be spawned, to clean up, while their loop is freed. Those
 * beyond are never run: there are tasks that always spawn the next. */
#define MAX_LATE 1000

/* Tasks are laid out on their own cache lines. */
#define TASK_ALIGNMENT 64

void weir__task_make_ready(weir_task *task)
{
    weir_loop *loop = task->loop;
    task->state = WEIR__TASK_READY;
    if (task == &loop->main)
        return; /* its wait looks at the state */
    task->next_ready = NULL;
    if (loop->ready_last)
        loop->ready_last->next_ready = task;
    else
        loop->ready_first = task;
    loop->ready_last = task;
}

static weir_task *next_turn(weir_loop *loop)
{
    weir_task *task = loop->ready_first;
    if (!task || loop->turns == 0)
        return NULL;
    loop->turns--;
    loop->ready_first = task->next_ready;
    if (!loop->ready_first)
        loop->ready_last = NULL;
    task->state = WEIR__TASK_RUNNING;
    loop->current = task;
    return task;
}

void weir__task_switch_away(weir_task *task)
{
    weir_loop *loop = task->loop;
    weir_task *next = next_turn(loop);
    if (next == task)
        return;
    if (!next) {
        next = &loop->main;
        loop->current = next;
    }
    weir__context_switch(&task->context, &next->context);
}

/* Nobody will ask for it any more. A joiner who is about to will free it. */
static bool is_nobodys(const weir_task *task)
{
    return task->detached && !task->joiner;
}

void weir__tasks_run(weir_loop *loop)
{
    weir_task *task;
    loop->turns = TURNS;
    while ((task = next_turn(loop))) {
        weir__context_switch(&loop->main.context, &task->context);
        if (loop->ended && is_nobodys(loop->ended))
            weir__task_free(loop->ended);
        loop->ended = NULL;
    }
}

static void task_due(weir__timer *timer)
{
    weir_task *task = WEIR__CONTAINER(timer, weir_task, timer);
    if (task->state != WEIR__TASK_PARKED)
        return;
    task->timed_out = task->deadline;
    weir__unpark(task, WEIR_E_TIMEOUT);
}

int weir__task_init(weir_loop *loop, weir_task *task)
{
    memset(task, 0, offsetof(weir_task, error));
    task->error.operation = NULL;
    task->error.message[0] = '\0';
    task->loop = loop;
    task->state = WEIR__TASK_RUNNING;
    task->deadline = WEIR__NEVER;
    task->timed_out = WEIR__NEVER;
    weir__link_init(&task->siblings);
    weir__link_init(&task->link);
    return weir__timer_init(loop, &task->timer, task_due);
}

/* The first function on a task's stack; switches away for good. */
static void task_main(void *arg)
{
    weir_task *task = arg;
    weir_loop *loop = task->loop;
    task->result = task->function(task->arg);
    task->state = WEIR__TASK_DONE;
    weir__link_remove(&task->link);
    weir__link_push(&loop->ended_tasks, &task->link);
    if (task->on_end)
        task->on_end(task);
    if (task->joiner)
        weir__unpark(task->joiner, WEIR_OK);
    loop->ended = task;
    loop->current = &loop->main;
    weir__context_switch_last(&task->context, &loop->main.context);
}

static weir_task *place_task(const weir__stack *stack)
{
    uintptr_t top = (uintptr_t)stack->low + stack->size - sizeof(weir_task);
    size_t offset =
        (size_t)(top / TASK_ALIGNMENT * TASK_ALIGNMENT - (uintptr_t)stack->low);
    return (weir_task *)(void *)((char *)stack->low + offset);
}

weir_task *weir__task_spawn(weir_loop *loop, const weir_task_options *options,
                            void (*on_end)(weir_task *task), void *owner)
{
    weir__stack stack;
    size_t size = options->stack_bytes ? options->stack_bytes : loop->stack_bytes;
    if (weir__stack_take(&loop->stacks, size, &stack) < 0) {
        weir__fail(WEIR_E_MEMORY, "spawn", "spawn: no memory for a stack of %zu bytes",
                   size);
        return NULL;
    }
    weir_task *task = place_task(&stack);
    if (weir__task_init(loop, task) < 0) {
        weir__stack_give(&loop->stacks, stack);
        weir__fail(WEIR_E_MEMORY, "spawn", "spawn: no memory for a timer");
        return NULL;
    }
    task->stack = stack;
    task->function = options->function;
    task->arg = options->arg;
    task->name = options->name;
    task->on_end = on_end;
    task->owner = owner;
    weir__context_make(&task->context, stack.low,
                       (size_t)((char *)task - (char *)stack.low), task_main, task);
    weir__link_push(&loop->tasks, &task->link);
    if (loop->closing && ++loop->late > MAX_LATE)
        task->state = WEIR__TASK_ABANDONED;
    else
        weir__task_make_ready(task);
    return task;
}

weir_task *weir_task_spawn(weir_loop *loop, const weir_task_options *options)
{
    return weir__task_spawn(loop, options, NULL, NULL);
}

void weir__task_free(weir_task *task)
{
    weir_loop *loop = task->loop;
    weir__stack stack = task->stack;
    weir__timer_clear(loop, &task->timer);
    weir__link_remove(&task->link);
    weir__link_remove(&task->siblings);
    weir__context_destroy(&task->context);
    weir__stack_give(&loop->stacks, stack);
}

static int check_join(const weir_task *task)
{
    if (!task)
        return weir__fail(WEIR_E_MEMORY, "join", "join: there is no task to join");
    if (task == task->loop->current)
        return weir__fail(WEIR_E_MISUSE, "join", "join: a task cannot join itself");
    if (task->joiner || task->detached)
        return weir__fail(WEIR_E_MISUSE, "join",
                          "join: the task is joined or detached");
    return WEIR_OK;
}

static int wait_for_end(weir_task *task)
{
    task->joiner = task->loop->current;
    int rc = weir__park(task->loop, "join");
    task->joiner = NULL;
    if (rc < 0 && task->state == WEIR__TASK_DONE && task->detached)
        weir__task_free(task);
    return rc;
}

int weir_join(weir_task *task)
{
    int rc = check_join(task);
    if (rc == WEIR_OK && task->state != WEIR__TASK_DONE)
        rc = wait_for_end(task);
    if (rc < 0)
        return rc;
    rc = task->result;
    if (rc < 0 && task->error.operation && task->error.status == rc)
        weir__fail_again(&task->error);
    weir__task_free(task);
    return rc;
}

void weir_detach(weir_task *task)
{
    if (!task)
        return;
    task->detached = true;
    if (task->state == WEIR__TASK_DONE && is_nobodys(task) && task != task->loop->ended)
        weir__task_free(task);
}

void weir_cancel(weir_task *task)
{
    if (!task || task->state == WEIR__TASK_DONE)
        return;
    if (task->state == WEIR__TASK_PARKED)
        weir__unpark(task, WEIR_E_CANCELLED);
    else
        task->cancel_requested = true;
}

bool weir_task_is_done(const weir_task *task)
{
    return task->state == WEIR__TASK_DONE;
}

const char *weir_task_name(const weir_task *task)
{
    return task->name ? task->name : "";
}

weir_task *weir_task_current(const weir_loop *loop)
{
    return loop->current == &loop->main ? NULL : loop->current;
}

static int yield_outside(weir_loop *loop)
{
    int rc = weir__check_may_wait(loop, "yield");
    if (rc < 0)
        return rc;
    if (loop->main.deadline <= loop->now)
        return weir__park(loop, "yield");
    return weir__loop_iterate(loop, 0);
}

int weir_yield(weir_loop *loop)
{
    weir_task *task = loop->current;
    if (task == &loop->main)
        return yield_outside(loop);
    if (task->cancel_requested || loop->closing || task->deadline <= loop->now)
        return weir__park(loop, "yield");
    weir__task_make_ready(task);
    weir__task_switch_away(task);
    return WEIR_OK;
}
