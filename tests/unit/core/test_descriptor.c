/* Transports over each kind of descriptor, and what is set on them.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptor.h"
#include "notes.h"

static int option_of(weir_transport *transport, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);
    getsockopt(weir_transport_fd(transport), level, name, &value, &len);
    return value;
}

TEST(descriptor, of_tcp_has_the_options_that_were_asked_for)
{
    static const struct {
        weir_transport_options options;
        int nodelay, keepalive, timeout;
    } CASES[] = {
        {{.keep_alive = false}, 1, 0, 0},
        {{.no_tcp_nodelay = true}, 0, 0, 0},
        {{.keep_alive = true, .tcp_user_timeout_ms = 4321}, 1, 1, 4321},
    };
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct notes notes = {.keep = 0};
        int peer;
        weir_transport *t = notes_open(&scene, &notes, &peer, &CASES[i].options, true);
        CHECK_INT(option_of(t, IPPROTO_TCP, TCP_NODELAY) != 0, CASES[i].nodelay);
        CHECK_INT(option_of(t, SOL_SOCKET, SO_KEEPALIVE) != 0, CASES[i].keepalive);
#ifdef TCP_USER_TIMEOUT
        CHECK_INT(option_of(t, IPPROTO_TCP, TCP_USER_TIMEOUT), CASES[i].timeout);
#endif
        CHECK(fcntl(weir_transport_fd(t), F_GETFL) & O_NONBLOCK);
        weir_transport_abort(t);
        close(peer);
        io_settle(&scene);
    }
    io_scene_close(&scene);
}

TEST(descriptor, tells_both_addresses)
{
    struct io_scene scene;
    struct notes notes = {.keep = 0};
    weir_address own, peers;
    char text[WEIR_ADDRESS_TEXT_BYTES];
    int peer;
    io_scene_open(&scene, NULL);
    weir_transport *transport = notes_open(&scene, &notes, &peer, NULL, true);
    weir_transport_local_address(transport, &own);
    weir_transport_peer_address(transport, &peers);
    weir_address_text(&own, text, sizeof(text));
    CHECK(strncmp(text, "127.0.0.1:", 10) == 0);
    CHECK(weir_address_port(&own) > 0);
    CHECK(weir_address_port(&peers) > 0);
    CHECK(weir_address_port(&peers) != weir_address_port(&own));
    weir_transport_abort(transport);
    weir_transport_local_address(transport, &own);
    CHECK_INT(own.len, 0);
    close(peer);
    io_settle(&scene);
    transport = notes_open(&scene, &notes, &peer, NULL, false);
    weir_transport_peer_address(transport, &peers);
    weir_address_text(&peers, text, sizeof(text));
    CHECK_TEXT(text, "unix");
    CHECK_INT(weir_address_port(&peers), 0);
    weir_transport_abort(transport);
    close(peer);
    io_scene_close(&scene);
}

TEST(descriptor, of_a_pipe_reads_until_its_end)
{
    struct io_scene scene;
    struct notes notes = {.keep = 1};
    int ends[2];
    io_scene_open(&scene, NULL);
    REQUIRE(pipe(ends) == 0);
    weir_transport *transport = notes_open_fd(&scene, &notes, ends[0], NULL);
    char bytes[5] = {io_pattern(0), io_pattern(1), io_pattern(2), io_pattern(3)};
    REQUIRE(write(ends[1], bytes, 4) == 4);
    io_settle(&scene);
    CHECK_TEXT(trail(), "Md");
    CHECK_INT(weir_transport_write(transport, WEIR_S("x")), WEIR_E_CLOSED);
    CHECK_INT(weir_transport_write_eof(transport), WEIR_E_UNSUPPORTED);
    close(ends[1]);
    io_settle(&scene);
    CHECK_TEXT(trail(), "MdE");
    weir_transport_close(transport);
    notes_finish(&scene, "MdEL");
    io_scene_close(&scene);
}

TEST(descriptor, of_a_pipe_writes_and_queues)
{
    struct io_scene scene;
    struct notes notes = {.keep = 0};
    static char bytes[200000];
    static char got[200000];
    size_t len = 0;
    int ends[2];
    io_scene_open(&scene, NULL);
    REQUIRE(pipe(ends) == 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    weir_transport *transport = notes_open_fd(&scene, &notes, ends[1], NULL);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = io_pattern(i);
    CHECK(!weir_transport_is_reading(transport));
    CHECK_INT(weir_transport_write(transport, (weir_slice){bytes, sizeof(bytes)}),
              WEIR_OK);
    CHECK(weir_transport_queued(transport) > 0);
    weir_transport_close(transport);
    while (len < sizeof(bytes)) {
        len += io_take(ends[0], got + len, sizeof(got) - len, NULL, NULL);
        io_turn(&scene, 1);
    }
    CHECK(memcmp(bytes, got, sizeof(bytes)) == 0);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    CHECK_INT(notes.lost, WEIR_OK);
    close(ends[0]);
    io_scene_close(&scene);
}

/* No SIGPIPE, which would end this process; and nothing of it is left pending. */
TEST(descriptor, of_a_pipe_that_nobody_reads_is_lost)
{
    for (int how = 0; how < 3; how++) {
        struct io_scene scene;
        struct notes notes = {.lost = 1};
        sigset_t pending;
        int ends[2];
        io_scene_open(&scene, NULL);
        REQUIRE(pipe(ends) == 0);
        signal(SIGPIPE, SIG_DFL);
        weir_transport *transport = notes_open_fd(&scene, &notes, ends[1], NULL);
        if (how > 0)
            io_settle(&scene);
        if (how == 2)
            weir_transport_write(transport, WEIR_S("taken by the kernel"));
        close(ends[0]);
        if (how == 0)
            CHECK_INT(weir_transport_write(transport, WEIR_S("x")), WEIR_E_CONNECTION);
        notes_finish(&scene, "ML");
        CHECK_INT(notes.lost, WEIR_E_CONNECTION);
        CHECK_INT(notes.os_error, EPIPE);
        CHECK(sigpending(&pending) == 0 && !sigismember(&pending, SIGPIPE));
        io_scene_close(&scene);
    }
}

static int temporary_file(int flags)
{
    char path[] = "/tmp/weir-test-XXXXXX";
    int first = mkstemp(path);
    REQUIRE(first >= 0);
    REQUIRE(write(first, "", 0) == 0);
    int fd = open(path, flags);
    close(first);
    unlink(path);
    REQUIRE(fd >= 0);
    return fd;
}

TEST(descriptor, of_a_file_reads_it_to_its_end)
{
    struct io_scene scene;
    struct notes notes = {.keep = 0};
    char bytes[10000];
    io_scene_open(&scene, NULL);
    int fd = temporary_file(O_RDWR);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = io_pattern(i);
    REQUIRE(write(fd, bytes, sizeof(bytes)) == sizeof(bytes));
    lseek(fd, 0, SEEK_SET);
    notes_open_fd(&scene, &notes, fd, NULL);
    notes_finish(&scene, "MdEL");
    CHECK_INT(notes.received, sizeof(bytes));
    io_scene_close(&scene);
}

TEST(descriptor, of_a_file_that_is_only_written_is_not_read)
{
    struct io_scene scene;
    struct notes notes = {.lost = 1};
    io_scene_open(&scene, NULL);
    weir_transport *t = notes_open_fd(&scene, &notes, temporary_file(O_WRONLY), NULL);
    io_settle(&scene);
    CHECK_TEXT(trail(), "M");
    CHECK_INT(weir_transport_write(t, WEIR_S("some")), WEIR_OK);
    weir_transport_close(t);
    notes_finish(&scene, "ML");
    CHECK_INT(notes.lost, WEIR_OK);
    io_scene_close(&scene);
}

TEST(descriptor, that_cannot_be_used_is_closed_all_the_same)
{
    static const fault_kind KINDS[] = {FAULT_SET_NONBLOCKING, FAULT_POLLER_ADD};
    struct io_scene scene;
    struct notes notes = {.lost = 1};
    weir_transport *transport = NULL;
    weir_stream *stream = NULL;
    io_scene_open(&scene, NULL);
    for (int i = 0; i < 6; i++) {
        int fds[2];
        io_unix_pair(fds);
        if (i < 4)
            fault_sys_fail(&scene.faults, KINDS[i / 2], 1, ENOSPC);
        else
            scene.nth.fail_at = scene.nth.count + 1;
        int rc = i % 2 ? weir_stream_open(scene.loop, &stream, fds[0], NULL)
                       : weir_transport_open(scene.loop, &transport, fds[0], NULL,
                                             &NOTES, &notes);
        CHECK_INT(rc, i < 4 ? WEIR_E_SYSTEM : WEIR_E_MEMORY);
        CHECK_INT(weir_last_error()->status, rc);
        CHECK_INT(fcntl(fds[0], F_GETFD), -1);
        close(fds[1]);
    }
    CHECK(!transport && !stream);
    CHECK_INT(weir_transport_open(scene.loop, &transport, 9999, NULL, &NOTES, &notes),
              WEIR_E_SYSTEM);
    CHECK(io_failed_with("the descriptor 9999 cannot be used: Bad file descriptor"));
    io_scene_close(&scene);
}

/* A socket whose kind cannot be found out is not taken for a pipe. */
TEST(descriptor, of_a_socket_is_never_written_like_a_pipe)
{
    struct io_scene scene;
    struct notes notes = {.lost = 1};
    int fds[2];
    io_scene_open(&scene, NULL);
    io_unix_pair(fds);
    fault_sys_fail(&scene.faults, FAULT_GETSOCKNAME, 1, ENOBUFS);
    weir_transport *transport = notes_open_fd(&scene, &notes, fds[0], NULL);
    close(fds[1]);
    CHECK_INT(weir_transport_write(transport, WEIR_S("x")), WEIR_E_CONNECTION);
    CHECK_INT(fault_sys_count(&scene.faults, FAULT_WRITEV), 0);
    notes_finish(&scene, "MEL");
    io_scene_close(&scene);
}

TEST(descriptor, is_small_as_there_may_be_many)
{
    CHECK(sizeof(weir__descriptor) <= 144);
}
