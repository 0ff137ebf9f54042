/* Waiting with epoll (Linux).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "poll.h"

#define BATCH 256

static int epoll_open(weir__poll *poll)
{
    poll->fd = epoll_create1(EPOLL_CLOEXEC);
    return poll->fd < 0 ? -errno : 0;
}

static void epoll_shut(weir__poll *poll)
{
    close(poll->fd);
    poll->fd = -1;
}

static int epoll_add(weir__poll *poll, weir__watch *watch)
{
    struct epoll_event event = {.events = EPOLLET, .data.ptr = watch};
    if (watch->interest & WEIR__POLL_READ)
        event.events |= EPOLLIN | EPOLLRDHUP;
    if (watch->interest & WEIR__POLL_WRITE)
        event.events |= EPOLLOUT;
    return epoll_ctl(poll->fd, EPOLL_CTL_ADD, watch->fd, &event) < 0 ? -errno : 0;
}

static void epoll_remove(weir__poll *poll, weir__watch *watch)
{
    epoll_ctl(poll->fd, EPOLL_CTL_DEL, watch->fd, NULL);
}

static unsigned ready_bits(uint32_t events)
{
    unsigned ready = 0;
    if (events & EPOLLIN)
        ready |= WEIR__POLL_READ;
    if (events & EPOLLOUT)
        ready |= WEIR__POLL_WRITE;
    if (events & EPOLLRDHUP)
        ready |= WEIR__POLL_READ | WEIR__POLL_HANGUP;
    if (events & (EPOLLERR | EPOLLHUP))
        ready |= WEIR__POLL_READ | WEIR__POLL_WRITE | WEIR__POLL_HANGUP;
    return ready;
}

/* Rounded up: a timer must not fire early, and waking just before it would spin. */
static int milliseconds(int64_t timeout_ns)
{
    int64_t ms;
    if (timeout_ns < 0)
        return -1;
    ms = timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static int epoll_pause(weir__poll *poll, weir__poll_event *events, int max,
                       int64_t timeout_ns)
{
    struct epoll_event batch[BATCH];
    int count = epoll_wait(poll->fd, batch, max < BATCH ? max : BATCH,
                           milliseconds(timeout_ns));
    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        events[i].watch = batch[i].data.ptr;
        events[i].ready = ready_bits(batch[i].events);
    }
    return count;
}

const struct weir_poller weir__poller_epoll = {
    .name = "epoll",
    .open = epoll_open,
    .close = epoll_shut,
    .add = epoll_add,
    .remove = epoll_remove,
    .wait = epoll_pause,
};
