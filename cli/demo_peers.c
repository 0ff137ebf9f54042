/* The servers that the demo talks to, and its own idea of names.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/http_codec.h>
#include <weir/task.h>

#include "demo.h"

static int echo(weir_stream *stream, void *arg)
{
    weir_reader *reader = weir_stream_reader(stream);
    weir_writer *writer = weir_stream_writer(stream);
    weir_slice line;
    int rc;
    (void)arg;
    while ((rc = weir_readline(reader, &line)) > 0) {
        if (weir_slice_equal(line, WEIR_S(DEMO_SLOW_LINE)))
            weir_sleep(weir_stream_loop(stream), DEMO_SLOW_MS);
        weir_write(writer, line);
        if ((rc = weir_drain(writer)) < 0)
            return rc;
    }
    return rc;
}

/* The answer to one request: the path that it asked for. */
static int answer(weir_stream *stream, weir_slice target)
{
    char head[256];
    size_t len;
    weir_http_response_head response = {
        .status_code = 200, .framing = WEIR_HTTP_LENGTH, .content_length = target.len};
    int rc = weir_http_encode_response(&response, head, sizeof(head), &len, NULL);
    if (rc < 0)
        return rc;
    weir_slice slices[] = {{head, len}, target};
    weir_writelines(weir_stream_writer(stream), slices, 2);
    return weir_drain(weir_stream_writer(stream));
}

/* All requests whose end is in the bytes. 1 to go on, 0 when the connection is to be
 * closed, or a negative status. */
static int answer_all(weir_stream *stream, weir_http_decoder *decoder, weir_slice bytes)
{
    weir_http_event event;
    const weir_http_head *head = NULL;
    int rc;
    while ((rc = weir_http_decode(decoder, &bytes, &event)) == WEIR_HTTP_EVENT) {
        if (event.type == WEIR_HTTP_HEAD)
            head = event.head;
        if (event.type != WEIR_HTTP_END || !head)
            continue;
        rc = answer(stream, head->target);
        if (rc < 0 || !head->keep_alive)
            return rc;
        head = NULL;
        weir_http_decoder_next(decoder, WEIR_S(""));
    }
    return rc < 0 ? rc : 1;
}

static int serve_http(weir_stream *stream, void *arg)
{
    struct demo *demo = arg;
    weir_http_decoder decoder;
    weir_slice bytes;
    int rc;
    demo->http_connections++;
    weir_http_decoder_init(&decoder, WEIR_HTTP_REQUEST, NULL);
    while ((rc = weir_read(weir_stream_reader(stream), WEIR_NO_LIMIT, &bytes)) > 0) {
        rc = answer_all(stream, &decoder, bytes);
        if (rc <= 0)
            break;
    }
    weir_http_decoder_clear(&decoder);
    return rc;
}

int demo_start_servers(struct demo *demo)
{
    int rc = weir_start_server(demo->loop, &demo->echo, "127.0.0.1", 0,
                               .on_connect = echo, .backlog = 1000);
    if (rc < 0)
        return rc;
    demo->echo_port = weir_server_port(demo->echo);
    rc = weir_start_server(demo->loop, &demo->http, "127.0.0.1", 0,
                           .on_connect = serve_http, .arg = demo);
    if (rc == WEIR_OK)
        demo->http_port = weir_server_port(demo->http);
    return rc;
}

int demo_start_https(struct demo *demo, weir_server **server, weir_tls_context *tls)
{
    return weir_start_server(demo->loop, server, "127.0.0.1", 0,
                             .on_connect = serve_http, .arg = demo, .tls = tls);
}

uint64_t demo_add_up(uint64_t sum, weir_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        sum = sum * 31 + (unsigned char)bytes.data[i];
    return sum;
}

int demo_read_slowly(weir_stream *stream, void *arg)
{
    struct demo_sink *sink = arg;
    weir_reader *reader = weir_stream_reader(stream);
    weir_slice bytes;
    int rc;
    while ((rc = weir_read(reader, WEIR_NO_LIMIT, &bytes)) > 0) {
        if (bytes.len > sink->most_buffered)
            sink->most_buffered = bytes.len;
        sink->bytes += bytes.len;
        sink->sum = demo_add_up(sink->sum, bytes);
        rc = weir_sleep(weir_stream_loop(stream), 1);
        if (rc < 0)
            return rc;
    }
    sink->at_end = rc == WEIR_OK;
    return rc;
}

int demo_resolve(void *arg, weir_loop *loop, const char *host, int port,
                 weir_family family, weir_address *addresses)
{
    const struct demo *demo = arg;
    (void)loop;
    (void)family;
    if (strcmp(host, "localhost") == 0)
        return weir_address_parse(addresses, "127.0.0.1", port) < 0 ? WEIR_E_RESOLVE
                                                                    : 1;
    if (strcmp(host, "two-ways.demo") != 0)
        return weir_resolver_fail(host, "the demo knows no such name");
    weir_address_parse(&addresses[0], demo->silent_host, demo->silent_port);
    weir_address_parse(&addresses[1], "127.0.0.1", port);
    return 2;
}
