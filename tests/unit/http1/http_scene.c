/* The server of the scene: a task for each connection.
 *
 * SPDX-License-Identifier: MIT */
#include "http_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/resolver.h>

/* Adds to what is kept of the latest request. */
static void keep(struct http_scene *scene, weir_slice bytes)
{
    size_t room = sizeof(scene->request) - 1 - scene->request_len;
    size_t len = bytes.len < room ? bytes.len : room;
    if (len > 0)
        memcpy(scene->request + scene->request_len, bytes.data, len);
    scene->request_len += len;
    scene->request[scene->request_len] = '\0';
}

static int read_head(struct http_scene *scene, weir_reader *reader)
{
    weir_slice head;
    int rc = weir_readuntil(reader, WEIR_S("\r\n\r\n"), &head);
    scene->request_len = 0;
    if (rc > 0)
        keep(scene, head);
    return rc;
}

/* Chunks are kept as they are, with their lines. */
static int read_chunks(struct http_scene *scene, weir_reader *reader)
{
    weir_slice line;
    size_t len;
    int rc;
    do {
        rc = weir_readline(reader, &line);
        if (rc <= 0)
            return rc;
        len = strtoul(line.data, NULL, 16);
        keep(scene, line);
        rc = len > 0 ? weir_readexactly(reader, len + 2, &line)
                     : weir_readline(reader, &line);
        while (rc > 0 && len == 0 && line.len > 2) { /* trailers */
            keep(scene, line);
            rc = weir_readline(reader, &line);
        }
        if (rc > 0)
            keep(scene, line);
    } while (rc > 0 && len > 0);
    return rc;
}

/* Keeps what came of a request's body: over its Content-Length, or in chunks. */
static int read_body(struct http_scene *scene, weir_reader *reader)
{
    weir_slice body;
    const char *length = strstr(scene->request, "Content-Length: ");
    if (strstr(scene->request, "Transfer-Encoding: chunked"))
        return read_chunks(scene, reader);
    if (!length)
        return 1;
    int rc = weir_readexactly(reader, strtoul(length + 16, NULL, 10), &body);
    if (rc > 0)
        keep(scene, body);
    return rc < 0 ? rc : 1;
}

static int read_request(struct http_scene *scene, weir_stream *stream,
                        const struct http_answer *answer)
{
    weir_reader *reader = weir_stream_reader(stream);
    int rc = read_head(scene, reader);
    if (rc > 0 && answer->interim)
        weir_write(weir_stream_writer(stream), weir_slice_of(answer->interim));
    return rc > 0 && !answer->early ? read_body(scene, reader) : rc;
}

static int write_answer(weir_stream *stream, const struct http_answer *answer)
{
    weir_slice rest = {answer->bytes, answer->len};
    int rc = WEIR_OK;
    if (answer->len == 0)
        rest = weir_slice_of(answer->bytes);
    while (rc == WEIR_OK && rest.len > 0) {
        weir_slice piece = rest;
        if (answer->cut > 0 && piece.len > answer->cut)
            piece.len = answer->cut;
        rc = weir_write(weir_stream_writer(stream), piece);
        if (rc == WEIR_OK)
            rc = weir_drain(weir_stream_writer(stream));
        /* So that the client reads the piece before the next one is there. */
        for (int i = 0; i < 3 && rc == WEIR_OK && answer->cut > 0; i++)
            rc = weir_yield(weir_stream_loop(stream));
        rest = weir_slice_skip(rest, piece.len);
    }
    return rc;
}

/* Lets all of it leave, and then ends the connection below TLS. */
static int cut(weir_stream *stream)
{
    int rc = weir_flush(weir_stream_writer(stream));
    if (rc == WEIR_OK)
        weir_transport_abort(weir_stream_transport(stream));
    return rc;
}

static int serve(weir_stream *stream, void *arg)
{
    struct http_scene *scene = arg;
    scene->connections++;
    for (;;) {
        size_t index = scene->requests;
        if (index >= scene->count)
            index = scene->count - 1;
        const struct http_answer *next = &scene->answers[index];
        int rc = next->at_once ? 1 : read_request(scene, stream, next);
        if (rc <= 0)
            return rc;
        index = scene->requests++;
        if (index >= scene->count)
            index = scene->count - 1;
        const struct http_answer *answer = &scene->answers[index];
        rc = write_answer(stream, answer);
        if (rc < 0 || answer->then == HTTP_CLOSE)
            return rc;
        if (answer->then == HTTP_CUT)
            return cut(stream);
        if (answer->then == HTTP_HANG)
            return weir_sleep(weir_stream_loop(stream), 60000);
    }
}

static int resolve(void *user_data, weir_loop *loop, const char *host, int port,
                   weir_family family, weir_address *addresses)
{
    (void)user_data;
    (void)family;
    if (strcmp(host, "slow.test") == 0) {
        int rc = weir_sleep(loop, 60000);
        if (rc < 0)
            return rc;
    }
    return weir_address_parse(addresses, "127.0.0.1", port) < 0 ? WEIR_E_RESOLVE : 1;
}

static const weir_resolver RESOLVER = {.resolve = resolve};

void http_scene_open_secure(struct http_scene *scene, const struct http_answer *answers,
                            size_t count, weir_tls_context *server,
                            const weir_session_options *options)
{
    memset(scene, 0, sizeof(*scene));
    nth_init(&scene->nth, 0);
    scene->answers = answers;
    scene->count = count;
    weir_loop_options loop_options = {.allocator = &scene->nth.allocator,
                                      .resolver = &RESOLVER};
    scene->loop = weir_loop_new(&loop_options);
    REQUIRE(scene->loop != NULL);
    REQUIRE(weir_start_server(scene->loop, &scene->server, "127.0.0.1", 0,
                              .on_connect = serve, .arg = scene,
                              .tls = server) == WEIR_OK);
    scene->port = weir_server_port(scene->server);
    snprintf(scene->url, sizeof(scene->url), "%s:%d/path?query",
             server ? "https://localhost" : "http://127.0.0.1", scene->port);
    scene->session = weir_session_new(scene->loop, options);
    REQUIRE(scene->session != NULL);
}

void http_scene_open_with(struct http_scene *scene, const struct http_answer *answers,
                          size_t count, const weir_session_options *options)
{
    http_scene_open_secure(scene, answers, count, NULL, options);
}

void http_scene_open(struct http_scene *scene, const struct http_answer *answers,
                     size_t count)
{
    http_scene_open_with(scene, answers, count, NULL);
}

void http_scene_close(struct http_scene *scene)
{
    weir_session_free(scene->session);
    weir_server_free(scene->server);
    weir_loop_free(scene->loop);
    CHECK_INT(scene->nth.live, 0);
}

int http_scene_get(struct http_scene *scene, char *text)
{
    weir_response *response;
    weir_slice body;
    int rc = weir_get(scene->session, &response, scene->url);
    if (rc < 0)
        return rc;
    int status_code = weir_response_status(response);
    rc = weir_response_text(response, &body);
    if (rc == WEIR_OK && text)
        snprintf(text, 256, "%.*s", (int)body.len, body.len > 0 ? body.data : "");
    weir_response_free(response);
    return rc < 0 ? rc : status_code;
}

bool http_scene_saw(const struct http_scene *scene, const char *text)
{
    return strstr(scene->request, text) != NULL;
}

bool http_failed_with(const char *text)
{
    const char *message = weir_last_error()->message;
    bool found = strstr(message, text) != NULL;
    if (!found)
        fprintf(stderr, "no \"%s\" in \"%s\"\n", text, message);
    return found;
}
