/* Bodies: each framing, read in each way, whole and broken.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_scene.h"

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

/* The same text in each framing. */
static const char TEXT[] = "first line\nsecond\n\nand the last";
static const char *const FRAMED[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\nfirst line\nsecond\n\nand the last",
    CHUNKED "5\r\nfirst\r\n6;x=y\r\n line\n\r\n7\r\nsecond\n\r\n"
            "1\r\n\n\r\nC\r\nand the last\r\n0\r\nT: v\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\nfirst line\nsecond\n\nand the last",
};

static void get(struct http_scene *scene, weir_response **response)
{
    if (weir_get(scene->session, response, scene->url) == WEIR_OK)
        return;
    fprintf(stderr, "%s\n", weir_last_error()->message);
    REQUIRE(false);
}

static void check_text(weir_response *response)
{
    weir_slice text;
    CHECK_INT(weir_response_text(response, &text), WEIR_OK);
    CHECK_BYTES(text, WEIR_S("first line\nsecond\n\nand the last"));
}

static void check_lines(weir_response *response)
{
    static const char *const LINES[] = {"first line\n", "second\n", "\n",
                                        "and the last"};
    weir_slice line;
    for (int i = 0; i < 4; i++) {
        CHECK(weir_readline(weir_response_body(response), &line) > 0);
        CHECK_BYTES(line, weir_slice_of(LINES[i]));
    }
    CHECK_INT(weir_readline(weir_response_body(response), &line), 0);
}

static void check_pieces(weir_response *response)
{
    char all[64];
    size_t len = 0;
    weir_slice piece;
    int rc;
    while ((rc = weir_read(weir_response_body(response), 7, &piece)) > 0 && len < 50) {
        CHECK(piece.len <= 7);
        memcpy(all + len, piece.data, piece.len);
        len += piece.len;
    }
    CHECK_INT(rc, 0);
    CHECK_BYTES(((weir_slice){all, len}), weir_slice_of(TEXT));
}

static void check_exact(weir_response *response)
{
    weir_reader *body = weir_response_body(response);
    weir_slice bytes;
    CHECK_INT(weir_readexactly(body, 20, &bytes), 20);
    CHECK_BYTES(bytes, WEIR_S("first line\nsecond\n\na"));
    CHECK_INT(weir_peek(body, 11, &bytes), 11);
    CHECK_BYTES(bytes, WEIR_S("nd the last"));
    weir_consume(body, 7);
    CHECK_INT(weir_readexactly(body, 5, &bytes), WEIR_E_INCOMPLETE);
    CHECK_INT(weir_readexactly(body, 4, &bytes), 4);
    CHECK_BYTES(bytes, WEIR_S("last"));
    CHECK_INT(weir_read(body, 9, &bytes), 0);
}

static void read_in_each_way(struct http_scene *scene)
{
    static void (*const WAYS[])(weir_response *) = {check_text, check_lines,
                                                    check_pieces, check_exact};
    for (int way = 0; way < 4; way++) {
        weir_response *response;
        get(scene, &response);
        WAYS[way](response);
        CHECK(weir_reader_at_eof(weir_response_body(response)));
        weir_response_free(response);
    }
}

TEST(body, is_the_same_in_each_framing_cut_and_way_of_reading)
{
    for (int framing = 0; framing < 3; framing++) {
        struct http_answer answer = {.bytes = FRAMED[framing],
                                     .then = framing == 2 ? HTTP_CLOSE : HTTP_KEEP};
        struct http_scene scene;
        http_scene_open(&scene, &answer, 1);
        for (answer.cut = 0; answer.cut < 40; answer.cut++)
            read_in_each_way(&scene);
        CHECK_INT(scene.connections, framing == 2 ? 160 : 1);
        http_scene_close(&scene);
    }
}

TEST(body, is_empty_where_there_is_none)
{
    static const struct {
        const char *method;
        const char *answer;
        int64_t length;
    } CASES[] = {
        {"GET", "HTTP/1.1 204 No\r\n\r\n", -1},
        {"GET", "HTTP/1.1 304 No\r\nContent-Length: 100\r\n\r\n", 100},
        {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0},
        {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", 100},
        {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", -1},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct http_answer answer = {.bytes = CASES[i].answer};
        struct http_scene scene;
        http_scene_open(&scene, &answer, 1);
        for (int again = 0; again < 2; again++) {
            weir_response *response;
            weir_slice text;
            weir_request_options options = {.method = CASES[i].method,
                                            .url = scene.url};
            REQUIRE(weir_request(scene.session, &options, &response) == WEIR_OK);
            CHECK_INT(weir_response_content_length(response), CASES[i].length);
            CHECK(weir_reader_at_eof(weir_response_body(response)));
            CHECK(weir_response_trailers(response) != NULL);
            CHECK_INT(weir_response_text(response, &text), WEIR_OK);
            CHECK_INT(text.len, 0);
            weir_response_free(response);
        }
        CHECK_INT(scene.connections, 1);
        http_scene_close(&scene);
    }
}

TEST(body, has_trailers_behind_it)
{
    struct http_answer answer = {.bytes = FRAMED[1]};
    struct http_scene scene;
    weir_response *response;
    weir_slice text;
    http_scene_open(&scene, &answer, 1);
    get(&scene, &response);
    CHECK(weir_response_trailers(response) == NULL);
    CHECK_INT(weir_response_text(response, &text), WEIR_OK);
    REQUIRE(weir_response_trailers(response) != NULL);
    CHECK_BYTES(weir_http_fields_value(weir_response_trailers(response), WEIR_S("t")),
                WEIR_S("v"));
    weir_response_free(response);
    http_scene_close(&scene);
}

static void check_half(struct http_scene *scene, int status, const char *sentence)
{
    weir_response *response;
    weir_slice bytes;
    get(scene, &response);
    CHECK_INT(weir_readexactly(weir_response_body(response), 4, &bytes), 4);
    CHECK_BYTES(bytes, WEIR_S("half"));
    for (int again = 0; again < 2; again++) {
        CHECK_INT(weir_read(weir_response_body(response), 9, &bytes), status);
        CHECK(http_failed_with(sentence));
        CHECK(http_failed_with("GET http://127.0.0.1:"));
    }
    CHECK_INT(weir_session_connections(scene->session), 0);
    weir_response_free(response);
}

TEST(body, that_breaks_off_is_handed_out_before_the_failure)
{
    static const struct {
        const char *answer;
        int status;
        const char *sentence;
    } CASES[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", WEIR_E_INCOMPLETE,
         "after 4 bytes"},
        {CHUNKED "9\r\nhalf", WEIR_E_INCOMPLETE, "after 4 bytes"},
        {CHUNKED "4\r\nhalf\r\n", WEIR_E_INCOMPLETE, "after 4 bytes"},
        {CHUNKED "4\r\nhalf\r\n0\r\n", WEIR_E_INCOMPLETE, "after 4 bytes"},
        {CHUNKED "4\r\nhalf\r\nxyz\r\n", WEIR_E_PROTOCOL, "response body"},
        {CHUNKED "4\r\nhalf123", WEIR_E_PROTOCOL, "response body"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct http_answer answer = {.bytes = CASES[i].answer, .then = HTTP_CLOSE};
        struct http_scene scene;
        http_scene_open(&scene, &answer, 1);
        for (answer.cut = 0; answer.cut < 3; answer.cut++)
            check_half(&scene, CASES[i].status, CASES[i].sentence);
        http_scene_close(&scene);
    }
}

TEST(body, keeps_what_was_not_taken_when_it_fails)
{
    static const struct http_answer ANSWER = {.bytes = CHUNKED "4\r\nhalf\r\nxyz\r\n"};
    struct http_scene scene;
    weir_response *response;
    weir_slice bytes;
    http_scene_open(&scene, &ANSWER, 1);
    get(&scene, &response);
    CHECK_INT(weir_readline(weir_response_body(response), &bytes), WEIR_E_PROTOCOL);
    CHECK_INT(weir_session_connections(scene.session), 0);
    CHECK_INT(weir_read(weir_response_body(response), 9, &bytes), 4);
    CHECK_BYTES(bytes, WEIR_S("half"));
    weir_response_free(response);
    http_scene_close(&scene);
}

TEST(body, can_be_read_on_after_a_timeout)
{
    static const struct http_answer ANSWER = {.bytes = CHUNKED "4\r\nhalf",
                                              .then = HTTP_HANG};
    struct http_scene scene;
    weir_response *response;
    weir_slice bytes;
    http_scene_open(&scene, &ANSWER, 1);
    get(&scene, &response);
    weir_timeout timeout = weir_timeout_start(scene.loop, 10);
    CHECK_INT(weir_readline(weir_response_body(response), &bytes), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    CHECK_INT(weir_session_connections(scene.session), 1);
    CHECK_INT(weir_read(weir_response_body(response), 9, &bytes), 4);
    CHECK_BYTES(bytes, WEIR_S("half"));
    weir_response_free(response);
    CHECK_INT(weir_session_connections(scene.session), 0);
    http_scene_close(&scene);
}

TEST(body, that_is_not_wanted_is_skipped_if_it_is_here)
{
    static const struct {
        const char *answer;
        size_t left;
    } CASES[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", 1},
        {CHUNKED "4\r\nbody\r\n0\r\n\r\n", 1},
        {CHUNKED "4\r\nbody\r\nxyz", 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbod", 0},
        {"HTTP/1.1 200 OK\r\n\r\nbody", 0},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct http_answer answer = {.bytes = CASES[i].answer};
        struct http_scene scene;
        weir_response *response;
        http_scene_open(&scene, &answer, 1);
        get(&scene, &response);
        weir_response_free(response);
        CHECK_INT(weir_session_connections(scene.session), CASES[i].left);
        http_scene_close(&scene);
    }
}

/* A body of which the server sends more than everything on the way can hold. */
static char *numbers(size_t count, size_t *len)
{
    char *text = malloc(count * 12 + 100);
    REQUIRE(text != NULL);
    size_t head = (size_t)sprintf(
        text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", count * 11);
    for (size_t i = 0; i < count; i++)
        sprintf(text + head + i * 11, "%010zu\n", i);
    *len = head + count * 11;
    return text;
}

TEST(body, comes_whole_to_a_slow_reader)
{
    size_t count = 500000;
    size_t len;
    char *text = numbers(count, &len);
    struct http_answer answer = {.bytes = text, .len = len};
    struct http_scene scene;
    weir_response *response;
    weir_slice line;
    size_t read = 0;
    http_scene_open(&scene, &answer, 1);
    get(&scene, &response);
    weir_sleep(scene.loop, 20);
    size_t held = scene.nth.live_bytes;
    while (weir_readline(weir_response_body(response), &line) == 11) {
        if (strtoul(line.data, NULL, 10) != read)
            break;
        if (++read % 100000 == 0)
            weir_sleep(scene.loop, 2);
    }
    CHECK_INT(read, count);
    CHECK(held < (size_t)4 * 1024 * 1024);
    CHECK(scene.nth.most_bytes < (size_t)4 * 1024 * 1024);
    weir_response_free(response);
    CHECK_INT(weir_session_connections(scene.session), 1);
    http_scene_close(&scene);
    free(text);
}

TEST(body, of_several_megabytes_is_one_text)
{
    size_t count = 300000;
    size_t len;
    char *text = numbers(count, &len);
    struct http_answer answer = {.bytes = text, .len = len};
    struct http_scene scene;
    weir_response *response;
    weir_slice body;
    http_scene_open(&scene, &answer, 1);
    get(&scene, &response);
    REQUIRE(weir_response_text(response, &body) == WEIR_OK);
    CHECK_INT(body.len, count * 11);
    CHECK(memcmp(body.data, text + len - body.len, body.len) == 0);
    weir_response_free(response);
    http_scene_close(&scene);
    free(text);
}

static int read_body(void *arg)
{
    weir_slice bytes;
    return weir_read(weir_response_body(arg), 9, &bytes);
}

TEST(body, freed_while_another_task_reads_ends_that_read)
{
    static const struct http_answer ANSWER = {.bytes = CHUNKED, .then = HTTP_HANG};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &ANSWER, 1);
    get(&scene, &response);
    weir_task *task = weir_spawn(scene.loop, read_body, response);
    weir_sleep(scene.loop, 5);
    weir_response_free(response);
    CHECK_INT(weir_join(task), WEIR_E_CLOSED);
    weir_response_free(response);
    http_scene_close(&scene);
}
