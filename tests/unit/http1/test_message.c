/* The message decoder: llhttp's own vectors, ours, and its use by hand.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/http_codec.h>
#include <weir/status.h>

#include "http_feed.h"
#include "json.h"
#include "markdown.h"
#include "nth.h"
#include "test.h"

/* The bytes of a text that the vectors have as latin-1. */
static weir_slice latin1(weir_slice text)
{
    static char bytes[4096];
    size_t len = 0;
    for (size_t i = 0; i < text.len && len < sizeof(bytes); i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= 0xC0)
            c = (unsigned char)(c << 6 | ((unsigned char)text.data[++i] & 0x3F));
        bytes[len++] = (char)c;
    }
    return (weir_slice){bytes, len};
}

static void want_fields(struct feed_log *wanted, const struct json *message)
{
    const struct json *field = json_member(message, "headers")->first;
    for (; field; field = field->next) {
        const struct json *name = field->first;
        weir_slice value = {name->next->text, name->next->len};
        feed_log_line(wanted, "field ");
        feed_log_quoted(wanted, (weir_slice){name->text, name->len});
        feed_log_line(wanted, ": ");
        feed_log_quoted(wanted, weir_slice_trim(latin1(value)));
        feed_log_line(wanted, "\n");
    }
}

static void want_message(struct feed_log *wanted, const struct json *message)
{
    bool response = json_member(message, "code");
    if (!json_is_true(message, "headers_complete"))
        return;
    feed_log_line(wanted, "head ");
    if (response)
        feed_log_line(wanted, "%ld ", json_number(message, "code"));
    feed_log_quoted(wanted, latin1(json_text(message, response ? "status" : "method")));
    if (!response) {
        feed_log_line(wanted, " ");
        feed_log_quoted(wanted, latin1(json_text(message, "url")));
    }
    feed_log_line(wanted, "\n");
    want_fields(wanted, message);
    weir_slice body = json_base64(message, "body");
    if (body.len > 0)
        feed_log_data(wanted, body);
    json_free_bytes(body);
    if (json_is_true(message, "complete"))
        feed_log_line(wanted, "end\n");
}

static bool is_error(const struct json *test)
{
    return weir_slice_equal(json_text(test, "expected"), WEIR_S("error"));
}

/* The log that llhttp's events come to. */
static void want(struct feed_log *wanted, const struct json *test)
{
    const struct json *message = json_member(test, "messages")->first;
    feed_log_line(wanted, "%s", "");
    for (; message; message = message->next)
        want_message(wanted, message);
    feed_log_line(wanted, "%s", is_error(test) ? "failed\n" : "");
}

/* The input. The conversion of the vectors lost the last CRLF of some, which their
 * events show: they go on behind the end. Behind an error it makes no difference. */
static weir_slice input_of(const struct json *test)
{
    weir_slice input = json_base64(test, "input");
    size_t end = 0;
    const struct json *event = json_member(test, "events")->first;
    for (; event; event = event->next) {
        size_t offset = 0, len = 0;
        sscanf(event->text, "off=%zu len=%zu", &offset, &len);
        end = offset + len > end ? offset + len : end;
    }
    if (end <= input.len && !is_error(test))
        return input;
    char *mended = malloc(input.len + 2);
    REQUIRE(mended && end <= input.len + 2);
    memcpy(mended, input.data, input.len);
    memcpy(mended + input.len, "\r\n", 2);
    json_free_bytes(input);
    return (weir_slice){mended, input.len + 2};
}

/* Where the decoder does not do as the newest llhttp, and why. */
enum outcome { REFUSED, EITHER, OTHER };

static const struct deviation {
    const char *name;
    enum outcome outcome;
    const char *why;
} DEVIATIONS[] = {
    {"content-length: Tabs in `Content-Length` (surrounding)", EITHER,
     "llhttp 8.1 takes spaces only"},
    {"method: QUERY request", EITHER, "llhttp 8.1 does not know QUERY"},
    {"sample: RTSP response", REFUSED, "not HTTP"},
    {"sample: ICE response", REFUSED, "not HTTP"},
    {"method: SOURCE request with ICE", REFUSED, "not HTTP"},
    {"method: OPTIONS request with RTSP", REFUSED, "not HTTP"},
    {"method: ANNOUNCE request with RTSP", REFUSED, "not HTTP"},
    {"method: PRI request HTTP2", REFUSED, "not HTTP/1"},
    {"sample: HTTP version 0.9", REFUSED, "has no status line (RFC 9112 2.3)"},
    {"sample: No HTTP version", REFUSED, "HTTP/0.9 has no fields"},
    {"transfer-encoding: Ignoring `pigeons`", REFUSED, "no HEAD before the refusal"},
    {"transfer-encoding: POST with `chunkedchunked` as transfer-encoding", REFUSED,
     "no HEAD before the refusal"},
    {"content-length: Content-Length reset when no body is received", OTHER,
     "a request to skip the body of"},
    {"transfer-encoding: Trailing headers", OTHER, "trailers come with END"},
};

static const struct deviation *find_deviation(weir_slice name)
{
    for (size_t i = 0; i < sizeof(DEVIATIONS) / sizeof(*DEVIATIONS); i++) {
        if (weir_slice_equal(name, weir_slice_of(DEVIATIONS[i].name)))
            return &DEVIATIONS[i];
    }
    return NULL;
}

static bool is_as_wanted(const struct json *test, const char *got, const char *wanted,
                         int status)
{
    const struct deviation *deviation = find_deviation(json_text(test, "name"));
    if (strcmp(got, wanted) == 0)
        return true;
    /* What only a lenient parser takes is refused. */
    if (json_is_true(test, "lenient"))
        return status == WEIR_E_PROTOCOL;
    return deviation && (deviation->outcome == OTHER || status == WEIR_E_PROTOCOL);
}

static bool agrees(const struct json *test, weir_http_role role)
{
    struct http_feed arg = {.role = role, .brief = true};
    struct feed_log wanted = {0}, got = {0};
    size_t left;
    weir_slice input = input_of(test);
    weir_slice error = json_text(json_member(test, "error"), "name");
    enum feed_flags flags = json_is_true(test, "finish") ? FEED_PLAIN : FEED_NO_END;
    arg.one = weir_slice_equal(error, WEIR_S("PAUSED_UPGRADE"));
    if (json_is_true(json_member(test, "meta"), "skipBody"))
        arg.method = "HEAD";
    want(&wanted, test);
    feed_log_line(&got, "%s", "");
    int rc = feed_run(&HTTP_FEED, &arg, input, NULL, 0, &got, &left, FEED_NO_END, NULL);
    bool ok = CHECK(is_as_wanted(test, got.text, wanted.text, rc));
    if (!ok)
        fprintf(stderr, "--- got\n%s--- wanted\n%s---\n", got.text, wanted.text);
    arg.brief = false;
    ok = CHECK(feed_check(&HTTP_FEED, &arg, input, NULL, flags)) && ok;
    json_free_bytes(input);
    feed_log_clear(&got);
    feed_log_clear(&wanted);
    return ok;
}

static void agrees_with(const char *name, weir_http_role role)
{
    struct json *vectors = json_read_vectors(name);
    int passed = 0, count = 0;
    if (!vectors)
        SKIP("shared/vectors: not there");
    const struct json *test = json_member(vectors, "cases")->first;
    for (; test; test = test->next) {
        bool ok = agrees(test, role);
        if (!ok)
            fprintf(stderr, "in %s\n", json_text(test, "name").data);
        passed += ok;
        count++;
    }
    printf("%d of %d vectors of llhttp pass\n", passed, count);
    json_free(vectors);
}

/* RFC 9112: the vectors of llhttp, as the newest release has them. */
TEST(message, agrees_with_llhttp_on_responses)
{
    agrees_with("llhttp-responses.json", WEIR_HTTP_RESPONSE);
}

TEST(message, agrees_with_llhttp_on_requests)
{
    agrees_with("llhttp-requests.json", WEIR_HTTP_REQUEST);
}

static size_t meta_number(const struct markdown_case *test, const char *key)
{
    char value[32];
    return markdown_meta(test, key, value, sizeof(value)) ? strtoul(value, NULL, 10)
                                                          : 0;
}

/* Where llhttp is the one that refuses, words and place are those of its release. */
static void forget_reason(struct feed_log *log)
{
    char *at = strstr(log->text, "WEIR_E_PROTOCOL at ");
    if (at)
        memcpy(at, "WEIR_E_PROTOCOL\n", sizeof("WEIR_E_PROTOCOL\n"));
}

static void run_vector(const struct markdown_case *test, weir_http_role role)
{
    char method[32];
    struct http_feed arg = {.role = role};
    struct feed_log log = {0};
    size_t left;
    if (markdown_meta(test, "method", method, sizeof(method)))
        arg.method = method;
    arg.limits.max_head_bytes = meta_number(test, "max_head_bytes");
    arg.limits.max_fields = meta_number(test, "max_fields");
    arg.limits.max_field_bytes = meta_number(test, "max_field_bytes");
    feed_log_line(&log, "%s", "");
    int rc =
        feed_run(&HTTP_FEED, &arg, test->input, NULL, 0, &log, &left, FEED_PLAIN, NULL);
    if (rc >= 0 && left > 0)
        feed_log_line(&log, "left %zu\n", left);
    if (weir_slice_ends_with(weir_slice_of(test->log), WEIR_S("WEIR_E_PROTOCOL\n")))
        forget_reason(&log);
    bool ok = CHECK(strcmp(log.text, test->log) == 0);
    ok = CHECK(feed_check(&HTTP_FEED, &arg, test->input, NULL, FEED_PLAIN)) && ok;
    if (!ok)
        fprintf(stderr, "in %s\n--- got\n%s--- wanted\n%s---\n", test->name, log.text,
                test->log);
    feed_log_clear(&log);
}

static void run_response(const struct markdown_case *test)
{
    run_vector(test, WEIR_HTTP_RESPONSE);
}

static void run_request(const struct markdown_case *test)
{
    run_vector(test, WEIR_HTTP_REQUEST);
}

/* RFC 9112 6.3 and others: tests/vectors/http-responses.md */
TEST(message, decodes_responses_as_written_down)
{
    CHECK(markdown_each("tests/vectors/http-responses.md", run_response) > 30);
}

TEST(message, decodes_requests_as_written_down)
{
    CHECK(markdown_each("tests/vectors/http-requests.md", run_request) > 7);
}

/* A message with an end leaves what is behind it alone, wherever it is cut. */
TEST(message, leaves_what_follows)
{
    static const char *const MESSAGES[] = {
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    };
    struct http_feed arg = {.one = true};
    for (size_t i = 0; i < sizeof(MESSAGES) / sizeof(*MESSAGES); i++)
        CHECK(feed_check(&HTTP_FEED, &arg, weir_slice_of(MESSAGES[i]), NULL,
                         FEED_DELIMITED));
}

static const char MESSAGE[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\n\r\nok";

/* Architecture: no allocation per event, none at all once the buffers are there. */
TEST(message, allocates_nothing_in_the_steady_state)
{
    struct nth nth;
    weir_http_decoder d;
    weir_http_event event;
    size_t count = 0;
    nth_init(&nth, 0);
    weir_http_decoder_options options = {.allocator = &nth.allocator};
    weir_http_decoder_init(&d, WEIR_HTTP_RESPONSE, &options);
    for (int i = 0; i < 10; i++) {
        /* by turns in one piece and in two */
        weir_slice rest = {MESSAGE, sizeof(MESSAGE) - 1};
        weir_slice input = {MESSAGE, i % 2 ? 20 : rest.len};
        REQUIRE(weir_http_decoder_next(&d, WEIR_S("GET")) == WEIR_OK);
        if (i == 2)
            count = nth.count;
        int rc = WEIR_HTTP_MORE;
        while (rc == WEIR_HTTP_EVENT || (rc == WEIR_HTTP_MORE && rest.len > 0)) {
            size_t before = input.len;
            rc = weir_http_decode(&d, &input, &event);
            rest = weir_slice_skip(rest, before - input.len);
            if (rc == WEIR_HTTP_MORE)
                input = rest;
        }
        CHECK_INT(rc, WEIR_HTTP_PAUSED);
    }
    CHECK_INT(nth.count, count);
    weir_http_decoder_clear(&d);
    CHECK_INT(nth.live, 0);
}

/* http_codec.h: the head may be kept by exchanging its fields. */
TEST(message, gives_its_head_away)
{
    weir_http_decoder d;
    weir_http_event event;
    weir_http_fields mine;
    weir_slice input = WEIR_S("HTTP/1.1 404 Gone Fishing\r\nA: b\r\n\r\n");
    weir_http_decoder_init(&d, WEIR_HTTP_RESPONSE, NULL);
    weir_http_fields_init(&mine, NULL, NULL);
    REQUIRE(weir_http_decode(&d, &input, &event) == WEIR_HTTP_EVENT);
    weir_http_fields_swap(&mine, event.head->fields);
    weir_slice reason = event.head->reason;
    CHECK_INT(weir_http_decode_end(&d, &event), WEIR_HTTP_EVENT);
    weir_http_decoder_clear(&d);
    CHECK_BYTES(reason, WEIR_S("Gone Fishing"));
    CHECK_BYTES(weir_http_fields_value(&mine, WEIR_S("a")), WEIR_S("b"));
    weir_http_fields_clear(&mine);
}

/* http_codec.h: _next, _reset and _clear say what they refuse. */
TEST(message, is_told_when_the_next_message_may_come)
{
    weir_http_decoder d;
    weir_http_event event;
    weir_slice input = {MESSAGE, sizeof(MESSAGE) - 2};
    weir_http_decoder_init(&d, WEIR_HTTP_RESPONSE, NULL);
    CHECK_INT(weir_http_decoder_next(&d, WEIR_S("GET")), WEIR_OK);
    while (weir_http_decode(&d, &input, &event) == WEIR_HTTP_EVENT)
        CHECK_INT(weir_http_decoder_next(&d, WEIR_S("GET")), WEIR_E_MISUSE);
    input = WEIR_S("k");
    CHECK_INT(weir_http_decode(&d, &input, &event), WEIR_HTTP_EVENT);
    CHECK_INT(weir_http_decoder_next(&d, WEIR_S("GET")), WEIR_E_MISUSE);
    CHECK_INT(weir_http_decode(&d, &input, &event), WEIR_HTTP_EVENT);
    CHECK_INT(event.type, WEIR_HTTP_END);
    CHECK_INT(weir_http_decode(&d, &input, &event), WEIR_HTTP_PAUSED);
    CHECK_INT(weir_http_decode_end(&d, &event), WEIR_HTTP_PAUSED);
    CHECK_INT(weir_http_decoder_next(&d, WEIR_S("GET")), WEIR_OK);
    CHECK_INT(weir_http_decode_end(&d, &event), WEIR_HTTP_MORE);
    input = WEIR_S("nonsense");
    CHECK_INT(weir_http_decode(&d, &input, &event), WEIR_E_PROTOCOL);
    CHECK_INT(weir_http_decoder_next(&d, WEIR_S("GET")), WEIR_E_MISUSE);
    CHECK_INT(weir_http_decode_end(&d, &event), WEIR_E_PROTOCOL);
    CHECK_INT(weir_http_decoder_error(&d)->status, WEIR_E_PROTOCOL);
    weir_http_decoder_reset(&d);
    CHECK_INT(weir_http_decoder_error(&d)->status, WEIR_OK);
    input = (weir_slice){MESSAGE, sizeof(MESSAGE) - 1};
    CHECK_INT(weir_http_decode(&d, &input, &event), WEIR_HTTP_EVENT);
    weir_http_decoder_clear(&d);
    CHECK_INT(weir_http_decode_end(&d, &event), WEIR_HTTP_MORE);
}

/* A head of megabytes is refused with no more memory than the limit allows. */
TEST(message, holds_no_more_than_its_limits)
{
    static char line[1000];
    struct nth nth;
    weir_http_decoder d;
    weir_http_event event;
    int rc = WEIR_HTTP_MORE;
    nth_init(&nth, 0);
    weir_http_decoder_options options = {.allocator = &nth.allocator};
    memset(line, 'x', sizeof(line));
    memcpy(line, "Field: ", 7);
    memcpy(line + sizeof(line) - 2, "\r\n", 2);
    weir_slice input = WEIR_S("HTTP/1.1 200 OK\r\n");
    weir_http_decoder_init(&d, WEIR_HTTP_RESPONSE, &options);
    for (int i = 0; i < 700 && rc == WEIR_HTTP_MORE; i++) {
        rc = weir_http_decode(&d, &input, &event);
        input = (weir_slice){line, sizeof(line)};
    }
    CHECK_INT(rc, WEIR_E_TOO_BIG);
    CHECK_INT(weir_http_decoder_error(&d)->offset, 65536);
    CHECK(nth.most_bytes < 3 * 65536);
    weir_http_decoder_clear(&d);
    CHECK_INT(nth.live, 0);
}
