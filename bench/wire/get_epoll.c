/* GETs over keep-alive connections, hand-written on epoll: the limit of the bench
 * get. It writes a prepared request, looks for the end of the head, and counts the
 * bytes of the body, whose length it took from the first response.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "argument.h"
#include "loopback.h"

#define MAX_EVENTS    256
#define RESPONSE_SIZE 4096

struct connection {
    int fd;
    size_t len;
    char response[RESPONSE_SIZE];
};

static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
static long long to_send;
static long long to_receive;

static void fail(const char *what)
{
    fprintf(stderr, "get_epoll: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void send_request(struct connection *c)
{
    if (to_send == 0)
        return;
    to_send--;
    c->len = 0;
    ssize_t len = sizeof request - 1;
    if (send(c->fd, request, (size_t)len, MSG_NOSIGNAL) != len)
        fail("send");
}

/* Of the first response only: all others are the same page. */
static size_t body_length(const char *head, size_t len)
{
    static size_t length;
    static const char name[] = "Content-Length: ";
    if (length > 0)
        return length;
    const char *field = memmem(head, len, name, sizeof name - 1);
    if (!field || memcmp(head, "HTTP/1.1 200 ", 13) != 0)
        fail("not the response that was expected");
    length = strtoul(field + sizeof name - 1, NULL, 10);
    return length;
}

static bool is_whole(const struct connection *c)
{
    const char *end = memmem(c->response, c->len, "\r\n\r\n", 4);
    if (!end)
        return false;
    size_t head = (size_t)(end - c->response) + 4;
    return c->len == head + body_length(c->response, head);
}

/* One recv: a response is smaller than the buffer, so the socket is empty then. */
static void receive_response(struct connection *c)
{
    ssize_t n = recv(c->fd, c->response + c->len, RESPONSE_SIZE - c->len, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        fail("recv");
    c->len += (size_t)n;
    if (!is_whole(c))
        return;
    to_receive--;
    send_request(c);
}

static void connect_one(int epoll, int port, struct connection *c)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = c};
    c->fd = loopback_connect(port);
    loopback_set_nonblocking(c->fd);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
        fail("epoll_ctl");
    send_request(c);
}

int main(int argc, char **argv)
{
    argument_count(argc, 3, "get_epoll PORT CONNECTIONS REQUESTS");
    int port = (int)argument_number(argv[1], 65535);
    int count = (int)argument_number(argv[2], 10000);
    struct epoll_event events[MAX_EVENTS];
    struct connection *connections = calloc((size_t)count, sizeof *connections);
    int epoll = epoll_create1(0);
    if (!connections || epoll < 0)
        fail("start");
    to_send = to_receive = argument_number(argv[3], 1LL << 40);
    for (int i = 0; i < count; i++)
        connect_one(epoll, port, &connections[i]);
    while (to_receive > 0) {
        int n = epoll_wait(epoll, events, MAX_EVENTS, -1);
        for (int i = 0; i < n; i++)
            receive_response(events[i].data.ptr);
    }
    for (int i = 0; i < count; i++)
        close(connections[i].fd);
    free(connections);
    close(epoll);
    return 0;
}
