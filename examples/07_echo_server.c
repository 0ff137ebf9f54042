/* An echo server. Each connection is a task, so its code reads from top to bottom, and
 * ten thousand of them do not disturb each other.
 *
 *   ./07_echo_server 127.0.0.1 8888      (port 0: any free one)
 *   weir connect 127.0.0.1 8888
 *
 * Ctrl-C stops it: nobody new is accepted, and who is connected has a second.
 *
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <weir/weir.h>

static int echo(weir_stream *stream, void *arg)
{
    weir_writer *writer = weir_stream_writer(stream);
    weir_slice line;
    int rc;
    (void)arg;
    while ((rc = weir_readline(weir_stream_reader(stream), &line)) > 0) {
        weir_write(writer, line);
        if ((rc = weir_drain(writer)) < 0) /* waits for a slow reader */
            break;
    }
    return rc; /* the server closes the stream */
}

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    int port = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 8888;
    weir_loop *loop = weir_loop_new(NULL);
    weir_server *server;
    weir_signal *interrupt;
    if (weir_start_server(loop, &server, host, port, .on_connect = echo) < 0 ||
        weir_signal_open(loop, &interrupt, SIGINT) < 0) {
        fprintf(stderr, "%s\n", weir_last_error()->message);
        return 1;
    }
    printf("listening on port %d\n", weir_server_port(server));
    fflush(stdout);
    weir_signal_wait(interrupt); /* and serves meanwhile */
    weir_server_wait_closed(server, 1000);
    weir_server_free(server);
    weir_signal_close(interrupt);
    weir_loop_free(loop);
    return 0;
}
