/* Receives to the end of the stream through a weir reader: under test in the bench
 * bulk. Prints how many bytes there were.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <weir/status.h>
#include <weir/stream.h>

#include "argument.h"

int main(int argc, char **argv)
{
    argument_count(argc, 1, "bulk_receive_weir PORT");
    int port = (int)argument_number(argv[1], 65535);
    weir_loop *loop = weir_loop_new(NULL);
    weir_stream *stream;
    weir_slice bytes;
    unsigned long long total = 0;
    int rc = weir_open_connection(loop, &stream, "127.0.0.1", port);
    if (rc == WEIR_OK) {
        weir_reader *reader = weir_stream_reader(stream);
        while ((rc = weir_read(reader, WEIR_NO_LIMIT, &bytes)) > 0)
            total += bytes.len;
        weir_stream_close(stream);
    }
    if (rc < 0)
        fprintf(stderr, "bulk_receive_weir: %s\n", weir_last_error()->message);
    printf("%llu\n", total);
    weir_loop_free(loop);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
