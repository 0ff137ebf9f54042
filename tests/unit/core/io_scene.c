/* What the tests of transports, streams and servers share.
 *
 * SPDX-License-Identifier: MIT */
#include "io_scene.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"

#define MAX_ROUNDS 100000

int io_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 512; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

void io_scene_open(struct io_scene *scene, const weir_loop_options *options)
{
    weir_loop_options copy = options ? *options : (weir_loop_options){0};
    scene->descriptors = io_descriptors();
    nth_init(&scene->nth, 0);
    copy.allocator = &scene->nth.allocator;
    scene->posix = weir__sys_posix();
    fault_sys_init(&scene->faults, &scene->posix);
    scene->loop = weir__loop_new(&copy, &scene->faults.sys);
    REQUIRE(scene->loop != NULL);
}

void io_scene_close(struct io_scene *scene)
{
    weir_loop_free(scene->loop);
    CHECK_INT(scene->nth.live, 0);
    CHECK_INT(fault_sys_open_count(&scene->faults), 0);
    CHECK_INT(fault_sys_watch_count(&scene->faults), 0);
    CHECK_INT(fault_sys_misuse_count(&scene->faults), 0);
    fault_sys_clear(&scene->faults);
    CHECK_INT(io_descriptors(), scene->descriptors);
}

void io_turn(struct io_scene *scene, int rounds)
{
    while (rounds-- > 0)
        REQUIRE(weir_loop_run_once(scene->loop, 0) == WEIR_OK);
}

/* A round that finds no event and leaves nothing to do: one more than needed. */
void io_settle(struct io_scene *scene)
{
    int quiet = 0;
    for (int round = 0; quiet < 3; round++) {
        unsigned long before = fault_sys_count(&scene->faults, FAULT_ANY);
        unsigned long waits = fault_sys_count(&scene->faults, FAULT_POLLER_WAIT);
        io_turn(scene, 1);
        waits = fault_sys_count(&scene->faults, FAULT_POLLER_WAIT) - waits;
        before = fault_sys_count(&scene->faults, FAULT_ANY) - before;
        bool busy = before > waits || weir_loop_timeout(scene->loop) == 0;
        quiet = busy ? 0 : quiet + 1;
        REQUIRE(round < MAX_ROUNDS);
    }
}

static void set_nonblocking(int fd)
{
    REQUIRE(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0);
}

void io_unix_pair(int fds[2])
{
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    set_nonblocking(fds[0]);
    set_nonblocking(fds[1]);
}

int io_listen(int *port, int backlog)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    REQUIRE(bind(fd, (struct sockaddr *)&address, len) == 0);
    REQUIRE(listen(fd, backlog) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static int connect_to(int port, bool wait)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    if (!wait)
        set_nonblocking(fd);
    int rc = connect(fd, (struct sockaddr *)&address, sizeof(address));
    REQUIRE(rc == 0 || errno == EINPROGRESS);
    return fd;
}

int io_connect(int port)
{
    int fd = connect_to(port, true);
    set_nonblocking(fd);
    return fd;
}

/* How many connections fit in a backlog of 0 is the kernel's secret. */
void io_hang(struct io_hanging *hanging)
{
    hanging->listener = io_listen(&hanging->port, 0);
    for (int i = 0; i < 20; i++) {
        int fd = connect_to(hanging->port, false);
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        if (poll(&ready, 1, 20) == 0) {
            hanging->filler = fd;
            return;
        }
        close(fd);
    }
    SKIP("no connection hangs here");
}

void io_unhang(struct io_hanging *hanging)
{
    close(hanging->listener);
    close(hanging->filler);
}

void io_tcp_pair(int fds[2])
{
    int port;
    int listener = io_listen(&port, 1);
    fds[0] = connect_to(port, true);
    fds[1] = accept(listener, NULL, NULL);
    REQUIRE(fds[1] >= 0);
    close(listener);
    set_nonblocking(fds[0]);
    set_nonblocking(fds[1]);
}

static weir_stream *stream_over(struct io_scene *scene, const int fds[2], int *peer,
                                const weir_stream_options *options)
{
    weir_stream *stream = NULL;
    *peer = fds[1];
    REQUIRE(weir_stream_open(scene->loop, &stream, fds[0], options) == WEIR_OK);
    return stream;
}

weir_stream *io_stream(struct io_scene *scene, int *peer,
                       const weir_stream_options *options)
{
    int fds[2];
    io_unix_pair(fds);
    return stream_over(scene, fds, peer, options);
}

weir_stream *io_tcp_stream(struct io_scene *scene, int *peer,
                           const weir_stream_options *options)
{
    int fds[2];
    io_tcp_pair(fds);
    return stream_over(scene, fds, peer, options);
}

void io_put(int fd, weir_slice bytes)
{
    ssize_t put = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
    REQUIRE(put == (ssize_t)bytes.len);
}

size_t io_put_pattern(int fd, size_t offset, size_t count)
{
    char bytes[65536];
    size_t len = count < sizeof(bytes) ? count : sizeof(bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = io_pattern(offset + i);
    ssize_t put = send(fd, bytes, len, MSG_NOSIGNAL);
    REQUIRE(put >= 0 || errno == EAGAIN);
    return put < 0 ? 0 : (size_t)put;
}

size_t io_take(int fd, char *bytes, size_t size, bool *ended, int *failed)
{
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len < size) {
        got = read(fd, bytes + len, size - len);
        len += got > 0 ? (size_t)got : 0;
    }
    if (ended)
        *ended = got == 0;
    if (failed)
        *failed = got < 0 ? errno : 0;
    return len;
}

bool io_is_pattern(weir_slice bytes, size_t offset)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] != io_pattern(offset + i))
            return false;
    }
    return true;
}

size_t io_take_pattern(int fd, size_t offset, bool *ended)
{
    static char bytes[1024 * 1024];
    size_t len = io_take(fd, bytes, sizeof(bytes), ended, NULL);
    CHECK(io_is_pattern((weir_slice){bytes, len}, offset));
    return len;
}

void io_reset(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(fd);
}

bool io_failed_with(const char *words)
{
    bool found = strstr(weir_last_error()->message, words) != NULL;
    if (!found)
        fprintf(stderr, "no \"%s\" in \"%s\"\n", words, weir_last_error()->message);
    return found;
}
