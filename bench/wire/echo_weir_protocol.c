/* A line echo server on weir's callback layer: no task, and nothing but a line
 * that has not ended yet is kept. Under test in the benches echo and idle.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <weir/server.h>
#include <weir/status.h>
#include <weir/transport.h>

#include "argument.h"
#include "lines.h"

struct connection {
    struct lines lines;
    weir_transport *transport;
};

static int connection_made(weir_transport *transport, void *self)
{
    struct connection *c = self;
    c->transport = transport;
    return WEIR_OK;
}

static bool write_lines(void *self, const char *bytes, size_t len)
{
    struct connection *c = self;
    return weir_transport_write(c->transport, (weir_slice){bytes, len}) == WEIR_OK;
}

static int data_received(weir_transport *transport, void *self, weir_slice bytes)
{
    struct connection *c = self;
    (void)transport;
    return lines_feed(&c->lines, bytes.data, bytes.len, write_lines, c)
               ? WEIR_OK
               : WEIR_E_PROTOCOL;
}

static void pause_writing(weir_transport *transport, void *self)
{
    (void)self;
    weir_transport_pause_reading(transport);
}

static void resume_writing(weir_transport *transport, void *self)
{
    (void)self;
    weir_transport_resume_reading(transport);
}

static void connection_lost(weir_transport *transport, void *self, int status)
{
    struct connection *c = self;
    (void)transport;
    (void)status;
    lines_clear(&c->lines);
    free(c);
}

static int accept_one(void *arg, const weir_protocol **protocol, void **self)
{
    static const weir_protocol echo = {
        .connection_made = connection_made,
        .data_received = data_received,
        .pause_writing = pause_writing,
        .resume_writing = resume_writing,
        .connection_lost = connection_lost,
    };
    (void)arg;
    *protocol = &echo;
    *self = calloc(1, sizeof(struct connection));
    return *self ? WEIR_OK : WEIR_E_MEMORY;
}

int main(int argc, char **argv)
{
    argument_count(argc, 1, "echo_weir_protocol PORT");
    int port = (int)argument_number(argv[1], 65535);
    weir_loop *loop = weir_loop_new(NULL);
    weir_server *server;
    if (weir_start_server(loop, &server, "127.0.0.1", port, .on_accept = accept_one,
                          .backlog = 4096, .max_connections = 20000) == WEIR_OK)
        weir_server_serve_forever(server);
    fprintf(stderr, "echo_weir_protocol: %s\n", weir_last_error()->message);
    return EXIT_FAILURE;
}
