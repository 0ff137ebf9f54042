/* Reads that wait: for more, for the end, in vain; and what they leave behind
 * (weir/reader.h, "Five promises").
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io_scene.h"
#include "loop.h"
#include "park.h"
#include "reader_script.h"
#include "stream.h"

/* Calls that need more than "abc", and what they give for "abcde;\n" later. */
static const struct {
    const char *call;
    const char *result;
} WAITING[] = {
    {"exact:7", "\"abcde;\\n\""}, {"line", "\"abcde;\\n\""},
    {"until:;", "\"abcde;\""},    {"any:;|x", "\"abcde;\""},
    {"peek:5", "\"abcde;\\n\""},
};

#define WAITING_COUNT (sizeof(WAITING) / sizeof(WAITING[0]))

struct call {
    weir_reader *reader;
    const char *call;
    struct script_log log;
};

static int make_call(void *arg)
{
    struct call *call = arg;
    script_run(call->reader, call->call, &call->log);
    return WEIR_OK;
}

static weir_task *start_call(weir_loop *loop, struct call *call, weir_reader *reader,
                             const char *text)
{
    *call = (struct call){.reader = reader, .call = text};
    return weir_spawn(loop, make_call, call);
}

/* A scene for each kind of read: the bytes come in two halves, and in between the
 * read is ended by `end`. */
static void check_nothing_is_lost(void (*end)(struct io_scene *, weir_task *),
                                  const char *ended)
{
    for (size_t i = 0; i < WAITING_COUNT; i++) {
        struct io_scene scene;
        struct call call;
        int peer;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_stream(&scene, &peer, NULL);
        weir_reader *reader = weir_stream_reader(stream);
        io_put(peer, WEIR_S("abc"));
        weir_task *task = start_call(scene.loop, &call, reader, WAITING[i].call);
        io_settle(&scene);
        end(&scene, task);
        weir_join(task);
        CHECK_TEXT(call.log.text, ended);
        CHECK_INT(weir_reader_buffered(reader), 3);
        io_put(peer, WEIR_S("de;\n"));
        call.log.len = 0;
        script_run(reader, WAITING[i].call, &call.log);
        CHECK_TEXT(call.log.text, WAITING[i].result);
        weir_stream_close(stream);
        close(peer);
        io_scene_close(&scene);
    }
}

static void cancel(struct io_scene *scene, weir_task *task)
{
    (void)scene;
    weir_cancel(task);
}

/* The rest comes in the same round as the cancellation. */
static void cancel_late(struct io_scene *scene, weir_task *task)
{
    (void)scene;
    weir_cancel(task);
    weir_cancel(task);
}

TEST(reader_waits, a_cancelled_read_of_any_kind_loses_nothing)
{
    check_nothing_is_lost(cancel, "cancelled");
    check_nothing_is_lost(cancel_late, "cancelled");
}

static int read_with_timeout(void *arg)
{
    struct call *call = arg;
    weir_timeout timeout = weir_timeout_start(call->reader->loop, 5);
    make_call(call);
    CHECK(weir_timeout_end(&timeout));
    return WEIR_OK;
}

TEST(reader_waits, a_read_that_times_out_loses_nothing)
{
    for (size_t i = 0; i < WAITING_COUNT; i++) {
        struct io_scene scene;
        int peer;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_stream(&scene, &peer, NULL);
        weir_reader *reader = weir_stream_reader(stream);
        struct call call = {.reader = reader, .call = WAITING[i].call};
        io_put(peer, WEIR_S("abc"));
        weir_join(weir_spawn(scene.loop, read_with_timeout, &call));
        CHECK_TEXT(call.log.text, "timeout");
        io_put(peer, WEIR_S("de;\n"));
        call.log.len = 0;
        script_run(reader, WAITING[i].call, &call.log);
        CHECK_TEXT(call.log.text, WAITING[i].result);
        weir_stream_close(stream);
        close(peer);
        io_scene_close(&scene);
    }
}

TEST(reader_waits, all_of_it_is_kept_when_readall_is_cancelled)
{
    struct io_scene scene;
    struct call call;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *reader = weir_stream_reader(stream);
    for (size_t sent = 0; sent < 300000;)
        sent += io_put_pattern(peer, sent, 300000 - sent), io_turn(&scene, 2);
    weir_task *task = start_call(scene.loop, &call, reader, "all:9999999");
    io_settle(&scene);
    CHECK_INT(weir_reader_buffered(reader), 300000);
    weir_cancel(task);
    weir_join(task);
    CHECK_TEXT(call.log.text, "cancelled");
    close(peer);
    weir_slice bytes;
    CHECK_INT(weir_readall(reader, 300000, &bytes), 300000);
    CHECK(io_is_pattern(bytes, 0));
    weir_stream_close(stream);
    io_scene_close(&scene);
}

TEST(reader_waits, a_second_reader_is_refused_and_the_first_is_not_disturbed)
{
    struct io_scene scene;
    struct call call;
    int peer;
    weir_slice bytes;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *reader = weir_stream_reader(stream);
    io_put(peer, WEIR_S("ab"));
    weir_task *task = start_call(scene.loop, &call, reader, "line");
    io_settle(&scene);
    CHECK_INT(weir_read(reader, 9, &bytes), WEIR_E_MISUSE);
    CHECK(io_failed_with("another task is reading"));
    CHECK_INT(weir_readline(reader, &bytes), WEIR_E_MISUSE);
    CHECK_INT(weir_readexactly(reader, 1, &bytes), WEIR_E_MISUSE);
    CHECK_INT(weir_readuntil(reader, WEIR_S("x"), &bytes), WEIR_E_MISUSE);
    CHECK_INT(weir_readall(reader, 9, &bytes), WEIR_E_MISUSE);
    CHECK_INT(weir_peek(reader, 0, &bytes), WEIR_E_MISUSE);
    weir_consume(reader, 2);
    io_put(peer, WEIR_S("c\n"));
    weir_join(task);
    CHECK_TEXT(call.log.text, "\"abc\\n\"");
    weir_stream_close(stream);
    close(peer);
    io_scene_close(&scene);
}

/* "abc" has come, and then a reset or the end, before anybody reads. */
TEST(reader_waits, what_came_before_a_reset_is_delivered_before_the_error)
{
    static const struct {
        const char *calls;
        const char *results;
    } CASES[] = {
        {"read:9 read:9 read:9", "\"abc\" connection connection"},
        {"read:1 read:9 read:9", "\"a\" \"bc\" connection"},
        {"line line read:9 line", "connection connection \"abc\" connection"},
        {"exact:3 exact:1", "\"abc\" connection"},
        {"exact:4 peek:0 exact:2 exact:1", "connection \"abc\" \"ab\" \"c\""},
        {"until:b until:b", "\"ab\" connection"},
        {"all:9 all:9 read:9", "connection connection \"abc\""},
        {"peek:3 peek:4 consume:3 peek:1", "\"abc\" connection connection"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        for (int settled = 0; settled < 2; settled++) {
            struct io_scene scene;
            struct script_log log = {.len = 0};
            int peer;
            io_scene_open(&scene, NULL);
            weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
            weir_reader *reader = weir_stream_reader(stream);
            io_put(peer, WEIR_S("abc"));
            io_reset(peer);
            if (settled)
                io_settle(&scene);
            script_run(reader, CASES[i].calls, &log);
            CHECK_TEXT(log.text, CASES[i].results);
            if (i == 0) {
                CHECK_INT(weir_last_error()->os_error, ECONNRESET);
                CHECK(io_failed_with("Connection reset"));
                CHECK(!weir_reader_at_eof(reader));
            }
            CHECK_INT(weir_stream_close(stream), WEIR_E_CONNECTION);
            io_scene_close(&scene);
        }
    }
}

TEST(reader_waits, a_reset_in_the_middle_of_a_line_ends_the_wait)
{
    struct io_scene scene;
    struct call call;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
    weir_reader *reader = weir_stream_reader(stream);
    io_put(peer, WEIR_S("half a li"));
    weir_task *task = start_call(scene.loop, &call, reader, "line read:99 line");
    io_settle(&scene);
    CHECK(!weir_task_is_done(task));
    io_reset(peer);
    weir_join(task);
    CHECK_TEXT(call.log.text, "connection \"half\\x20a\\x20li\" connection");
    weir_stream_abort(stream);
    io_scene_close(&scene);
}

/* The transport reads straight behind what was handed out, and must not move it. */
static void check_slices_stay(struct io_scene *scene, size_t size, size_t total)
{
    int peer;
    weir_stream *stream = io_stream(scene, &peer, NULL);
    weir_reader *reader = weir_stream_reader(stream);
    weir_slice bytes;
    size_t sent = 0;
    for (size_t read = 0; read < total; read += size) {
        while (sent < read + size) {
            sent += io_put_pattern(peer, sent, 65536);
            io_turn(scene, 1);
        }
        CHECK_INT(weir_readexactly(reader, size, &bytes), size);
        sent += io_put_pattern(peer, sent, size);
        io_turn(scene, 3);
        if (!CHECK(io_is_pattern(bytes, read)))
            break;
    }
    weir_stream_abort(stream);
    close(peer);
    io_settle(scene);
}

TEST(reader_waits, a_slice_stays_where_it_is_while_more_arrives)
{
    static const size_t SIZES[] = {1, 51, 2001, 4096, 20000, 65536, 100001};
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++)
        check_slices_stay(&scene, SIZES[i], 500 * (SIZES[i] < 2000 ? SIZES[i] : 2000));
    io_scene_close(&scene);
}

/* Only AddressSanitizer can tell: a slice that is used too late is found by it. */
TEST(reader_waits, a_slice_is_poisoned_at_the_next_call)
{
#ifdef WEIR__ASAN
    struct io_scene scene;
    int peer;
    weir_slice first;
    weir_slice second;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *reader = weir_stream_reader(stream);
    io_put(peer, WEIR_S("the first line\nthe second one\n"));
    CHECK_INT(weir_readline(reader, &first), 15);
    CHECK(!__asan_address_is_poisoned(first.data));
    CHECK_INT(weir_readline(reader, &second), 15);
    CHECK(__asan_address_is_poisoned(first.data));
    CHECK(!__asan_address_is_poisoned(second.data));
    weir_read(reader, 0, &first);
    CHECK(__asan_address_is_poisoned(second.data + 8));
    weir_stream_close(stream);
    close(peer);
    io_scene_close(&scene);
#else
    SKIP("not built with AddressSanitizer");
#endif
}

static size_t blocks_in_use(struct io_scene *scene, size_t live_before)
{
    weir__blocks_clear(&scene->loop->blocks);
    return scene->nth.live - live_before;
}

TEST(reader_waits, an_idle_stream_owns_no_buffer)
{
    struct io_scene scene;
    struct call call;
    int peer;
    weir_slice bytes;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *reader = weir_stream_reader(stream);
    io_settle(&scene);
    size_t live = scene.nth.live;
    CHECK_INT(reader->capacity, 0);
    for (int i = 0; i < 3; i++) {
        io_put(peer, WEIR_S("hello\n"));
        CHECK_INT(weir_readline(reader, &bytes), 6);
        weir_task *task = start_call(scene.loop, &call, reader, "line");
        io_settle(&scene);
        CHECK_INT(reader->capacity, 0);
        CHECK_INT(blocks_in_use(&scene, live), 0);
        io_put(peer, WEIR_S("x\n"));
        weir_join(task);
        CHECK_TEXT(call.log.text, "\"x\\n\"");
    }
    weir_stream_close(stream);
    close(peer);
    io_scene_close(&scene);
}

/* Reading is in the middle of its block when there is none for more. */
TEST(reader_waits, without_memory_a_read_fails_and_the_next_goes_on)
{
    for (int again = 0; again < 3; again++) {
        struct io_scene scene;
        int peer;
        weir_slice bytes;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_stream(&scene, &peer, NULL);
        weir_reader *reader = weir_stream_reader(stream);
        io_put_pattern(peer, 0, 60000);
        if (again == 1)
            io_turn(&scene, 1);
        scene.nth.fail_at = scene.nth.count + 1;
        int rc = weir_readexactly(reader, 50000, &bytes);
        CHECK_INT(rc, WEIR_E_MEMORY);
        CHECK(io_failed_with("no memory for what the peer sends"));
        scene.nth.fail_at = again == 2 ? scene.nth.count + 2 : 0;
        while ((rc = weir_readexactly(reader, 50000, &bytes)) == WEIR_E_MEMORY)
            ;
        CHECK_INT(rc, 50000);
        CHECK(io_is_pattern(bytes, 0));
        weir_stream_close(stream);
        close(peer);
        io_scene_close(&scene);
    }
}

static int wait_for_more(void *arg)
{
    struct call *call = arg;
    weir_slice bytes;
    int rc = weir_readline(call->reader, &bytes);
    CHECK(io_failed_with("closed"));
    return rc;
}

TEST(reader_waits, the_stream_is_closed_under_a_read)
{
    struct io_scene scene;
    for (int abort = 0; abort < 2; abort++) {
        for (int woken = 0; woken < 2; woken++) {
            int peer;
            io_scene_open(&scene, NULL);
            weir_stream *stream = io_stream(&scene, &peer, NULL);
            struct call call = {.reader = weir_stream_reader(stream)};
            weir_task *task = weir_spawn(scene.loop, wait_for_more, &call);
            io_put(peer, WEIR_S("abc"));
            io_settle(&scene);
            if (woken)
                weir__unpark(call.reader->waiter, WEIR_OK);
            if (abort)
                weir_stream_abort(stream);
            else
                weir_stream_close(stream);
            if (!woken)
                CHECK_INT(weir_join(task), WEIR_E_CLOSED);
            else
                weir_detach(task);
            close(peer);
            io_scene_close(&scene);
        }
    }
}
