/* What the tests of transports, streams and servers share: a loop whose memory and
 * system calls are counted and can fail, and peers of bare descriptors.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_IO_SCENE_H
#define WEIR_TESTS_IO_SCENE_H

#include <weir/weir.h>

#include "fault_sys.h"
#include "loop_scene.h"
#include "nth.h"
#include "test.h"

struct io_scene {
    weir_loop *loop;
    struct nth nth;
    weir_sys posix;
    fault_sys faults;
    int descriptors; /* that were open before */
};

/* A loop on faults.sys. `options` may be NULL; its allocator is not used. */
void io_scene_open(struct io_scene *scene, const weir_loop_options *options);

/* Frees the loop, and checks that memory and descriptors came back: all that have
 * been opened since, by the test too, must be closed. */
void io_scene_close(struct io_scene *scene);

/* Runs the loop until it has nothing more to do at once. */
void io_settle(struct io_scene *scene);

/* Runs the loop so many times without waiting. */
void io_turn(struct io_scene *scene, int rounds);

/* How many descriptors this process has open. */
int io_descriptors(void);

/* Connected, non-blocking. */
void io_unix_pair(int fds[2]);
void io_tcp_pair(int fds[2]);

/* A stream over one end of a pair of Unix or TCP sockets; the other end as it is. */
weir_stream *io_stream(struct io_scene *scene, int *peer,
                       const weir_stream_options *options);
weir_stream *io_tcp_stream(struct io_scene *scene, int *peer,
                           const weir_stream_options *options);

/* Writes all of it, and fails the test if the kernel does not take it. */
void io_put(int fd, weir_slice bytes);

/* Writes so many bytes of io_pattern, from `offset` on, or as many as go. */
size_t io_put_pattern(int fd, size_t offset, size_t count);

/* Reads until there is nothing more. Returns how much it was; *ended, which may be
 * NULL: whether the end came. *failed, which may be NULL: the errno that came. */
size_t io_take(int fd, char *bytes, size_t size, bool *ended, int *failed);

/* The same for bytes that are io_pattern from `offset` on, which is checked. */
size_t io_take_pattern(int fd, size_t offset, bool *ended);

/* Closes so that the peer is reset. */
void io_reset(int fd);

/* A byte that tells its place. */
static inline char io_pattern(size_t offset)
{
    return (char)((offset * 2654435761u) >> 13);
}

/* Whether the bytes are io_pattern from `offset` on. */
bool io_is_pattern(weir_slice bytes, size_t offset);

/* A socket that listens on a free port of 127.0.0.1 with this backlog. */
int io_listen(int *port, int backlog);

/* A connection to 127.0.0.1, made without the loop. */
int io_connect(int port);

/* A socket that listens on 127.0.0.1 and whose backlog is full, so that connecting to
 * it hangs. Closing both descriptors ends that. */
struct io_hanging {
    int listener;
    int filler;
    int port;
};

void io_hang(struct io_hanging *hanging);
void io_unhang(struct io_hanging *hanging);

/* The sentence of the latest failure contains `words`; prints it when it does not. */
bool io_failed_with(const char *words);

#endif
