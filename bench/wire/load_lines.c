/* The load on a line echo server: each connection sends a line, waits until it
 * has come back whole and unchanged, and sends the next.
 *
 * After a warm-up of a tenth it reads the server's CPU clock, does the round trips
 * that were asked for, reads the clock again, and prints the server's nanoseconds
 * per round trip. Its own time is not in that number.
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
#include "loopback.h"
#include "process_cost.h"

#define LINE_LEN   64
#define MAX_EVENTS 256

struct connection {
    int fd;
    size_t received; /* of the line that is under way */
};

struct load {
    int epoll;
    struct connection *connections;
    int count;
    long long to_send;
    long long to_receive;
    char line[LINE_LEN];
};

static void fail(const char *operation)
{
    perror(operation);
    exit(EXIT_FAILURE);
}

static void send_line(struct load *load, struct connection *c)
{
    if (load->to_send == 0)
        return;
    load->to_send--;
    c->received = 0;
    if (send(c->fd, load->line, LINE_LEN, MSG_NOSIGNAL) != LINE_LEN)
        fail("send");
}

static void receive_line(struct load *load, struct connection *c)
{
    char bytes[LINE_LEN];
    ssize_t n = recv(c->fd, bytes, LINE_LEN - c->received, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        fail("recv");
    if (memcmp(bytes, load->line + c->received, (size_t)n) != 0) {
        fputs("the server sent back other bytes\n", stderr);
        exit(EXIT_FAILURE);
    }
    c->received += (size_t)n;
    if (c->received < LINE_LEN)
        return;
    load->to_receive--;
    send_line(load, c);
}

static void connect_all(struct load *load, int port)
{
    for (int i = 0; i < load->count; i++) {
        struct connection *c = &load->connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        c->fd = loopback_connect(port);
        loopback_set_nonblocking(c->fd);
        if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
            fail("epoll_ctl");
    }
}

static void make_round_trips(struct load *load, long long count)
{
    struct epoll_event events[MAX_EVENTS];
    load->to_send = count;
    load->to_receive = count;
    for (int i = 0; i < load->count; i++)
        send_line(load, &load->connections[i]);
    while (load->to_receive > 0) {
        int n = epoll_wait(load->epoll, events, MAX_EVENTS, -1);
        if (n < 0 && errno != EINTR)
            fail("epoll_wait");
        for (int i = 0; i < n; i++)
            receive_line(load, events[i].data.ptr);
    }
}

int main(int argc, char **argv)
{
    argument_count(argc, 4, "load_lines PORT CONNECTIONS ROUND_TRIPS SERVER_PID");
    int port = (int)argument_number(argv[1], 65535);
    long long round_trips = argument_number(argv[3], 1LL << 40);
    pid_t server = (pid_t)argument_number(argv[4], 1 << 30);
    struct load load = {.epoll = epoll_create1(0)};
    load.count = (int)argument_number(argv[2], 100000);
    load.connections = calloc((size_t)load.count, sizeof *load.connections);
    if (!load.connections)
        fail("calloc");
    memset(load.line, 'x', LINE_LEN - 1);
    load.line[LINE_LEN - 1] = '\n';

    connect_all(&load, port);
    make_round_trips(&load, round_trips / 10 + load.count);
    long long before = process_cpu_ns(server);
    make_round_trips(&load, round_trips);
    long long used = process_cpu_ns(server) - before;
    printf("%.1f\n", (double)used / (double)round_trips);

    for (int i = 0; i < load.count; i++)
        loopback_close_hard(load.connections[i].fd);
    free(load.connections);
    close(load.epoll);
    return 0;
}
