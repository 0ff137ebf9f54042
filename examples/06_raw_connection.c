/* A raw connection: the bytes of HTTP/1.0 by hand, and the answer's lines.
 *
 *   ./06_raw_connection example.com 80
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <weir/weir.h>

static int talk(weir_stream *stream, const char *host)
{
    weir_writer *writer = weir_stream_writer(stream);
    weir_slice request[] = {WEIR_S("GET / HTTP/1.0\r\nHost: "), weir_slice_of(host),
                            WEIR_S("\r\n\r\n")};
    weir_slice line;
    weir_writelines(writer, request, 3);
    int rc = weir_drain(writer);
    while (rc >= 0 && (rc = weir_readline(weir_stream_reader(stream), &line)) > 0)
        fwrite(line.data, 1, line.len, stdout);
    return rc;
}

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "example.com";
    int port = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 80;
    weir_loop *loop = weir_loop_new(NULL);
    weir_stream *stream;
    int rc = weir_open_connection(loop, &stream, host, port, .limit = 1 << 16);
    if (rc == WEIR_OK) {
        rc = talk(stream, host);
        weir_stream_close(stream);
    }
    if (rc < 0)
        fprintf(stderr, "%s\n", weir_last_error()->message);
    weir_loop_free(loop);
    return rc < 0;
}
