/* Writing: at once, then queued; watermarks, limits, loss (weir/transport.h).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptor.h"
#include "notes.h"

#define KIB ((size_t)1024)

static weir_slice pattern_slice(size_t offset, size_t count)
{
    static char bytes[4 * 1024 * 1024];
    REQUIRE(count <= sizeof(bytes));
    for (size_t i = 0; i < count; i++)
        bytes[i] = io_pattern(offset + i);
    return (weir_slice){bytes, count};
}

static int put(weir_transport *transport, size_t *offset, size_t count)
{
    int rc = weir_transport_write(transport, pattern_slice(*offset, count));
    *offset += rc == WEIR_OK ? count : 0;
    return rc;
}

/* The peer takes all there is; more is sent meanwhile. */
static void take_all(struct io_scene *scene, int peer, size_t *taken, size_t total)
{
    for (int rounds = 0; *taken < total && rounds < 100000; rounds++) {
        *taken += io_take_pattern(peer, *taken, NULL);
        io_turn(scene, 1);
    }
    CHECK_INT(*taken, total);
}

TEST(transport_write, sends_at_once_and_queues_what_the_kernel_does_not_take)
{
    struct io_scene scene;
    struct notes notes = {.keep = 0};
    size_t sent = 0, taken = 0;
    int peer;
    io_scene_open(&scene, NULL);
    weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, false);
    CHECK_INT(put(transport, &sent, 100), WEIR_OK);
    CHECK_INT(weir_transport_queued(transport), 0);
    taken += io_take_pattern(peer, taken, NULL);
    CHECK_INT(taken, 100);
    while (weir_transport_queued(transport) == 0)
        CHECK_INT(put(transport, &sent, 10 * KIB), WEIR_OK);
    CHECK_INT(put(transport, &sent, 1000), WEIR_OK);
    take_all(&scene, peer, &taken, sent);
    CHECK_INT(weir_transport_queued(transport), 0);
    weir_transport_close(transport);
    notes_finish(&scene, "ML");
    close(peer);
    io_scene_close(&scene);
}

/* Fills the kernel's buffer, so that from now on all is queued. */
static void fill_kernel(weir_transport *transport, size_t *sent)
{
    while (weir_transport_queued(transport) == 0)
        REQUIRE(put(transport, sent, 4 * KIB) == WEIR_OK);
}

TEST(transport_write, pauses_above_the_high_watermark_and_resumes_at_the_low_one)
{
    struct io_scene scene;
    struct notes notes = {.keep = 0};
    size_t sent = 0, taken = 0;
    int peer;
    io_scene_open(&scene, NULL);
    weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, false);
    io_settle(&scene);
    for (int crossing = 0; crossing < 3; crossing++) {
        trail_clear();
        fill_kernel(transport, &sent);
        put(transport, &sent, 64 * KIB - weir_transport_queued(transport));
        CHECK_INT(weir_transport_queued(transport), 64 * KIB);
        CHECK_TEXT(trail(), "");
        put(transport, &sent, 1);
        CHECK_TEXT(trail(), "P"); /* inside the write */
        put(transport, &sent, 100 * KIB);
        CHECK_TEXT(trail(), "P"); /* once */
        while (weir_transport_queued(transport) > 16 * KIB) {
            CHECK_TEXT(trail(), "P");
            taken += io_take_pattern(peer, taken, NULL);
            io_turn(&scene, 1);
        }
        CHECK_TEXT(trail(), "PR");
        take_all(&scene, peer, &taken, sent);
        CHECK_TEXT(trail(), "PR");
    }
    weir_transport_abort(transport);
    close(peer);
    io_scene_close(&scene);
}

TEST(transport_write, keeps_to_watermarks_that_are_set)
{
    struct io_scene scene;
    struct notes notes = {.keep = 0};
    weir_transport_options options = {.write_high_bytes = 1000, .write_low_bytes = 900};
    size_t sent = 0, taken = 0;
    int peer;
    io_scene_open(&scene, NULL);
    weir_transport *transport = notes_open(&scene, &notes, &peer, &options, false);
    io_settle(&scene);
    trail_clear();
    fill_kernel(transport, &sent);
    CHECK_TEXT(trail(), "P");
    CHECK_INT(weir_transport_set_watermarks(transport, 10, 11), WEIR_E_INVALID);
    /* Raised above what is queued: that resumes, in the loop. */
    CHECK_INT(weir_transport_set_watermarks(transport, 50 * KIB, 40 * KIB), WEIR_OK);
    CHECK_TEXT(trail(), "P");
    io_turn(&scene, 1);
    CHECK_TEXT(trail(), "PR");
    /* Lowered below it: that pauses. */
    CHECK_INT(weir_transport_set_watermarks(transport, 10, 10), WEIR_OK);
    CHECK_TEXT(trail(), "PRP");
    take_all(&scene, peer, &taken, sent);
    CHECK_TEXT(trail(), "PRPR");
    CHECK_INT(weir_transport_set_watermarks(transport, 0, 0), WEIR_OK);
    trail_clear();
    fill_kernel(transport, &sent);
    CHECK_TEXT(trail(), "P"); /* every queued byte pauses */
    take_all(&scene, peer, &taken, sent);
    CHECK_TEXT(trail(), "PR");
    weir_transport_abort(transport);
    close(peer);
    io_scene_close(&scene);
}

/* The kernel takes again what is queued, and the write that finds this out comes
 * before the loop's round: resume_writing is not called in it. */
TEST(transport_write, resumes_in_the_loop_and_not_inside_a_write)
{
    struct io_scene scene;
    struct notes notes = {.keep = 0};
    weir_transport_options options = {.write_high_bytes = 1, .write_low_bytes = 0};
    size_t sent = 0, taken = 0;
    int peer;
    io_scene_open(&scene, NULL);
    weir_transport *transport = notes_open(&scene, &notes, &peer, &options, false);
    io_settle(&scene);
    trail_clear();
    fault_sys_fail(&scene.faults, FAULT_SENDV, 1, EAGAIN);
    CHECK_INT(put(transport, &sent, 10), WEIR_OK);
    CHECK_TEXT(trail(), "P");
    /* The poller has told of it, and another connection's callback writes. */
    weir__descriptor_of(transport)->watch.ready |= WEIR__POLL_WRITE;
    CHECK_INT(put(transport, &sent, 10), WEIR_OK);
    CHECK_INT(weir_transport_queued(transport), 0);
    CHECK_TEXT(trail(), "P");
    io_settle(&scene);
    CHECK_TEXT(trail(), "PR");
    take_all(&scene, peer, &taken, sent);
    weir_transport_abort(transport);
    close(peer);
    io_scene_close(&scene);
}

TEST(transport_write, takes_any_number_of_slices)
{
    static weir_slice slices[3 * IOV_MAX];
    static const size_t COUNTS[] = {0, 1, 7, 8, 63, 64, 65, 200, IOV_MAX + 1, 3000};
    struct io_scene scene;
    struct notes notes = {.keep = 0};
    size_t sent = 0, taken = 0;
    int peer;
    io_scene_open(&scene, NULL);
    weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, true);
    for (size_t i = 0; i < sizeof(COUNTS) / sizeof(COUNTS[0]); i++) {
        weir_slice all = pattern_slice(sent, 10000);
        for (size_t k = 0; k < COUNTS[i]; k++) {
            size_t len = k % 5; /* some are empty */
            slices[k] = (weir_slice){len ? all.data : NULL, len};
            all = weir_slice_skip(all, len);
            sent += len;
        }
        fault_sys_reset_counts(&scene.faults);
        CHECK_INT(weir_transport_writelines(transport, slices, COUNTS[i]), WEIR_OK);
        if (COUNTS[i] > 1 && COUNTS[i] <= 64)
            CHECK_INT(fault_sys_count(&scene.faults, FAULT_SENDV), 1);
        take_all(&scene, peer, &taken, sent);
    }
    CHECK_INT(weir_transport_write(transport, WEIR_S("")), WEIR_OK);
    weir_transport_abort(transport);
    close(peer);
    io_scene_close(&scene);
}

/* The kernel takes n bytes of each call, for every n, or refuses each second call;
 * what is queued and what is new go out together. */
TEST(transport_write, loses_nothing_however_little_the_kernel_takes)
{
    struct io_scene scene;
    for (size_t limit = 1; limit <= 70; limit++) {
        struct notes notes = {.keep = 0};
        size_t sent = 0, taken = 0;
        int peer;
        io_scene_open(&scene, NULL);
        fault_sys_limit(&scene.faults, limit, limit);
        fault_sys_again_each(&scene.faults, limit % 3 == 0 ? 2 : 0);
        weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, false);
        for (int i = 0; i < 6; i++) {
            weir_slice all = pattern_slice(sent, 60), slices[9];
            for (size_t k = 0; k < 9; k++) {
                slices[k] = (weir_slice){all.data, k};
                all = weir_slice_skip(all, k);
                sent += k;
            }
            CHECK_INT(weir_transport_writelines(transport, slices, 9), WEIR_OK);
            io_turn(&scene, i % 3);
        }
        weir_transport_close(transport);
        while (taken < sent) {
            taken += io_take_pattern(peer, taken, NULL);
            io_turn(&scene, 1);
        }
        notes_finish(&scene, "ML");
        close(peer);
        io_scene_close(&scene);
    }
}

TEST(transport_write, is_interrupted_and_goes_on)
{
    static const fault_kind KINDS[] = {FAULT_SENDV, FAULT_RECV, FAULT_POLLER_WAIT};
    for (size_t i = 0; i < 3; i++) {
        struct io_scene scene;
        struct notes notes = {.keep = 0};
        size_t sent = 0, taken = 0;
        int peer;
        io_scene_open(&scene, NULL);
        weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, false);
        io_settle(&scene);
        fault_sys_fail(&scene.faults, KINDS[i], 1, EINTR);
        io_put_pattern(peer, 0, 10);
        put(transport, &sent, 20);
        take_all(&scene, peer, &taken, sent);
        io_settle(&scene);
        CHECK_TEXT(trail(), "Md");
        CHECK(fault_sys_fault_count(&scene.faults) == 1);
        weir_transport_abort(transport);
        close(peer);
        io_scene_close(&scene);
    }
}

TEST(transport_write, refuses_more_than_may_wait_and_sends_nothing_of_it)
{
    struct io_scene scene;
    struct notes notes = {.keep = 0};
    weir_transport_options options = {.max_write_buffer_bytes = 20 * KIB};
    size_t sent = 0, taken = 0;
    int peer;
    io_scene_open(&scene, NULL);
    weir_transport *transport = notes_open(&scene, &notes, &peer, &options, false);
    CHECK_INT(put(transport, &sent, 20 * KIB + 1), WEIR_E_TOO_BIG);
    CHECK_INT(io_take_pattern(peer, taken, NULL), 0);
    fill_kernel(transport, &sent);
    while (put(transport, &sent, 1000) == WEIR_OK)
        CHECK(weir_transport_queued(transport) <= 20 * KIB);
    CHECK_INT(weir_last_error()->status, WEIR_E_TOO_BIG);
    CHECK(io_failed_with("over the limit of 20480"));
    weir_slice slices[2] = {{"", SIZE_MAX}, {"", SIZE_MAX}};
    CHECK_INT(weir_transport_writelines(transport, slices, 2), WEIR_E_TOO_BIG);
    take_all(&scene, peer, &taken, sent);
    weir_transport_abort(transport);
    close(peer);
    io_scene_close(&scene);
}

TEST(transport_write, close_sends_what_waits_and_then_the_end)
{
    for (int how = 0; how < 2; how++) {
        struct io_scene scene;
        struct notes notes = {.lost = 1};
        size_t sent = 0, taken = 0;
        bool ended = false;
        int peer;
        io_scene_open(&scene, NULL);
        weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, true);
        while (weir_transport_queued(transport) < 100 * KIB)
            put(transport, &sent, 64 * KIB);
        io_settle(&scene);
        trail_clear();
        CHECK_INT(weir_transport_write_eof(transport), WEIR_OK); /* after the queue */
        if (how == 0)
            weir_transport_close(transport);
        CHECK_INT(weir_transport_is_closing(transport), how == 0);
        CHECK_INT(weir_transport_write(transport, WEIR_S("x")), WEIR_E_CLOSED);
        while (!ended) {
            io_turn(&scene, 2);
            taken += io_take_pattern(peer, taken, &ended);
        }
        CHECK_INT(taken, sent);
        io_settle(&scene);
        CHECK_TEXT(trail(), how == 0 ? "L" : "R");
        if (how == 1)
            weir_transport_close(transport);
        CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
        CHECK_INT(notes.lost, WEIR_OK);
        close(peer);
        io_scene_close(&scene);
    }
}

TEST(transport_write, abort_drops_what_waits)
{
    struct io_scene scene;
    struct notes notes = {.lost = 1};
    size_t sent = 0;
    bool ended = false;
    int peer;
    io_scene_open(&scene, NULL);
    weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, false);
    io_settle(&scene);
    fill_kernel(transport, &sent);
    weir_transport_abort(transport);
    CHECK_INT(weir_transport_queued(transport), 0);
    CHECK(weir_transport_is_closing(transport));
    CHECK_INT(put(transport, &sent, 1), WEIR_E_CLOSED);
    CHECK_INT(weir_transport_write(transport, WEIR_S("")), WEIR_OK);
    CHECK_INT(weir_transport_write_eof(transport), WEIR_E_CLOSED);
    notes_finish(&scene, "ML");
    CHECK_INT(notes.lost, WEIR_OK);
    CHECK(io_take_pattern(peer, 0, &ended) < sent);
    CHECK(ended);
    close(peer);
    io_scene_close(&scene);
}

TEST(transport_write, to_a_lost_connection_says_why)
{
    struct io_scene scene;
    struct notes notes = {.lost = 1};
    size_t sent = 0;
    int peer;
    io_scene_open(&scene, NULL);
    weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, true);
    io_settle(&scene);
    io_reset(peer);
    CHECK_INT(put(transport, &sent, 1), WEIR_E_CONNECTION);
    CHECK(io_failed_with("the connection is lost: Connection reset by peer"));
    for (int again = 0; again < 3; again++)
        CHECK_INT(put(transport, &sent, 1), WEIR_E_CONNECTION);
    CHECK_INT(weir_transport_write_eof(transport), WEIR_E_CONNECTION);
    CHECK(weir_transport_is_closing(transport));
    CHECK_INT(weir_transport_write(transport, WEIR_S("")), WEIR_OK);
    notes_finish(&scene, "ML");
    CHECK_INT(notes.lost, WEIR_E_CONNECTION);
    CHECK_INT(notes.os_error, ECONNRESET);
    io_scene_close(&scene);
}

/* The peer has answered, and closed while it is still being written to: the write
 * fails before anybody has read the answer. */
TEST(transport_write, that_fails_leaves_what_came_before_to_be_read)
{
    static const char *const TRAILS[] = {"MdL", "MdEL", "MdEL"};
    for (int how = 0; how < 3; how++) {
        struct io_scene scene;
        struct notes notes = {.lost = 1, .keep = 1};
        size_t sent = 0;
        int peer;
        io_scene_open(&scene, NULL);
        weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, how < 2);
        io_settle(&scene);
        io_put_pattern(peer, 0, 50);
        if (how == 0)
            io_reset(peer);
        else
            close(peer);
        /* After a FIN the first write is taken, and answered by a reset. */
        for (int i = 0; i < 10 && put(transport, &sent, 10) == WEIR_OK; i++)
            usleep(1000);
        CHECK_INT(weir_last_error()->status, WEIR_E_CONNECTION);
        CHECK_TEXT(trail(), "M");
        notes_finish(&scene, TRAILS[how]);
        CHECK_INT(notes.received, 50);
        CHECK_INT(notes.lost, WEIR_E_CONNECTION);
        CHECK_INT(notes.os_error, how == 0 ? ECONNRESET : EPIPE);
        io_scene_close(&scene);
    }
}

/* A queue that cannot be sent any more resumes who was paused by it; who has paused
 * reading hears of the loss when he goes on, or closes. */
TEST(transport_write, that_fails_in_the_loop_resumes_and_waits_for_a_paused_reader)
{
    for (int how = 0; how < 3; how++) {
        struct io_scene scene;
        struct notes notes = {.lost = 1, .keep = 1};
        weir_transport_options options = {.write_high_bytes = 1};
        size_t sent = 0;
        int peer;
        io_scene_open(&scene, NULL);
        weir_transport *transport = notes_open(&scene, &notes, &peer, &options, true);
        io_settle(&scene);
        weir_transport_pause_reading(transport);
        io_put_pattern(peer, 0, 50);
        while (weir_transport_queued(transport) < 64 * KIB)
            put(transport, &sent, 64 * KIB);
        io_reset(peer);
        io_settle(&scene);
        CHECK_TEXT(trail(), "MPR");
        CHECK_INT(weir_transport_queued(transport), 0);
        CHECK_INT(put(transport, &sent, 1), WEIR_E_CONNECTION);
        if (how == 0)
            weir_transport_resume_reading(transport);
        else if (how == 1)
            weir_transport_close(transport);
        else
            weir_transport_abort(transport);
        notes_finish(&scene, how == 0 ? "MPRdL" : "MPRL");
        CHECK_INT(notes.lost, how < 2 ? WEIR_E_CONNECTION : WEIR_OK);
        io_scene_close(&scene);
    }
}

TEST(transport_write, without_memory_for_the_queue_aborts)
{
    for (size_t n = 1; n <= 2; n++) {
        struct io_scene scene;
        struct notes notes = {.lost = 1};
        size_t sent = 0;
        int peer;
        io_scene_open(&scene, NULL);
        weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, false);
        io_settle(&scene);
        fault_sys_fail(&scene.faults, FAULT_SENDV, 1, EAGAIN);
        scene.nth.fail_at = scene.nth.count + n;
        CHECK_INT(put(transport, &sent, 100), WEIR_E_MEMORY);
        CHECK_TEXT(trail(), "M");
        notes_finish(&scene, "ML");
        CHECK_INT(notes.lost, WEIR_E_MEMORY);
        close(peer);
        io_scene_close(&scene);
    }
}
