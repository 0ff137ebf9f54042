/* A reader over the next bytes of another one, and a reader over memory
 * (weir/reader.h).
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "io_scene.h"
#include "reader_script.h"

TEST(part_reader, freed_early_leaves_the_rest_where_it_is)
{
    static const struct {
        const char *calls; /* on the part, of 6 of the bytes "abcdef;rest" */
        const char *rest;
    } CASES[] = {
        {"", "abcdef;rest"},
        {"read:2", "cdef;rest"},
        {"read:2 read:1", "def;rest"},
        {"peek:3", "abcdef;rest"},
        {"peek:3 consume:2", "cdef;rest"},
        {"exact:7", "abcdef;rest"},
        {"exact:6", ";rest"},
        {"exact:6 read:1", ";rest"},
        {"line read:1", ";rest"},
        {"until:; exact:1", "bcdef;rest"},
        {"all:6", ";rest"},
        {"all:5 read:9", ";rest"},
    };
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        for (int over_stream = 0; over_stream < 2; over_stream++) {
            struct script_log log = {.len = 0};
            weir_slice rest;
            int peer = -1;
            weir_stream *stream = over_stream ? io_stream(&scene, &peer, NULL) : NULL;
            weir_reader *outer =
                stream ? weir_stream_reader(stream)
                       : weir_memory_reader_new(scene.loop, WEIR_S("abcdef;rest"));
            if (stream)
                io_put(peer, WEIR_S("abcdef;rest"));
            close(peer);
            weir_reader *part = weir_part_reader_new(outer, 6);
            script_run(part, CASES[i].calls, &log);
            weir_reader_free(part);
            CHECK(weir_readall(outer, 99, &rest) >= 0);
            CHECK_BYTES(rest, weir_slice_of(CASES[i].rest));
            if (stream)
                weir_stream_close(stream);
            else
                weir_reader_free(outer);
        }
    }
    io_scene_close(&scene);
}

TEST(part_reader, ends_where_it_is_told_and_knows_it)
{
    struct io_scene scene;
    struct script_log log = {.len = 0};
    io_scene_open(&scene, NULL);
    weir_reader *outer = weir_memory_reader_new(scene.loop, WEIR_S("abcdef"));
    weir_reader *none = weir_part_reader_new(outer, 0);
    script_run(none, "eof read:1 eof", &log);
    weir_reader_free(none);
    weir_reader *part = weir_part_reader_new(outer, 4);
    script_run(part, "eof read:4 eof buffered read:1 line", &log);
    weir_reader_free(part);
    script_run(outer, "eof read:9 eof", &log);
    CHECK_TEXT(log.text, " yes end yes no \"abcd\" yes 0 end end no \"ef\" yes");
    weir_reader_free(outer);
    io_scene_close(&scene);
}

TEST(part_reader, says_when_the_outer_reader_ends_too_early)
{
    struct io_scene scene;
    struct script_log log = {.len = 0};
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *part = weir_part_reader_new(weir_stream_reader(stream), 10);
    io_put(peer, WEIR_S("abcd"));
    close(peer);
    script_run(part, "line all:10 exact:2 read:9 read:9 read:9 eof", &log);
    CHECK_TEXT(log.text,
               "incomplete incomplete \"ab\" \"cd\" incomplete incomplete no");
    weir_reader_free(part);
    weir_stream_close(stream);
    io_scene_close(&scene);
}

TEST(part_reader, hands_an_error_of_the_outer_reader_on)
{
    struct io_scene scene;
    struct script_log log = {.len = 0};
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
    weir_reader *part = weir_part_reader_new(weir_stream_reader(stream), 10);
    io_put(peer, WEIR_S("abcd"));
    io_reset(peer);
    script_run(part, "exact:10 read:9 read:9 read:9", &log);
    CHECK_TEXT(log.text, "connection \"abcd\" connection connection");
    weir_reader_free(part);
    weir_stream_abort(stream);
    io_scene_close(&scene);
}

/* The outer reader's block grows, and moves, under the part's window. */
TEST(part_reader, follows_the_outer_buffer_wherever_it_moves)
{
    static const size_t LENGTHS[] = {3000, 5000, 70000, 300000};
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
        size_t sent = 0, read = 0;
        int peer;
        weir_slice bytes;
        weir_stream *stream = io_stream(&scene, &peer, NULL);
        weir_reader *outer = weir_stream_reader(stream);
        for (size_t skip = 0; skip < 4; skip++) {
            weir_reader *part = weir_part_reader_new(outer, LENGTHS[i]);
            size_t wanted = LENGTHS[i] - skip * 1000;
            sent += io_put_pattern(peer, sent, 100);
            int rc = WEIR_E_TIMEOUT;
            while (rc == WEIR_E_TIMEOUT) {
                weir_timeout timeout = weir_timeout_start(scene.loop, 0);
                rc = weir_readexactly(part, wanted, &bytes);
                weir_timeout_end(&timeout);
                sent += io_put_pattern(peer, sent, 10000);
                io_turn(&scene, 1);
            }
            CHECK_INT(rc, wanted);
            CHECK(io_is_pattern(bytes, read));
            io_turn(&scene, 3);
            CHECK(io_is_pattern(bytes, read));
            weir_reader_free(part);
            read += wanted;
        }
        CHECK(weir_read(outer, 999, &bytes) > 0);
        CHECK(io_is_pattern(bytes, read));
        weir_stream_abort(stream);
        close(peer);
        io_settle(&scene);
    }
    io_scene_close(&scene);
}

TEST(part_reader, of_a_part_reads_through_both)
{
    struct io_scene scene;
    struct script_log log = {.len = 0};
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *outer = weir_part_reader_new(weir_stream_reader(stream), 8);
    weir_reader *inner = weir_part_reader_new(outer, 5);
    io_put(peer, WEIR_S("ab\ncdefghij"));
    script_run(inner, "line peek:2 read:1", &log);
    weir_reader_free(inner);
    script_run(outer, "read:2 read:9", &log);
    weir_reader_free(outer);
    script_run(weir_stream_reader(stream), "read:9", &log);
    CHECK_TEXT(log.text, "\"ab\\n\" \"cd\" \"c\" \"de\" \"fg\" \"hij\"");
    weir_stream_abort(stream);
    close(peer);
    io_scene_close(&scene);
}

static int read_the_part(void *arg)
{
    weir_slice bytes;
    return weir_readexactly(arg, 6, &bytes);
}

TEST(part_reader, keeps_the_outer_reader_to_itself_while_it_waits)
{
    struct io_scene scene;
    int peer;
    weir_slice bytes;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *outer = weir_stream_reader(stream);
    weir_reader *part = weir_part_reader_new(outer, 6);
    io_put(peer, WEIR_S("abc"));
    weir_task *task = weir_spawn(scene.loop, read_the_part, part);
    io_settle(&scene);
    CHECK_INT(weir_read(outer, 9, &bytes), WEIR_E_MISUSE);
    CHECK_INT(weir_read(part, 9, &bytes), WEIR_E_MISUSE);
    weir_cancel(task);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    CHECK_INT(weir_read(part, 9, &bytes), 3);
    CHECK_BYTES(bytes, WEIR_S("abc"));
    weir_reader_free(part);
    weir_stream_abort(stream);
    close(peer);
    io_scene_close(&scene);
}

TEST(part_reader, and_memory_reader_fail_without_memory)
{
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    scene.nth.fail_at = scene.nth.count + 1;
    CHECK(weir_memory_reader_new(scene.loop, WEIR_S("abc")) == NULL);
    CHECK_INT(weir_last_error()->status, WEIR_E_MEMORY);
    weir_reader *outer = weir_memory_reader_new(scene.loop, WEIR_S("abc"));
    scene.nth.fail_at = scene.nth.count + 1;
    CHECK(weir_part_reader_new(outer, 2) == NULL);
    CHECK_INT(weir_last_error()->status, WEIR_E_MEMORY);
    weir_reader_free(outer);
    weir_reader_free(NULL);
    io_scene_close(&scene);
}

TEST(part_reader, and_memory_reader_hand_out_the_memory_itself)
{
    static const char TEXT[] = "one\ntwo\n";
    struct io_scene scene;
    weir_slice line;
    io_scene_open(&scene, NULL);
    weir_reader *reader = weir_memory_reader_new(scene.loop, weir_slice_of(TEXT));
    CHECK_INT(weir_readline(reader, &line), 4);
    CHECK(line.data == TEXT);
    weir_reader *part = weir_part_reader_new(reader, 4);
    CHECK_INT(weir_readline(part, &line), 4);
    CHECK(line.data == TEXT + 4);
    CHECK(weir_reader_at_eof(part));
    weir_reader_free(part);
    CHECK(weir_reader_at_eof(reader));
    weir_reader_free(reader);
    io_scene_close(&scene);
}
