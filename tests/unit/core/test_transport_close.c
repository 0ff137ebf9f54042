/* A close that has to send something first, and how long it may (weir/transport.h).
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "notes.h"

#define KIB ((size_t)1024)

/* A connection with more to send than the kernel takes, and a peer that takes none. */
struct late {
    struct io_scene scene;
    struct notes notes;
    weir_transport *transport;
    int peer;
};

static void fill(weir_transport *transport)
{
    static const char zeros[64 * 1024];
    while (weir_transport_queued(transport) < 100 * KIB)
        REQUIRE(weir_transport_write(transport, (weir_slice){zeros, sizeof(zeros)}) ==
                WEIR_OK);
}

static void late_open(struct late *t, uint32_t close_timeout_ms, bool tcp)
{
    weir_transport_options options = {.close_timeout_ms = close_timeout_ms};
    t->notes = (struct notes){.lost = 1};
    io_scene_open(&t->scene, NULL);
    t->transport = notes_open(&t->scene, &t->notes, &t->peer, &options, tcp);
    io_settle(&t->scene);
    fill(t->transport);
    trail_clear();
}

static void late_close(struct late *t)
{
    close(t->peer);
    io_scene_close(&t->scene);
}

/* Runs the loop until the connection is lost, or so long that it never will be.
 * Returns how many milliseconds that took. */
static uint64_t run_until_lost(struct late *t)
{
    uint64_t begin = wall_ms();
    while (t->notes.lost == 1 && wall_ms() - begin < 5000)
        REQUIRE(weir_loop_run_once(t->scene.loop, 100) == WEIR_OK);
    return wall_ms() - begin;
}

/* How many timers the loop has room for: its own, and those of others. */
static size_t timers(const struct late *t)
{
    return t->scene.loop->timers.reserved;
}

static void check_words(struct notes *notes)
{
    (void)notes;
    CHECK(io_failed_with("within 30 ms the peer has not taken all that was queued"));
    CHECK_TEXT(weir_last_error()->operation, "close");
}

TEST(transport_close, with_a_peer_that_takes_nothing_ends_in_time_and_says_why)
{
    for (int how = 0; how < 4; how++) {
        struct late t;
        late_open(&t, 30, how % 2);
        size_t before = timers(&t);
        t.notes.on_lost = check_words;
        if (how < 2)
            weir_transport_close(t.transport);
        else
            shutdown(t.peer, SHUT_WR); /* it is closed by the end it receives */
        uint64_t took = run_until_lost(&t);
        CHECK(took >= 25 && took < 3000);
        CHECK_INT(t.notes.lost, WEIR_E_TIMEOUT);
        CHECK_INT(t.notes.os_error, 0);
        CHECK_TEXT(trail(), how < 2 ? "L" : "EL");
        CHECK_INT(timers(&t), before);
        CHECK_INT(weir_loop_run(t.scene.loop), WEIR_OK); /* nothing is left */
        late_close(&t);
    }
}

TEST(transport_close, counts_from_the_close_and_twice_is_once)
{
    struct late t;
    late_open(&t, 10000, true);
    weir_transport_close(t.transport);
    uint64_t until = wall_ms() + 50;
    while (wall_ms() < until)
        REQUIRE(weir_loop_run_once(t.scene.loop, 5) == WEIR_OK);
    CHECK_INT(weir_transport_write(t.transport, WEIR_S("x")), WEIR_E_CLOSED);
    weir_transport_close(t.transport);
    CHECK(weir_loop_timeout(t.scene.loop) < 9960);
    weir_transport_abort(t.transport);
    run_until_lost(&t);
    late_close(&t);
}

TEST(transport_close, may_take_30_seconds_unless_told_otherwise)
{
    struct late t;
    late_open(&t, 0, true);
    CHECK_INT(weir_loop_timeout(t.scene.loop), -1);
    weir_transport_close(t.transport);
    int64_t ms = weir_loop_timeout(t.scene.loop);
    CHECK(ms > 20000 && ms <= 30000);
    weir_transport_abort(t.transport);
    run_until_lost(&t);
    late_close(&t);
}

enum { TAKE_ALL, ABORT, RESET, FREE_LOOP, ENDS };

static void end_it(struct late *t, int how)
{
    bool ended = false;
    char bytes[4096];
    if (how == ABORT)
        weir_transport_abort(t->transport);
    if (how == RESET)
        io_reset(t->peer);
    while (how == TAKE_ALL && !ended) {
        io_turn(&t->scene, 1);
        io_take(t->peer, bytes, sizeof(bytes), &ended, NULL);
    }
    if (how == FREE_LOOP)
        weir_loop_free(t->scene.loop);
}

/* Whatever ends it before: nothing of its timer is left to be due. */
TEST(transport_close, that_ends_otherwise_takes_its_timer_along)
{
    static const int LOST[ENDS] = {WEIR_OK, WEIR_OK, WEIR_E_CONNECTION, WEIR_OK};
    for (int how = 0; how < ENDS; how++) {
        struct late t;
        late_open(&t, 20000, true);
        size_t before = timers(&t);
        weir_transport_close(t.transport);
        CHECK_INT(timers(&t), before + 1);
        end_it(&t, how);
        if (how == FREE_LOOP) {
            t.scene.loop = NULL;
        } else {
            run_until_lost(&t);
            CHECK_INT(timers(&t), before);
            CHECK_INT(weir_loop_timeout(t.scene.loop), -1);
        }
        CHECK_INT(t.notes.lost, LOST[how]);
        if (how != RESET)
            close(t.peer);
        io_scene_close(&t.scene);
    }
}

static void nothing(void *arg)
{
    (void)arg;
}

/* Without a timer it would linger for ever. */
TEST(transport_close, without_memory_for_its_timer_is_an_abort)
{
    struct late t;
    weir_timer *others[64];
    size_t count = 0;
    late_open(&t, 0, true);
    const weir__heap *heap = &t.scene.loop->timers;
    while (heap->reserved < heap->capacity) {
        REQUIRE(count < sizeof(others) / sizeof(others[0]));
        others[count++] = weir_timer_new(t.scene.loop, nothing, NULL);
    }
    t.scene.nth.fail_at = t.scene.nth.count + 1;
    weir_transport_close(t.transport);
    CHECK(t.scene.nth.failed);
    CHECK_INT(weir_transport_queued(t.transport), 0);
    CHECK_INT(weir_loop_run_once(t.scene.loop, 0), WEIR_OK);
    CHECK_INT(t.notes.lost, WEIR_E_MEMORY);
    CHECK_TEXT(trail(), "L");
    while (count > 0)
        weir_timer_free(others[--count]);
    late_close(&t);
}
