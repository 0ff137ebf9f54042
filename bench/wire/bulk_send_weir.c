/* Sends a number of bytes through a weir writer, 256 KiB a time, then waits until
 * the other side closes: under test in the bench bulk. Each slice is sent whole, or
 * queued and waited for.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/status.h>
#include <weir/stream.h>

#include "argument.h"

#define SLICE_SIZE (256 * 1024)

static int send_all(weir_stream *stream, unsigned long long left, bool queued)
{
    char *memory = malloc(SLICE_SIZE); /* where the limit's lies, too */
    weir_writer *writer = weir_stream_writer(stream);
    weir_slice slice = {.data = memory, .len = SLICE_SIZE};
    int rc = memory ? WEIR_OK : WEIR_E_MEMORY;
    if (memory)
        memset(memory, 'x', SLICE_SIZE);
    while (left > 0 && rc == WEIR_OK) {
        if (left < slice.len)
            slice.len = (size_t)left;
        left -= slice.len;
        rc = queued ? weir_write(writer, slice) : weir_sendall(writer, slice);
        if (rc == WEIR_OK && queued)
            rc = weir_drain(writer);
    }
    if (rc == WEIR_OK)
        rc = weir_write_eof(writer);
    free(memory);
    return rc < 0 ? rc : weir_read(weir_stream_reader(stream), 1, &slice);
}

int main(int argc, char **argv)
{
    argument_count(argc, 3, "bulk_send_weir PORT TOTAL_BYTES sendall|write");
    int port = (int)argument_number(argv[1], 65535);
    bool queued = strcmp(argv[3], "write") == 0;
    weir_loop *loop = weir_loop_new(NULL);
    weir_stream *stream;
    int rc = weir_open_connection(loop, &stream, "127.0.0.1", port);
    if (rc == WEIR_OK) {
        rc = send_all(stream, (unsigned long long)argument_number(argv[2], 1LL << 50),
                      queued);
        weir_stream_close(stream);
    }
    if (rc < 0)
        fprintf(stderr, "bulk_send_weir: %s\n", weir_last_error()->message);
    weir_loop_free(loop);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
