/* The kernel, by its POSIX calls.
 *
 * SPDX-License-Identifier: MIT */
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "poll.h"
#include "sys_socket.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: weir__sys_socket sets SO_NOSIGPIPE instead */
#endif

static int result(int value)
{
    return value < 0 ? -errno : value;
}

static ssize_t count(ssize_t value)
{
    return value < 0 ? -errno : value;
}

static uint64_t sys_now(weir_sys *sys)
{
    struct timespec now;
    (void)sys;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int64_t sys_unix_time(weir_sys *sys)
{
    (void)sys;
    return (int64_t)time(NULL);
}

static int sys_close(weir_sys *sys, int fd)
{
    (void)sys;
    return result(close(fd));
}

/* Whether it is non-blocking it shares with the original, which is the caller's. */
static int sys_dup(weir_sys *sys, int fd)
{
    (void)sys;
    return result(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

static int sys_set_nonblocking(weir_sys *sys, int fd)
{
    int flags = fcntl(fd, F_GETFL);
    (void)sys;
    if (flags < 0)
        return -errno;
    return flags & O_NONBLOCK ? 0 : result(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

static int sys_access_mode(weir_sys *sys, int fd)
{
    int flags = fcntl(fd, F_GETFL);
    (void)sys;
    return flags < 0 ? -errno : flags & O_ACCMODE;
}

static int sys_bind(weir_sys *sys, int fd, const struct sockaddr *address,
                    socklen_t len)
{
    (void)sys;
    return result(bind(fd, address, len));
}

static int sys_listen(weir_sys *sys, int fd, int backlog)
{
    (void)sys;
    return result(listen(fd, backlog));
}

static int sys_connect(weir_sys *sys, int fd, const struct sockaddr *address,
                       socklen_t len)
{
    (void)sys;
    return result(connect(fd, address, len));
}

static int sys_shutdown(weir_sys *sys, int fd, int how)
{
    (void)sys;
    return result(shutdown(fd, how));
}

static int sys_getsockopt(weir_sys *sys, int fd, int level, int name, void *value,
                          socklen_t *len)
{
    (void)sys;
    return result(getsockopt(fd, level, name, value, len));
}

static int sys_setsockopt(weir_sys *sys, int fd, int level, int name, const void *value,
                          socklen_t len)
{
    (void)sys;
    return result(setsockopt(fd, level, name, value, len));
}

static int sys_getsockname(weir_sys *sys, int fd, struct sockaddr *address,
                           socklen_t *len)
{
    (void)sys;
    return result(getsockname(fd, address, len));
}

static int sys_getpeername(weir_sys *sys, int fd, struct sockaddr *address,
                           socklen_t *len)
{
    (void)sys;
    return result(getpeername(fd, address, len));
}

static ssize_t sys_recv(weir_sys *sys, int fd, void *buffer, size_t size)
{
    (void)sys;
    return count(recv(fd, buffer, size, 0));
}

static ssize_t sys_sendv(weir_sys *sys, int fd, const struct iovec *slices,
                         int slice_count)
{
    (void)sys;
    if (slice_count == 1)
        return count(send(fd, slices[0].iov_base, slices[0].iov_len, MSG_NOSIGNAL));
    struct msghdr message;
    memset(&message, 0, sizeof(message));
    /* sendmsg does not write to the slices, though msghdr cannot say so. */
    memcpy(&message.msg_iov, &slices, sizeof(slices));
    message.msg_iovlen = (unsigned)slice_count;
    return count(sendmsg(fd, &message, MSG_NOSIGNAL));
}

static ssize_t sys_read(weir_sys *sys, int fd, void *buffer, size_t size)
{
    (void)sys;
    return count(read(fd, buffer, size));
}

/* Takes the SIGPIPE of this thread that a write has just raised. */
static void take_sigpipe(const sigset_t *sigpipe)
{
    sigset_t pending;
    int number;
    if (sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1)
        sigwait(sigpipe, &number);
}

/* A write to a pipe that nobody reads raises SIGPIPE, which by default ends the
 * program, and no flag of the call prevents it. So it is blocked for this thread
 * and, where the program has not blocked it itself, taken away afterwards. */
static ssize_t sys_writev(weir_sys *sys, int fd, const struct iovec *slices,
                          int slice_count)
{
    sigset_t sigpipe;
    sigset_t before;
    (void)sys;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe, &before);
    ssize_t written = count(writev(fd, slices, slice_count));
    if (written == -EPIPE && sigismember(&before, SIGPIPE) == 0)
        take_sigpipe(&sigpipe);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return written;
}

static const weir_sys POSIX = {
    .short_read_drains = true,
    .now = sys_now,
    .unix_time = sys_unix_time,
    .socket = weir__sys_socket,
    .socketpair = weir__sys_socketpair,
    .close = sys_close,
    .dup = sys_dup,
    .set_nonblocking = sys_set_nonblocking,
    .access_mode = sys_access_mode,
    .bind = sys_bind,
    .listen = sys_listen,
    .accept = weir__sys_accept,
    .connect = sys_connect,
    .shutdown = sys_shutdown,
    .getsockopt = sys_getsockopt,
    .setsockopt = sys_setsockopt,
    .getsockname = sys_getsockname,
    .getpeername = sys_getpeername,
    .recv = sys_recv,
    .sendv = sys_sendv,
    .read = sys_read,
    .writev = sys_writev,
};

static const struct weir_poller *wanted_poller(void)
{
    const char *name = getenv("WEIR_POLLER");
    if (name && strcmp(name, weir__poller_poll.name) == 0)
        return &weir__poller_poll;
    return &WEIR_PREFERRED_POLLER;
}

weir_sys weir__sys_posix(void)
{
    weir_sys sys = POSIX;
    sys.poller = wanted_poller();
    return sys;
}
