/* Waiting for a descriptor that is not weir's.
 *
 * The watch lives on the stack of the waiting task and is registered for this one
 * wait: registering tells what is ready already, so nothing is missed that came
 * before.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "error.h"
#include "loop.h"
#include "park.h"

enum { EVENTS = WEIR_READABLE | WEIR_WRITABLE };

_Static_assert((int)WEIR_READABLE == (int)WEIR__POLL_READ &&
                   (int)WEIR_WRITABLE == (int)WEIR__POLL_WRITE,
               "the bits of the interface are the poller's");

struct wait {
    weir__watch watch;
    weir_task *task;
    int own_fd; /* a duplicate, or -1 */
};

static void on_ready(weir__watch *watch)
{
    struct wait *wait = WEIR__CONTAINER(watch, struct wait, watch);
    if (watch->ready & watch->interest)
        weir__unpark(wait->task, WEIR_OK);
}

/* A descriptor is registered once, but a second task may wait for it, or a
 * connection of weir's own may be made of it: then a duplicate stands for it. */
static int begin(weir_loop *loop, struct wait *wait, int fd, int events)
{
    uint8_t interest = (uint8_t)events;
    int rc = weir__watch_add(loop, &wait->watch, fd, interest, on_ready);
    if (rc != -EEXIST)
        return rc;
    wait->own_fd = loop->sys->dup(loop->sys, fd);
    if (wait->own_fd < 0)
        return wait->own_fd;
    return weir__watch_add(loop, &wait->watch, wait->own_fd, interest, on_ready);
}

static void end(weir_loop *loop, struct wait *wait)
{
    weir__watch_remove(loop, &wait->watch);
    if (wait->own_fd >= 0)
        (void)loop->sys->close(loop->sys, wait->own_fd);
}

static int check(weir_loop *loop, int events)
{
    if (events == 0 || (events & ~EVENTS))
        return weir__fail(WEIR_E_INVALID, "wait fd", "wait fd: there is no event %d",
                          events);
    return weir__check_may_wait(loop, "wait fd");
}

int weir_wait_fd(weir_loop *loop, int fd, int events)
{
    struct wait wait = {.task = loop->current, .own_fd = -1};
    int rc = check(loop, events);
    if (rc < 0)
        return rc;
    rc = begin(loop, &wait, fd, events);
    if (rc == 0) {
        rc = weir__park(loop, "wait fd");
        if (rc == WEIR_OK)
            rc = wait.watch.ready & events;
    } else if (rc == -EPERM)
        rc = events; /* files and directories are always ready */
    else
        rc = weir__fail_errno(-rc, "wait fd", "wait fd: descriptor %d", fd);
    end(loop, &wait);
    return rc;
}
