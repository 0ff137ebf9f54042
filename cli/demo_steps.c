/* The steps of the demo. Each is what a program would do, with a look at the clock.
 *
 * SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <weir/group.h>
#include <weir/session.h>
#include <weir/timeout.h>

#include "demo.h"
#include "stopwatch.h"

enum {
    TALKERS = 100,
    LINES = 100,
    ALL_LINES = TALKERS * LINES,
    DEADLINE_MS = 100,
    BULK_MIB = 32,
    MOST_HELD = 384 * 1024, /* twice the limit of 64 KiB, and one read of 256 */
    FILLERS = 8,
    FILL_MS = 60,
    REQUESTS = 1000,
    LAST_CLIENTS = 20
};

bool demo_found(struct demo *demo, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(demo->found, sizeof(demo->found), format, arguments);
    va_end(arguments);
    return true;
}

bool demo_failed(struct demo *demo, const char *what)
{
    const char *why = weir_last_error()->message;
    snprintf(demo->found, sizeof(demo->found), "%s%s%.100s", what, *why ? ": " : "",
             why);
    return false;
}

/* 12,345 */
static const char *grouped(uint64_t number, char text[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
    char *to = text;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

static uint64_t rate(unsigned count, double ms)
{
    return (uint64_t)(count * 1e3 / ms);
}

/* Asks the echo server for one line back. */
static int ask(weir_stream *stream, weir_slice question)
{
    weir_slice answer;
    weir_write(weir_stream_writer(stream), question);
    int rc = weir_readline(weir_stream_reader(stream), &answer);
    if (rc < 0)
        return rc;
    return weir_slice_equal(answer, question) ? WEIR_OK : WEIR_E_PROTOCOL;
}

static int connect_to_echo(struct demo *demo, weir_stream **stream)
{
    return weir_open_connection(demo->loop, stream, "127.0.0.1", demo->echo_port);
}

static bool serve(struct demo *demo)
{
    if (demo_start_servers(demo) < 0)
        return demo_failed(demo, "no server");
    return demo_found(demo, "they listen on ports %d and %d", demo->echo_port,
                      demo->http_port);
}

static int talk(void *arg)
{
    static const weir_slice LINE = {
        "sixty-four bytes that go out, are read, come back and are read.\n", 64};
    struct demo *demo = arg;
    weir_stream *stream;
    int rc = connect_to_echo(demo, &stream);
    if (rc < 0)
        return rc;
    for (int i = 0; i < LINES && rc == WEIR_OK; i++)
        rc = ask(stream, LINE);
    weir_stream_close(stream);
    return rc;
}

static bool talk_all_at_once(struct demo *demo)
{
    char count[32];
    char speed[32];
    double start = stopwatch_ms();
    weir_group *group = weir_group_new(demo->loop, NULL);
    int rc = group ? WEIR_OK : WEIR_E_MEMORY;
    for (int i = 0; i < TALKERS && rc == WEIR_OK; i++)
        rc = weir_group_spawn(group, talk, demo);
    if (group)
        rc = weir_group_wait(group);
    weir_group_free(group);
    if (rc < 0)
        return demo_failed(demo, "a task did not get its lines back");
    return demo_found(demo, "%s lines came back, %s a second",
                      grouped(ALL_LINES, count),
                      grouped(rate(ALL_LINES, stopwatch_ms() - start), speed));
}

static bool give_up(struct demo *demo)
{
    weir_stream *stream;
    double start = stopwatch_ms();
    if (connect_to_echo(demo, &stream) < 0)
        return demo_failed(demo, "not connected");
    weir_timeout timeout = weir_timeout_start(demo->loop, DEADLINE_MS);
    int early = ask(stream, WEIR_S(DEMO_SLOW_LINE));
    bool passed = weir_timeout_end(&timeout);
    double gave_up = stopwatch_ms() - start;
    weir_slice line;
    int late = weir_readline(weir_stream_reader(stream), &line);
    double came = stopwatch_ms() - start;
    weir_stream_close(stream);
    if (early != WEIR_E_TIMEOUT || !passed || gave_up < DEADLINE_MS ||
        late != (int)strlen(DEMO_SLOW_LINE))
        return demo_failed(demo, "the deadline did not do its work");
    return demo_found(demo, "gave up after %.1f ms, had it after %.1f", gave_up, came);
}

struct bulk {
    uint64_t sum;
    size_t most_queued;
    unsigned waits;
};

static int send_bulk(weir_stream *stream, struct bulk *bulk)
{
    static char piece[64 * 1024];
    weir_writer *writer = weir_stream_writer(stream);
    int rc = WEIR_OK;
    for (int i = 0; i < BULK_MIB * 16 && rc == WEIR_OK; i++) {
        memset(piece, i, sizeof(piece));
        weir_slice bytes = {piece, sizeof(piece)};
        bulk->sum = demo_add_up(bulk->sum, bytes);
        weir_write(writer, bytes);
        size_t queued = weir_writer_queued(writer);
        if (queued > bulk->most_queued)
            bulk->most_queued = queued;
        bulk->waits += queued > sizeof(piece);
        rc = weir_drain(writer);
    }
    return rc == WEIR_OK ? weir_write_eof(writer) : rc;
}

static bool hold_back(struct demo *demo)
{
    struct demo_sink sink = {.bytes = 0};
    struct bulk bulk = {.sum = 0};
    weir_server *server;
    weir_stream *stream;
    if (weir_start_server(demo->loop, &server, "127.0.0.1", 0,
                          .on_connect = demo_read_slowly, .arg = &sink) < 0)
        return demo_failed(demo, "no server");
    int rc = weir_open_connection(demo->loop, &stream, "127.0.0.1",
                                  weir_server_port(server));
    if (rc == WEIR_OK) {
        rc = send_bulk(stream, &bulk);
        if (rc == WEIR_OK)
            rc = weir_server_wait_closed(server, 10000);
        weir_stream_close(stream);
    }
    weir_server_free(server);
    if (rc < 0)
        return demo_failed(demo, "the bytes did not arrive");
    if (!sink.at_end || sink.sum != bulk.sum || bulk.waits == 0 ||
        bulk.most_queued > MOST_HELD || sink.most_buffered > MOST_HELD)
        return !demo_found(demo, "%llu bytes came, %zu queued, %zu buffered, %u waits",
                           (unsigned long long)sink.bytes, bulk.most_queued,
                           sink.most_buffered, bulk.waits);
    return demo_found(demo, "%u waits; at most %zu KiB queued, %zu buffered",
                      bulk.waits, bulk.most_queued / 1024, sink.most_buffered / 1024);
}

static int sit(weir_stream *stream, void *arg)
{
    weir_slice bytes;
    (void)arg;
    return weir_read(weir_stream_reader(stream), 1, &bytes);
}

/* A port that takes no more connections, and does not refuse them either: one client
 * is served, and others fill the backlog until one gets no answer. */
static int make_silent(struct demo *demo, weir_server **server, weir_stream **fillers)
{
    static const char *const HOSTS[] = {"::1", "127.0.0.2"};
    int rc = WEIR_E_SYSTEM;
    for (int i = 0; i < 2 && rc < 0; i++) {
        demo->silent_host = HOSTS[i];
        rc = weir_start_server(demo->loop, server, HOSTS[i], 0, .on_connect = sit,
                               .backlog = 1, .max_connections = 1);
    }
    if (rc < 0)
        return rc;
    demo->silent_port = weir_server_port(*server);
    for (int i = 0; i < FILLERS && rc == WEIR_OK; i++)
        rc = weir_open_connection(demo->loop, &fillers[i], demo->silent_host,
                                  demo->silent_port, .connect_timeout_ms = FILL_MS);
    return rc == WEIR_E_TIMEOUT ? WEIR_OK : WEIR_E_UNSUPPORTED;
}

static bool race_to_echo(struct demo *demo)
{
    weir_stream *stream;
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address address;
    double start = stopwatch_ms();
    if (weir_open_connection(demo->loop, &stream, "two-ways.demo", demo->echo_port) < 0)
        return demo_failed(demo, "not connected");
    double took = stopwatch_ms() - start;
    weir_stream_peer_address(stream, &address);
    weir_address_text(&address, text, sizeof(text));
    int rc = ask(stream, WEIR_S("hello\n"));
    weir_stream_close(stream);
    if (rc < 0)
        return demo_failed(demo, "the second address does not answer");
    bool is_ipv6 = strchr(demo->silent_host, ':') != NULL;
    return demo_found(demo, "%s%s%s silent; %s won after %.0f ms", is_ipv6 ? "[" : "",
                      demo->silent_host, is_ipv6 ? "]" : "", text, took);
}

static bool race(struct demo *demo)
{
    weir_server *silent = NULL;
    weir_stream *fillers[FILLERS] = {NULL};
    bool held;
    if (make_silent(demo, &silent, fillers) == WEIR_OK)
        held = race_to_echo(demo);
    else
        held = demo_found(demo, "not tried: no address here can be made silent");
    for (int i = 0; i < FILLERS; i++)
        weir_stream_abort(fillers[i]);
    weir_server_free(silent);
    return held;
}

int demo_get_once(weir_session *session, const char *url, const char *path)
{
    weir_response *response;
    weir_slice text;
    int rc = weir_get(session, &response, url);
    if (rc < 0)
        return rc;
    rc = weir_response_text(response, &text);
    if (rc == WEIR_OK && (weir_response_status(response) != 200 ||
                          !weir_slice_equal(text, weir_slice_of(path))))
        rc = WEIR_E_PROTOCOL;
    weir_response_free(response);
    return rc;
}

static bool get_many(struct demo *demo)
{
    char url[64];
    char speed[32];
    double start = stopwatch_ms();
    weir_session *session = weir_session_new(demo->loop, NULL);
    int rc = session ? WEIR_OK : WEIR_E_MEMORY;
    for (int i = 0; i < REQUESTS && rc == WEIR_OK; i++) {
        int len = snprintf(url, sizeof(url), "http://127.0.0.1:%d", demo->http_port);
        snprintf(url + len, sizeof(url) - (size_t)len, "/item/%d", i);
        rc = demo_get_once(session, url, url + len);
    }
    double took = stopwatch_ms() - start;
    weir_session_free(session);
    if (rc < 0)
        return demo_failed(demo, "a request failed");
    if (demo->http_connections != 1)
        return !demo_found(demo, "it took %u connections", demo->http_connections);
    return demo_found(demo, "1 connection, %s answers a second",
                      grouped(rate(REQUESTS, took), speed));
}

static int ask_slowly(void *arg)
{
    weir_stream *stream;
    int rc = connect_to_echo(arg, &stream);
    if (rc < 0)
        return rc;
    rc = ask(stream, WEIR_S(DEMO_SLOW_LINE));
    weir_stream_close(stream);
    return rc;
}

static bool stop(struct demo *demo)
{
    weir_stream *late;
    weir_group *group = weir_group_new(demo->loop, NULL);
    int rc = group ? WEIR_OK : WEIR_E_MEMORY;
    for (int i = 0; i < LAST_CLIENTS && rc == WEIR_OK; i++)
        rc = weir_group_spawn(group, ask_slowly, demo);
    /* Until all have asked, and none has its answer. */
    for (int i = 0; i < 100 && weir_server_connections(demo->echo) < LAST_CLIENTS; i++)
        weir_sleep(demo->loop, 2);
    size_t open = weir_server_connections(demo->echo);
    weir_server_close(demo->echo);
    int refused = connect_to_echo(demo, &late);
    if (refused == WEIR_OK)
        weir_stream_abort(late);
    double start = stopwatch_ms();
    int closed = weir_server_wait_closed(demo->echo, 5000);
    double took = stopwatch_ms() - start;
    if (group)
        rc = weir_group_wait(group);
    weir_group_free(group);
    if (rc < 0 || closed < 0)
        return demo_failed(demo, "a conversation was cut off");
    if (open != LAST_CLIENTS || refused != WEIR_E_CONNECTION)
        return !demo_found(demo, "%zu were connected, and a newcomer got %s", open,
                           weir_status_name(refused));
    return demo_found(demo, "%d answers within %.0f ms, one newcomer refused",
                      LAST_CLIENTS, took);
}

const struct demo_step DEMO_STEPS[] = {
    {"serve", "A line echo and an HTTP server start, in this process", serve},
    {"echo", "100 tasks at once send 100 lines each, and wait for every answer",
     talk_all_at_once},
    {"deadline", "A slow answer, and a task that waits no longer than 100 ms", give_up},
    {"weir", "32 MiB for a reader that takes its time", hold_back},
    {"race", "A name with two addresses, of which the first does not answer", race},
    {"http", "1,000 requests, one after the other", get_many},
    {"https", "100 requests to localhost over TLS, whose certificate is checked",
     demo_get_securely},
    {"stop", "The echo server closes while 20 clients wait for an answer", stop},
};

const int DEMO_STEP_COUNT = sizeof(DEMO_STEPS) / sizeof(DEMO_STEPS[0]);
