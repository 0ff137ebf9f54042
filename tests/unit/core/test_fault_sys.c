/* The weir_sys of the other tests: that it counts, refuses, and pays what it owes.
 *
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "fault_sys.h"
#include "test.h"

#define READ  WEIR__POLL_READ
#define WRITE WEIR__POLL_WRITE

static weir_sys posix;

static weir_sys *start(fault_sys *faults)
{
    posix = weir__sys_posix();
    fault_sys_init(faults, &posix);
    return &faults->sys;
}

static void open_pair(int pair[2])
{
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
}

static void close_both(const int pair[2])
{
    close(pair[0]);
    close(pair[1]);
}

static ssize_t send_text(weir_sys *sys, int fd, const char *text)
{
    /* iovec has no const; sending does not write. */
    struct iovec slice = {.iov_len = strlen(text)};
    memcpy(&slice.iov_base, &text, sizeof(text));
    return sys->sendv(sys, fd, &slice, 1);
}

/* The bits that one wait gives the watch. */
static unsigned wait_once(weir__poll *poll, weir__watch *watch)
{
    weir__poll_event events[8];
    unsigned ready = 0;
    int count = poll->sys->poller->wait(poll, events, 8, 0);
    CHECK(count >= 0);
    for (int i = 0; i < count; i++)
        ready |= events[i].watch == watch ? events[i].ready : 0;
    watch->ready |= (uint8_t)ready;
    return ready;
}

TEST(fault_sys, counts_each_kind_and_what_is_open)
{
    fault_sys faults;
    weir_sys *sys = start(&faults);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = sys->socket(sys, AF_INET, SOCK_STREAM, 0);
    CHECK_INT(sys->bind(sys, listener, (struct sockaddr *)&address, len), 0);
    CHECK_INT(sys->listen(sys, listener, 4), 0);
    CHECK_INT(sys->getsockname(sys, listener, (struct sockaddr *)&address, &len), 0);
    int client = sys->socket(sys, AF_INET, SOCK_STREAM, 0);
    int result = sys->connect(sys, client, (struct sockaddr *)&address, len);
    CHECK(result == 0 || result == -EINPROGRESS);
    int server = sys->accept(sys, listener);
    REQUIRE(server >= 0);
    CHECK_INT(sys->accept(sys, listener), -EAGAIN);
    CHECK(sys->now(sys) > 0);
    CHECK_INT(sys->set_nonblocking(sys, server), 0);

    CHECK_INT(fault_sys_count(&faults, FAULT_SOCKET), 2);
    CHECK_INT(fault_sys_count(&faults, FAULT_ACCEPT), 2);
    CHECK_INT(fault_sys_count(&faults, FAULT_NOW), 1);
    CHECK_INT(fault_sys_count(&faults, FAULT_ANY), 9);
    CHECK_INT(fault_sys_open_count(&faults), 3);
    fault_sys_reset_counts(&faults);
    CHECK_INT(fault_sys_count(&faults, FAULT_ANY), 0);

    CHECK_INT(sys->close(sys, client), 0);
    CHECK_INT(sys->close(sys, server), 0);
    CHECK_INT(sys->close(sys, listener), 0);
    CHECK_INT(fault_sys_open_count(&faults), 0);
    CHECK_INT(fault_sys_misuse_count(&faults), 0);
    CHECK_INT(sys->close(sys, listener), -EBADF);
    CHECK_INT(fault_sys_misuse_count(&faults), 1);
    fault_sys_clear(&faults);
}

TEST(fault_sys, fails_the_nth_call)
{
    fault_sys faults;
    weir_sys *sys = start(&faults);
    char byte;
    int pair[2];
    open_pair(pair);
    fault_sys_fail(&faults, FAULT_RECV, 2, ECONNRESET);
    CHECK_INT(sys->recv(sys, pair[0], &byte, 1), -EAGAIN);
    CHECK_INT(sys->recv(sys, pair[0], &byte, 1), -ECONNRESET);
    CHECK_INT(sys->recv(sys, pair[0], &byte, 1), -EAGAIN);
    CHECK_INT(fault_sys_fault_count(&faults), 1);

    fault_sys_fail_from(&faults, FAULT_SENDV, 1, EPIPE);
    CHECK_INT(send_text(sys, pair[0], "x"), -EPIPE);
    CHECK_INT(send_text(sys, pair[0], "x"), -EPIPE);
    fault_sys_fail(&faults, FAULT_SENDV, 0, 0);
    CHECK_INT(send_text(sys, pair[0], "x"), 1);

    fault_sys_fail(&faults, FAULT_ANY, 3, ENOMEM);
    CHECK(sys->now(sys) > 0);
    CHECK_INT(sys->shutdown(sys, pair[0], SHUT_RD), 0);
    CHECK_INT(send_text(sys, pair[0], "x"), 1);
    CHECK_INT(sys->socket(sys, AF_INET, SOCK_STREAM, 0), -ENOMEM);
    CHECK_INT(fault_sys_open_count(&faults), 0);
    CHECK_INT(fault_sys_fault_count(&faults), 4);
    close_both(pair);
    fault_sys_clear(&faults);
}

/* Linux: the descriptor is gone whatever close returns. */
TEST(fault_sys, closes_even_when_close_fails)
{
    fault_sys faults;
    weir_sys *sys = start(&faults);
    int fd = sys->socket(sys, AF_INET, SOCK_STREAM, 0);
    fault_sys_fail(&faults, FAULT_CLOSE, 1, EIO);
    CHECK_INT(sys->close(sys, fd), -EIO);
    CHECK_INT(fcntl(fd, F_GETFD), -1);
    CHECK_INT(fault_sys_open_count(&faults), 0);
    fault_sys_clear(&faults);
}

TEST(fault_sys, owes_what_it_has_cut_off)
{
    fault_sys faults;
    weir_sys *sys = start(&faults);
    weir__poll poll = {.sys = sys};
    char buffer[16];
    int pair[2];
    open_pair(pair);
    weir__watch watch = {.fd = pair[0], .interest = READ};
    REQUIRE(sys->poller->open(&poll) == 0);
    REQUIRE(sys->poller->add(&poll, &watch) == 0);
    fault_sys_limit(&faults, 2, 3);
    CHECK_INT(send_text(sys, pair[1], "12345"), 3);
    CHECK_INT(send_text(sys, pair[1], "45"), 2);

    CHECK_INT(wait_once(&poll, &watch), READ);
    CHECK_INT(sys->recv(sys, pair[0], buffer, sizeof(buffer)), 2);
    watch.ready = 0;
    CHECK_INT(wait_once(&poll, &watch), READ);
    CHECK_INT(sys->recv(sys, pair[0], buffer, sizeof(buffer)), 2);
    watch.ready = 0;
    CHECK_INT(wait_once(&poll, &watch), READ);
    CHECK_INT(sys->recv(sys, pair[0], buffer, sizeof(buffer)), 1);
    watch.ready = 0;
    CHECK_INT(wait_once(&poll, &watch), 0);

    sys->poller->remove(&poll, &watch);
    sys->poller->close(&poll);
    CHECK(poll.sys == sys);
    close_both(pair);
    fault_sys_clear(&faults);
}

TEST(fault_sys, owes_what_it_has_put_off)
{
    fault_sys faults;
    weir_sys *sys = start(&faults);
    weir__poll poll = {.sys = sys};
    char byte;
    int pair[2];
    open_pair(pair);
    weir__watch watch = {.fd = pair[0], .interest = READ | WRITE};
    REQUIRE(sys->poller->open(&poll) == 0);
    REQUIRE(sys->poller->add(&poll, &watch) == 0);
    fault_sys_again_each(&faults, 2);
    CHECK_INT(send_text(sys, pair[1], "ab"), 2);
    CHECK_INT(wait_once(&poll, &watch), READ | WRITE);
    CHECK_INT(sys->recv(sys, pair[0], &byte, 1), -EAGAIN);
    watch.ready &= (uint8_t)~READ;
    CHECK_INT(wait_once(&poll, &watch) & READ, READ);
    CHECK_INT(sys->recv(sys, pair[0], &byte, 1), 1);
    CHECK_INT(send_text(sys, pair[0], "x"), -EAGAIN);
    watch.ready &= (uint8_t)~WRITE;
    CHECK_INT(wait_once(&poll, &watch) & WRITE, WRITE);
    fault_sys_again_each(&faults, 0);
    CHECK_INT(send_text(sys, pair[0], "x"), 1);
    CHECK_INT(fault_sys_fault_count(&faults), 0);
    sys->poller->close(&poll);
    close_both(pair);
    fault_sys_clear(&faults);
}

TEST(fault_sys, cuts_across_slices)
{
    fault_sys faults;
    weir_sys *sys = start(&faults);
    char first[] = "abc";
    char second[] = "defg";
    char got[16] = "";
    struct iovec slices[3] = {{first, 3}, {first, 0}, {second, 4}};
    int pair[2];
    open_pair(pair);
    fault_sys_limit(&faults, SIZE_MAX, 5);
    CHECK_INT(sys->writev(sys, pair[0], slices, 3), 5);
    CHECK_INT(sys->read(sys, pair[1], got, sizeof(got)), 5);
    CHECK_INT(strcmp(got, "abcde"), 0);
    CHECK_INT(slices[2].iov_len, 4);
    fault_sys_limit(&faults, SIZE_MAX, 7);
    CHECK_INT(sys->writev(sys, pair[0], slices, 3), 7);
    close_both(pair);
    fault_sys_clear(&faults);
}

TEST(fault_sys, counts_and_fails_the_poller)
{
    fault_sys faults;
    weir_sys *sys = start(&faults);
    weir__poll poll = {.sys = sys};
    weir__poll_event event;
    int pair[2];
    open_pair(pair);
    weir__watch watch = {.fd = pair[0], .interest = WRITE};
    fault_sys_fail(&faults, FAULT_POLLER_OPEN, 1, EMFILE);
    CHECK_INT(sys->poller->open(&poll), -EMFILE);
    REQUIRE(sys->poller->open(&poll) == 0);
    fault_sys_fail(&faults, FAULT_POLLER_ADD, 1, ENOSPC);
    CHECK_INT(sys->poller->add(&poll, &watch), -ENOSPC);
    CHECK_INT(fault_sys_watch_count(&faults), 0);
    CHECK_INT(sys->poller->add(&poll, &watch), 0);
    CHECK_INT(fault_sys_watch_count(&faults), 1);
    fault_sys_fail(&faults, FAULT_POLLER_WAIT, 1, EINTR);
    CHECK_INT(sys->poller->wait(&poll, &event, 1, -1), 0);
    fault_sys_fail(&faults, FAULT_POLLER_WAIT, 1, ENOMEM);
    CHECK_INT(sys->poller->wait(&poll, &event, 1, -1), -ENOMEM);
    CHECK_INT(sys->poller->wait(&poll, &event, 1, -1), 1);
    sys->poller->remove(&poll, &watch);
    CHECK_INT(fault_sys_watch_count(&faults), 0);
    CHECK_INT(fault_sys_misuse_count(&faults), 0);
    sys->poller->remove(&poll, &watch);
    CHECK_INT(fault_sys_misuse_count(&faults), 1);
    sys->poller->close(&poll);
    CHECK_INT(fault_sys_count(&faults, FAULT_POLLER_OPEN), 2);
    CHECK_INT(fault_sys_count(&faults, FAULT_POLLER_ADD), 2);
    CHECK_INT(fault_sys_count(&faults, FAULT_POLLER_WAIT), 3);
    CHECK_INT(fault_sys_count(&faults, FAULT_POLLER_REMOVE), 2);
    CHECK_INT(fault_sys_count(&faults, FAULT_POLLER_CLOSE), 1);
    close_both(pair);
    fault_sys_clear(&faults);
}

TEST(fault_sys, sees_a_descriptor_closed_while_it_is_watched)
{
    fault_sys faults;
    weir_sys *sys = start(&faults);
    weir__poll poll = {.sys = sys};
    int fd = sys->socket(sys, AF_INET, SOCK_DGRAM, 0);
    weir__watch watch = {.fd = fd, .interest = READ};
    REQUIRE(sys->poller->open(&poll) == 0);
    REQUIRE(sys->poller->add(&poll, &watch) == 0);
    CHECK_INT(sys->close(sys, fd), 0);
    CHECK_INT(fault_sys_misuse_count(&faults), 1);
    CHECK_INT(fault_sys_open_count(&faults), 0);
    sys->poller->remove(&poll, &watch);
    sys->poller->close(&poll);
    fault_sys_clear(&faults);
}
