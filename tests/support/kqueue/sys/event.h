/* A stand-in for <sys/event.h>, so that core/poll_kqueue.c is compiled and tested
 * where there is no kqueue. What is here has the names, types and values of
 * FreeBSD 12 and later; what is not here, core/poll_kqueue.c does not use.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_KQUEUE_SYS_EVENT_H
#define WEIR_TESTS_KQUEUE_SYS_EVENT_H

#include <stdint.h>

struct timespec;

#define EVFILT_READ  (-1)
#define EVFILT_WRITE (-2)

/* What to do. */
#define EV_ADD    0x0001
#define EV_DELETE 0x0002

/* How. */
#define EV_ONESHOT 0x0010
#define EV_CLEAR   0x0020
#define EV_RECEIPT 0x0040

/* What came back. */
#define EV_ERROR 0x4000
#define EV_EOF   0x8000

struct kevent {
    uintptr_t ident;
    short filter;
    unsigned short flags;
    unsigned int fflags;
    int64_t data;
    void *udata;
    uint64_t ext[4];
};

#define EV_SET(event, ident_, filter_, flags_, fflags_, data_, udata_) \
    (*(event) = (struct kevent){.ident = (ident_),                     \
                                .filter = (filter_),                   \
                                .flags = (flags_),                     \
                                .fflags = (fflags_),                   \
                                .data = (data_),                       \
                                .udata = (udata_)})

int kqueue(void);

int kevent(int kq, const struct kevent *changelist, int nchanges,
           struct kevent *eventlist, int nevents, const struct timespec *timeout);

#endif
