/* What the tests of the pollers share: the loop's part, and descriptors of each kind.
 *
 * POLLER is what is tested: weir__poller_epoll, _kqueue or _poll. What it must do is
 * the same, whether its kernel tells of edges or of levels: the scene keeps the bits
 * in the watches as the loop does, and the tests clear them where an owner would.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_POLL_SCENE_H
#define WEIR_TESTS_POLL_SCENE_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include "poll.h" /* NOLINT(readability-duplicate-include): not <poll.h> */
#include "test.h"

#define SECOND 1000000000LL
#define SHORT  20000000LL /* long enough for what must not come */

#define READ   WEIR__POLL_READ
#define WRITE  WEIR__POLL_WRITE
#define HANGUP WEIR__POLL_HANGUP
#define BOTH   (READ | WRITE)
#define ALL    (READ | WRITE | HANGUP)

/* Whether an end is told while there is something left to read before it. */
#ifdef POLLRDHUP
#define HEARS_END_EARLY true
#else
#define HEARS_END_EARLY (strcmp(POLLER.name, "poll") != 0)
#endif

struct owner {
    weir__watch watch;
    int told; /* events that named it */
};

weir__poll scene_open(void);

void scene_watch(weir__poll *poll, struct owner *owner, int fd, int interest);

/* One turn of a loop. Returns the number of events. */
int scene_turn(weir__poll *poll, int64_t timeout_ns);

/* The same with room for `max` events, 512 at most. */
int scene_turn_of(weir__poll *poll, int max, int64_t timeout_ns);

/* Turns until the bits have come, or for a second. Returns the watch's bits. */
int scene_await(weir__poll *poll, struct owner *owner, int bits);

void scene_clear(struct owner *owner, int bits);

/* Descriptors, all non-blocking. */

void open_pair(int pair[2]);

/* ends[0] is the one to read from. */
void open_pipe(int ends[2]);

void open_tcp_pair(int pair[2]);

/* Listens on a free port of the loopback address. */
int open_listener(struct sockaddr_in *address);

/* Connecting, or connected, or refused. */
int start_connect(const struct sockaddr_in *address);

void close_both(const int pair[2]);

void put(int fd, const char *text);

/* Reads all there is. Returns the number of bytes; *at_end: whether the end came. */
size_t drain(int fd, bool *at_end);

/* Writes until there is no room. Returns the number of bytes. */
size_t fill(int fd);

#endif
