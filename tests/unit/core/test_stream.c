/* Streams: writing, draining, flushing, closing; alone and under other tasks
 * (weir/stream.h, weir/writer.h).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io_scene.h"

#define KIB ((size_t)1024)

static weir_slice pattern_slice(size_t offset, size_t count)
{
    static char bytes[8 * 1024 * 1024];
    REQUIRE(count <= sizeof(bytes));
    for (size_t i = 0; i < count; i++)
        bytes[i] = io_pattern(offset + i);
    return (weir_slice){bytes, count};
}

/* Queues more than `least` bytes. Returns how many were written in all. */
static size_t fill(weir_stream *stream, size_t least)
{
    weir_writer *writer = weir_stream_writer(stream);
    size_t sent = 0;
    while (weir_writer_queued(writer) <= least) {
        REQUIRE(weir_write(writer, pattern_slice(sent, 32 * KIB)) == WEIR_OK);
        sent += 32 * KIB;
    }
    return sent;
}

static size_t take_all(struct io_scene *scene, int peer, size_t from, size_t total)
{
    for (int round = 0; from < total && round < 100000; round++) {
        from += io_take_pattern(peer, from, NULL);
        io_turn(scene, 1);
    }
    CHECK_INT(from, total);
    return from;
}

struct work {
    weir_stream *stream;
    int (*call)(weir_writer *writer);
    size_t from;
    size_t bytes;
    int rc;
    size_t queued; /* when the call returned */
    char sentence[256];
};

static int wait_in_call(void *arg)
{
    struct work *work = arg;
    work->rc = work->call(weir_stream_writer(work->stream));
    strcpy(work->sentence, weir_last_error()->message);
    if (work->rc == WEIR_OK)
        work->queued = weir_writer_queued(weir_stream_writer(work->stream));
    return work->rc;
}

static int write_much(void *arg)
{
    struct work *work = arg;
    return weir_write(weir_stream_writer(work->stream),
                      pattern_slice(work->from, work->bytes));
}

TEST(stream, drain_returns_at_once_below_the_high_watermark)
{
    struct io_scene scene;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_writer *writer = weir_stream_writer(stream);
    CHECK_INT(weir_drain(writer), WEIR_OK);
    fill(stream, 0);
    REQUIRE(weir_writer_queued(writer) < 64 * KIB);
    unsigned long waits = fault_sys_count(&scene.faults, FAULT_POLLER_WAIT);
    CHECK_INT(weir_drain(writer), WEIR_OK);
    CHECK_INT(fault_sys_count(&scene.faults, FAULT_POLLER_WAIT), waits);
    weir_stream_abort(stream);
    close(peer);
    io_scene_close(&scene);
}

TEST(stream, drain_lets_many_tasks_wait_and_wakes_all_at_the_low_watermark)
{
    enum { TASKS = 20 };
    struct io_scene scene;
    struct work work[TASKS];
    weir_task *tasks[TASKS];
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    size_t sent = fill(stream, 64 * KIB);
    for (int i = 0; i < TASKS; i++) {
        work[i] = (struct work){.stream = stream, .call = weir_drain, .rc = 1};
        tasks[i] = weir_spawn(scene.loop, wait_in_call, &work[i]);
    }
    io_settle(&scene);
    weir_cancel(tasks[3]);
    io_settle(&scene);
    CHECK_INT(work[3].rc, WEIR_E_CANCELLED);
    CHECK_INT(work[4].rc, 1);
    take_all(&scene, peer, 0, sent);
    for (int i = 0; i < TASKS; i++) {
        CHECK_INT(weir_join(tasks[i]), i == 3 ? WEIR_E_CANCELLED : WEIR_OK);
        CHECK(work[i].queued <= 16 * KIB);
    }
    weir_stream_abort(stream);
    close(peer);
    io_scene_close(&scene);
}

TEST(stream, flush_waits_until_everything_has_left)
{
    struct io_scene scene;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    struct work flush = {.stream = stream, .call = weir_flush, .rc = 1};
    struct work drain = {.stream = stream, .call = weir_drain, .rc = 1};
    CHECK_INT(weir_flush(weir_stream_writer(stream)), WEIR_OK);
    size_t sent = fill(stream, 64 * KIB), taken = 0;
    weir_task *flusher = weir_spawn(scene.loop, wait_in_call, &flush);
    weir_task *drainer = weir_spawn(scene.loop, wait_in_call, &drain);
    io_settle(&scene);
    while (weir_writer_queued(weir_stream_writer(stream)) > 0) {
        CHECK_INT(flush.rc, 1);
        char some[5000];
        ssize_t got = read(peer, some, sizeof(some));
        taken += got > 0 ? (size_t)got : 0;
        io_turn(&scene, 1);
    }
    take_all(&scene, peer, taken, sent);
    CHECK_INT(weir_join(flusher), WEIR_OK);
    CHECK_INT(weir_join(drainer), WEIR_OK);
    CHECK_INT(flush.queued, 0);
    weir_stream_close(stream);
    close(peer);
    io_scene_close(&scene);
}

TEST(stream, drain_and_flush_say_that_the_connection_is_lost)
{
    static int (*const CALLS[])(weir_writer *) = {weir_drain, weir_flush,
                                                  weir_write_eof};
    for (int i = 0; i < 12; i++) {
        struct io_scene scene;
        bool first_waits = i / 3 % 2, settled = i / 6 % 2;
        int peer;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
        struct work work = {.stream = stream, .call = CALLS[i % 3], .rc = 1};
        io_settle(&scene);
        fill(stream, 64 * KIB);
        if (first_waits) {
            weir_task *task = weir_spawn(scene.loop, wait_in_call, &work);
            io_settle(&scene);
            io_reset(peer);
            if (i % 3 < 2)
                CHECK_INT(weir_join(task), WEIR_E_CONNECTION);
            else
                weir_join(task);
        } else {
            io_reset(peer);
            if (!settled)
                weir_write(weir_stream_writer(stream), WEIR_S("x"));
        }
        if (settled)
            io_settle(&scene);
        /* At the first call after the loss, and at each. */
        for (int again = 0; again < 2; again++) {
            if (i % 3 == 2)
                io_settle(&scene);
            CHECK_INT(CALLS[i % 3](weir_stream_writer(stream)), WEIR_E_CONNECTION);
            CHECK_INT(weir_last_error()->os_error, ECONNRESET);
            CHECK(io_failed_with("lost"));
        }
        CHECK_INT(weir_write(weir_stream_writer(stream), WEIR_S("y")),
                  WEIR_E_CONNECTION);
        CHECK_INT(weir_stream_close(stream), WEIR_E_CONNECTION);
        io_scene_close(&scene);
    }
}

TEST(stream, write_far_above_the_most_that_may_queue_waits_and_loses_nothing)
{
    static const size_t LIMITS[] = {0, 1, 5, 1000, 65537, 2 * 1024 * 1024};
    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        struct io_scene scene;
        weir_stream_options options = {
            .transport = {.max_write_buffer_bytes = LIMITS[i]}};
        int peer;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_stream(&scene, &peer, &options);
        size_t most = LIMITS[i] ? LIMITS[i] : 1024 * KIB;
        struct work work = {.stream = stream};
        work.bytes = most < 1000 ? 2000 : 4 * most < 8192 * KIB ? 4 * most : 8192 * KIB;
        if (most < 1000)
            fault_sys_limit(&scene.faults, SIZE_MAX, 3);
        weir_task *task = weir_spawn(scene.loop, write_much, &work);
        io_turn(&scene, 1);
        CHECK(weir_writer_queued(weir_stream_writer(stream)) <= most);
        for (size_t taken = 0; taken < work.bytes;) {
            taken += io_take_pattern(peer, taken, NULL);
            io_turn(&scene, 1);
            CHECK(weir_writer_queued(weir_stream_writer(stream)) <= most);
        }
        CHECK_INT(weir_join(task), WEIR_OK);
        CHECK_INT(weir_stream_close(stream), WEIR_OK);
        close(peer);
        io_scene_close(&scene);
    }
}

/* TCP, a Unix socket, a pipe; 64 KiB may be queued. */
static weir_stream *stream_of(struct io_scene *scene, int kind, int *peer)
{
    static const weir_stream_options OPTIONS = {
        .transport = {.max_write_buffer_bytes = 64 * 1024}};
    weir_stream *stream = NULL;
    int ends[2];
    if (kind == 0)
        return io_tcp_stream(scene, peer, &OPTIONS);
    if (kind == 1)
        return io_stream(scene, peer, &OPTIONS);
    REQUIRE(pipe(ends) == 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    REQUIRE(weir_stream_open(scene->loop, &stream, ends[1], &OPTIONS) == WEIR_OK);
    *peer = ends[0];
    return stream;
}

TEST(stream, write_of_too_much_sends_from_where_it_lies)
{
    for (int kind = 0; kind < 3; kind++) {
        struct io_scene scene;
        int peer;
        io_scene_open(&scene, NULL);
        weir_stream *stream = stream_of(&scene, kind, &peer);
        weir_writer *writer = weir_stream_writer(stream);
        struct work work = {.stream = stream, .bytes = 7168 * KIB};
        work.from = fill(stream, 16 * KIB);
        weir_task *task = weir_spawn(scene.loop, write_much, &work);
        io_settle(&scene);
        size_t taken = 0;
        for (int round = 0; !weir_task_is_done(task) && round < 100000; round++) {
            taken += io_take_pattern(peer, taken, NULL);
            io_turn(&scene, 1);
            if (taken <= work.from || weir_task_is_done(task))
                continue;
            CHECK_INT(weir_writer_queued(writer), 0);
            CHECK_INT(weir_drain(writer), WEIR_OK);
            CHECK_INT(weir_flush(writer), WEIR_OK);
        }
        CHECK(weir_writer_queued(writer) <= 64 * KIB);
        take_all(&scene, peer, taken, work.from + work.bytes);
        CHECK_INT(weir_join(task), WEIR_OK);
        CHECK_INT(weir_stream_close(stream), WEIR_OK);
        close(peer);
        io_scene_close(&scene);
    }
}

TEST(stream, write_of_too_much_ends_with_its_side)
{
    struct io_scene scene;
    int peer;
    bool ended = false;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
    struct work work = {.stream = stream, .bytes = 8192 * KIB};
    weir_task *task = weir_spawn(scene.loop, write_much, &work);
    io_settle(&scene);
    CHECK_INT(weir_write_eof(weir_stream_writer(stream)), WEIR_OK);
    for (size_t taken = 0; !ended && taken < work.bytes;) {
        taken += io_take_pattern(peer, taken, &ended);
        io_turn(&scene, 1);
    }
    CHECK(ended);
    CHECK_INT(weir_join(task), WEIR_E_CLOSED);
    CHECK_INT(weir_stream_close(stream), WEIR_OK);
    close(peer);
    io_scene_close(&scene);
}

struct letters {
    weir_stream *stream;
    char letter;
    size_t len; /* of a slice */
};

static int write_letters(void *arg)
{
    struct letters *letters = arg;
    static char bytes[3][300000];
    char *mine = bytes[letters->letter - 'a'];
    weir_slice slices[8];
    memset(mine, letters->letter, sizeof(bytes[0]));
    for (int i = 0; i < 8; i++)
        slices[i] = (weir_slice){mine, letters->len};
    return weir_writelines(weir_stream_writer(letters->stream), slices, 8);
}

TEST(stream, write_stays_together_when_other_tasks_write)
{
    struct io_scene scene;
    struct letters letters[3];
    weir_task *tasks[3];
    weir_stream *ends[2];
    weir_slice bytes;
    char last = 0;
    int changes = 0;
    io_scene_open(&scene, NULL);
    REQUIRE(weir_stream_pair(scene.loop, ends) == WEIR_OK);
    for (int i = 0; i < 3; i++) {
        /* The small ones would fit in beside the large one, which waits. */
        letters[i] = (struct letters){ends[0], (char)('a' + i), i == 1 ? 10 : 300000};
        tasks[i] = weir_spawn(scene.loop, write_letters, &letters[i]);
    }
    for (size_t read = 0; read < 8 * 600010; read += bytes.len) {
        REQUIRE(weir_read(weir_stream_reader(ends[1]), 50000, &bytes) > 0);
        for (size_t i = 0; i < bytes.len; i++) {
            changes += bytes.data[i] != last;
            last = bytes.data[i];
        }
    }
    CHECK_INT(changes, 3);
    for (int i = 0; i < 3; i++)
        CHECK_INT(weir_join(tasks[i]), WEIR_OK);
    weir_stream_close(ends[0]);
    weir_stream_close(ends[1]);
    io_scene_close(&scene);
}

TEST(stream, write_that_waits_for_another_ends_with_it)
{
    for (int how = 0; how < 3; how++) {
        struct io_scene scene;
        struct letters letters[2];
        weir_task *tasks[2];
        int peer;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_stream(&scene, &peer, NULL);
        for (int i = 0; i < 2; i++) {
            letters[i] = (struct letters){stream, (char)('a' + i), 300000};
            tasks[i] = weir_spawn(scene.loop, write_letters, &letters[i]);
        }
        io_settle(&scene);
        static const int WANTED[] = {WEIR_E_CANCELLED, WEIR_E_CONNECTION,
                                     WEIR_E_CLOSED};
        if (how == 0) {
            weir_cancel(tasks[1]);
            weir_cancel(tasks[0]);
        } else if (how == 1) {
            io_reset(peer);
        } else {
            weir_stream_abort(stream);
        }
        for (int i = 0; i < 2; i++)
            CHECK_INT(weir_join(tasks[i]), WANTED[how]);
        if (how < 2)
            weir_stream_abort(stream);
        if (how != 1)
            close(peer);
        io_scene_close(&scene);
    }
}

TEST(stream, write_of_too_much_ends_with_the_wait)
{
    struct io_scene scene;
    for (int how = 0; how < 3; how++) {
        int peer;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
        struct work work = {.stream = stream, .bytes = 8192 * KIB};
        weir_task *task = weir_spawn(scene.loop, write_much, &work);
        io_settle(&scene);
        CHECK(!weir_task_is_done(task));
        if (how == 0)
            weir_cancel(task);
        else if (how == 1)
            io_reset(peer);
        else
            weir_stream_abort(stream);
        CHECK_INT(weir_join(task), how == 0   ? WEIR_E_CANCELLED
                                   : how == 1 ? WEIR_E_CONNECTION
                                              : WEIR_E_CLOSED);
        if (how < 2)
            weir_stream_abort(stream);
        if (how != 1)
            close(peer);
        io_scene_close(&scene);
    }
}

static void write_in_callback(void *arg)
{
    struct work *work = arg;
    work->rc = write_much(work);
    CHECK_INT(weir_last_error()->status, WEIR_E_TOO_BIG);
}

static int send_much(void *arg)
{
    struct work *work = arg;
    work->rc = weir_sendall(weir_stream_writer(work->stream),
                            pattern_slice(work->from, work->bytes));
    work->queued = weir_writer_queued(weir_stream_writer(work->stream));
    return work->rc;
}

TEST(stream, sendall_leaves_nothing_behind_and_keeps_others_out)
{
    struct io_scene scene;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    size_t before = fill(stream, 0);
    struct work large = {.stream = stream, .from = before, .bytes = 6 * 1024 * KIB};
    struct work small = {
        .stream = stream, .from = before + large.bytes, .bytes = 10 * KIB};
    weir_task *first = weir_spawn(scene.loop, send_much, &large);
    weir_task *second = weir_spawn(scene.loop, send_much, &small);
    take_all(&scene, peer, 0, before + large.bytes + small.bytes);
    CHECK_INT(weir_join(first), WEIR_OK);
    CHECK_INT(weir_join(second), WEIR_OK);
    CHECK_INT(small.queued, 0);
    weir_stream_abort(stream);
    close(peer);
    io_scene_close(&scene);
}

TEST(stream, sendall_ends_with_its_task_and_with_the_connection)
{
    for (int cancel = 0; cancel < 2; cancel++) {
        struct io_scene scene;
        int peer;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_stream(&scene, &peer, NULL);
        struct work work = {.stream = stream, .bytes = 6 * 1024 * KIB};
        weir_task *task = weir_spawn(scene.loop, send_much, &work);
        io_settle(&scene);
        if (cancel)
            weir_cancel(task);
        else
            close(peer);
        CHECK_INT(weir_join(task), cancel ? WEIR_E_CANCELLED : WEIR_E_CONNECTION);
        weir_stream_abort(stream);
        if (cancel)
            close(peer);
        io_scene_close(&scene);
    }
}

TEST(stream, write_in_a_callback_does_not_wait)
{
    struct io_scene scene;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    struct work work = {.stream = stream, .bytes = 8192 * KIB};
    weir_loop_post(scene.loop, write_in_callback, &work);
    io_settle(&scene);
    CHECK_INT(work.rc, WEIR_E_TOO_BIG);
    CHECK_INT(io_take_pattern(peer, 0, NULL), 0); /* nothing of it */
    weir_stream_abort(stream);
    close(peer);
    io_scene_close(&scene);
}

TEST(stream, ends_its_side_and_reads_on)
{
    struct io_scene scene;
    weir_stream *ends[2];
    weir_slice bytes;
    io_scene_open(&scene, NULL);
    REQUIRE(weir_stream_pair(scene.loop, ends) == WEIR_OK);
    CHECK(fcntl(weir_transport_fd(weir_stream_transport(ends[0])), F_GETFD) &
          FD_CLOEXEC);
    CHECK(weir_stream_loop(ends[0]) == scene.loop);
    weir_write(weir_stream_writer(ends[0]), WEIR_S("question"));
    CHECK_INT(weir_write_eof(weir_stream_writer(ends[0])), WEIR_OK);
    CHECK_INT(weir_write(weir_stream_writer(ends[0]), WEIR_S("more")), WEIR_E_CLOSED);
    CHECK_INT(weir_readall(weir_stream_reader(ends[1]), 99, &bytes), 8);
    weir_write(weir_stream_writer(ends[1]), WEIR_S("answer"));
    CHECK_INT(weir_stream_close(ends[1]), WEIR_OK);
    CHECK_INT(weir_readall(weir_stream_reader(ends[0]), 99, &bytes), 6);
    CHECK_INT(weir_stream_close(ends[0]), WEIR_OK);
    CHECK_INT(weir_stream_close(NULL), WEIR_OK);
    weir_stream_abort(NULL);
    io_scene_close(&scene);
}

TEST(stream, of_a_pipe_that_is_only_written_has_nothing_to_read)
{
    struct io_scene scene;
    weir_stream *stream = NULL;
    weir_slice bytes;
    int ends[2];
    io_scene_open(&scene, NULL);
    REQUIRE(pipe(ends) == 0);
    REQUIRE(weir_stream_open(scene.loop, &stream, ends[1], NULL) == WEIR_OK);
    CHECK_INT(weir_read(weir_stream_reader(stream), 9, &bytes), 0);
    CHECK_INT(weir_write(weir_stream_writer(stream), WEIR_S("abc")), WEIR_OK);
    CHECK_INT(weir_write_eof(weir_stream_writer(stream)), WEIR_E_UNSUPPORTED);
    CHECK_INT(weir_stream_close(stream), WEIR_OK);
    close(ends[0]);
    io_scene_close(&scene);
}

TEST(stream, pair_that_cannot_be_had_leaks_nothing)
{
    static const fault_kind KINDS[] = {FAULT_SOCKETPAIR, FAULT_POLLER_ADD};
    struct io_scene scene;
    weir_stream *ends[2] = {NULL, NULL};
    io_scene_open(&scene, NULL);
    for (unsigned long n = 1; n <= 3; n++) {
        fault_sys_fail(&scene.faults, KINDS[n > 1], n > 1 ? n - 1 : 1, EMFILE);
        CHECK_INT(weir_stream_pair(scene.loop, ends), WEIR_E_SYSTEM);
        CHECK(io_failed_with("Too many open files"));
    }
    for (size_t n = 1; n <= 4; n++) {
        scene.nth.fail_at = scene.nth.count + n;
        CHECK_INT(weir_stream_pair(scene.loop, ends), WEIR_E_MEMORY);
    }
    CHECK(!ends[0] && !ends[1]);
    io_scene_close(&scene);
}
