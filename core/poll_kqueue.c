/* Waiting with kqueue (macOS, the BSDs).
 *
 * A watch is one knote for each direction of its interest. EV_CLEAR makes them
 * edge-triggered: "after the event is retrieved by the user, its state is reset"
 * (kqueue(2)). struct kevent differs between the systems, so it is filled in
 * with EV_SET and nothing else.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#include <sys/event.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "allocator.h"
#include "poll.h"

#define BATCH 256

/* macOS refuses timeouts beyond some years; who wakes once a day waits on. */
#define LONGEST_WAIT_S 86400

/* EV_ADD of a knote that exists changes it and does not say so, hence a note of
 * what is registered: a byte for each descriptor. */
struct registry {
    bool *is_registered;
    size_t capacity;
};

static int kqueue_open(weir__poll *poll)
{
    struct registry *registry = weir__calloc(poll->allocator, 1, sizeof(*registry));
    if (!registry)
        return -ENOMEM;
    poll->fd = kqueue();
    if (poll->fd < 0) {
        const int error = errno;
        weir__free(poll->allocator, registry);
        return -error;
    }
    fcntl(poll->fd, F_SETFD, FD_CLOEXEC);
    poll->state = registry;
    return 0;
}

static void kqueue_shut(weir__poll *poll)
{
    struct registry *registry = poll->state;
    close(poll->fd);
    weir__free(poll->allocator, registry->is_registered);
    weir__free(poll->allocator, registry);
    poll->fd = -1;
    poll->state = NULL;
}

static int reserve(weir__poll *poll, struct registry *registry, int fd)
{
    const size_t wanted = (size_t)fd + 1;
    size_t capacity = registry->capacity > 0 ? registry->capacity : 64;
    if (wanted <= registry->capacity)
        return 0;
    while (capacity < wanted)
        capacity *= 2;
    bool *grown = weir__realloc(poll->allocator, registry->is_registered,
                                capacity * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    memset(grown + registry->capacity, 0,
           (capacity - registry->capacity) * sizeof(*grown));
    registry->is_registered = grown;
    registry->capacity = capacity;
    return 0;
}

/* A file is readable for epoll never, for poll always, and for kqueue "when the
 * file pointer is not at the end of file": who waits for an empty one waits for
 * ever. It is refused, as by epoll. */
static int check_kind(int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ? -EPERM : 0;
}

/* Both directions in one call. EV_RECEIPT makes the kernel answer each change with
 * an EV_ERROR event, whose data is 0 if it went well, and return no other events. */
static int change(weir__poll *poll, weir__watch *watch, unsigned short action)
{
    const uintptr_t fd = (uintptr_t)watch->fd;
    const unsigned short flags = (unsigned short)(action | EV_RECEIPT);
    const struct timespec at_once = {0, 0};
    struct kevent changes[2];
    struct kevent receipts[2];
    int count = 0;
    if (watch->interest & WEIR__POLL_READ) {
        EV_SET(&changes[count], fd, EVFILT_READ, flags, 0, 0, watch);
        count++;
    }
    if (watch->interest & WEIR__POLL_WRITE) {
        EV_SET(&changes[count], fd, EVFILT_WRITE, flags, 0, 0, watch);
        count++;
    }
    const int answers = kevent(poll->fd, changes, count, receipts, count, &at_once);
    if (answers < 0)
        return -errno;
    for (int i = 0; i < answers; i++) {
        if ((receipts[i].flags & EV_ERROR) && receipts[i].data != 0)
            return -(int)receipts[i].data;
    }
    return 0;
}

/* A kind of descriptor without the filter: EINVAL, or ENODEV from a device. */
static int refusal(int error)
{
    return error == -EINVAL || error == -ENODEV ? -EPERM : error;
}

static int kqueue_add(weir__poll *poll, weir__watch *watch)
{
    struct registry *registry = poll->state;
    int result = check_kind(watch->fd);
    if (result == 0)
        result = reserve(poll, registry, watch->fd);
    if (result < 0)
        return result;
    if (registry->is_registered[watch->fd])
        return -EEXIST;
    result = change(poll, watch, EV_ADD | EV_CLEAR);
    if (result < 0) {
        change(poll, watch, EV_DELETE); /* the direction that was taken */
        return refusal(result);
    }
    registry->is_registered[watch->fd] = true;
    return 0;
}

static void kqueue_remove(weir__poll *poll, weir__watch *watch)
{
    struct registry *registry = poll->state;
    change(poll, watch, EV_DELETE);
    registry->is_registered[watch->fd] = false;
}

/* EV_EOF comes with the last bytes still to be read. On the write side it also
 * follows our own shutdown, which is no hangup: when both directions are watched
 * a lost connection is told by the read side as well, so that one is believed. */
static unsigned ready_bits(const struct kevent *event, const weir__watch *watch)
{
    const bool ended = event->flags & EV_EOF;
    if (event->filter == EVFILT_READ)
        return ended ? WEIR__POLL_READ | WEIR__POLL_HANGUP : WEIR__POLL_READ;
    if (ended && !(watch->interest & WEIR__POLL_READ))
        return WEIR__POLL_READ | WEIR__POLL_WRITE | WEIR__POLL_HANGUP;
    return WEIR__POLL_WRITE;
}

static struct timespec duration(int64_t timeout_ns)
{
    const int64_t seconds = timeout_ns / 1000000000;
    if (seconds >= LONGEST_WAIT_S)
        return (struct timespec){.tv_sec = LONGEST_WAIT_S};
    return (struct timespec){.tv_sec = (time_t)seconds,
                             .tv_nsec = (long)(timeout_ns % 1000000000)};
}

static int kqueue_pause(weir__poll *poll, weir__poll_event *events, int max,
                        int64_t timeout_ns)
{
    struct kevent batch[BATCH];
    const struct timespec timeout = duration(timeout_ns);
    const int count = kevent(poll->fd, NULL, 0, batch, max < BATCH ? max : BATCH,
                             timeout_ns < 0 ? NULL : &timeout);
    if (count < 0)
        return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        events[i].watch = batch[i].udata;
        events[i].ready = ready_bits(&batch[i], events[i].watch);
    }
    return count;
}

const struct weir_poller weir__poller_kqueue = {
    .name = "kqueue",
    .open = kqueue_open,
    .close = kqueue_shut,
    .add = kqueue_add,
    .remove = kqueue_remove,
    .wait = kqueue_pause,
};
