/* Every system call that weir makes on sockets, clocks and pollers.
 *
 * The kernel is one implementation of this table (sys_posix.c); a test that
 * counts calls or fails the n-th one is another, and a network in memory with a
 * clock of its own can be a third. Each function takes the table first, so that
 * an implementation can put its state around it.
 *
 * Results: 0 or more is the call's own result; a failure is a negative errno.
 * Descriptors are made non-blocking and close-on-exec.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_SYS_H
#define WEIR_CORE_SYS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct weir_poller;

typedef struct weir_sys weir_sys;

struct weir_sys {
    const struct weir_poller *poller;

    /* A read that returns less than was asked for has emptied the socket, so that
     * reading again would be in vain. False for a double that cuts reads short. */
    bool short_read_drains;

    /* Monotonic, in nanoseconds. */
    uint64_t (*now)(weir_sys *sys);

    /* That of the wall, in seconds since 1970. */
    int64_t (*unix_time)(weir_sys *sys);

    int (*socket)(weir_sys *sys, int family, int type, int protocol);
    int (*socketpair)(weir_sys *sys, int fds[2]); /* of Unix streams */
    int (*close)(weir_sys *sys, int fd);
    int (*dup)(weir_sys *sys, int fd);
    int (*set_nonblocking)(weir_sys *sys, int fd); /* of what others have opened */
    int (*access_mode)(weir_sys *sys, int fd);     /* O_RDONLY, O_WRONLY, O_RDWR */
    int (*bind)(weir_sys *sys, int fd, const struct sockaddr *address, socklen_t len);
    int (*listen)(weir_sys *sys, int fd, int backlog);
    int (*accept)(weir_sys *sys, int fd);
    int (*connect)(weir_sys *sys, int fd, const struct sockaddr *address,
                   socklen_t len);
    int (*shutdown)(weir_sys *sys, int fd, int how);
    int (*getsockopt)(weir_sys *sys, int fd, int level, int name, void *value,
                      socklen_t *len);
    int (*setsockopt)(weir_sys *sys, int fd, int level, int name, const void *value,
                      socklen_t len);
    int (*getsockname)(weir_sys *sys, int fd, struct sockaddr *address, socklen_t *len);
    int (*getpeername)(weir_sys *sys, int fd, struct sockaddr *address, socklen_t *len);

    /* recv and sendmsg on sockets, read and writev on everything else; neither
     * raises SIGPIPE. */
    ssize_t (*recv)(weir_sys *sys, int fd, void *buffer, size_t size);
    ssize_t (*sendv)(weir_sys *sys, int fd, const struct iovec *slices, int count);
    ssize_t (*read)(weir_sys *sys, int fd, void *buffer, size_t size);
    ssize_t (*writev)(weir_sys *sys, int fd, const struct iovec *slices, int count);
};

/* The kernel, with the poller that this build prefers, or the one that the
 * environment variable WEIR_POLLER names. */
weir_sys weir__sys_posix(void);

#endif
