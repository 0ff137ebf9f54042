/* The end of a stream: flushed, cut off, in the middle of what others do with it
 * (weir/stream.h).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io_scene.h"
#include "loop.h"
#include "park.h"
#include "stream.h"

#define KIB ((size_t)1024)

static weir_slice pattern_slice(size_t count)
{
    static char bytes[256 * 1024];
    REQUIRE(count <= sizeof(bytes));
    for (size_t i = 0; i < count; i++)
        bytes[i] = io_pattern(i);
    return (weir_slice){bytes, count};
}

/* Writes so much that it is queued. */
static size_t fill(weir_stream *stream)
{
    REQUIRE(weir_write(weir_stream_writer(stream), pattern_slice(256 * KIB)) ==
            WEIR_OK);
    size_t more = 0;
    while (weir_writer_queued(weir_stream_writer(stream)) < 65 * KIB) {
        /* The pattern begins anew: nobody looks at these. */
        REQUIRE(weir_write(weir_stream_writer(stream), pattern_slice(256 * KIB)) ==
                WEIR_OK);
        more += 256 * KIB;
    }
    return 256 * KIB + more;
}

static int close_it(void *arg)
{
    return weir_stream_close(arg);
}

static size_t take(struct io_scene *scene, int peer)
{
    static char bytes[64 * 1024];
    size_t taken = 0;
    bool ended = false;
    for (int quiet = 0; !ended && quiet < 50; quiet++) {
        size_t got = io_take(peer, bytes, sizeof(bytes), &ended, NULL);
        taken += got;
        quiet = got > 0 ? 0 : quiet;
        io_turn(scene, 1);
    }
    return taken;
}

TEST(stream_close, sends_what_is_queued_and_then_the_end)
{
    struct io_scene scene;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
    size_t sent = fill(stream);
    weir_task *task = weir_spawn(scene.loop, close_it, stream);
    io_settle(&scene);
    CHECK(!weir_task_is_done(task));
    CHECK_INT(take(&scene, peer), sent);
    CHECK_INT(weir_join(task), WEIR_OK);
    close(peer);
    io_scene_close(&scene);
}

static void close_in_callback(void *arg)
{
    CHECK_INT(weir_stream_close(arg), WEIR_OK);
}

TEST(stream_close, in_a_callback_is_done_behind_it)
{
    struct io_scene scene;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
    size_t sent = fill(stream);
    weir_loop_post(scene.loop, close_in_callback, stream);
    CHECK_INT(take(&scene, peer), sent);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    close(peer);
    io_scene_close(&scene);
}

/* Nobody waits for the close, so that nobody could be told to go on. */
TEST(stream_close, in_a_callback_lasts_no_longer_than_it_may)
{
    for (int how = 0; how < 2; how++) {
        struct io_scene scene;
        weir_stream_options options = {.close_timeout_ms = how == 0 ? 30 : 0};
        int peer;
        options.transport.close_timeout_ms = how == 0 ? 0 : 30;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_tcp_stream(&scene, &peer, &options);
        size_t sent = fill(stream);
        weir_loop_post(scene.loop, close_in_callback, stream);
        io_turn(&scene, 1);
        int64_t ms = weir_loop_timeout(scene.loop);
        CHECK(ms >= 0 && ms <= 30);
        uint64_t begin = wall_ms();
        while (weir__link_is_linked(&scene.loop->transports) &&
               wall_ms() - begin < 3000)
            REQUIRE(weir_loop_run_once(scene.loop, 100) == WEIR_OK);
        CHECK(!weir__link_is_linked(&scene.loop->transports));
        CHECK(take(&scene, peer) < sent);
        close(peer);
        io_scene_close(&scene);
    }
}

TEST(stream_close, waits_no_longer_than_it_may)
{
    for (int how = 0; how < 4; how++) {
        struct io_scene scene;
        weir_stream_options options = {.close_timeout_ms = how == 0 ? 10 : 0};
        int peer;
        options.transport.close_timeout_ms = how == 3 ? 10 : 0;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_tcp_stream(&scene, &peer, &options);
        size_t sent = fill(stream);
        uint64_t begin = wall_ms();
        if (how == 1) {
            weir_timeout timeout = weir_timeout_start(scene.loop, 10);
            CHECK_INT(weir_stream_close(stream), WEIR_E_TIMEOUT);
            CHECK(weir_timeout_end(&timeout));
        } else if (how == 0 || how == 3) {
            CHECK_INT(weir_stream_close(stream), WEIR_E_TIMEOUT);
        } else {
            weir_task *task = weir_spawn(scene.loop, close_it, stream);
            io_settle(&scene);
            weir_cancel(task);
            CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
        }
        CHECK(wall_ms() - begin < 5000);
        CHECK(take(&scene, peer) < sent);
        close(peer);
        io_scene_close(&scene);
    }
}

TEST(stream_close, says_that_what_was_queued_is_lost)
{
    for (int how = 0; how < 3; how++) {
        struct io_scene scene;
        int peer;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
        io_settle(&scene);
        fill(stream);
        weir_task *task = how == 0 ? weir_spawn(scene.loop, close_it, stream) : NULL;
        io_settle(&scene);
        io_reset(peer);
        if (how == 2)
            io_settle(&scene);
        CHECK_INT(how == 0 ? weir_join(task) : weir_stream_close(stream),
                  WEIR_E_CONNECTION);
        CHECK_INT(weir_last_error()->os_error, ECONNRESET);
        io_scene_close(&scene);
    }
}

enum { READ, DRAIN, FLUSH, KINDS };

struct user {
    weir_stream *stream;
    int kind;
    int rc;
};

static int use(void *arg)
{
    struct user *user = arg;
    weir_slice bytes;
    if (user->kind == READ)
        user->rc = weir_readexactly(weir_stream_reader(user->stream), 100, &bytes);
    else if (user->kind == DRAIN)
        user->rc = weir_drain(weir_stream_writer(user->stream));
    else
        user->rc = weir_flush(weir_stream_writer(user->stream));
    CHECK_INT(weir_last_error()->status, user->rc);
    return user->rc;
}

/* Tasks read, drain and flush, and another closes; also when they have been woken in
 * the same round and have not had their turn. */
TEST(stream_close, under_other_tasks_lets_them_out)
{
    for (int how = 0; how < 8; how++) {
        struct io_scene scene;
        struct user users[KINDS];
        weir_task *tasks[KINDS];
        bool woken = how / 2 % 2, cancelled = how / 4;
        int peer;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
        fill(stream);
        for (int i = 0; i < KINDS; i++) {
            users[i] = (struct user){stream, i, 1};
            tasks[i] = weir_spawn(scene.loop, use, &users[i]);
        }
        io_settle(&scene);
        if (woken) {
            weir__unpark_all(&stream->drainers, WEIR_OK);
            weir__unpark(stream->reader.waiter, WEIR_OK);
        }
        for (int i = 0; i < KINDS && cancelled; i++)
            weir_cancel(tasks[i]);
        if (how % 2) {
            weir_stream_abort(stream);
        } else {
            weir_timeout timeout = weir_timeout_start(scene.loop, 0);
            CHECK(weir_stream_close(stream) < 0);
            weir_timeout_end(&timeout);
        }
        for (int i = 0; i < KINDS; i++)
            CHECK_INT(weir_join(tasks[i]),
                      cancelled && !woken ? WEIR_E_CANCELLED : WEIR_E_CLOSED);
        close(peer);
        io_settle(&scene);
        CHECK(!weir__link_is_linked(&scene.loop->graves));
        io_scene_close(&scene);
    }
}

/* Nobody reads, and the one who drains is in no list any more when it is woken. */
TEST(stream_close, under_one_who_has_just_been_woken_keeps_the_stream_for_him)
{
    for (int kind = DRAIN; kind <= FLUSH; kind++) {
        struct io_scene scene;
        int peer;
        io_scene_open(&scene, NULL);
        weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
        struct user user = {stream, kind, 1};
        fill(stream);
        weir_task *task = weir_spawn(scene.loop, use, &user);
        io_settle(&scene);
        weir__unpark_all(&stream->drainers, WEIR_OK);
        weir_stream_abort(stream);
        CHECK_INT(weir_join(task), WEIR_E_CLOSED);
        close(peer);
        io_scene_close(&scene);
    }
}

TEST(stream_close, of_the_loop_ends_all_streams)
{
    struct io_scene scene;
    struct user users[KINDS];
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
    fill(stream);
    for (int i = 0; i < KINDS; i++) {
        users[i] = (struct user){stream, i, 1};
        weir_detach(weir_spawn(scene.loop, use, &users[i]));
    }
    int other, pipe_ends[2];
    io_stream(&scene, &other, NULL);
    weir_stream *never_run = io_stream(&scene, &pipe_ends[0], NULL);
    CHECK(weir_stream_transport(never_run) != NULL);
    io_turn(&scene, 2);
    weir_loop_free(scene.loop);
    scene.loop = NULL;
    for (int i = 0; i < KINDS; i++)
        CHECK_INT(users[i].rc, WEIR_E_CANCELLED);
    close(peer);
    close(other);
    close(pipe_ends[0]);
    io_scene_close(&scene);
}

TEST(stream_close, leaves_nothing_of_its_addresses)
{
    struct io_scene scene;
    weir_address address;
    int peer;
    io_scene_open(&scene, NULL);
    weir_stream *stream = io_tcp_stream(&scene, &peer, NULL);
    weir_stream_peer_address(stream, &address);
    CHECK(weir_address_port(&address) > 0);
    weir_stream_local_address(stream, &address);
    CHECK(weir_address_port(&address) > 0);
    io_reset(peer);
    io_settle(&scene);
    CHECK(weir_stream_transport(stream) == NULL);
    weir_stream_peer_address(stream, &address);
    CHECK_INT(address.len, 0);
    weir_stream_local_address(stream, &address);
    CHECK_INT(address.len, 0);
    CHECK_INT(weir_writer_queued(weir_stream_writer(stream)), 0);
    CHECK_INT(weir_writer_set_watermarks(weir_stream_writer(stream), 2, 1),
              WEIR_E_CONNECTION);
    weir_stream_abort(stream);
    io_scene_close(&scene);
}
