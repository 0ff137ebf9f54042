/* What a trace is told, as a log of words.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/trace.h>

#include "http_scene.h"

struct event_log {
    char text[2000];
    uint64_t time_ns;
    bool out_of_order;
};

static void add(const weir_trace_event *event, void *arg)
{
    struct event_log *log = arg;
    size_t len = strlen(log->text);
    log->out_of_order = log->out_of_order || event->time_ns < log->time_ns;
    log->time_ns = event->time_ns;
    len += (size_t)snprintf(log->text + len, sizeof(log->text) - len, "%llu%s %s",
                            (unsigned long long)event->request,
                            event->request_arg ? (char *)event->request_arg : "",
                            weir_trace_type_name(event->type));
    if (event->bytes > 0 && event->type != WEIR_TRACE_HEAD_SENT)
        len += (size_t)snprintf(log->text + len, sizeof(log->text) - len, " %llu",
                                (unsigned long long)event->bytes);
    if (event->connection)
        len += (size_t)snprintf(log->text + len, sizeof(log->text) - len, " n=%u",
                                (unsigned)event->connection->request_number);
    if (event->response)
        len += (size_t)snprintf(log->text + len, sizeof(log->text) - len, " %d",
                                weir_response_status(event->response));
    if (event->error)
        len += (size_t)snprintf(log->text + len, sizeof(log->text) - len, " %s",
                                weir_status_name(event->error->status));
    if (event->type == WEIR_TRACE_START || event->type == WEIR_TRACE_REDIRECTED) {
        weir_slice url = event->url;
        const char *path = strchr(url.data + strlen("http://"), '/');
        len += (size_t)snprintf(log->text + len, sizeof(log->text) - len, " %s %.*s",
                                event->method, (int)(url.data + url.len - path), path);
    }
    snprintf(log->text + len, sizeof(log->text) - len, "\n");
}

static bool logged(const struct event_log *log, const char *wanted)
{
    CHECK(!log->out_of_order);
    if (strcmp(log->text, wanted) == 0)
        return true;
    fprintf(stderr, "logged:\n%s", log->text);
    return false;
}

static void run(const struct http_answer *answers, size_t count,
                const weir_request_options *options, const char *wanted)
{
    struct event_log log = {.text = ""};
    weir_trace trace = {add, &log};
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    http_scene_open_with(&scene, answers, count,
                         &(weir_session_options){.trace = &trace});
    weir_request_options given = *options;
    given.url = scene.url;
    if (weir_request(scene.session, &given, &response) == WEIR_OK) {
        weir_response_text(response, &text);
        weir_response_free(response);
    }
    CHECK(logged(&log, wanted));
    http_scene_close(&scene);
}

TEST(trace, tells_a_request_with_its_redirect)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 307 X\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"}};
    run(ANSWERS, 2,
        &(weir_request_options){
            .method = "PUT", .body = WEIR_S("abc"), .trace_arg = (char[]){"x"}},
        "1x start PUT /path?query\n"
        "1x resolved\n"
        "1x connected\n"
        "1x connection n=1\n"
        "1x head sent\n"
        "1x body sent 3\n"
        "1x head received 307\n"
        "1x body ended\n"
        "1x redirected 307 PUT /b\n"
        "1x connection n=2\n"
        "1x head sent\n"
        "1x body sent 3\n"
        "1x head received 200\n"
        "1x body received 5\n"
        "1x body ended\n");
}

TEST(trace, tells_what_fails_and_where)
{
    static const struct http_answer CUT = {
        .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", .then = HTTP_CLOSE};
    static const struct http_answer NONE = {.bytes = "", .then = HTTP_CLOSE};
    run(&CUT, 1, &(weir_request_options){.method = NULL},
        "1 start GET /path?query\n"
        "1 resolved\n"
        "1 connected\n"
        "1 connection n=1\n"
        "1 head sent\n"
        "1 head received 200\n"
        "1 body received 2\n"
        "1 failed WEIR_E_INCOMPLETE\n");
    run(&NONE, 1, &(weir_request_options){.method = NULL},
        "1 start GET /path?query\n"
        "1 resolved\n"
        "1 connected\n"
        "1 connection n=1\n"
        "1 head sent\n"
        "1 failed WEIR_E_CONNECTION\n");
    /* What cannot be sent does not begin. */
    run(&NONE, 1, &(weir_request_options){.method = "A B"}, "");
}

static int get(void *arg)
{
    int rc = http_scene_get(arg, NULL);
    return rc < 0 ? rc : WEIR_OK;
}

TEST(trace, tells_who_waits_for_a_connection)
{
    static const struct http_answer ANSWER = {
        .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    struct event_log log = {.text = ""};
    weir_trace trace = {add, &log};
    struct http_scene scene;
    http_scene_open_with(
        &scene, &ANSWER, 1,
        &(weir_session_options){.trace = &trace, .max_connections = 1});
    weir_task *first = weir_spawn(scene.loop, get, &scene, .name = "first");
    weir_task *second = weir_spawn(scene.loop, get, &scene, .name = "second");
    REQUIRE(first && second);
    CHECK_INT(weir_join(first), WEIR_OK);
    CHECK_INT(weir_join(second), WEIR_OK);
    CHECK(strstr(log.text, "2 start GET /path?query\n2 waiting\n"));
    CHECK(strstr(log.text, "2 connection n=2\n"));
    CHECK(!strstr(log.text, "1 waiting"));
    http_scene_close(&scene);
}
