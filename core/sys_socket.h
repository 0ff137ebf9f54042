/* Making descriptors non-blocking and close-on-exec: in one call where the
 * kernel has it (sys_socket_atomic.c), in three elsewhere (sys_socket_fcntl.c).
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_SYS_SOCKET_H
#define WEIR_CORE_SYS_SOCKET_H

#include "sys.h"

int weir__sys_socket(weir_sys *sys, int family, int type, int protocol);

int weir__sys_socketpair(weir_sys *sys, int fds[2]);
int weir__sys_accept(weir_sys *sys, int fd);

#endif
