/* Requests as they arrive at a server, and heads of responses, good and bad.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/features.h>

#include "http_scene.h"

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define OK_BODY  "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"

static const struct http_answer EMPTY = {.bytes = OK_EMPTY};

TEST(exchange, sends_the_automatic_fields)
{
    struct http_scene scene;
    char host[64];
    http_scene_open(&scene, &EMPTY, 1);
    for (int i = 0; i < 3; i++) { /* the second and third from the kept head */
        CHECK_INT(http_scene_get(&scene, NULL), 200);
        snprintf(host, sizeof(host), "\r\nHost: 127.0.0.1:%d\r\n", scene.port);
        CHECK(http_scene_saw(&scene, "GET /path?query HTTP/1.1\r\n"));
        CHECK(http_scene_saw(&scene, host));
        CHECK(http_scene_saw(&scene, "\r\nAccept: */*\r\n"));
        CHECK(http_scene_saw(&scene, "\r\nUser-Agent: weir/"));
        CHECK(!http_scene_saw(&scene, "Content-Length"));
        CHECK_INT(http_scene_saw(&scene, "\r\nAccept-Encoding: "),
                  weir_content_accept_encoding().len > 0);
    }
    http_scene_close(&scene);
}

TEST(exchange, given_fields_come_in_place_of_the_automatic_ones)
{
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &EMPTY, 1);
    REQUIRE(weir_post(scene.session, &response, scene.url, .body = WEIR_S("abc"),
                      .content_type = "text/plain",
                      .headers = (weir_pair[]){{"host", "other.test"},
                                               {"ACCEPT", "text/html"},
                                               {"content-type", "text/css"},
                                               {"Content-Length", "3"},
                                               {"X-Empty", NULL},
                                               {"X-Twice", "1"},
                                               {"X-Twice", "2"},
                                               {0}}) == WEIR_OK);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "POST /path?query HTTP/1.1\r\nHost: other.test\r\n"));
    CHECK(http_scene_saw(&scene, "\r\nContent-Length: 3\r\n"));
    CHECK(http_scene_saw(&scene, "\r\nACCEPT: text/html\r\n"));
    CHECK(http_scene_saw(&scene, "\r\nX-Empty: \r\nX-Twice: 1\r\nX-Twice: 2\r\n"));
    CHECK(http_scene_saw(&scene, "\r\nUser-Agent: weir/"));
    CHECK(http_scene_saw(&scene, "\r\n\r\nabc"));
    CHECK(!http_scene_saw(&scene, "*/*"));
    CHECK(!http_scene_saw(&scene, "text/plain"));
    http_scene_close(&scene);
}

TEST(exchange, sends_a_length_where_a_body_is_expected)
{
    static const struct {
        const char *method;
        bool length;
    } CASES[] = {{"POST", true},    {"PUT", true},      {"PATCH", true},
                 {"DELETE", false}, {"OPTIONS", false}, {"M-SEARCH", false}};
    struct http_scene scene;
    http_scene_open(&scene, &EMPTY, 1);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir_response *response;
        weir_request_options options = {.method = CASES[i].method, .url = scene.url};
        REQUIRE(weir_request(scene.session, &options, &response) == WEIR_OK);
        weir_response_free(response);
        CHECK(strncmp(scene.request, CASES[i].method, strlen(CASES[i].method)) == 0);
        CHECK_INT(http_scene_saw(&scene, "\r\nContent-Length: 0\r\n"), CASES[i].length);
    }
    http_scene_close(&scene);
}

TEST(exchange, sends_long_heads_and_bodies)
{
    struct http_scene scene;
    weir_response *response;
    size_t len = (size_t)3 * 1024 * 1024;
    char *body = calloc(1, len);
    char value[5000];
    REQUIRE(body != NULL);
    memset(body, 'b', len);
    memset(value, 'v', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    http_scene_open(&scene, &EMPTY, 1);
    REQUIRE(weir_post(scene.session, &response, scene.url, .body = {body, len},
                      .headers = (weir_pair[]){{"X-Long", value}, {0}}) == WEIR_OK);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, value));
    CHECK(http_scene_saw(&scene, "\r\nContent-Length: 3145728\r\n"));
    CHECK_INT(scene.requests, 1);
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    CHECK_INT(scene.connections, 1);
    http_scene_close(&scene);
    free(body);
}

TEST(exchange, refuses_what_cannot_be_sent)
{
    const struct {
        weir_request_options options;
        int status;
        const char *sentence;
    } cases[] =
    { {{.url = NULL}, WEIR_E_INVALID, "no URL"},
      {{.url = ""}, WEIR_E_INVALID, "URL"},
      {{.url = "//h/"}, WEIR_E_INVALID, "URL"},
      {{.url = "http://"}, WEIR_E_INVALID, "URL"},
      {{.url = "http://h:0/"}, WEIR_E_INVALID, "port"},
#if !WEIR_HAS_TLS
      {{.url = "https://h/"},
       WEIR_E_UNSUPPORTED,
       "https is not supported: this build of weir has no TLS"},
#endif
      {{.url = "ws://h/"}, WEIR_E_UNSUPPORTED, "ws is not supported"},
      {{.url = "ftp://h/"}, WEIR_E_UNSUPPORTED, "URL"},
      {{.url = "http://m%3Ae@h/"}, WEIR_E_INVALID, "colon"},
      {{.url = "http://me:sec%0Aret@h/"}, WEIR_E_INVALID, "cannot be sent"},
      {{.url = "http://h/", .method = "G T"}, WEIR_E_INVALID, "\"G T\""},
      {{.url = "http://h/", .method = ""}, WEIR_E_INVALID, "not a token"},
      {{.url = "http://h/", .method = "CONNECT"}, WEIR_E_UNSUPPORTED, "CONNECT"},
      {{.url = "http://h/", .content_type = "a\r\nb"}, WEIR_E_INVALID, "Content-Type"},
      {{.url = "http://h/", .headers = (weir_pair[]){{"A\nB", "c"}, {0}}},
       WEIR_E_INVALID,
       "A\\nB"},
      {{.url = "http://h/", .headers = (weir_pair[]){{"A", "c\nd"}, {0}}},
       WEIR_E_INVALID,
       "\"A\""},
      {{.url = "http://h/", .headers = (weir_pair[]){{"Host", "a\rb"}, {0}}},
       WEIR_E_INVALID,
       "Host"},
      {{.url = "http://h/", .headers = (weir_pair[]){{"Content-Length", "1"}, {0}}},
       WEIR_E_INVALID,
       "Content-Length"},
      {{.url = "http://h/",
        .headers = (weir_pair[]){{"transfer-encoding", "chunked"}, {0}}},
       WEIR_E_INVALID,
       "Transfer-Encoding"},
    };
    struct http_scene scene;
    http_scene_open(&scene, &EMPTY, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        weir_response *response;
        int rc = weir_request(scene.session, &cases[i].options, &response);
        if (!CHECK_INT(rc, cases[i].status) || !http_failed_with(cases[i].sentence))
            CHECK_INT(i, -1);
        CHECK(!strstr(weir_last_error()->message, "secret"));
    }
    CHECK_INT(scene.connections, 0);
    http_scene_close(&scene);
}

TEST(exchange, head_may_be_cut_anywhere)
{
    static const char WHOLE[] = "HTTP/1.1 100 Continue\r\n\r\n"
                                "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" OK_BODY;
    for (size_t cut = 1; cut < sizeof(WHOLE); cut += cut < 16 ? 1 : 7) {
        struct http_answer answer = {.bytes = WHOLE, .cut = cut};
        struct http_scene scene;
        char text[256] = "";
        http_scene_open(&scene, &answer, 1);
        CHECK_INT(http_scene_get(&scene, text), 200);
        CHECK(strcmp(text, "body") == 0);
        CHECK_INT(weir_session_connections(scene.session), 1);
        http_scene_close(&scene);
    }
}

static char *many_interim_responses(void)
{
    static const char ONE[] = "HTTP/1.1 102 X\r\n\r\n";
    char *all = calloc(102, sizeof(ONE));
    REQUIRE(all != NULL);
    for (int i = 0; i < 101; i++)
        memcpy(all + (sizeof(ONE) - 1) * (size_t)i, ONE, sizeof(ONE) - 1);
    return all;
}

TEST(exchange, says_what_is_wrong_with_a_head)
{
    char *interim = many_interim_responses();
    const struct {
        struct http_answer answer;
        int status;
        const char *sentence;
    } cases[] = {
        {{.bytes = "GARBAGE\r\n\r\n"}, WEIR_E_PROTOCOL, "reading the response head"},
        {{.bytes = "HTTP/2.0 200 OK\r\n\r\n"}, WEIR_E_PROTOCOL, "response head"},
        {{.bytes = "HTTP/1.1 200 OK\r\nA b\r\n\r\n"}, WEIR_E_PROTOCOL, "response head"},
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"},
         WEIR_E_PROTOCOL,
         "response head"},
        {{.bytes = "HTTP/1.1 200 OK\r\nA: b", .then = HTTP_CLOSE},
         WEIR_E_INCOMPLETE,
         "ended within a head"},
        {{.bytes = NULL, .then = HTTP_CLOSE}, WEIR_E_CONNECTION, "without an answer"},
        {{.bytes = "HTTP/1.1 100 C\r\n\r\n", .then = HTTP_CLOSE},
         WEIR_E_CONNECTION,
         "without an answer"},
        {{.bytes = interim}, WEIR_E_PROTOCOL, "interim"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_scene scene;
        char origin[64];
        http_scene_open(&scene, &cases[i].answer, 1);
        if (!CHECK_INT(http_scene_get(&scene, NULL), cases[i].status) ||
            !http_failed_with(cases[i].sentence))
            CHECK_INT(i, -1);
        snprintf(origin, sizeof(origin), "GET http://127.0.0.1:%d/path: ", scene.port);
        CHECK(http_failed_with(origin));
        CHECK_INT(weir_session_connections(scene.session), 0);
        CHECK_INT(scene.requests, 1);
        http_scene_close(&scene);
    }
    free(interim);
}

TEST(exchange, head_over_a_limit_is_refused)
{
    static const char END[] = "\r\nContent-Length: 0\r\n\r\n";
    static char answer[40000] = "HTTP/1.1 200 OK\r\nA: ";
    struct http_answer answers[] = {{.bytes = answer}};
    struct http_scene scene;
    weir_response *response;
    size_t len = strlen(answer);
    memset(answer + len, 'a', 20000);
    memcpy(answer + len + 20000, END, sizeof(END));
    http_scene_open(&scene, answers, 1);
    CHECK_INT(http_scene_get(&scene, NULL), WEIR_E_TOO_BIG);
    CHECK(http_failed_with("limit"));
    REQUIRE(weir_get(scene.session, &response, scene.url,
                     .limits = {.max_field_bytes = 30000}) == WEIR_OK);
    weir_response_free(response);
    CHECK_INT(http_scene_get(&scene, NULL), WEIR_E_TOO_BIG);
    http_scene_close(&scene);
}

TEST(exchange, switched_protocol_is_a_response_with_its_connection_closed)
{
    static const struct http_answer ANSWER = {
        .bytes =
            "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nzzz"};
    struct http_scene scene;
    char text[256] = "?";
    http_scene_open(&scene, &ANSWER, 1);
    CHECK_INT(http_scene_get(&scene, text), 101);
    CHECK(text[0] == '\0');
    CHECK_INT(weir_session_connections(scene.session), 0);
    http_scene_close(&scene);
}

/* A body that the kernel's buffers cannot hold. */
static char *long_body(size_t *len)
{
    *len = (size_t)32 * 1024 * 1024;
    char *body = calloc(1, *len);
    REQUIRE(body != NULL);
    return body;
}

TEST(exchange, an_early_answer_is_seen_although_sending_fails)
{
    static const struct http_answer ANSWER = {
        .bytes = "HTTP/1.1 413 Too Big\r\nContent-Length: 3\r\n\r\nbig",
        .at_once = true,
        .then = HTTP_CLOSE};
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    weir_slice body;
    char *bytes = long_body(&body.len);
    body.data = bytes;
    http_scene_open(&scene, &ANSWER, 1);
    REQUIRE(weir_post(scene.session, &response, scene.url, .body = body) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 413);
    CHECK_INT(weir_response_text(response, &text), WEIR_OK);
    CHECK_BYTES(text, WEIR_S("big"));
    weir_response_free(response);
    CHECK_INT(weir_session_connections(scene.session), 0);
    http_scene_close(&scene);
    free(bytes);
}

TEST(exchange, sending_that_fails_says_so)
{
    static const struct http_answer ANSWER = {.at_once = true, .then = HTTP_CLOSE};
    struct http_scene scene;
    weir_response *response;
    weir_slice body;
    char *bytes = long_body(&body.len);
    body.data = bytes;
    http_scene_open(&scene, &ANSWER, 1);
    CHECK_INT(weir_post(scene.session, &response, scene.url, .body = body),
              WEIR_E_CONNECTION);
    CHECK(http_failed_with("sending the request"));
    CHECK_INT(weir_session_connections(scene.session), 0);
    http_scene_close(&scene);
    free(bytes);
}

TEST(exchange, connecting_fails_with_the_origin)
{
    struct http_scene scene;
    weir_response *response;
    char url[64];
    http_scene_open(&scene, &EMPTY, 1);
    weir_server_close(scene.server);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", scene.port);
    CHECK_INT(weir_get(scene.session, &response, url), WEIR_E_CONNECTION);
    CHECK(http_failed_with("GET http://127.0.0.1:"));
    CHECK(http_failed_with("refused"));
    CHECK_INT(weir_get(scene.session, &response, "http://slow.test/",
                       .connect_timeout_ms = 20),
              WEIR_E_TIMEOUT);
    CHECK(http_failed_with("GET http://slow.test/: connect to slow.test: no connection "
                           "within 20 ms"));
    CHECK_INT(weir_session_connections(scene.session), 0);
    http_scene_close(&scene);
}

/* Where a request can be waiting. */
enum place { RESOLVING, SENDING, AT_HEAD, IN_HEAD, AT_BODY, IN_BODY, IN_CHUNK, PLACES };

static const struct http_answer HANGS[PLACES] = {
    [RESOLVING] = {.bytes = OK_EMPTY},
    [SENDING] = {.at_once = true, .then = HTTP_HANG},
    [AT_HEAD] = {.then = HTTP_HANG},
    [IN_HEAD] = {.bytes = "HTTP/1.1 200 O", .then = HTTP_HANG},
    [AT_BODY] = {.bytes = "HTTP/1.1 200 OK\r\n\r\n", .then = HTTP_HANG},
    [IN_BODY] = {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
                 .then = HTTP_HANG},
    [IN_CHUNK] = {.bytes =
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha",
                  .then = HTTP_HANG},
};

struct attempt {
    struct http_scene scene;
    weir_request_options options;
    char *body;
};

static int attempt(void *arg)
{
    struct attempt *a = arg;
    weir_response *response;
    weir_slice text;
    int rc = weir_request(a->scene.session, &a->options, &response);
    if (rc < 0)
        return rc;
    rc = weir_response_text(response, &text);
    if (rc < 0 && rc != WEIR_E_CLOSED)
        CHECK_INT(weir_session_connections(a->scene.session), 1);
    weir_response_free(response);
    return rc;
}

static void open_attempt(struct attempt *a, enum place place)
{
    size_t len = (size_t)16 * 1024 * 1024;
    http_scene_open(&a->scene, &HANGS[place], 1);
    a->options = (weir_request_options){.url = place == RESOLVING ? "http://slow.test/"
                                                                  : a->scene.url};
    a->body = NULL;
    if (place != SENDING)
        return;
    a->body = calloc(1, len);
    REQUIRE(a->body != NULL);
    a->options.method = "POST";
    a->options.body = (weir_slice){a->body, len};
}

static void close_attempt(struct attempt *a)
{
    CHECK_INT(weir_session_connections(a->scene.session), 0);
    CHECK_INT(a->scene.session ? weir_session_connections(a->scene.session) : 0, 0);
    http_scene_close(&a->scene);
    free(a->body);
}

TEST(exchange, can_be_cancelled_wherever_it_waits)
{
    for (enum place place = RESOLVING; place < PLACES; place++) {
        struct attempt a;
        open_attempt(&a, place);
        weir_task *task = weir_spawn(a.scene.loop, attempt, &a);
        weir_sleep(a.scene.loop, 20);
        weir_cancel(task);
        CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
        close_attempt(&a);
    }
}

TEST(exchange, can_be_cancelled_before_its_first_wait)
{
    struct attempt a;
    open_attempt(&a, AT_HEAD);
    weir_task *task = weir_spawn(a.scene.loop, attempt, &a);
    weir_cancel(task);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    close_attempt(&a);
}

TEST(exchange, ends_with_its_time_wherever_it_waits)
{
    for (enum place place = RESOLVING; place < PLACES; place++) {
        struct attempt a;
        open_attempt(&a, place);
        a.options.timeout_ms = 20;
        CHECK_INT(attempt(&a), WEIR_E_TIMEOUT);
        CHECK(http_failed_with("not over within 20 ms"));
        close_attempt(&a);
    }
}

TEST(exchange, ends_with_the_silence_of_the_server)
{
    for (enum place place = SENDING; place < PLACES; place++) {
        struct attempt a;
        open_attempt(&a, place);
        a.options.read_timeout_ms = 20;
        CHECK_INT(attempt(&a), WEIR_E_TIMEOUT);
        CHECK(http_failed_with("for 20 ms"));
        close_attempt(&a);
    }
}

TEST(exchange, ends_with_the_deadline_of_the_caller)
{
    for (enum place place = RESOLVING; place < PLACES; place++) {
        struct attempt a;
        open_attempt(&a, place);
        weir_timeout timeout = weir_timeout_start(a.scene.loop, 20);
        CHECK_INT(attempt(&a), WEIR_E_TIMEOUT);
        CHECK(weir_timeout_end(&timeout));
        CHECK(http_failed_with("the deadline passed"));
        close_attempt(&a);
    }
}

TEST(exchange, survives_each_failing_allocation)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n"
                  "2\r\nab\r\n3\r\nc\nd\r\n0\r\nT: v\r\n\r\n",
         .cut = 5},
        {.bytes = OK_BODY},
    };
    bool failed = true;
    for (size_t n = 1; failed && n < 500; n++) {
        struct http_scene scene;
        weir_response *response;
        weir_slice text;
        http_scene_open(&scene, ANSWERS, 2);
        scene.nth.fail_at = scene.nth.count + n;
        int rc = weir_post(scene.session, &response, scene.url, .body = WEIR_S("x"),
                           .content_type = "text/plain", .read_timeout_ms = 200);
        if (rc == WEIR_OK) {
            while ((rc = weir_readline(weir_response_body(response), &text)) > 0)
                ;
            weir_response_free(response);
        }
        CHECK(rc == WEIR_OK || weir_last_error()->message[0] != '\0');
        if (rc == WEIR_OK)
            rc = http_scene_get(&scene, NULL);
        failed = scene.nth.failed;
        CHECK(failed || rc == 200);
        scene.nth.fail_at = 0;
        CHECK_INT(http_scene_get(&scene, NULL), 200);
        http_scene_close(&scene);
    }
    CHECK(!failed);
}
