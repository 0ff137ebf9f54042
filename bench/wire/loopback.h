/* Sockets on 127.0.0.1, for programs that end when one cannot be had.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BENCH_LOOPBACK_H
#define WEIR_BENCH_LOOPBACK_H

/* Each returns a blocking socket with TCP_NODELAY, or prints why not and exits; but
 * accepting from a listener that does not block may return -1. */
int loopback_listen(int port, int backlog);
int loopback_accept(int listener);
int loopback_connect(int port);

/* Closing sends a reset, so that ten thousand ports are not left in TIME_WAIT. */
void loopback_close_hard(int fd);

void loopback_set_nonblocking(int fd);

#endif
