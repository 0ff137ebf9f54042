/* A protocol by callbacks, without tasks: what a connection costs is then its struct
 * and nothing else. Sends a few lines to an echo server (example 07), and counts what
 * comes back.
 *
 *   ./12_own_protocol 127.0.0.1 8888
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <weir/weir.h>

struct counter {
    size_t lines;
    int status;
};

static int connection_made(weir_transport *transport, void *self)
{
    int rc = weir_transport_write(transport, WEIR_S("one\ntwo\nthree\n"));
    (void)self;
    return rc < 0 ? rc : weir_transport_write_eof(transport);
}

static int data_received(weir_transport *transport, void *self, weir_slice bytes)
{
    struct counter *counter = self;
    (void)transport;
    for (size_t i = 0; i < bytes.len; i++)
        counter->lines += bytes.data[i] == '\n';
    return WEIR_OK;
}

static int eof_received(weir_transport *transport, void *self)
{
    (void)transport;
    (void)self;
    return 0; /* closes the own side, too */
}

static void connection_lost(weir_transport *transport, void *self, int status)
{
    struct counter *counter = self;
    (void)transport;
    counter->status = status;
}

static const weir_protocol COUNTER = {
    .connection_made = connection_made,
    .data_received = data_received,
    .eof_received = eof_received,
    .connection_lost = connection_lost,
};

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    int port = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 8888;
    weir_loop *loop = weir_loop_new(NULL);
    weir_transport *transport;
    struct counter counter = {.lines = 0};
    if (weir_create_connection(loop, &transport, &COUNTER, &counter, host, port) < 0) {
        fprintf(stderr, "%s\n", weir_last_error()->message);
        weir_loop_free(loop);
        return 1;
    }
    weir_loop_run(loop); /* until nothing is left to do */
    printf("%zu lines, %s\n", counter.lines, weir_status_name(counter.status));
    weir_loop_free(loop);
    return counter.status < 0;
}
