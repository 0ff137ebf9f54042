/* Sockets on 127.0.0.1.
 *
 * SPDX-License-Identifier: MIT */
#include "loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int checked(int result, const char *operation)
{
    if (result < 0) {
        perror(operation);
        exit(EXIT_FAILURE);
    }
    return result;
}

static struct sockaddr_in address_of(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int without_delay(int fd)
{
    int on = 1;
    checked(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    return fd;
}

static int new_socket(void)
{
    return without_delay(checked(socket(AF_INET, SOCK_STREAM, 0), "socket"));
}

int loopback_listen(int port, int backlog)
{
    struct sockaddr_in address = address_of(port);
    int fd = new_socket();
    int on = 1;
    checked(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
    checked(bind(fd, (struct sockaddr *)&address, sizeof address), "bind");
    checked(listen(fd, backlog), "listen");
    return fd;
}

int loopback_accept(int listener)
{
    int fd = accept(listener, NULL, NULL);
    if (fd < 0 && errno == EAGAIN)
        return -1;
    return without_delay(checked(fd, "accept"));
}

int loopback_connect(int port)
{
    struct sockaddr_in address = address_of(port);
    int fd = new_socket();
    checked(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
    return fd;
}

void loopback_close_hard(int fd)
{
    struct linger reset = {.l_onoff = 1};
    checked(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), "SO_LINGER");
    close(fd);
}

void loopback_set_nonblocking(int fd)
{
    int flags = checked(fcntl(fd, F_GETFL), "F_GETFL");
    checked(fcntl(fd, F_SETFL, flags | O_NONBLOCK), "F_SETFL");
}
