/* Waiting with poll(2), where there is nothing better: the cost of a wait grows
 * with the number of watches.
 *
 * poll tells what is, and not what has become of it, so it is asked only for the
 * bits that a watch has not been told yet. Every answer then sets at least one
 * more bit, and a watch whose owner is busy elsewhere cannot make the loop spin.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>

#include "allocator.h"
#include "poll.h" /* NOLINT(readability-duplicate-include): not <poll.h> */

/* Elsewhere the end is something to read like any other. */
#ifdef POLLRDHUP
#define PEER_HAS_ENDED POLLRDHUP
#else
#define PEER_HAS_ENDED 0
#endif

struct slots {
    weir__watch **watches;
    struct pollfd *questions; /* one for each watch, put anew at each wait */
    uint32_t count;
    uint32_t capacity;
    uint32_t next; /* where to begin reading the answers */
};

static int poll_open(weir__poll *poll)
{
    poll->fd = -1;
    poll->state = weir__calloc(poll->allocator, 1, sizeof(struct slots));
    return poll->state ? 0 : -ENOMEM;
}

static void poll_close(weir__poll *poll)
{
    struct slots *slots = poll->state;
    weir__free(poll->allocator, slots->watches);
    weir__free(poll->allocator, slots->questions);
    weir__free(poll->allocator, slots);
    poll->state = NULL;
}

/* When only the first array can grow it stays so: the capacity is what both have. */
static int grow(weir__poll *poll, struct slots *slots)
{
    const size_t capacity = slots->capacity > 0 ? (size_t)slots->capacity * 2 : 16;
    if (capacity > UINT32_MAX / sizeof(struct pollfd))
        return -ENOMEM;
    weir__watch **watches =
        weir__realloc(poll->allocator, slots->watches, capacity * sizeof(*watches));
    if (!watches)
        return -ENOMEM;
    slots->watches = watches;
    struct pollfd *questions =
        weir__realloc(poll->allocator, slots->questions, capacity * sizeof(*questions));
    if (!questions)
        return -ENOMEM;
    slots->questions = questions;
    slots->capacity = (uint32_t)capacity;
    return 0;
}

static int poll_add(weir__poll *poll, weir__watch *watch)
{
    struct slots *slots = poll->state;
    if (fcntl(watch->fd, F_GETFD) < 0)
        return -errno;
    for (uint32_t i = 0; i < slots->count; i++) {
        const int fd = slots->questions[i].fd;
        if (fd == watch->fd || fd == ~watch->fd)
            return -EEXIST;
    }
    if (slots->count == slots->capacity) {
        int result = grow(poll, slots);
        if (result < 0)
            return result;
    }
    watch->slot = slots->count++;
    slots->watches[watch->slot] = watch;
    slots->questions[watch->slot] = (struct pollfd){.fd = watch->fd};
    return 0;
}

static void poll_remove(weir__poll *poll, weir__watch *watch)
{
    struct slots *slots = poll->state;
    const uint32_t hole = watch->slot;
    const uint32_t last = --slots->count;
    slots->watches[hole] = slots->watches[last];
    slots->questions[hole] = slots->questions[last];
    slots->watches[hole]->slot = hole;
}

/* The end of the peer's half is worth knowing while there are bytes left to read. */
static short wanted_events(const weir__watch *watch)
{
    const unsigned missing = watch->interest & ~(unsigned)watch->ready;
    int events = 0;
    if (missing & WEIR__POLL_READ)
        events |= POLLIN;
    if (missing & WEIR__POLL_WRITE)
        events |= POLLOUT;
    if ((watch->interest & WEIR__POLL_READ) && !(watch->ready & WEIR__POLL_HANGUP))
        events |= PEER_HAS_ENDED;
    return (short)events;
}

/* Hangups and errors come unasked and stay. A watch that knows, and wants nothing
 * else, is hidden from poll, which skips negative descriptors. */
static void ask(struct slots *slots)
{
    for (uint32_t i = 0; i < slots->count; i++) {
        const weir__watch *watch = slots->watches[i];
        const short events = wanted_events(watch);
        const bool hidden = events == 0 && (watch->ready & WEIR__POLL_HANGUP);
        slots->questions[i].fd = hidden ? ~watch->fd : watch->fd;
        slots->questions[i].events = events;
        slots->questions[i].revents = 0;
    }
}

static unsigned ready_bits(int events)
{
    unsigned ready = 0;
    if (events & POLLIN)
        ready |= WEIR__POLL_READ;
    if (events & POLLOUT)
        ready |= WEIR__POLL_WRITE;
    if (events & PEER_HAS_ENDED)
        ready |= WEIR__POLL_READ | WEIR__POLL_HANGUP;
    if (events & (POLLERR | POLLHUP | POLLNVAL))
        ready |= WEIR__POLL_READ | WEIR__POLL_WRITE | WEIR__POLL_HANGUP;
    return ready;
}

/* Goes on where the last look ended, so that with more news than room the watches
 * at the end have their turn too. */
static int read_answers(struct slots *slots, int answers, weir__poll_event *events,
                        int max)
{
    int count = 0;
    for (uint32_t seen = 0; seen < slots->count && count < answers && count < max;
         seen++) {
        if (slots->next >= slots->count)
            slots->next = 0;
        const uint32_t i = slots->next++;
        if (slots->questions[i].revents == 0)
            continue;
        events[count].watch = slots->watches[i];
        events[count].ready = ready_bits(slots->questions[i].revents);
        count++;
    }
    return count;
}

/* Rounded up: a timer must not fire early, and waking just before it would spin. */
static int milliseconds(int64_t timeout_ns)
{
    if (timeout_ns < 0)
        return -1;
    const int64_t ms = timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static int poll_pause(weir__poll *poll_state, weir__poll_event *events, int max,
                      int64_t timeout_ns)
{
    struct slots *slots = poll_state->state;
    ask(slots);
    int answers =
        poll(slots->questions, (nfds_t)slots->count, milliseconds(timeout_ns));
    if (answers < 0)
        return errno == EINTR ? 0 : -errno;
    return read_answers(slots, answers, events, max);
}

const struct weir_poller weir__poller_poll = {
    .name = "poll",
    .open = poll_open,
    .close = poll_close,
    .add = poll_add,
    .remove = poll_remove,
    .wait = poll_pause,
};
