/* Idle connections to a line echo server: opens them one by one, sends one line on
 * each, waits for it to come back, and leaves the connection open.
 *
 * Prints by how many bytes of resident memory the server grew for each connection,
 * counted from after a few first ones, which pay for what is there only once.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "argument.h"
#include "loopback.h"
#include "process_cost.h"

#define FIRST_ONES 16
#define SETTLE_US  500000 /* a server may give memory back by a timer */

static const char line[] = "a line of some length, so that it is not quite nothing\n";

static int open_and_echo(int port)
{
    char echo[sizeof line];
    size_t len = sizeof line - 1;
    int fd = loopback_connect(port);
    if (send(fd, line, len, MSG_NOSIGNAL) != (ssize_t)len ||
        recv(fd, echo, len, MSG_WAITALL) != (ssize_t)len ||
        memcmp(echo, line, len) != 0) {
        fputs("a line did not come back\n", stderr);
        exit(EXIT_FAILURE);
    }
    return fd;
}

int main(int argc, char **argv)
{
    argument_count(argc, 3, "hold_lines PORT CONNECTIONS SERVER_PID");
    int port = (int)argument_number(argv[1], 65535);
    int count = (int)argument_number(argv[2], 100000);
    pid_t server = (pid_t)argument_number(argv[3], 1 << 30);
    int total = count + FIRST_ONES;
    long long before = 0;
    int *fds = calloc((size_t)total, sizeof *fds);
    if (!fds)
        return EXIT_FAILURE;
    for (int i = 0; i < total; i++) {
        if (i == FIRST_ONES) {
            usleep(SETTLE_US);
            before = process_resident_bytes(server);
        }
        fds[i] = open_and_echo(port);
    }
    usleep(SETTLE_US);
    long long grown = process_resident_bytes(server) - before;
    printf("%.1f\n", (double)grown / count);
    for (int i = 0; i < total; i++)
        loopback_close_hard(fds[i]);
    free(fds);
    return 0;
}
