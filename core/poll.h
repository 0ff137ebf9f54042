/* Waiting for descriptors: one table, a file for each kind of kernel.
 *
 * A descriptor is registered once and for both directions; readiness is
 * edge-triggered. What came is kept as bits in the watch until its owner has used
 * it up (a short read, EAGAIN) and clears the bit, so that pausing and resuming
 * cost no system call. A level-triggered kernel is asked for the bits that are
 * not set, which comes to the same, with one condition: the end is never used up.
 * Who has read it leaves READ set, or such a kernel tells it once more.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_POLL_H
#define WEIR_CORE_POLL_H

#include <stdint.h>
#include <weir/allocator.h>

#include "list.h"
#include "sys.h"

enum {
    WEIR__POLL_READ = 1,
    WEIR__POLL_WRITE = 2,
    /* The peer has ended its half, or the connection is gone: after a short
     * read there is still something to read, the end. Implies READ. */
    WEIR__POLL_HANGUP = 4
};

typedef struct weir__watch {
    weir__link link; /* in the loop's list of watches with news */
    void (*on_ready)(struct weir__watch *watch);
    int fd;
    uint8_t interest; /* WEIR__POLL_READ, _WRITE: fixed from add to remove */
    uint8_t ready;    /* what came and has not been used up */
    uint32_t slot;    /* the poller's own: its index, in pollers that need one */
} weir__watch;

typedef struct weir__poll_event {
    weir__watch *watch;
    unsigned ready;
} weir__poll_event;

/* State of a poller; `fd` is -1 where the kernel has no descriptor for it. */
typedef struct weir__poll {
    weir_sys *sys;
    const weir_allocator *allocator;
    int fd;
    void *state;
} weir__poll;

struct weir_poller {
    const char *name;
    int (*open)(weir__poll *poll);
    void (*close)(weir__poll *poll);
    /* The watch must stay where it is until it is removed. -EEXIST when the
     * descriptor is already registered, -EPERM when its kind cannot be polled. */
    int (*add)(weir__poll *poll, weir__watch *watch);
    /* Before the descriptor is closed. No event names the watch afterwards. */
    void (*remove)(weir__poll *poll, weir__watch *watch);
    /* Waits up to `timeout_ns` (-1: for ever), rounded up to what the kernel
     * can; fills in at most `max` events. Returns their number; 0 after a
     * timeout or a signal. */
    int (*wait)(weir__poll *poll, weir__poll_event *events, int max,
                int64_t timeout_ns);
};

extern const struct weir_poller weir__poller_epoll;
extern const struct weir_poller weir__poller_kqueue;
extern const struct weir_poller weir__poller_poll;

#endif
