/* Sockets that listen.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_LISTEN_H
#define WEIR_CORE_LISTEN_H

#include <sys/types.h>
#include <weir/resolver.h>
#include <weir/server.h>

/* The file of a Unix socket that is ours. */
typedef struct weir__socket_file {
    char *path; /* NULL: none */
    dev_t device;
    ino_t inode;
} weir__socket_file;

/* A socket for each address of the options: of the host, or all there are. Those that
 * this machine lacks are left out, as long as one is there (asyncio's start_server
 * does so too). Returns how many there are, at least 1, or a status. */
int weir__listen_on_host(weir_loop *loop, const weir_server_options *options,
                         int fds[WEIR_MAX_ADDRESSES]);

/* A socket at options->unix_path, in place of one that a dead server has left. */
int weir__listen_on_path(weir_loop *loop, const weir_server_options *options, int *fd,
                         weir__socket_file *file);

/* Removes the file, unless another server has put its own there. */
void weir__socket_file_remove(weir_loop *loop, weir__socket_file *file);

#endif
