/* A deadline around anything: however many waits there are between start and end, all
 * of it takes no longer. Here: what a server says first, as those of SSH and mail do.
 *
 *   ./10_deadline mail.example 25 3000      (milliseconds)
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <weir/weir.h>

static int greet(weir_loop *loop, const char *host, int port)
{
    weir_stream *stream;
    weir_slice line;
    int rc = weir_open_connection(loop, &stream, host, port);
    if (rc < 0)
        return rc;
    rc = weir_readline(weir_stream_reader(stream), &line);
    if (rc > 0)
        printf("%.*s\n", (int)weir_slice_chomp(line).len, line.data);
    weir_stream_close(stream);
    return rc;
}

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "localhost";
    int port = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 22;
    unsigned long ms = argc > 3 ? strtoul(argv[3], NULL, 10) : 3000;
    weir_loop *loop = weir_loop_new(NULL);
    weir_timeout timeout = weir_timeout_start(loop, ms);
    int rc = greet(loop, host, port);
    if (weir_timeout_end(&timeout))
        puts("too slow"); /* rc is WEIR_E_TIMEOUT */
    else if (rc < 0)
        fprintf(stderr, "%s\n", weir_last_error()->message);
    weir_loop_free(loop);
    return rc < 0;
}
