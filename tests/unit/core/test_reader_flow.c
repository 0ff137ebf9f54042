/* Much data, slow readers, peers without measure: memory stays bounded, nothing is
 * lost, and nobody spins (weir/reader.h).
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "io_scene.h"
#include "reader.h"

#define MIB ((size_t)1024 * 1024)

/* The most that a reader may hold: what makes it pause, and one read more. */
#define MAX_HELD(limit) (2 * (limit) + 256 * 1024)

/* Sends up to `total` bytes without a newline, as long as anybody takes them. */
static size_t flood(struct io_scene *scene, int peer, size_t total)
{
    static char bytes[65536];
    size_t sent = 0;
    int idle = 0;
    while (sent < total && idle < 10) {
        ssize_t put = write(peer, bytes, sizeof(bytes));
        sent += put > 0 ? (size_t)put : 0;
        idle = put > 0 ? 0 : idle + 1;
        io_turn(scene, 1);
    }
    return sent;
}

TEST(reader_flow, a_peer_that_sends_no_newline_fills_no_memory)
{
    static const size_t LIMITS[] = {1, 1000, 65536, 1000000};
    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        struct io_scene scene;
        weir_stream_options options = {.limit = LIMITS[i]};
        int peer;
        weir_slice line;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_tcp_stream(&scene, &peer, &options);
        weir_reader *reader = weir_stream_reader(stream);
        for (int round = 0; round < 3; round++) {
            size_t sent = flood(&scene, peer, 10 * MIB);
            CHECK_INT(weir_readline(reader, &line), WEIR_E_TOO_BIG);
            CHECK(weir_reader_buffered(reader) <= MAX_HELD(LIMITS[i]));
            CHECK(reader->capacity <= MAX_HELD(LIMITS[i]));
            CHECK(sent < 10 * MIB || sent <= MAX_HELD(LIMITS[i]));
        }
        /* Growing holds the old block and the new one, and the loop keeps some. */
        CHECK(scene.nth.most_bytes < 2 * MAX_HELD(LIMITS[i]) + 5 * MIB);
        weir_stream_abort(stream);
        close(peer);
        io_scene_close(&scene);
    }
}

TEST(reader_flow, exactly_more_than_the_limit_is_read_from_a_paused_peer)
{
    struct io_scene scene;
    weir_stream_options options = {.limit = 100};
    int peer;
    weir_slice bytes;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, &options);
    weir_reader *reader = weir_stream_reader(stream);
    size_t sent = 0;
    for (int i = 0; i < 20; i++) {
        sent += io_put_pattern(peer, sent, 65536);
        io_turn(&scene, 2);
    }
    CHECK(!weir_transport_is_reading(weir_stream_transport(stream)));
    CHECK_INT(weir_readexactly(reader, sent, &bytes), sent);
    CHECK(io_is_pattern(bytes, 0));
    sent = 0;
    for (int i = 0; i < 20; i++) {
        sent += io_put_pattern(peer, sent, 65536);
        io_turn(&scene, 2);
    }
    close(peer);
    CHECK_INT(weir_peek(reader, sent, &bytes), sent);
    CHECK_INT(weir_readall(reader, sent, &bytes), sent);
    CHECK(io_is_pattern(bytes, 0));
    weir_stream_close(stream);
    io_scene_close(&scene);
}

/* Nobody has sent 100 MB because a length says so. */
TEST(reader_flow, a_length_that_is_merely_announced_costs_no_memory)
{
    struct io_scene scene;
    int peer;
    weir_slice bytes;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_reader *reader = weir_stream_reader(stream);
    io_put(peer, WEIR_S("a few bytes"));
    weir_timeout timeout = weir_timeout_start(scene.loop, 5);
    CHECK_INT(weir_readexactly(reader, 100 * MIB, &bytes), WEIR_E_TIMEOUT);
    weir_timeout_end(&timeout);
    CHECK(reader->capacity <= 65536);
    close(peer);
    CHECK_INT(weir_readexactly(reader, 100 * MIB, &bytes), WEIR_E_INCOMPLETE);
    CHECK_INT(weir_read(reader, 99, &bytes), 11);
    weir_stream_close(stream);
    io_scene_close(&scene);
}

static unsigned long waits_in(struct io_scene *scene, int64_t ms)
{
    fault_sys_reset_counts(&scene->faults);
    uint64_t until = wall_ms() + (uint64_t)ms;
    while (wall_ms() < until)
        weir_loop_run_once(scene->loop, ms);
    return fault_sys_count(&scene->faults, FAULT_ANY);
}

TEST(reader_flow, a_paused_reader_causes_no_spin)
{
    struct io_scene scene;
    weir_stream_options options = {.limit = 1000};
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_tcp_stream(&scene, &peer, &options);
    flood(&scene, peer, 10 * MIB); /* the kernel holds more than is read */
    CHECK(!weir_transport_is_reading(weir_stream_transport(stream)));
    CHECK(waits_in(&scene, 30) <= 3);
    io_reset(peer);
    CHECK(waits_in(&scene, 30) <= 4);
    weir_stream_abort(stream);
    io_scene_close(&scene);
}

TEST(reader_flow, pausing_and_resuming_cost_no_system_call)
{
    struct io_scene scene;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_stream(&scene, &peer, NULL);
    weir_transport *transport = weir_stream_transport(stream);
    io_put(peer, WEIR_S("abc"));
    weir_transport_pause_reading(transport);
    io_settle(&scene);
    CHECK_INT(weir_reader_buffered(weir_stream_reader(stream)), 0);
    fault_sys_reset_counts(&scene.faults);
    for (int i = 0; i < 100; i++) {
        weir_transport_resume_reading(transport);
        weir_transport_resume_reading(transport);
        weir_transport_pause_reading(transport);
        weir_transport_pause_reading(transport);
    }
    CHECK_INT(fault_sys_count(&scene.faults, FAULT_ANY), 0);
    weir_transport_resume_reading(transport);
    io_settle(&scene);
    CHECK_INT(weir_reader_buffered(weir_stream_reader(stream)), 3);
    weir_stream_abort(stream);
    close(peer);
    io_scene_close(&scene);
}

/* With these limits the reader pauses and resumes at every offset of its block. */
TEST(reader_flow, pausing_at_every_offset_corrupts_nothing)
{
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    for (size_t limit = 1; limit <= 40; limit++) {
        weir_stream_options options = {.limit = limit};
        size_t sent = 0, read = 0;
        int peer;
        weir_slice bytes;
        weir_stream *stream = io_stream(&scene, &peer, &options);
        weir_reader *reader = weir_stream_reader(stream);
        fault_sys_limit(&scene.faults, limit, SIZE_MAX);
        while (read < 3000) {
            if (sent < read + 3 * limit)
                sent += io_put_pattern(peer, sent, 7 * limit);
            io_turn(&scene, 1);
            int got = weir_read(reader, limit % 7 + 1, &bytes);
            REQUIRE(got > 0);
            CHECK(io_is_pattern(bytes, read));
            read += (size_t)got;
        }
        weir_stream_abort(stream);
        close(peer);
        fault_sys_limit(&scene.faults, SIZE_MAX, SIZE_MAX);
    }
    io_scene_close(&scene);
}

struct writing {
    weir_stream *stream;
    size_t total;
};

static int write_all(void *arg)
{
    struct writing *writing = arg;
    weir_writer *writer = weir_stream_writer(writing->stream);
    static char bytes[100000];
    size_t sent = 0;
    while (sent < writing->total) {
        size_t len = (size_t)rand() % sizeof(bytes) + 1;
        if (len > writing->total - sent)
            len = writing->total - sent;
        for (size_t i = 0; i < len; i++)
            bytes[i] = io_pattern(sent + i);
        int rc = weir_write(writer, (weir_slice){bytes, len});
        if (rc == WEIR_OK)
            rc = weir_drain(writer);
        if (rc < 0)
            return rc;
        sent += len;
    }
    return weir_stream_close(writing->stream);
}

static int read_some(weir_reader *reader, weir_slice *bytes)
{
    size_t size = (size_t)rand() % 50000 + 1;
    int rc;
    switch (rand() % 4) {
    case 0:
        rc = weir_readexactly(reader, size, bytes);
        return rc == WEIR_E_INCOMPLETE ? weir_read(reader, size, bytes) : rc;
    case 1:
        rc = weir_readline(reader, bytes);
        return rc == WEIR_E_TOO_BIG ? weir_read(reader, size, bytes) : rc;
    case 2:
        rc = weir_peek(reader, 1, bytes);
        if (rc <= 0)
            return rc;
        break;
    default:
        break;
    }
    return weir_read(reader, size, bytes);
}

static size_t peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss;
}

TEST(reader_flow, much_data_through_a_slow_reader_is_whole_and_fills_no_memory)
{
    struct io_scene scene;
    unsigned seed = (unsigned)time(NULL);
    size_t total = (IS_SLOW ? 4 : 64) * MIB, read = 0;
    weir_stream *ends[2];
    weir_slice bytes;
    int rc;
    srand(seed);
    io_scene_open(&scene, NULL);
    REQUIRE(weir_stream_pair(scene.loop, ends) == WEIR_OK);
    struct writing writing = {ends[0], total};
    weir_task *writer = weir_spawn(scene.loop, write_all, &writing);
    size_t before = peak_kib();
    while ((rc = read_some(weir_stream_reader(ends[1]), &bytes)) > 0) {
        if (!CHECK(io_is_pattern(bytes, read)))
            break;
        read += bytes.len;
        if (rand() % 64 == 0)
            weir_sleep(scene.loop, 1);
    }
    CHECK_INT(rc, 0);
    CHECK_INT(weir_join(writer), WEIR_OK);
    if (!CHECK_INT(read, total))
        fprintf(stderr, "seed %u\n", seed);
    CHECK(scene.nth.most_bytes < 4 * MIB);
    CHECK(IS_SLOW || peak_kib() - before < 16 * 1024);
    weir_stream_close(ends[1]);
    io_scene_close(&scene);
}
