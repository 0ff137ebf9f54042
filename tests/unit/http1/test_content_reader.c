/* A reader of what is coded (weir/content_reader.h).
 *
 * SPDX-License-Identifier: MIT */
#include "content_reader.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "content_scene.h"
#include "io_scene.h"
#include "loop.h"
#include "reader.h"

#define TEXT_LEN ((int)sizeof(CONTENT_TEXT) - 1)

/* Content-Encoding: `codings`, over a block of memory. */
static weir_reader *over(weir_reader *inner, const char *codings)
{
    weir_reader *reader = NULL;
    CHECK_INT(weir_content_reader_new(inner, weir_slice_of(codings), NULL, &reader),
              WEIR_OK);
    return reader;
}

TEST(content_reader, reads_the_text_by_any_call)
{
    struct io_scene scene;
    weir_slice bytes;
    io_scene_open(&scene, NULL);
    weir_reader *inner = weir_memory_reader_new(scene.loop, WEIR_S(CONTENT_GZIP));
    weir_reader *reader = over(inner, "gzip");
    CHECK_INT(weir_peek(reader, 2, &bytes), TEXT_LEN);
    CHECK_INT(weir_read(reader, 2, &bytes), 2);
    CHECK_BYTES(bytes, WEIR_S("a "));
    CHECK_INT(weir_readuntil(reader, WEIR_S(", "), &bytes), 26);
    CHECK_BYTES(bytes, WEIR_S("weir holds a stream back, "));
    CHECK_INT(weir_readexactly(reader, 3, &bytes), 3);
    CHECK_BYTES(bytes, WEIR_S("and"));
    CHECK(!weir_reader_at_eof(reader));
    CHECK_INT(weir_readline(reader, &bytes), 29);
    CHECK_BYTES(bytes, WEIR_S(" a weir lets a stream through"));
    CHECK(weir_reader_at_eof(reader));
    CHECK_INT(weir_read(reader, 9, &bytes), 0);
    CHECK(weir_reader_at_eof(inner));
    weir_reader_free(reader);
    weir_reader_free(inner);
    io_scene_close(&scene);
}

TEST(content_reader, takes_no_bytes_for_no_content)
{
    struct io_scene scene;
    weir_slice bytes;
    io_scene_open(&scene, NULL);
    weir_reader *inner = weir_memory_reader_new(scene.loop, WEIR_S(""));
    weir_reader *reader = over(inner, "gzip");
    CHECK_INT(weir_read(reader, 9, &bytes), 0);
    weir_reader_free(reader);
    weir_reader_free(inner);
    io_scene_close(&scene);
}

/* What comes is readable at once, whatever is still to come. */
TEST(content_reader, hands_out_what_has_come)
{
    struct io_scene scene;
    weir_slice bytes;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *reader = over(weir_stream_reader(stream), "gzip");
    io_put(peer, (weir_slice){CONTENT_GZIP, 30});
    CHECK(weir_read(reader, WEIR_NO_LIMIT, &bytes) > 0);
    CHECK(weir_slice_starts_with(WEIR_S(CONTENT_TEXT), bytes));
    int got = (int)bytes.len;
    io_put(peer, (weir_slice){&CONTENT_GZIP[30], sizeof(CONTENT_GZIP) - 1 - 30});
    close(peer);
    CHECK_INT(weir_readall(reader, 99, &bytes), TEXT_LEN - got);
    weir_reader_free(reader);
    weir_stream_close(stream);
    io_scene_close(&scene);
}

/* The sentence tells the coding, the place and what is wrong; and again. */
TEST(content_reader, delivers_what_came_before_a_failure)
{
#define SIZED(text)            \
    {                          \
        text, sizeof(text) - 1 \
    }
    static const struct {
        const char *codings;
        weir_slice bytes;
        int before;
        int status;
        const char *sentence;
    } CASES[] = {
        {"gzip", SIZED(CONTENT_GZIP_HEAD CONTENT_BARE "\x50"), TEXT_LEN,
         WEIR_E_INCOMPLETE, "the gzip data ends in the middle, after 59 bytes"},
        {"gzip", SIZED(CONTENT_GZIP_HEAD CONTENT_BARE "wrong"), TEXT_LEN,
         WEIR_E_PROTOCOL, "the gzip data is corrupt at byte 62: incorrect data check"},
        {"deflate,gzip", SIZED("<html>"), 0, WEIR_E_PROTOCOL,
         "the gzip data is corrupt at byte 2: incorrect header check"},
        {"gzip,gzip", SIZED(CONTENT_GZIP), 0, WEIR_E_PROTOCOL,
         "the gzip data is corrupt at byte 2: incorrect header check"},
    };
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir_slice bytes;
        weir_reader *inner = weir_memory_reader_new(scene.loop, CASES[i].bytes);
        weir_reader *reader = over(inner, CASES[i].codings);
        if (CASES[i].before > 0)
            CHECK_INT(weir_read(reader, 99, &bytes), CASES[i].before);
        CHECK_INT(weir_read(reader, 99, &bytes), CASES[i].status);
        CHECK_INT(weir_read(reader, 99, &bytes), CASES[i].status);
        CHECK_BYTES(weir_slice_of(weir_last_error()->message),
                    weir_slice_of(CASES[i].sentence));
        weir_reader_free(reader);
        weir_reader_free(inner);
    }
    io_scene_close(&scene);
#undef SIZED
}

TEST(content_reader, says_why_there_is_none)
{
    static const struct {
        const char *codings;
        int status;
        const char *sentence;
    } CASES[] = {
        {"gzip, f\x01oo\t,", WEIR_E_UNSUPPORTED,
         "Content-Encoding: a content coding that is unknown, or not in this build: "
         "\"f\\x01oo\""},
        {"gzip,gzip,gzip,gzip,gzip,deflate", WEIR_E_TOO_BIG,
         "Content-Encoding: too many content codings: \"deflate\""},
    };
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    weir_reader *inner = weir_memory_reader_new(scene.loop, WEIR_S(""));
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir_reader *reader = NULL;
        CHECK_INT(weir_content_reader_new(inner, weir_slice_of(CASES[i].codings), NULL,
                                          &reader),
                  CASES[i].status);
        CHECK(reader == NULL);
        CHECK_BYTES(weir_slice_of(weir_last_error()->message),
                    weir_slice_of(CASES[i].sentence));
    }
    weir_reader_free(inner);
    io_scene_close(&scene);
}

TEST(content_reader, keeps_to_the_limits)
{
    static const weir_content_limits LIMITS = {.max_bytes = 6};
    struct io_scene scene;
    weir_slice bytes;
    weir_reader *reader;
    io_scene_open(&scene, NULL);
    weir_reader *inner = weir_memory_reader_new(scene.loop, WEIR_S(CONTENT_GZIP));
    CHECK_INT(weir_content_reader_new(inner, WEIR_S("gzip"), &LIMITS, &reader),
              WEIR_OK);
    CHECK_INT(weir_read(reader, 99, &bytes), 6);
    CHECK_BYTES(bytes, WEIR_S("a weir"));
    CHECK_INT(weir_read(reader, 99, &bytes), WEIR_E_TOO_BIG);
    CHECK(io_failed_with("the gzip data, at byte "));
    CHECK(io_failed_with("more decoded bytes than max_bytes"));
    weir_reader_free(reader);
    weir_reader_free(inner);
    io_scene_close(&scene);
}

/* An error of the inner reader is its own, and comes behind the data. */
TEST(content_reader, hands_an_error_of_the_inner_reader_on)
{
    struct io_scene scene;
    weir_slice bytes;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
    weir_reader *reader = over(weir_stream_reader(stream), "deflate");
    io_put(peer, (weir_slice){CONTENT_ZLIB, sizeof(CONTENT_ZLIB) - 3});
    io_reset(peer);
    CHECK_INT(weir_readexactly(reader, (size_t)TEXT_LEN, &bytes), TEXT_LEN);
    CHECK_BYTES(bytes, WEIR_S(CONTENT_TEXT));
    CHECK_INT(weir_read(reader, 9, &bytes), WEIR_E_CONNECTION);
    CHECK_INT(weir_read(reader, 9, &bytes), WEIR_E_CONNECTION);
    weir_reader_free(reader);
    weir_stream_abort(stream);
    io_scene_close(&scene);
}

/* A read that was not done in time has taken nothing, and holds no memory. */
TEST(content_reader, is_as_before_after_a_timeout)
{
    struct io_scene scene;
    weir_slice bytes;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *reader = over(weir_stream_reader(stream), "gzip");
    for (size_t at = 0; at < sizeof(CONTENT_GZIP) - 1; at++) {
        weir_timeout timeout = weir_timeout_start(scene.loop, 0);
        CHECK_INT(weir_readexactly(reader, (size_t)TEXT_LEN + 1, &bytes),
                  WEIR_E_TIMEOUT);
        weir_timeout_end(&timeout);
        CHECK((reader->capacity == 0) == (weir_reader_buffered(reader) == 0));
        io_put(peer, (weir_slice){&CONTENT_GZIP[at], 1});
        io_settle(&scene);
    }
    close(peer);
    CHECK_INT(weir_readall(reader, 99, &bytes), TEXT_LEN);
    CHECK_BYTES(bytes, WEIR_S(CONTENT_TEXT));
    weir_reader_free(reader);
    weir_stream_close(stream);
    io_scene_close(&scene);
}

static int read_some(void *arg)
{
    weir_slice bytes;
    return weir_read(arg, 9, &bytes);
}

TEST(content_reader, waits_for_one_task_and_can_be_cancelled)
{
    struct io_scene scene;
    weir_slice bytes;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *reader = over(weir_stream_reader(stream), "gzip");
    weir_task *task = weir_spawn(scene.loop, read_some, reader);
    io_settle(&scene);
    CHECK_INT(weir_read(reader, 9, &bytes), WEIR_E_MISUSE);
    CHECK_INT(weir_read(weir_stream_reader(stream), 9, &bytes), WEIR_E_MISUSE);
    weir_cancel(task);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    io_put(peer, (weir_slice){CONTENT_GZIP, sizeof(CONTENT_GZIP) - 1});
    close(peer);
    CHECK_INT(weir_readall(reader, 99, &bytes), TEXT_LEN);
    weir_reader_free(reader);
    weir_stream_close(stream);
    io_scene_close(&scene);
}

/* Ten megabytes come in pieces of at most 256 KiB. */
TEST(content_reader, decodes_a_block_at_a_time)
{
    static char zeros[64 * 1024];
    struct io_scene scene;
    weir_slice bytes;
    size_t sum = 0;
    size_t largest = 0;
    int rc;
    io_scene_open(&scene, NULL);
    weir_slice packed = content_pack("gzip", (weir_slice){zeros, sizeof(zeros)}, 160);
    weir_reader *inner = weir_memory_reader_new(scene.loop, packed);
    weir_reader *reader = over(inner, "gzip");
    while ((rc = weir_read(reader, WEIR_NO_LIMIT, &bytes)) > 0) {
        sum += bytes.len;
        largest = bytes.len > largest ? bytes.len : largest;
    }
    CHECK_INT(rc, 0);
    CHECK_INT(sum, 160 * sizeof(zeros));
    CHECK_INT(largest, WEIR__BLOCK_LARGE);
    weir_reader_free(reader);
    weir_reader_free(inner);
    content_free(packed);
    io_scene_close(&scene);
}

TEST(content_reader, reads_all_of_it_into_one_piece)
{
    static char zeros[64 * 1024];
    struct io_scene scene;
    weir_slice bytes;
    io_scene_open(&scene, NULL);
    weir_slice packed = content_pack("deflate", (weir_slice){zeros, sizeof(zeros)}, 33);
    weir_reader *inner = weir_memory_reader_new(scene.loop, packed);
    weir_reader *reader = over(inner, "deflate");
    CHECK_INT(weir_readall(reader, 33 * sizeof(zeros) - 1, &bytes), WEIR_E_TOO_BIG);
    CHECK_INT(weir_readall(reader, 33 * sizeof(zeros), &bytes), 33 * sizeof(zeros));
    weir_reader_free(reader);
    weir_reader_free(inner);
    content_free(packed);
    io_scene_close(&scene);
}

/* Nobody reads: what was sent stays with the sender. */
TEST(content_reader, holds_the_sender_back)
{
    struct io_scene scene;
    weir_slice bytes;
    int peer;
    size_t sent = 0;
    size_t got = 0;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *inner = weir_stream_reader(stream);
    weir_reader *reader = over(inner, "identity");
    for (int i = 0; i < 50; i++) {
        sent += io_put_pattern(peer, sent, 1 << 20);
        io_settle(&scene);
        if (i == 5)
            CHECK_INT(weir_read(reader, 1, &bytes), ++got);
    }
    CHECK(sent < 2 << 20);
    CHECK(weir_reader_buffered(reader) <= WEIR__BLOCK_LARGE);
    while (got < sent) {
        CHECK(weir_read(reader, WEIR_NO_LIMIT, &bytes) > 0);
        CHECK(io_is_pattern(bytes, got));
        got += bytes.len;
    }
    close(peer);
    CHECK_INT(weir_read(reader, 1, &bytes), 0);
    weir_reader_free(reader);
    weir_stream_close(stream);
    io_scene_close(&scene);
}

/* Coded to what is larger than a window, so that each allocation is met. */
static int use(struct io_scene *scene, weir_slice packed)
{
    weir_slice bytes;
    weir_reader *reader;
    weir_reader *inner = weir_memory_reader_new(scene->loop, packed);
    if (!inner)
        return WEIR_E_MEMORY;
    int rc = weir_content_reader_new(inner, WEIR_S("deflate, gzip"), NULL, &reader);
    if (rc == WEIR_OK) {
        while ((rc = weir_read(reader, WEIR_NO_LIMIT, &bytes)) > 0)
            CHECK_INT(bytes.data[0], 'a');
        weir_reader_free(reader);
    }
    weir_reader_free(inner);
    return rc;
}

TEST(content_reader, survives_failing_allocations)
{
    char piece[997];
    memset(piece, 'a', sizeof(piece));
    weir_slice once = content_pack("deflate", (weir_slice){piece, sizeof(piece)}, 200);
    weir_slice packed = content_pack("gzip", once, 1);
    for (size_t n = 1; n < 40; n++) {
        struct io_scene scene;
        io_scene_open(&scene, NULL);
        scene.nth.failed = false;
        scene.nth.fail_at = scene.nth.count + n;
        int rc = use(&scene, packed);
        CHECK_INT(rc, scene.nth.failed ? WEIR_E_MEMORY : WEIR_OK);
        bool over_all = !scene.nth.failed;
        io_scene_close(&scene);
        if (over_all)
            break;
        CHECK(n < 39);
    }
    content_free(once);
    content_free(packed);
}

static int of_fields(weir_reader *inner, const char *const *lines, weir_reader **reader)
{
    weir_http_fields fields;
    weir_http_fields_init(&fields, NULL, NULL);
    weir_http_fields_add(&fields, WEIR_S("Content-Type"), WEIR_S("text/plain"));
    for (; *lines; lines++)
        weir_http_fields_add(&fields, WEIR_S("content-encoding"),
                             weir_slice_of(*lines));
    int rc = weir__content_reader_new(inner, &fields, NULL, reader);
    weir_http_fields_clear(&fields);
    return rc;
}

/* RFC 9110 5.3: several lines are one list. */
TEST(content_reader, takes_the_codings_of_all_field_lines)
{
    struct io_scene scene;
    weir_slice bytes;
    weir_reader *reader;
    io_scene_open(&scene, NULL);
    weir_slice once = content_pack("gzip", WEIR_S(CONTENT_TEXT), 1);
    weir_slice twice = content_pack("deflate", once, 1);
    weir_reader *inner = weir_memory_reader_new(scene.loop, twice);
    CHECK_INT(of_fields(inner, (const char *[]){"gzip", "identity", "deflate", NULL},
                        &reader),
              WEIR_OK);
    CHECK_INT(weir_readall(reader, 99, &bytes), TEXT_LEN);
    weir_reader_free(reader);
    weir_reader_free(inner);
    content_free(once);
    content_free(twice);
    io_scene_close(&scene);
}

TEST(content_reader, is_not_needed_where_nothing_is_coded)
{
    struct io_scene scene;
    weir_reader *reader;
    io_scene_open(&scene, NULL);
    weir_reader *inner = weir_memory_reader_new(scene.loop, WEIR_S("abc"));
    CHECK_INT(of_fields(inner, (const char *[]){NULL}, &reader), WEIR_OK);
    CHECK(reader == NULL);
    CHECK_INT(of_fields(inner, (const char *[]){"identity", " ,", NULL}, &reader),
              WEIR_OK);
    CHECK(reader == NULL);
    CHECK_INT(of_fields(inner, (const char *[]){"gzip", "foo", NULL}, &reader),
              WEIR_E_UNSUPPORTED);
    CHECK(io_failed_with("not in this build: \"foo\""));
    weir_reader_free(inner);
    io_scene_close(&scene);
}
