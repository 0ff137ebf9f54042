/* Descriptors that are born non-blocking (Linux, the BSDs).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stddef.h>

#include "sys_socket.h"

int weir__sys_socket(weir_sys *sys, int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    (void)sys;
    return fd < 0 ? -errno : fd;
}

int weir__sys_socketpair(weir_sys *sys, int fds[2])
{
    int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    (void)sys;
    return socketpair(AF_UNIX, type, 0, fds) < 0 ? -errno : 0;
}

int weir__sys_accept(weir_sys *sys, int fd)
{
    int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    (void)sys;
    return accepted < 0 ? -errno : accepted;
}
