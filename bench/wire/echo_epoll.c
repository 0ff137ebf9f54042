/* A line echo server, hand-written on epoll: the limit of the benches echo and idle.
 *
 * Registered once, edge-triggered (level-triggered costs the kernel a second look,
 * 5 % of a round trip); one recv into a buffer that all connections share, one send
 * of the whole lines in it. What the socket does not take waits in the connection,
 * which is then not read until it is gone.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "argument.h"
#include "lines.h"
#include "loopback.h"

#define MAX_EVENTS 256
#define READ_SIZE  65536

struct connection {
    struct lines lines;
    char *unsent;
    size_t unsent_len;
    int fd;
};

static int epoll;

static bool watch(struct connection *c, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events | EPOLLET, .data.ptr = c};
    return epoll_ctl(epoll, operation, c->fd, &event) == 0;
}

static void end(struct connection *c)
{
    close(c->fd);
    lines_clear(&c->lines);
    free(c->unsent);
    free(c);
}

static bool keep_unsent(struct connection *c, const char *bytes, size_t len)
{
    char *unsent = realloc(c->unsent, c->unsent_len + len);
    if (!unsent)
        return false;
    memcpy(unsent + c->unsent_len, bytes, len);
    c->unsent = unsent;
    c->unsent_len += len;
    return watch(c, EPOLL_CTL_MOD, EPOLLOUT);
}

static bool write_lines(void *self, const char *bytes, size_t len)
{
    struct connection *c = self;
    ssize_t sent = 0;
    if (c->unsent_len == 0)
        sent = send(c->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == (ssize_t)len)
        return true;
    if (sent < 0 && errno != EAGAIN)
        return false;
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    return keep_unsent(c, bytes + taken, len - taken);
}

static bool write_unsent(struct connection *c)
{
    ssize_t sent = send(c->fd, c->unsent, c->unsent_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0)
        return errno == EAGAIN;
    c->unsent_len -= (size_t)sent;
    memmove(c->unsent, c->unsent + sent, c->unsent_len);
    if (c->unsent_len > 0)
        return true;
    free(c->unsent);
    c->unsent = NULL;
    return watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

/* Until a read that is short: the socket was empty then. */
static bool read_lines(struct connection *c)
{
    static char bytes[READ_SIZE];
    ssize_t n = READ_SIZE;
    while (n == READ_SIZE && c->unsent_len == 0) {
        n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n < 0)
            return errno == EAGAIN;
        if (n == 0 || !lines_feed(&c->lines, bytes, (size_t)n, write_lines, c))
            return false;
    }
    return true;
}

static void accept_all(int listener)
{
    int fd;
    while ((fd = loopback_accept(listener)) >= 0) {
        struct connection *c = calloc(1, sizeof *c);
        if (!c)
            abort();
        c->fd = fd;
        if (!watch(c, EPOLL_CTL_ADD, EPOLLIN))
            end(c);
    }
}

int main(int argc, char **argv)
{
    argument_count(argc, 1, "echo_epoll PORT");
    int listener = loopback_listen((int)argument_number(argv[1], 65535), 4096);
    struct connection accepting = {.fd = listener};
    struct epoll_event events[MAX_EVENTS];
    epoll = epoll_create1(0);
    loopback_set_nonblocking(listener);
    if (!watch(&accepting, EPOLL_CTL_ADD, EPOLLIN))
        return EXIT_FAILURE;
    for (;;) {
        int n = epoll_wait(epoll, events, MAX_EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            if (c == &accepting)
                accept_all(listener);
            else if (!(events[i].events & EPOLLOUT ? write_unsent(c) : read_lines(c)))
                end(c);
        }
    }
}
