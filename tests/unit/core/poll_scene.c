/* What the tests of the pollers share.
 *
 * SPDX-License-Identifier: MIT */
#include "poll_scene.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

weir__poll scene_open(void)
{
    weir__poll poll = {.fd = -2};
    REQUIRE(POLLER.open(&poll) == 0);
    return poll;
}

void scene_watch(weir__poll *poll, struct owner *owner, int fd, int interest)
{
    *owner = (struct owner){.watch = {.fd = fd, .interest = (uint8_t)interest}};
    REQUIRE(POLLER.add(poll, &owner->watch) == 0);
}

int scene_turn_of(weir__poll *poll, int max, int64_t timeout_ns)
{
    weir__poll_event events[512];
    int count = POLLER.wait(poll, events, max, timeout_ns);
    REQUIRE(count >= 0 && count <= max);
    for (int i = 0; i < count; i++) {
        weir__watch *named = events[i].watch;
        named->ready |= (uint8_t)events[i].ready;
        WEIR__CONTAINER(named, struct owner, watch)->told++;
    }
    return count;
}

int scene_turn(weir__poll *poll, int64_t timeout_ns)
{
    return scene_turn_of(poll, 512, timeout_ns);
}

int scene_await(weir__poll *poll, struct owner *owner, int bits)
{
    for (int i = 0; i < 20 && (owner->watch.ready & bits) != bits; i++)
        scene_turn(poll, SECOND / 20);
    return owner->watch.ready;
}

void scene_clear(struct owner *owner, int bits)
{
    owner->watch.ready &= (uint8_t)~bits;
}

static void set_nonblocking(int fd)
{
    REQUIRE(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
}

void open_pair(int pair[2])
{
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    set_nonblocking(pair[0]);
    set_nonblocking(pair[1]);
}

void open_pipe(int ends[2])
{
    REQUIRE(pipe(ends) == 0);
    set_nonblocking(ends[0]);
    set_nonblocking(ends[1]);
}

void close_both(const int pair[2])
{
    close(pair[0]);
    close(pair[1]);
}

int open_listener(struct sockaddr_in *address)
{
    socklen_t len = sizeof(*address);
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(bind(fd, (struct sockaddr *)address, len) == 0);
    REQUIRE(listen(fd, 16) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)address, &len) == 0);
    set_nonblocking(fd);
    return fd;
}

int start_connect(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    set_nonblocking(fd);
    int result = connect(fd, (const struct sockaddr *)address, sizeof(*address));
    REQUIRE(result == 0 || errno == EINPROGRESS || errno == ECONNREFUSED);
    return fd;
}

void open_tcp_pair(int pair[2])
{
    struct sockaddr_in address;
    int listener = open_listener(&address);
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(connect(pair[0], (struct sockaddr *)&address, sizeof(address)) == 0);
    pair[1] = accept(listener, NULL, NULL);
    REQUIRE(pair[1] >= 0);
    set_nonblocking(pair[0]);
    set_nonblocking(pair[1]);
    close(listener);
}

void put(int fd, const char *text)
{
    REQUIRE(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

size_t drain(int fd, bool *at_end)
{
    char buffer[65536];
    size_t total = 0;
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof(buffer));
        *at_end = got == 0;
        if (got <= 0)
            return total;
        total += (size_t)got;
    }
}

size_t fill(int fd)
{
    static const char buffer[65536];
    size_t total = 0;
    for (;;) {
        ssize_t put_now = write(fd, buffer, sizeof(buffer));
        if (put_now < 0)
            return total;
        total += (size_t)put_now;
    }
}
