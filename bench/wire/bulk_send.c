/* Sends a number of bytes in a plain loop, then waits until the other side closes:
 * the limit of the bench bulk, and the other side of its receivers.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "argument.h"
#include "loopback.h"

int main(int argc, char **argv)
{
    argument_count(argc, 4, "bulk_send listen|connect PORT SLICE_BYTES TOTAL_BYTES");
    int port = (int)argument_number(argv[2], 65535);
    size_t size = (size_t)argument_number(argv[3], 1 << 30);
    unsigned long long left = (unsigned long long)argument_number(argv[4], 1LL << 50);
    int fd = strcmp(argv[1], "listen") == 0 ? loopback_accept(loopback_listen(port, 1))
                                            : loopback_connect(port);
    char *slice = malloc(size);
    if (!slice)
        return EXIT_FAILURE;
    memset(slice, 'x', size);
    while (left > 0) {
        ssize_t n = send(fd, slice, left < size ? (size_t)left : size, MSG_NOSIGNAL);
        if (n <= 0)
            return EXIT_FAILURE;
        left -= (unsigned long long)n;
    }
    shutdown(fd, SHUT_WR);
    ssize_t rest = recv(fd, slice, size, 0);
    free(slice);
    close(fd);
    return rest == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
