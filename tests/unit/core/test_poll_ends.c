/* Pollers: what they tell when a connection begins and when it ends.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "poll_scene.h"

/* Ends */

/* With the hangup the owner does not take a short read for the last word. */
static void check_end(int ours, int theirs)
{
    weir__poll poll = scene_open();
    struct owner owner;
    bool at_end = false;
    scene_watch(&poll, &owner, ours, READ);
    put(theirs, "bye");
    close(theirs);
    CHECK_INT(scene_await(&poll, &owner, READ) & READ, READ);
    if (HEARS_END_EARLY)
        CHECK_INT(scene_await(&poll, &owner, HANGUP) & (READ | HANGUP), READ | HANGUP);
    CHECK_INT(scene_turn(&poll, SHORT), 0);
    CHECK_INT(drain(ours, &at_end), 3);
    CHECK(at_end);
    CHECK_INT(scene_turn(&poll, SHORT), 0);
    POLLER.remove(&poll, &owner.watch);
    POLLER.close(&poll);
    close(ours);
}

TEST(core_poll, tells_the_end_with_bytes_left_to_read)
{
    int pair[2];
    open_pair(pair);
    check_end(pair[0], pair[1]);
    open_tcp_pair(pair);
    check_end(pair[0], pair[1]);
    open_pipe(pair);
    check_end(pair[0], pair[1]);
}

TEST(core_poll, tells_the_end_to_an_owner_who_does_not_read)
{
    weir__poll poll = scene_open();
    struct owner owner;
    int pair[2];
    if (!HEARS_END_EARLY)
        SKIP("poll without POLLRDHUP");
    open_tcp_pair(pair);
    scene_watch(&poll, &owner, pair[0], BOTH);
    put(pair[1], "unread");
    CHECK_INT(scene_await(&poll, &owner, BOTH), BOTH);
    CHECK_INT(scene_turn(&poll, SHORT), 0);
    shutdown(pair[1], SHUT_WR);
    CHECK_INT(scene_await(&poll, &owner, HANGUP), ALL);
    CHECK_INT(scene_turn(&poll, SHORT), 0);
    POLLER.close(&poll);
    close_both(pair);
}

TEST(core_poll, goes_on_writing_after_the_peer_has_ended)
{
    weir__poll poll = scene_open();
    struct owner owner;
    bool at_end;
    int pair[2];
    open_tcp_pair(pair);
    scene_watch(&poll, &owner, pair[0], BOTH);
    shutdown(pair[1], SHUT_WR);
    CHECK_INT(scene_await(&poll, &owner, BOTH) & BOTH, BOTH);
    CHECK_INT(drain(pair[0], &at_end), 0);
    CHECK(at_end);
    size_t left = fill(pair[0]);
    while (scene_turn(&poll, SHORT) > 0)
        left += fill(pair[0]);
    scene_clear(&owner, WRITE);
    CHECK_INT(scene_turn(&poll, SHORT), 0);
    for (int reads = 0; reads < 1000 && left > 0; reads++) {
        left -= drain(pair[1], &at_end);
        scene_turn(&poll, SHORT / 20);
    }
    CHECK_INT(left, 0);
    CHECK_INT(scene_await(&poll, &owner, WRITE) & WRITE, WRITE);
    POLLER.close(&poll);
    close_both(pair);
}

TEST(core_poll, takes_the_own_end_for_no_hangup)
{
    weir__poll poll = scene_open();
    struct owner owner;
    int pair[2];
    open_tcp_pair(pair);
    scene_watch(&poll, &owner, pair[0], BOTH);
    CHECK_INT(scene_await(&poll, &owner, WRITE), WRITE);
    shutdown(pair[0], SHUT_WR);
    scene_turn(&poll, SHORT);
    CHECK_INT(owner.watch.ready, WRITE);
    put(pair[1], "answer");
    CHECK_INT(scene_await(&poll, &owner, READ), BOTH);
    close(pair[1]);
    if (HEARS_END_EARLY)
        CHECK_INT(scene_await(&poll, &owner, HANGUP), ALL);
    POLLER.close(&poll);
    close(pair[0]);
}

TEST(core_poll, tells_everything_of_a_reset_and_then_is_silent)
{
    weir__poll poll = scene_open();
    struct owner owner;
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    char byte;
    int pair[2];
    open_tcp_pair(pair);
    scene_watch(&poll, &owner, pair[0], BOTH);
    CHECK_INT(scene_await(&poll, &owner, WRITE), WRITE);
    setsockopt(pair[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(pair[1]);
    CHECK_INT(scene_await(&poll, &owner, ALL), ALL);
    CHECK_INT(scene_turn(&poll, SHORT), 0);
    CHECK_INT(read(pair[0], &byte, 1), -1);
    CHECK_INT(errno, ECONNRESET);
    CHECK_INT(scene_turn(&poll, SHORT), 0);
    POLLER.close(&poll);
    close(pair[0]);
}

TEST(core_poll, tells_a_writer_that_its_reader_has_gone)
{
    weir__poll poll = scene_open();
    struct owner owner;
    int ends[2];
    open_pipe(ends);
    scene_watch(&poll, &owner, ends[1], WRITE);
    CHECK_INT(scene_await(&poll, &owner, WRITE), WRITE);
    close(ends[0]);
    CHECK_INT(scene_await(&poll, &owner, HANGUP), ALL);
    CHECK_INT(scene_turn(&poll, SHORT), 0);
    POLLER.close(&poll);
    close(ends[1]);
}

/* Connecting */

TEST(core_poll, tells_of_each_new_connection)
{
    weir__poll poll = scene_open();
    struct owner owner;
    struct sockaddr_in address;
    int clients[3];
    int listener = open_listener(&address);
    scene_watch(&poll, &owner, listener, READ);
    CHECK_INT(scene_turn(&poll, 0), 0);
    for (int i = 0; i < 3; i++) {
        clients[i] = start_connect(&address);
        CHECK_INT(scene_await(&poll, &owner, READ), READ);
        int accepted = accept(listener, NULL, NULL);
        CHECK(accepted >= 0);
        CHECK_INT(accept(listener, NULL, NULL), -1);
        scene_clear(&owner, READ);
        CHECK_INT(scene_turn(&poll, 0), 0);
        close(accepted);
        close(clients[i]);
    }
    POLLER.close(&poll);
    close(listener);
}

static int socket_error(int fd)
{
    int error = -1;
    socklen_t len = sizeof(error);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    return error;
}

TEST(core_poll, tells_that_a_connection_is_made)
{
    weir__poll poll = scene_open();
    struct owner owner;
    struct sockaddr_in address;
    int listener = open_listener(&address);
    int fd = start_connect(&address);
    scene_watch(&poll, &owner, fd, BOTH);
    CHECK_INT(scene_await(&poll, &owner, WRITE), WRITE);
    CHECK_INT(socket_error(fd), 0);
    POLLER.close(&poll);
    close(fd);
    close(listener);
}

TEST(core_poll, tells_that_a_connection_is_refused)
{
    weir__poll poll = scene_open();
    struct owner owner;
    struct sockaddr_in address;
    close(open_listener(&address));
    int fd = start_connect(&address);
    scene_watch(&poll, &owner, fd, BOTH);
    CHECK_INT(scene_await(&poll, &owner, WRITE) & WRITE, WRITE);
    int error = socket_error(fd);
    CHECK(error == ECONNREFUSED || error == 0); /* 0: connect has said so itself */
    CHECK_INT(scene_turn(&poll, SHORT), 0);
    POLLER.close(&poll);
    close(fd);
}
