/* Connect, read, write, close, with a server at the other end: each allocation fails
 * in turn, each system call fails in turn, and each wait is cancelled in turn. All
 * that may come of it is a status with its sentence.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io_scene.h"

/* More than the kernel takes at once, so that writing waits too. */
#define BODY ((size_t)400 * 1000)

/* A watchdog: no scene takes this long, and one that hangs must not hang the test. */
#define PATIENCE_MS 20000

/* No failure of the client: it is the server that has failed. */
#define GIVEN_UP 1

struct path {
    struct io_scene scene;
    weir_server *server;
    weir_task *client;
    int client_rc;
    char sentence[256];
    int status; /* of the sentence */
    int met;    /* whether the fault was met */
    bool by_name;
    const char *unix_path;
};

static weir_slice body(void)
{
    static char bytes[BODY];
    if (bytes[1] == 0) {
        for (size_t i = 0; i < BODY; i++)
            bytes[i] = io_pattern(i);
    }
    return (weir_slice){bytes, BODY};
}

/* The server: a line, then that many bytes, which it sends back. */
static int serve(weir_stream *stream, void *arg)
{
    weir_reader *reader = weir_stream_reader(stream);
    weir_writer *writer = weir_stream_writer(stream);
    weir_slice line, bytes;
    (void)arg;
    int rc = weir_readline(reader, &line);
    if (rc <= 0)
        return rc;
    size_t len = strtoul(line.data, NULL, 10);
    rc = weir_readexactly(reader, len, &bytes);
    if (rc <= 0)
        return rc;
    rc = weir_write(writer, bytes);
    return rc < 0 ? rc : weir_flush(writer);
}

static int look_up(void *user_data, weir_loop *loop, const char *host, int port,
                   weir_family family, weir_address *addresses)
{
    (void)user_data;
    (void)family;
    int rc = weir_sleep(loop, 1); /* a name takes a moment */
    if (rc < 0)
        return rc;
    if (strcmp(host, "server.test") != 0)
        return weir_resolver_fail(host, "no such host");
    weir_address_parse(&addresses[0], "127.0.0.1", port);
    return 1;
}

static const weir_resolver NAMES = {look_up, NULL};

static int start_server(struct path *path)
{
    weir_server_options options = {.on_connect = serve};
    if (path->unix_path)
        options.unix_path = path->unix_path;
    else
        options.host = "127.0.0.1";
    return weir_server_start(path->scene.loop, &path->server, &options);
}

static int talk(weir_stream *stream)
{
    weir_reader *reader = weir_stream_reader(stream);
    weir_writer *writer = weir_stream_writer(stream);
    char head[32];
    weir_slice bytes;
    snprintf(head, sizeof(head), "%zu\n", BODY);
    weir_slice slices[2] = {weir_slice_of(head), body()};
    int rc = weir_writelines(writer, slices, 2);
    if (rc == WEIR_OK)
        rc = weir_drain(writer);
    if (rc == WEIR_OK)
        rc = weir_flush(writer);
    if (rc == WEIR_OK)
        rc = weir_write_eof(writer);
    if (rc < 0)
        return rc;
    rc = weir_readexactly(reader, BODY, &bytes);
    if (rc > 0)
        CHECK(io_is_pattern(bytes, 0));
    if (rc == 0)
        return GIVEN_UP;
    return rc < 0 ? rc : weir_readall(reader, 9, &bytes);
}

static int be_client(void *arg)
{
    struct path *path = arg;
    weir_connect_options options = {.host = path->by_name ? "server.test" : "127.0.0.1",
                                    .port = 1};
    weir_stream *stream = NULL;
    options.port = path->unix_path ? 0 : weir_server_port(path->server);
    if (path->unix_path)
        options.host = NULL;
    if (!path->unix_path && options.port == 0)
        return GIVEN_UP; /* getsockname has failed: nobody to connect to */
    options.unix_path = path->unix_path;
    int rc = weir_stream_connect(path->scene.loop, &stream, &options);
    if (rc < 0)
        return rc;
    rc = talk(stream);
    int closed = weir_stream_close(stream);
    return rc != WEIR_OK ? rc : closed;
}

static int run_client(void *arg)
{
    struct path *path = arg;
    path->client_rc = be_client(path);
    path->status = weir_last_error()->status;
    snprintf(path->sentence, sizeof(path->sentence), "%s", weir_last_error()->message);
    return path->client_rc;
}

static void open_path(struct path *path, bool by_name, const char *unix_path)
{
    *path = (struct path){.by_name = by_name, .unix_path = unix_path};
    io_scene_open(&path->scene, &(weir_loop_options){.resolver = &NAMES});
}

/* The whole way, ended by what it may. `cancel_at`: the wait of the client that is
 * cancelled, or -1. Returns false when the client ended before that wait. */
static bool run_path(struct path *path, int cancel_at)
{
    weir_loop *loop = path->scene.loop;
    bool cancelled = false;
    if (start_server(path) < 0) {
        path->client_rc = weir_last_error()->status;
        path->status = path->client_rc;
        snprintf(path->sentence, sizeof(path->sentence), "%s",
                 weir_last_error()->message);
        return true;
    }
    path->client = weir_spawn(loop, run_client, path);
    if (!path->client) {
        path->client_rc = weir_last_error()->status;
        path->status = path->client_rc;
        strcpy(path->sentence, "no memory");
    }
    uint64_t until = wall_ms() + PATIENCE_MS;
    for (int round = 0; path->client && !weir_task_is_done(path->client); round++) {
        if (round == cancel_at) {
            weir_cancel(path->client);
            cancelled = true;
        }
        int rc = weir_loop_run_once(loop, 50);
        CHECK(rc == WEIR_OK || path->scene.faults.faults > 0);
        REQUIRE(wall_ms() < until);
    }
    if (path->client)
        weir_join(path->client);
    weir_server_wait_closed(path->server, 1000);
    weir_server_free(path->server);
    return cancelled;
}

/* A failure has a status and a sentence; success has neither. */
static void check_outcome(const struct path *path, const char *what, size_t n)
{
    if (path->client_rc >= 0)
        return;
    bool ok = CHECK(weir_status_name(path->client_rc)[0] == 'W');
    ok &= CHECK_INT(path->status, path->client_rc);
    ok &= CHECK(path->sentence[0] != '\0');
    if (!ok)
        fprintf(stderr, "    %s %zu: %s: %s\n", what, n,
                weir_status_name(path->client_rc), path->sentence);
}

static const char *socket_path(void)
{
    static char path[64];
    snprintf(path, sizeof(path), "/tmp/weir-path-%d", (int)getpid());
    unlink(path);
    return path;
}

TEST(whole_path, works)
{
    for (int how = 0; how < 3; how++) {
        struct path path;
        open_path(&path, how == 1, how == 2 ? socket_path() : NULL);
        run_path(&path, -1);
        if (!CHECK_INT(path.client_rc, WEIR_OK))
            fprintf(stderr, "    %s\n", path.sentence);
        io_scene_close(&path.scene);
    }
}

TEST(whole_path, fails_well_at_each_allocation)
{
    for (int how = 0; how < 2; how++) {
        bool failed = true;
        for (size_t n = 1; failed; n++) {
            struct path path;
            open_path(&path, how == 0, how == 1 ? socket_path() : NULL);
            path.scene.nth.fail_at = path.scene.nth.count + n;
            run_path(&path, -1);
            failed = path.scene.nth.failed;
            check_outcome(&path, "allocation", n);
            CHECK(failed || path.client_rc == WEIR_OK);
            io_scene_close(&path.scene);
        }
    }
}

static void fail_each_call(fault_kind kind, int error, bool on_path)
{
    bool failed = true;
    for (unsigned long n = 1; failed; n++) {
        struct path path;
        open_path(&path, false, on_path ? socket_path() : NULL);
        fault_sys_fail(&path.scene.faults, kind, n, error);
        run_path(&path, -1);
        failed = fault_sys_fault_count(&path.scene.faults) > 0;
        check_outcome(&path, "call", n);
        CHECK(failed || path.client_rc == WEIR_OK);
        if (error == EINTR && kind != FAULT_CLOSE)
            CHECK_INT(path.client_rc, WEIR_OK);
        fault_sys_fail(&path.scene.faults, kind, 0, error);
        io_scene_close(&path.scene);
        REQUIRE(n < 3000);
    }
}

TEST(whole_path, fails_well_at_each_system_call)
{
    static const struct {
        fault_kind kind;
        int error;
    } CASES[] = {
        {FAULT_SOCKET, EMFILE},       {FAULT_BIND, EADDRINUSE},
        {FAULT_LISTEN, EADDRINUSE},   {FAULT_CONNECT, ECONNREFUSED},
        {FAULT_CONNECT, ENETUNREACH}, {FAULT_SHUTDOWN, ENOTCONN},
        {FAULT_GETSOCKOPT, ENOBUFS},  {FAULT_SETSOCKOPT, ENOMEM},
        {FAULT_GETSOCKNAME, ENOBUFS}, {FAULT_RECV, ECONNRESET},
        {FAULT_RECV, EINTR},          {FAULT_RECV, EAGAIN},
        {FAULT_SENDV, EPIPE},         {FAULT_SENDV, ECONNRESET},
        {FAULT_SENDV, EINTR},         {FAULT_SENDV, EAGAIN},
        {FAULT_SENDV, ENOBUFS},       {FAULT_POLLER_ADD, ENOSPC},
        {FAULT_POLLER_WAIT, EINTR},   {FAULT_CLOSE, EIO},
        {FAULT_ACCEPT, ECONNABORTED}, {FAULT_ACCEPT, EINTR},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        fail_each_call(CASES[i].kind, CASES[i].error, false);
        fail_each_call(CASES[i].kind, CASES[i].error, true);
    }
}

TEST(whole_path, goes_on_when_descriptors_come_back)
{
    struct path path;
    open_path(&path, false, NULL);
    fault_sys_fail(&path.scene.faults, FAULT_ACCEPT, 1, EMFILE);
    run_path(&path, -1);
    CHECK_INT(path.client_rc, WEIR_OK); /* after a second */
    io_scene_close(&path.scene);
}

/* Whatever the loop's round, and so the wait, in which it is cancelled. */
TEST(whole_path, is_cancelled_well_at_each_wait)
{
    for (int how = 0; how < 3; how++) {
        bool cancelled = true;
        int rounds = 0;
        for (int wait = 0; cancelled; wait++) {
            struct path path;
            open_path(&path, how == 1, how == 2 ? socket_path() : NULL);
            /* Little at a time makes for many waits. */
            fault_sys_limit(&path.scene.faults, 20000, 30000);
            cancelled = run_path(&path, wait);
            check_outcome(&path, "wait", (size_t)wait);
            CHECK(path.client_rc == WEIR_OK || path.client_rc == WEIR_E_CANCELLED);
            CHECK(cancelled || path.client_rc == WEIR_OK);
            rounds += path.client_rc == WEIR_E_CANCELLED;
            io_scene_close(&path.scene);
            REQUIRE(wait < 3000);
        }
        CHECK(rounds > 5);
    }
}

/* The same for deadlines: they end each wait as a cancellation does. */
static int run_with_deadline(void *arg)
{
    struct path *path = arg;
    weir_timeout timeout = weir_timeout_start(path->scene.loop, 0);
    int rc = be_client(path);
    weir_timeout_end(&timeout);
    return rc;
}

TEST(whole_path, with_a_deadline_that_has_passed_ends_at_its_first_wait)
{
    struct path path;
    open_path(&path, true, NULL);
    REQUIRE(start_server(&path) == WEIR_OK);
    weir_task *task = weir_spawn(path.scene.loop, run_with_deadline, &path);
    CHECK_INT(weir_join(task), WEIR_E_TIMEOUT);
    weir_server_free(path.server);
    io_scene_close(&path.scene);
}

TEST(whole_path, ends_with_its_loop_at_each_round)
{
    for (int how = 0; how < 2; how++) {
        bool running = true;
        for (int rounds = 0; running && rounds < 200; rounds++) {
            struct path path;
            open_path(&path, how == 1, NULL);
            fault_sys_limit(&path.scene.faults, 20000, 30000);
            REQUIRE(start_server(&path) == WEIR_OK);
            path.client = weir_spawn(path.scene.loop, run_client, &path);
            for (int i = 0; i < rounds; i++)
                weir_loop_run_once(path.scene.loop, 1);
            running = !weir_task_is_done(path.client);
            weir_loop_free(path.scene.loop);
            CHECK(path.client_rc == WEIR_E_CANCELLED || path.client_rc == WEIR_OK);
            path.scene.loop = NULL;
            io_scene_close(&path.scene);
        }
        CHECK(!running);
    }
}
