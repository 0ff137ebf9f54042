/* What a protocol sees of its connection, and in which order (weir/transport.h).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "notes.h"

TEST(transport, tells_of_a_connection_from_its_beginning_to_its_end)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        struct io_scene scene;
        struct notes notes = {.lost = 1};
        int peer;
        io_scene_open(&scene, NULL);
        weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, tcp);
        CHECK(weir_transport_loop(transport) == scene.loop);
        io_put_pattern(peer, 0, 10);
        io_settle(&scene);
        CHECK_TEXT(trail(), "Md");
        CHECK(notes.transport == transport);
        io_put_pattern(peer, 10, 10);
        io_settle(&scene);
        close(peer);
        io_settle(&scene);
        CHECK_TEXT(trail(), "MddEL");
        CHECK_INT(notes.received, 20);
        CHECK_INT(notes.lost, WEIR_OK);
        CHECK_INT(weir_loop_run(scene.loop), WEIR_OK); /* nothing is left */
        io_scene_close(&scene);
    }
}

TEST(transport, that_has_no_entries_reads_and_closes)
{
    static const weir_protocol NOTHING = {.connection_lost = NULL};
    struct io_scene scene;
    weir_transport *transport;
    int fds[2];
    io_scene_open(&scene, NULL);
    io_unix_pair(fds);
    REQUIRE(weir_transport_open(scene.loop, &transport, fds[0], NULL, &NOTHING, NULL) ==
            WEIR_OK);
    io_put(fds[1], WEIR_S("nobody wants this"));
    close(fds[1]);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    io_scene_close(&scene);
}

static int fail(struct notes *notes)
{
    (void)notes;
    return WEIR_E_PROTOCOL;
}

static int fail_on_data(struct notes *notes, weir_slice bytes)
{
    (void)bytes;
    return fail(notes);
}

TEST(transport, is_aborted_by_a_protocol_that_fails)
{
    static const char *const TRAILS[] = {"ML", "MdL", "MdEL"};
    for (int where = 0; where < 3; where++) {
        struct io_scene scene;
        struct notes notes = {.keep = where == 2 ? WEIR_E_PROTOCOL : 1};
        int peer;
        io_scene_open(&scene, NULL);
        notes.on_made = where == 0 ? fail : NULL;
        notes.on_data = where == 1 ? fail_on_data : NULL;
        notes_open(&scene, &notes, &peer, NULL, false);
        io_put_pattern(peer, 0, 5);
        shutdown(peer, SHUT_WR);
        CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
        CHECK_TEXT(trail(), TRAILS[where]);
        CHECK_INT(notes.lost, WEIR_E_PROTOCOL);
        close(peer);
        io_scene_close(&scene);
    }
}

TEST(transport, says_why_it_was_lost)
{
    struct io_scene scene;
    struct notes notes = {.keep = 1};
    int peer;
    io_scene_open(&scene, NULL);
    notes_open(&scene, &notes, &peer, NULL, true);
    io_settle(&scene);
    io_reset(peer);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "ML");
    CHECK_INT(notes.lost, WEIR_E_CONNECTION);
    CHECK_INT(notes.os_error, ECONNRESET);
    io_scene_close(&scene);
}

/* connection_made comes before connection_lost also when there was no time. */
TEST(transport, closed_or_aborted_at_once_is_made_and_lost)
{
    for (int how = 0; how < 4; how++) {
        struct io_scene scene;
        struct notes notes = {.lost = 1};
        int peer;
        io_scene_open(&scene, NULL);
        weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, false);
        if (how == 0)
            weir_transport_close(transport);
        else if (how == 1)
            weir_transport_abort(transport);
        else if (how == 2)
            CHECK_INT(weir_transport_write(transport, WEIR_S("bye")), WEIR_OK);
        if (how == 2)
            weir_transport_close(transport);
        CHECK_TEXT(trail(), "");
        if (how < 3)
            CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
        else
            weir_loop_free(scene.loop);
        CHECK_TEXT(trail(), "ML");
        CHECK_INT(notes.lost, WEIR_OK);
        close(peer);
        if (how == 3)
            scene.loop = NULL;
        io_scene_close(&scene);
    }
}

static int close_twice(struct notes *notes)
{
    weir_transport_close(notes->transport);
    weir_transport_close(notes->transport);
    return WEIR_OK;
}

static int close_on_data(struct notes *notes, weir_slice bytes)
{
    (void)bytes;
    return close_twice(notes);
}

static int abort_on_data(struct notes *notes, weir_slice bytes)
{
    (void)bytes;
    weir_transport_abort(notes->transport);
    weir_transport_abort(notes->transport);
    return WEIR_OK;
}

TEST(transport, may_be_closed_in_any_callback)
{
    struct io_scene scene;
    struct notes notes[3] = {{.on_made = close_twice},
                             {.on_data = close_on_data},
                             {.on_data = abort_on_data}};
    for (int i = 0; i < 3; i++) {
        int peer;
        io_scene_open(&scene, NULL);
        notes_open(&scene, &notes[i], &peer, NULL, false);
        io_put_pattern(peer, 0, 5);
        close(peer);
        CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
        CHECK_TEXT(trail(), i == 0 ? "ML" : "MdL");
        CHECK_INT(notes[i].lost, WEIR_OK);
        io_scene_close(&scene);
    }
}

TEST(transport, half_closed_by_the_peer_still_writes)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        struct io_scene scene;
        struct notes notes = {.keep = 1};
        int peer;
        char answer[16];
        bool ended;
        io_scene_open(&scene, NULL);
        weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, tcp);
        io_put_pattern(peer, 0, 5);
        shutdown(peer, SHUT_WR);
        io_settle(&scene);
        CHECK_TEXT(trail(), "MdE");
        CHECK(!weir_transport_is_reading(transport));
        CHECK(!weir_transport_is_closing(transport));
        CHECK_INT(weir_transport_write(transport, WEIR_S("answer")), WEIR_OK);
        CHECK_INT(weir_transport_write_eof(transport), WEIR_OK);
        io_settle(&scene);
        CHECK_INT(io_take(peer, answer, 16, &ended, NULL), 6);
        CHECK(ended);
        weir_transport_close(transport);
        CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
        CHECK_TEXT(trail(), "MdEL");
        close(peer);
        io_scene_close(&scene);
    }
}

TEST(transport, half_closed_by_itself_still_reads)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        struct io_scene scene;
        struct notes notes = {.keep = 0};
        int peer;
        char text[16];
        bool ended;
        io_scene_open(&scene, NULL);
        weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, tcp);
        CHECK_INT(weir_transport_write(transport, WEIR_S("question")), WEIR_OK);
        CHECK_INT(weir_transport_write_eof(transport), WEIR_OK);
        CHECK_INT(weir_transport_write_eof(transport), WEIR_OK);
        CHECK_INT(weir_transport_write(transport, WEIR_S("?")), WEIR_E_CLOSED);
        CHECK_INT(weir_transport_write(transport, WEIR_S("")), WEIR_OK);
        CHECK_INT(io_take(peer, text, 16, &ended, NULL), 8);
        CHECK(ended);
        io_put_pattern(peer, 0, 7);
        close(peer);
        CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
        CHECK_TEXT(trail(), "MdEL");
        CHECK_INT(notes.received, 7);
        io_scene_close(&scene);
    }
}

TEST(transport, reads_into_the_memory_of_the_protocol)
{
    struct io_scene scene;
    weir_protocol buffered = NOTES;
    char memory[8];
    struct notes notes = {.memory = memory, .size = 8};
    weir_transport *transport;
    int fds[2];
    io_scene_open(&scene, NULL);
    io_unix_pair(fds);
    trail_clear();
    buffered.get_buffer = notes_buffer;
    REQUIRE(weir_transport_open(scene.loop, &transport, fds[0], NULL, &buffered,
                                &notes) == WEIR_OK);
    io_put_pattern(fds[1], 0, 20);
    io_settle(&scene);
    CHECK_TEXT(trail(), "Mddd"); /* 8, 8 and 4 */
    CHECK_INT(memory[0], io_pattern(16));
    notes.size = 0; /* no room: pauses */
    io_put_pattern(fds[1], 20, 20);
    io_settle(&scene);
    CHECK_TEXT(trail(), "Mddd");
    CHECK(!weir_transport_is_reading(transport));
    notes.size = 8;
    weir_transport_resume_reading(transport);
    close(fds[1]);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "MddddddEL");
    CHECK_INT(notes.received, 40);
    io_scene_close(&scene);
}

static char *close_instead(weir_transport *transport, void *self, size_t *size)
{
    weir_transport_close(transport);
    return notes_buffer(transport, self, size);
}

TEST(transport, closed_while_it_asks_for_memory_reads_nothing_more)
{
    weir_protocol closing = NOTES;
    struct io_scene scene;
    char memory[8];
    struct notes notes = {.memory = memory, .size = 8};
    weir_transport *transport;
    int fds[2];
    io_scene_open(&scene, NULL);
    io_unix_pair(fds);
    trail_clear();
    closing.get_buffer = close_instead;
    REQUIRE(weir_transport_open(scene.loop, &transport, fds[0], NULL, &closing,
                                &notes) == WEIR_OK);
    io_put_pattern(fds[1], 0, 20);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "ML");
    close(fds[1]);
    io_scene_close(&scene);
}

TEST(transport, paused_is_told_nothing_until_it_is_resumed)
{
    struct io_scene scene;
    struct notes notes = {.keep = 0};
    int peer;
    io_scene_open(&scene, NULL);
    weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, false);
    weir_transport_pause_reading(transport);
    CHECK(!weir_transport_is_reading(transport));
    io_put_pattern(peer, 0, 10);
    close(peer);
    io_settle(&scene);
    CHECK_TEXT(trail(), "M");
    weir_transport_resume_reading(transport);
    CHECK(weir_transport_is_reading(transport));
    CHECK_TEXT(trail(), "M");
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_TEXT(trail(), "MdEL");
    io_scene_close(&scene);
}

TEST(transport, hands_the_connection_to_another_protocol)
{
    struct io_scene scene;
    struct notes first = {.keep = 0}, second = {.received = 10};
    int peer;
    for (int at_once = 0; at_once < 2; at_once++) {
        io_scene_open(&scene, NULL);
        weir_transport *transport = notes_open(&scene, &first, &peer, NULL, false);
        first.received = 0;
        second.received = at_once ? 0 : 10;
        if (!at_once) {
            io_put_pattern(peer, 0, 10);
            io_settle(&scene);
        }
        weir_transport_set_protocol(transport, &NOTES, &second);
        io_put_pattern(peer, second.received, 10);
        close(peer);
        CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
        CHECK_TEXT(trail(), at_once ? "dEL" : "MddEL");
        CHECK_INT(second.received, at_once ? 10 : 20);
        io_scene_close(&scene);
    }
}

TEST(transport, that_lives_when_its_loop_is_freed_is_lost)
{
    struct io_scene scene;
    struct notes notes[3] = {{.lost = 1}, {.lost = 1}, {.lost = 1}};
    int peers[3];
    io_scene_open(&scene, NULL);
    for (int i = 0; i < 3; i++)
        notes_open(&scene, &notes[i], &peers[i], NULL, i == 1);
    io_settle(&scene);
    weir_transport_abort(notes[2].transport); /* lost, but not told yet */
    weir_loop_free(scene.loop);
    CHECK_TEXT(trail(), "MMMLLL");
    for (int i = 0; i < 3; i++) {
        CHECK_INT(notes[i].lost, WEIR_OK);
        close(peers[i]);
    }
    scene.loop = NULL;
    io_scene_close(&scene);
}
