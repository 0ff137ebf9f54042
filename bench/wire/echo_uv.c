/* A line echo server on libuv, a peer of the benches echo and idle.
 *
 * As lean as libuv allows: all connections read into one buffer (a read callback
 * follows its allocation at once), and a write is tried before it is queued.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "argument.h"
#include "lines.h"

#define READ_SIZE 65536

struct connection {
    uv_tcp_t tcp;
    struct lines lines;
};

struct queued_write {
    uv_write_t request;
    char bytes[];
};

static char read_buffer[READ_SIZE];

static void closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    lines_clear(&c->lines);
    free(c);
}

static void written(uv_write_t *request, int status)
{
    (void)status;
    free(request->data);
}

static bool queue_write(uv_stream_t *stream, const char *bytes, size_t len)
{
    struct queued_write *queued = malloc(sizeof *queued + len);
    if (!queued)
        return false;
    memcpy(queued->bytes, bytes, len);
    queued->request.data = queued;
    uv_buf_t buffer = uv_buf_init(queued->bytes, (unsigned)len);
    return uv_write(&queued->request, stream, &buffer, 1, written) == 0;
}

static bool write_lines(void *self, const char *bytes, size_t len)
{
    struct connection *c = self;
    uv_stream_t *stream = (uv_stream_t *)&c->tcp;
    uv_buf_t buffer = {.len = len};
    memcpy(&buffer.base, &bytes, sizeof bytes); /* uv_buf_t wants it without const */
    int sent = uv_try_write(stream, &buffer, 1);
    if (sent == (int)len)
        return true;
    if (sent < 0 && sent != UV_EAGAIN)
        return false;
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    return queue_write(stream, bytes + taken, len - taken);
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle;
    (void)suggested;
    *buffer = uv_buf_init(read_buffer, sizeof read_buffer);
}

static void received(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct connection *c = stream->data;
    if (n == 0)
        return;
    if (n < 0 || !lines_feed(&c->lines, buffer->base, (size_t)n, write_lines, c))
        uv_close((uv_handle_t *)stream, closed);
}

static void connected(uv_stream_t *server, int status)
{
    struct connection *c = calloc(1, sizeof *c);
    if (!c || status < 0)
        abort();
    uv_tcp_init(server->loop, &c->tcp);
    c->tcp.data = c;
    if (uv_accept(server, (uv_stream_t *)&c->tcp) != 0 ||
        uv_tcp_nodelay(&c->tcp, 1) != 0 ||
        uv_read_start((uv_stream_t *)&c->tcp, allocate, received) != 0)
        uv_close((uv_handle_t *)&c->tcp, closed);
}

int main(int argc, char **argv)
{
    argument_count(argc, 1, "echo_uv PORT");
    struct sockaddr_in address;
    uv_tcp_t server;
    uv_loop_t *loop = uv_default_loop();
    uv_ip4_addr("127.0.0.1", (int)argument_number(argv[1], 65535), &address);
    uv_tcp_init(loop, &server);
    if (uv_tcp_bind(&server, (const struct sockaddr *)&address, 0) != 0 ||
        uv_listen((uv_stream_t *)&server, 4096, connected) != 0)
        return EXIT_FAILURE;
    return uv_run(loop, UV_RUN_DEFAULT);
}
