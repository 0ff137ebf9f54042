/* Parking and unparking.
 *
 * SPDX-License-Identifier: MIT */
#include "park.h"

#include "error.h"

/* A task that goes on waiting while its loop is freed gets this many refusals to
 * notice; then it is not given a turn again. */
#define MAX_REFUSALS 100

bool weir__may_wait(const weir_loop *loop)
{
    return loop->current != &loop->main || loop->phase == WEIR__LOOP_OUTSIDE;
}

int weir__check_may_wait(weir_loop *loop, const char *what)
{
    if (weir__may_wait(loop))
        return WEIR_OK;
    return weir__fail(WEIR_E_MISUSE, what,
                      "%s: a callback of the loop must not wait; spawn a task", what);
}

/* From outside of tasks: run the loop until the news is there. */
static void run_until_ready(weir_loop *loop)
{
    weir_task *task = &loop->main;
    while (task->state != WEIR__TASK_READY) {
        int rc = weir__loop_iterate(loop, WEIR__NEVER);
        if (rc < 0)
            weir__unpark(task, rc);
    }
    task->state = WEIR__TASK_RUNNING;
}

static void wait_for_turn(weir_task *task)
{
    if (task == &task->loop->main)
        run_until_ready(task->loop);
    else
        weir__task_switch_away(task);
}

static int refuse(weir_task *task)
{
    if (++task->refusals > MAX_REFUSALS) {
        task->state = WEIR__TASK_ABANDONED;
        wait_for_turn(task);
    }
    return WEIR_E_CANCELLED;
}

int weir__park_quietly(weir_loop *loop)
{
    weir_task *task = loop->current;
    if (task->cancel_requested) {
        task->cancel_requested = false;
        return WEIR_E_CANCELLED;
    }
    if (loop->closing)
        return refuse(task);
    if (task->deadline <= loop->now) {
        task->timed_out = task->deadline;
        return WEIR_E_TIMEOUT;
    }
    if (task->deadline != WEIR__NEVER)
        weir__timer_set(loop, &task->timer, task->deadline);
    task->state = WEIR__TASK_PARKED;
    wait_for_turn(task);
    weir__timer_stop(&task->timer);
    return task->wake_result;
}

int weir__park(weir_loop *loop, const char *what)
{
    int rc = weir__check_may_wait(loop, what);
    if (rc < 0)
        return rc;
    rc = weir__park_quietly(loop);
    if (rc == WEIR_E_TIMEOUT)
        weir__fail(rc, what, "%s: the deadline passed", what);
    else if (rc == WEIR_E_CANCELLED)
        weir__fail(rc, what, "%s: the task was cancelled", what);
    return rc;
}

int weir__park_shielded(weir_loop *loop)
{
    weir_task *task = loop->current;
    task->state = WEIR__TASK_SHIELDED;
    wait_for_turn(task);
    return task->wake_result;
}

bool weir__unpark(weir_task *task, int result)
{
    if (task->state != WEIR__TASK_PARKED && task->state != WEIR__TASK_SHIELDED)
        return false;
    task->wake_result = result;
    weir__task_make_ready(task);
    return true;
}

int weir__park_in(weir_loop *loop, weir__link *waiters, const char *what)
{
    weir__waiter waiter = {.task = loop->current};
    weir__link_push(waiters, &waiter.link);
    int rc = weir__park(loop, what);
    weir__link_remove(&waiter.link);
    return rc;
}

bool weir__unpark_first(weir__link *waiters, int result)
{
    weir__link *link;
    while ((link = weir__link_shift(waiters))) {
        if (weir__unpark(WEIR__CONTAINER(link, weir__waiter, link)->task, result))
            return true;
    }
    return false;
}

void weir__unpark_all(weir__link *waiters, int result)
{
    while (weir__unpark_first(waiters, result))
        ;
}
