/* What each call on a reader returns, over memory and over a stream, whole, byte by
 * byte and at random cuts (weir/reader.h).
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io_scene.h"
#include "reader_script.h"

/* The results must not depend on how the input is cut, so there is no "read" here. */
static const struct {
    const char *name;
    const char *input;
    const char *calls;
    const char *results;
} CALLS[] = {
    {"lines with their LF, the last without", "ab\n\ncd", "line line line line line",
     "\"ab\\n\" \"\\n\" \"cd\" end end"},
    {"an LF at the end begins no line", "ab\n", "line line", "\"ab\\n\" end"},
    {"CR is no line end", "a\rb\r\n", "line", "\"a\\x0db\\x0d\\n\""},
    {"nothing at all", "", "line exact:1 until:x all:9 peek:1 exact:0 eof",
     "end end end end end end yes"},
    {"exactly", "abcdef", "exact:2 exact:0 exact:4 exact:1", "\"ab\" end \"cdef\" end"},
    {"exactly more than there is keeps it", "abc", "exact:4 exact:9 exact:3 exact:4",
     "incomplete incomplete \"abc\" end"},
    {"until a separator, and with it", "a--b-c--", "until:-- until:-- until:--",
     "\"a--\" \"b-c--\" end"},
    {"a separator that begins twice", "aaab", "until:aab", "\"aaab\""},
    {"no separator keeps what there is", "ab", "until:; until:; line",
     "incomplete incomplete \"ab\""},
    {"the separator that ends first wins", "a<b>>c", "any:>>|b any:>> line",
     "\"a<b\" \">>\" \"c\""},
    {"the longer of two that begin together", "x\r\ny", "any:\n|\r\n line",
     "\"x\\x0d\\n\" \"y\""},
    {"the shorter one ends first", "abcd", "any:abcd|bc line", "\"abc\" \"d\""},
    {"a limit counts without the separator", "abcd\nabcde\n",
     "limit:4 line line exact:5 line", "\"abcd\\n\" too_big@5 \"abcde\" \"\\n\""},
    {"a limit on separators of two bytes", "abcd\r\nabcde\r\n",
     "limit:4 until:\r\n until:\r\n exact:5 until:\r\n",
     "\"abcd\\x0d\\n\" too_big@5 \"abcde\" \"\\x0d\\n\""},
    {"exactly is not limited", "abcdefgh", "limit:2 exact:8", "\"abcdefgh\""},
    {"all of it is not limited by the line limit", "abcdefgh", "limit:2 all:8 all:8",
     "\"abcdefgh\" end"},
    {"all, or too big with all kept", "abcd", "all:3 all:3 all:4",
     "too_big@0 too_big@0 \"abcd\""},
    {"a look takes nothing", "abcd", "peek:4 peek:4 exact:4",
     "\"abcd\" \"abcd\" \"abcd\""},
    {"consuming takes what was looked at", "abcd",
     "peek:4 consume:1 peek:3 consume:99 peek:1", "\"abcd\" \"bcd\" end"},
    {"a look for more than there is", "ab", "peek:3 exact:2 peek:3",
     "incomplete \"ab\" end"},
    {"the end is the end when all is read", "abc", "exact:3 exact:1 eof buffered",
     "\"abc\" end yes 0"},
    {"bytes of all values", "\x01\xff\n\x80", "line line",
     "\"\\x01\\xff\\n\" \"\\x80\""},
};

#define CALL_COUNT (sizeof(CALLS) / sizeof(CALLS[0]))

static bool check_results(size_t i, const struct script_log *log, const char *how)
{
    if (CHECK_BYTES(weir_slice_of(log->text), weir_slice_of(CALLS[i].results)))
        return true;
    fprintf(stderr, "    %s (%s)\n", CALLS[i].name, how);
    return false;
}

TEST(reader, over_memory_does_as_each_call_says)
{
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    for (size_t i = 0; i < CALL_COUNT; i++) {
        struct script_log log = {.len = 0};
        weir_slice input = weir_slice_of(CALLS[i].input);
        weir_reader *reader = weir_memory_reader_new(scene.loop, input);
        script_run(reader, CALLS[i].calls, &log);
        check_results(i, &log, "memory");
        weir_reader_free(reader);
    }
    io_scene_close(&scene);
}

TEST(reader, over_a_part_does_as_each_call_says)
{
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    for (size_t i = 0; i < CALL_COUNT; i++) {
        struct script_log log = {.len = 0};
        char text[256];
        snprintf(text, sizeof(text), "%s;rest", CALLS[i].input);
        weir_reader *outer = weir_memory_reader_new(scene.loop, weir_slice_of(text));
        weir_reader *part = weir_part_reader_new(outer, strlen(CALLS[i].input));
        script_run(part, CALLS[i].calls, &log);
        check_results(i, &log, "part");
        weir_reader_free(part);
        weir_reader_free(outer);
    }
    io_scene_close(&scene);
}

struct feeder {
    weir_loop *loop;
    int fd;
    weir_slice input;
    size_t most; /* bytes at a time; 0: at random */
};

/* A turn for the reader after each piece, so that it sees the cut. */
static int feed(void *arg)
{
    struct feeder *feeder = arg;
    while (feeder->input.len > 0) {
        size_t most = feeder->most ? feeder->most : (size_t)rand() % 5 + 1;
        weir_slice piece = feeder->input;
        if (piece.len > most)
            piece.len = most;
        io_put(feeder->fd, piece);
        feeder->input = weir_slice_skip(feeder->input, piece.len);
        weir_sleep(feeder->loop, 0);
        weir_yield(feeder->loop);
    }
    close(feeder->fd);
    return WEIR_OK;
}

static bool run_cut(struct io_scene *scene, size_t i, size_t most, const char *how)
{
    struct script_log log = {.len = 0};
    struct feeder feeder = {
        .loop = scene->loop, .input = weir_slice_of(CALLS[i].input), .most = most};
    weir_stream *stream = io_stream(scene, &feeder.fd, NULL);
    weir_detach(weir_spawn(scene->loop, feed, &feeder));
    script_run(weir_stream_reader(stream), CALLS[i].calls, &log);
    weir_stream_close(stream);
    weir_loop_run(scene->loop);
    return check_results(i, &log, how);
}

TEST(reader, does_the_same_however_the_input_is_cut)
{
    struct io_scene scene;
    unsigned seed = (unsigned)time(NULL);
    io_scene_open(&scene, NULL);
    srand(seed);
    bool same = true;
    for (size_t i = 0; i < CALL_COUNT; i++) {
        same &= run_cut(&scene, i, SIZE_MAX, "whole");
        same &= run_cut(&scene, i, 1, "byte by byte");
        for (int round = 0; round < 8; round++)
            same &= run_cut(&scene, i, 0, "at random");
    }
    if (!same)
        fprintf(stderr, "seed %u\n", seed);
    io_scene_close(&scene);
}

TEST(reader, hands_out_what_is_there_and_waits_only_for_the_first_byte)
{
    struct io_scene scene;
    struct script_log log = {.len = 0};
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *reader = weir_stream_reader(stream);
    script_run(reader, "read:0", &log);
    io_put(peer, WEIR_S("abcdef"));
    script_run(reader, "read:2 read:0 read:99", &log);
    io_put(peer, WEIR_S("gh"));
    close(peer);
    script_run(reader, "read:1", &log);
    CHECK(!weir_reader_at_eof(reader));
    script_run(reader, "read:99 read:99 read:0 eof", &log);
    CHECK_TEXT(log.text, "end \"ab\" end \"cdef\" \"g\" \"h\" end end yes");
    weir_stream_close(stream);
    io_scene_close(&scene);
}

TEST(reader, over_the_limit_says_how_much_can_be_read_and_goes_on)
{
    static const char *const SEPARATORS[] = {"\n", "\r\n", "-----"};
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    for (size_t i = 0; i < 3; i++) {
        char text[200];
        weir_slice bytes;
        size_t read = 0;
        snprintf(text, sizeof(text), "%0*d%s", 100, 7, SEPARATORS[i]);
        weir_reader *reader = weir_memory_reader_new(scene.loop, weir_slice_of(text));
        weir_reader_set_limit(reader, 10);
        weir_slice separator = weir_slice_of(SEPARATORS[i]);
        CHECK_INT(weir_readuntil(reader, separator, &bytes), WEIR_E_TOO_BIG);
        CHECK(io_failed_with("no separator within the limit of 10 bytes"));
        CHECK(io_failed_with("weir_reader_set_limit"));
        read = weir_last_error()->offset;
        CHECK_INT(read, 100);
        CHECK_INT(weir_readexactly(reader, read, &bytes), read);
        CHECK_INT(weir_readuntil(reader, separator, &bytes), separator.len);
        weir_reader_free(reader);
    }
    io_scene_close(&scene);
}

TEST(reader, of_a_call_with_its_own_limit_does_not_change_the_others)
{
    struct io_scene scene;
    weir_slice separator = WEIR_S(";"), bytes;
    weir_readuntil_options options = {&separator, 1, 3};
    io_scene_open(&scene, NULL);
    weir_reader *reader = weir_memory_reader_new(scene.loop, WEIR_S("abcd;abc;"));
    CHECK_INT(weir_readuntil_any(reader, &options, &bytes), WEIR_E_TOO_BIG);
    CHECK_INT(weir_readuntil(reader, separator, &bytes), 5);
    CHECK_INT(weir_readuntil_any(reader, &options, &bytes), 4);
    weir_reader_free(reader);
    io_scene_close(&scene);
}

TEST(reader, refuses_separators_that_make_no_sense)
{
    struct io_scene scene;
    weir_slice separators[17], bytes = WEIR_S("untouched");
    io_scene_open(&scene, NULL);
    weir_reader *reader = weir_memory_reader_new(scene.loop, WEIR_S("abc"));
    for (size_t i = 0; i < 17; i++)
        separators[i] = WEIR_S(";");
    CHECK_INT(weir_readuntil(reader, WEIR_S(""), &bytes), WEIR_E_INVALID);
    for (size_t count = 0; count <= 17; count += 17) {
        weir_readuntil_options options = {.separators = separators, .count = count};
        CHECK_INT(weir_readuntil_any(reader, &options, &bytes), WEIR_E_INVALID);
    }
    separators[3] = WEIR_S("");
    CHECK_INT(weir_readuntil_any(reader, &(weir_readuntil_options){separators, 16, 0},
                                 &bytes),
              WEIR_E_INVALID);
    CHECK_BYTES(bytes, WEIR_S("untouched"));
    CHECK_INT(weir_read(reader, 9, &bytes), 3);
    weir_reader_free(reader);
    io_scene_close(&scene);
}

/* Every position of a separator of 1 to 4 bytes, cut in two at every place. */
TEST(reader, finds_a_separator_wherever_it_is_cut)
{
    struct io_scene scene;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *reader = weir_stream_reader(stream);
    for (size_t len = 1; len <= 4; len++) {
        weir_slice separator = {"-=+~", len}, bytes;
        for (size_t at = 0; at < 6; at++) {
            char text[16] = "--=-=+--";
            memcpy(text + at, separator.data, len);
            size_t end = weir_slice_find((weir_slice){text, at + len}, separator) + len;
            for (size_t cut = 1; cut < end; cut++) {
                io_put(peer, (weir_slice){text, cut});
                weir_timeout timeout = weir_timeout_start(scene.loop, 0);
                CHECK_INT(weir_readuntil(reader, separator, &bytes), WEIR_E_TIMEOUT);
                weir_timeout_end(&timeout);
                io_put(peer, (weir_slice){text + cut, end - cut});
                CHECK_INT(weir_readuntil(reader, separator, &bytes), end);
                CHECK_BYTES(bytes, ((weir_slice){text, end}));
            }
        }
    }
    weir_stream_close(stream);
    close(peer);
    io_scene_close(&scene);
}
