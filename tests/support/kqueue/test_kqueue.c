/* Whether the double behaves as kqueue(2) says: a test of the pollers is worth no
 * more than the kernel under it.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

static const struct timespec AT_ONCE = {0, 0};
static const struct timespec SOON = {0, 20000000};

static void open_pair(int pair[2])
{
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
}

static int change(int kq, int fd, int filter, int flags, void *udata)
{
    struct kevent event;
    EV_SET(&event, (uintptr_t)fd, (short)filter, (unsigned short)flags, 0, 0, udata);
    return kevent(kq, &event, 1, NULL, 0, NULL) < 0 ? errno : 0;
}

static int collect(int kq, struct kevent *events, int max)
{
    return kevent(kq, NULL, 0, events, max, &SOON);
}

TEST(kqueue_double, refuses_misuse)
{
    struct kevent event;
    const struct timespec bad = {0, 1000000000};
    const struct timespec negative = {-1, 0};
    const struct timespec endless = {100000001, 0};
    int kq = kqueue();
    int pair[2];
    open_pair(pair);
    CHECK_INT(change(-1, pair[0], EVFILT_READ, EV_ADD, NULL), EBADF);
    CHECK_INT(change(pair[0], pair[0], EVFILT_READ, EV_ADD, NULL), EBADF);
    CHECK_INT(change(kq, -1, EVFILT_READ, EV_ADD, NULL), EBADF);
    CHECK_INT(change(kq, pair[0], -3, EV_ADD, NULL), EINVAL);
    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_ADD | EV_DELETE, NULL), EINVAL);
    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_ADD | EV_ONESHOT, NULL), EINVAL);
    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_DELETE, NULL), ENOENT);
    CHECK_INT(kevent(kq, NULL, 0, &event, 1, &bad), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(kevent(kq, NULL, 0, &event, 1, &negative), -1);
    CHECK_INT(errno, EINVAL);
    CHECK_INT(kevent(kq, NULL, 0, &event, 1, &endless), -1);
    CHECK_INT(errno, EINVAL);
    close(kq);
    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_ADD, NULL), EBADF);
    close(pair[0]);
    close(pair[1]);
}

TEST(kqueue_double, answers_a_changelist)
{
    struct kevent events[3];
    int kq = kqueue();
    int pair[2];
    open_pair(pair);
    REQUIRE(write(pair[1], "x", 1) == 1);

    /* An error has its event when there is room, and the rest is done. */
    EV_SET(&events[0], (uintptr_t)pair[0], EVFILT_WRITE, EV_DELETE, 0, 0, NULL);
    EV_SET(&events[1], (uintptr_t)pair[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0, NULL);
    CHECK_INT(kevent(kq, events, 2, events, 3, NULL), 1);
    CHECK(events[0].flags & EV_ERROR);
    CHECK_INT(events[0].data, ENOENT);

    /* EV_RECEIPT answers each change and draws no events. */
    EV_SET(&events[0], (uintptr_t)pair[0], EVFILT_READ, EV_ADD | EV_CLEAR | EV_RECEIPT,
           0, 0, NULL);
    EV_SET(&events[1], 9999, EVFILT_READ, EV_ADD | EV_RECEIPT, 0, 0, NULL);
    CHECK_INT(kevent(kq, events, 2, events, 3, NULL), 2);
    CHECK(events[0].flags & EV_ERROR);
    CHECK_INT(events[0].data, 0);
    CHECK_INT(events[1].data, EBADF);
    CHECK_INT(collect(kq, events, 3), 1);
    close(kq);
    close(pair[0]);
    close(pair[1]);
}

TEST(kqueue_double, keeps_the_filters_of_a_descriptor_apart)
{
    struct kevent events[4];
    int a;
    int b;
    int kq = kqueue();
    int pair[2];
    open_pair(pair);
    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_ADD | EV_CLEAR, &a), 0);
    CHECK_INT(change(kq, pair[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, &b), 0);
    CHECK_INT(collect(kq, events, 4), 1);
    CHECK_INT(events[0].filter, EVFILT_WRITE);
    CHECK(events[0].udata == &b);

    /* Bytes wake the reader alone. */
    REQUIRE(write(pair[1], "12345", 5) == 5);
    CHECK_INT(collect(kq, events, 4), 1);
    CHECK_INT(events[0].filter, EVFILT_READ);
    CHECK_INT(events[0].ident, pair[0]);
    CHECK_INT(events[0].data, 5);
    CHECK(events[0].udata == &a);
    CHECK_INT(collect(kq, events, 4), 0);

    /* Adding it again changes it, and looks again. */
    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_ADD | EV_CLEAR, &b), 0);
    CHECK_INT(collect(kq, events, 4), 1);
    CHECK(events[0].udata == &b);

    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_DELETE, NULL), 0);
    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_DELETE, NULL), ENOENT);
    REQUIRE(write(pair[1], "x", 1) == 1);
    CHECK_INT(collect(kq, events, 4), 0);
    close(kq);
    close(pair[0]);
    close(pair[1]);
}

TEST(kqueue_double, reports_a_level_without_clear)
{
    struct kevent events[4];
    int kq = kqueue();
    int pair[2];
    open_pair(pair);
    CHECK_INT(change(kq, pair[0], EVFILT_WRITE, EV_ADD, NULL), 0);
    CHECK_INT(collect(kq, events, 4), 1);
    CHECK_INT(collect(kq, events, 4), 1);
    close(kq);
    close(pair[0]);
    close(pair[1]);
}

TEST(kqueue_double, says_the_end_with_bytes_left)
{
    struct kevent event;
    char buffer[8];
    int kq = kqueue();
    int pair[2];
    open_pair(pair);
    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_ADD | EV_CLEAR, NULL), 0);
    REQUIRE(write(pair[1], "bye", 3) == 3);
    CHECK_INT(collect(kq, &event, 1), 1);
    CHECK_INT(event.flags & EV_EOF, 0);
    close(pair[1]);
    CHECK_INT(collect(kq, &event, 1), 1);
    CHECK(event.flags & EV_EOF);
    CHECK_INT(event.data, 3);
    CHECK_INT(read(pair[0], buffer, sizeof(buffer)), 3);
    CHECK_INT(collect(kq, &event, 1), 0);
    close(kq);
    close(pair[0]);
}

TEST(kqueue_double, says_nothing_of_what_is_over_before_it_is_asked)
{
    struct kevent event;
    char byte;
    int kq = kqueue();
    int pair[2];
    open_pair(pair);
    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_ADD | EV_CLEAR, NULL), 0);
    REQUIRE(write(pair[1], "x", 1) == 1);
    REQUIRE(read(pair[0], &byte, 1) == 1);
    CHECK_INT(collect(kq, &event, 1), 0);
    close(kq);
    close(pair[0]);
    close(pair[1]);
}

TEST(kqueue_double, forgets_knotes_of_a_closed_descriptor)
{
    struct kevent event;
    int kq = kqueue();
    int pair[2];
    open_pair(pair);
    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_ADD | EV_CLEAR, NULL), 0);
    close(pair[0]);
    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_DELETE, NULL), EBADF);
    close(pair[1]);
    open_pair(pair); /* the same numbers */
    REQUIRE(write(pair[1], "x", 1) == 1);
    CHECK_INT(collect(kq, &event, 1), 0);
    CHECK_INT(change(kq, pair[0], EVFILT_READ, EV_DELETE, NULL), ENOENT);
    close(kq);
    close(pair[0]);
    close(pair[1]);
}

/* The double's own descriptors are taken back when the next queue is opened. */
TEST(kqueue_double, does_not_run_out_of_descriptors)
{
    for (int i = 0; i < 2000; i++) {
        int kq = kqueue();
        REQUIRE(kq >= 0 && kq < 100);
        close(kq);
    }
}

TEST(kqueue_double, returns_at_once_when_asked_for_nothing)
{
    int kq = kqueue();
    CHECK_INT(kevent(kq, NULL, 0, NULL, 0, NULL), 0);
    CHECK_INT(kevent(kq, NULL, 0, NULL, 0, &AT_ONCE), 0);
    close(kq);
}
