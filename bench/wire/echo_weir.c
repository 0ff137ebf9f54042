/* A line echo server on weir, a task for each connection: under test in the benches
 * echo and idle.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <weir/server.h>
#include <weir/status.h>

#include "argument.h"

static int echo(weir_stream *stream, void *arg)
{
    weir_slice line;
    int rc;
    (void)arg;
    while ((rc = weir_readline(weir_stream_reader(stream), &line)) > 0) {
        weir_write(weir_stream_writer(stream), line);
        if ((rc = weir_drain(weir_stream_writer(stream))) < 0)
            break;
    }
    return rc;
}

int main(int argc, char **argv)
{
    argument_count(argc, 1, "echo_weir PORT");
    int port = (int)argument_number(argv[1], 65535);
    weir_loop *loop = weir_loop_new(NULL);
    weir_server *server;
    int rc = weir_start_server(loop, &server, "127.0.0.1", port, .on_connect = echo,
                               .backlog = 4096, .max_connections = 20000);
    if (rc == WEIR_OK)
        rc = weir_server_serve_forever(server);
    fprintf(stderr, "echo_weir: %s\n", weir_last_error()->message);
    return EXIT_FAILURE;
}
