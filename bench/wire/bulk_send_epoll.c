/* Sends a number of bytes as an event loop must: non-blocking, and waiting in epoll
 * for room. For the bench bulk: what of the distance to its limit is the kernel's, and
 * with `copy` also, what it costs to copy what the kernel does not take at once, as a
 * write must that returns before.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "argument.h"
#include "loopback.h"

static int watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        exit(EXIT_FAILURE);
    return epoll;
}

/* A slice is sent to its end before the next one begins, like a call that must not
 * return before. `queue`: memory for a copy of its rest; NULL: send it from the slice. */
static void send_slice(int epoll, int fd, const char *slice, size_t left, char *queue)
{
    struct epoll_event event;
    bool copied = !queue;
    while (left > 0) {
        ssize_t sent = send(fd, slice, left, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            exit(EXIT_FAILURE);
        if (sent > 0) {
            slice += sent;
            left -= (size_t)sent;
        }
        if (left > 0 && !copied) {
            slice = memcpy(queue, slice, left);
            copied = true;
        }
        if (left > 0)
            epoll_wait(epoll, &event, 1, -1);
    }
}

int main(int argc, char **argv)
{
    argument_count(argc, 4, "bulk_send_epoll PORT SLICE_BYTES TOTAL_BYTES copy|keep");
    int fd = loopback_connect((int)argument_number(argv[1], 65535));
    size_t size = (size_t)argument_number(argv[2], 1 << 30);
    unsigned long long left = (unsigned long long)argument_number(argv[3], 1LL << 50);
    int epoll = watch(fd);
    char *slice = malloc(size);
    bool copies = strcmp(argv[4], "copy") == 0;
    char *queue = copies ? malloc(size) : NULL;
    if (!slice || (copies && !queue))
        return EXIT_FAILURE;
    memset(slice, 'x', size);
    for (; left > 0; left -= left < size ? left : size)
        send_slice(epoll, fd, slice, left < size ? (size_t)left : size, queue);
    shutdown(fd, SHUT_WR);
    fcntl(fd, F_SETFL, 0);
    ssize_t rest = recv(fd, slice, size, 0);
    free(slice);
    free(queue);
    close(epoll);
    close(fd);
    return rest == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
