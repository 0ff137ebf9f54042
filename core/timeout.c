/* Deadlines of a task: scopes, and sleep.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/timeout.h>

#include "error.h"
#include "loop.h"
#include "park.h"

static void narrow(weir_timeout *timeout, uint64_t ms)
{
    weir_loop *loop = timeout->loop;
    weir_task *task = loop->current;
    /* 0 is over already, whatever the clock says by the next wait. */
    timeout->deadline =
        ms == 0 ? loop->now : weir__deadline_after(loop->sys->now(loop->sys), ms);
    task->deadline = timeout->deadline < timeout->outer_deadline
                         ? timeout->deadline
                         : timeout->outer_deadline;
}

weir_timeout weir_timeout_start(weir_loop *loop, uint64_t ms)
{
    weir_timeout timeout = {.loop = loop, .outer_deadline = loop->current->deadline};
    narrow(&timeout, ms);
    return timeout;
}

void weir_timeout_restart(weir_timeout *timeout, uint64_t ms)
{
    weir_task *task = timeout->loop->current;
    if (task->timed_out == timeout->deadline)
        task->timed_out = WEIR__NEVER;
    narrow(timeout, ms);
}

bool weir_timeout_end(weir_timeout *timeout)
{
    weir_task *task = timeout->loop->current;
    bool mine = task->timed_out == timeout->deadline &&
                timeout->deadline <= timeout->outer_deadline;
    if (mine)
        task->timed_out = WEIR__NEVER;
    task->deadline = timeout->outer_deadline;
    return mine;
}

int weir_sleep(weir_loop *loop, uint64_t ms)
{
    int rc = weir__check_may_wait(loop, "sleep");
    if (rc < 0)
        return rc;
    if (ms == 0)
        return weir_yield(loop);
    weir_timeout timeout = weir_timeout_start(loop, ms);
    rc = weir__park_quietly(loop);
    bool slept = weir_timeout_end(&timeout);
    if (rc == WEIR_E_TIMEOUT && slept)
        return WEIR_OK;
    if (rc == WEIR_E_CANCELLED)
        return weir__fail(rc, "sleep", "sleep: the task was cancelled");
    if (rc == WEIR_E_TIMEOUT)
        return weir__fail(rc, "sleep", "sleep: the deadline passed");
    return rc; /* the poller has failed, and said so */
}
