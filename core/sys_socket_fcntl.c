/* Descriptors made non-blocking after birth (macOS, which has neither accept4
 * nor MSG_NOSIGNAL).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys_socket.h"

static int prepare(int fd)
{
    int on = 1;
    if (fd < 0)
        return -errno;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on)) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int weir__sys_socket(weir_sys *sys, int family, int type, int protocol)
{
    (void)sys;
    return prepare(socket(family, type, protocol));
}

int weir__sys_socketpair(weir_sys *sys, int fds[2])
{
    int first, second;
    (void)sys;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
        return -errno;
    first = prepare(fds[0]);
    second = prepare(fds[1]);
    if (first >= 0 && second >= 0)
        return 0;
    if (first >= 0)
        close(first);
    if (second >= 0)
        close(second);
    return first < 0 ? first : second;
}

int weir__sys_accept(weir_sys *sys, int fd)
{
    (void)sys;
    return prepare(accept(fd, NULL, NULL));
}
