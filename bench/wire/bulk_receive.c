/* Receives to the end of the stream in a plain loop: the limit of the bench bulk,
 * and the other side of its senders. Prints how many bytes there were.
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
    argument_count(argc, 3, "bulk_receive listen|connect PORT BUFFER_BYTES");
    int port = (int)argument_number(argv[2], 65535);
    size_t size = (size_t)argument_number(argv[3], 1 << 30);
    int fd = strcmp(argv[1], "listen") == 0 ? loopback_accept(loopback_listen(port, 1))
                                            : loopback_connect(port);
    char *buffer = malloc(size);
    unsigned long long total = 0;
    ssize_t n;
    if (!buffer)
        return EXIT_FAILURE;
    while ((n = recv(fd, buffer, size, 0)) > 0)
        total += (unsigned long long)n;
    printf("%llu\n", total);
    free(buffer);
    close(fd);
    return n < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
