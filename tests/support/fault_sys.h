/* A weir_sys around another one: it counts, refuses, cuts short, and keeps account.
 *
 *   weir_sys posix = weir__sys_posix();
 *   fault_sys faults;
 *   fault_sys_init(&faults, &posix);
 *   ... a loop on &faults.sys ...
 *   CHECK_INT(fault_sys_count(&faults, FAULT_RECV), 1);
 *   CHECK_INT(fault_sys_open_count(&faults), 0);
 *   CHECK_INT(fault_sys_misuse_count(&faults), 0);
 *   fault_sys_clear(&faults);
 *
 * Each failure in turn, until a run meets none:
 *
 *   for (unsigned long n = 1, met = 1; met; n++) {
 *       fault_sys_init(&faults, &posix);
 *       fault_sys_fail(&faults, FAULT_ANY, n, ENOMEM);
 *       ... the scene, which may fail but not leak or hang ...
 *       met = fault_sys_fault_count(&faults);
 *       fault_sys_clear(&faults);
 *   }
 *
 * Who reads less than there is, or is told EAGAIN, may take the descriptor for
 * used up and wait for the poller to name it again; a real kernel, which still
 * has the bytes, would not. So every readiness that is denied here is owed, and
 * paid by the next wait, as if it had just come.
 *
 * The poller is wrapped as well: faults.sys.poller works wherever poll->sys is
 * &faults.sys. The counts may be read, and calls be made, on any thread.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_FAULT_SYS_H
#define WEIR_TESTS_FAULT_SYS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "poll.h"
#include "sys.h"

typedef enum fault_kind {
    FAULT_SOCKET,
    FAULT_SOCKETPAIR,
    FAULT_CLOSE, /* closes all the same, as kernels do, and then fails */
    FAULT_DUP,
    FAULT_SET_NONBLOCKING,
    FAULT_BIND,
    FAULT_LISTEN,
    FAULT_ACCEPT,
    FAULT_CONNECT,
    FAULT_SHUTDOWN,
    FAULT_GETSOCKOPT,
    FAULT_SETSOCKOPT,
    FAULT_GETSOCKNAME,
    FAULT_GETPEERNAME,
    FAULT_RECV,
    FAULT_SENDV,
    FAULT_READ,
    FAULT_WRITEV,
    FAULT_POLLER_OPEN,
    FAULT_POLLER_ADD,
    FAULT_POLLER_WAIT, /* EINTR is not a failure there: the wait returns 0 */
    /* Those below cannot fail and are only counted. */
    FAULT_POLLER_CLOSE,
    FAULT_POLLER_REMOVE,
    FAULT_NOW,
    /* Every kind that can fail. */
    FAULT_ANY
} fault_kind;

struct fault_rule {
    unsigned long left; /* calls until it strikes, itself included; 0: never */
    bool lasting;
    int error;
};

struct fault_descriptor {
    weir__watch *watch; /* registered with the poller */
    unsigned owed;      /* readiness denied */
    bool is_open;       /* from socket, socketpair, accept, dup */
};

/* Private, but for `sys`. */
typedef struct fault_sys {
    weir_sys sys;
    weir_sys *inner;
    struct weir_poller poller;
    pthread_mutex_t lock;
    unsigned long counts[FAULT_ANY];
    struct fault_rule rules[FAULT_ANY + 1];
    unsigned long faults;
    unsigned long open;
    unsigned long watched;
    unsigned long misuses;
    unsigned long transfers;
    unsigned long again_each;
    size_t read_limit;
    size_t write_limit;
    struct fault_descriptor *descriptors; /* by number */
    size_t descriptor_count;
} fault_sys;

/* `inner` must outlive it. */
void fault_sys_init(fault_sys *faults, weir_sys *inner);

/* Gives back its memory. The loop on it must be gone. */
void fault_sys_clear(fault_sys *faults);

/* How often a kind has been called since the beginning or the last reset, be it
 * refused or not. FAULT_ANY: all kinds but FAULT_NOW, which kernels answer
 * without being entered. */
unsigned long fault_sys_count(fault_sys *faults, fault_kind kind);

void fault_sys_reset_counts(fault_sys *faults);

/* The n-th call of the kind from now on (1: the next) fails with `error`, a
 * positive errno, without being made. One rule for a kind; n = 0 takes it back.
 * FAULT_ANY counts on its own, beside the rules of the kinds. */
void fault_sys_fail(fault_sys *faults, fault_kind kind, unsigned long n, int error);

/* The same, and all later calls of the kind too. */
void fault_sys_fail_from(fault_sys *faults, fault_kind kind, unsigned long n,
                         int error);

/* How many calls these rules have failed. */
unsigned long fault_sys_fault_count(fault_sys *faults);

/* At most so many bytes in one recv or read, and in one sendv or writev; SIZE_MAX,
 * as at the beginning: no limit. 0 is not allowed. Since the rest is owed,
 * sys.short_read_drains stays what it is in `inner`; a test may clear it. */
void fault_sys_limit(fault_sys *faults, size_t read_limit, size_t write_limit);

/* Each n-th recv, read, sendv or writev (n > 1) says EAGAIN instead; 0: none. Like
 * the limits, to be set while no other thread is calling. */
void fault_sys_again_each(fault_sys *faults, unsigned long n);

/* Descriptors from socket, socketpair, accept and dup that have not been closed. */
unsigned long fault_sys_open_count(fault_sys *faults);

/* Watches that have been added and not removed. */
unsigned long fault_sys_watch_count(fault_sys *faults);

/* What must not happen: a descriptor closed while it is registered, or closed
 * when it is not open; a watch removed that is not registered. */
unsigned long fault_sys_misuse_count(fault_sys *faults);

#endif
