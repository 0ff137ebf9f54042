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

int weir__sys_accept(weir_sys *sys, int fd)
{
    (void)sys;
    return prepare(accept(fd, NULL, NULL));
}
