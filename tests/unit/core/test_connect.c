/* Connecting: names, literals, paths, limits; and each way to fail (weir/stream.h).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "notes.h"

/* A resolver whose table the test fills in. */
static struct {
    int count;
    struct {
        const char *host;
        int port; /* 0: the one that is asked for */
    } addresses[8];
    int delay_ms;
} table;

static int look_up(void *user_data, weir_loop *loop, const char *host, int port,
                   weir_family family, weir_address *addresses)
{
    (void)user_data;
    (void)family;
    if (table.delay_ms > 0) {
        int rc = weir_sleep(loop, (uint64_t)table.delay_ms);
        if (rc < 0)
            return rc;
    }
    for (int i = 0; i < table.count; i++) {
        int its_port = table.addresses[i].port ? table.addresses[i].port : port;
        weir_address_parse(&addresses[i], table.addresses[i].host, its_port);
    }
    return table.count ? table.count : weir_resolver_fail(host, "no such host");
}

static const weir_resolver TABLE = {look_up, NULL};

static void open_scene(struct io_scene *scene)
{
    io_scene_open(scene, &(weir_loop_options){.resolver = &TABLE});
    memset(&table, 0, sizeof(table));
}

/* A port that nobody listens on. */
static int free_port(void)
{
    int port;
    close(io_listen(&port, 1));
    return port;
}

TEST(connect, reaches_a_literal_and_a_name)
{
    struct io_scene scene;
    weir_stream *stream;
    weir_address address;
    int port;
    open_scene(&scene);
    int listener = io_listen(&port, 5);
    table.count = 1;
    table.addresses[0].host = "127.0.0.1";
    static const char *const HOSTS[] = {"127.0.0.1", "name.test"};
    for (int i = 0; i < 2; i++) {
        int rc = weir_open_connection(scene.loop, &stream, HOSTS[i], port);
        REQUIRE(rc == WEIR_OK);
        int peer = accept(listener, NULL, NULL);
        weir_stream_peer_address(stream, &address);
        CHECK_INT(weir_address_port(&address), port);
        int on = 0;
        socklen_t len = sizeof(on);
        getsockopt(weir_transport_fd(weir_stream_transport(stream)), IPPROTO_TCP,
                   TCP_NODELAY, &on, &len);
        CHECK(on);
        weir_write(weir_stream_writer(stream), WEIR_S("hello"));
        CHECK_INT(weir_stream_close(stream), WEIR_OK);
        char text[9];
        CHECK_INT(read(peer, text, 9), 5);
        close(peer);
    }
    close(listener);
    io_scene_close(&scene);
}

TEST(connect, refuses_options_that_make_no_sense)
{
    static const struct {
        weir_connect_options options;
        const char *sentence;
    } CASES[] = {
        {{.port = 80}, "there is no host"},
        {{.host = "", .port = 80}, "there is no host"},
        {{.host = "::1"}, "the port 0 is not from 1 to 65535"},
        {{.host = "::1", .port = 65536}, "the port 65536"},
        {{.host = "::1", .port = -1}, "the port -1"},
        {{.host = "::1", .port = 80, .unix_path = "/x"}, "exclude each other"},
        {{.host = "::1", .port = 80, .local_host = "localhost"}, "is no address"},
        {{.host = "::1", .port = 80, .local_port = 65536}, "the local port 65536"},
        {{.unix_path = ""}, "a socket cannot have the path"},
    };
    struct io_scene scene;
    weir_stream *stream = NULL;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        CHECK_INT(weir_stream_connect(scene.loop, &stream, &CASES[i].options),
                  WEIR_E_INVALID);
        CHECK(io_failed_with(CASES[i].sentence));
    }
    CHECK(!stream);
    CHECK_INT(fault_sys_count(&scene.faults, FAULT_SOCKET), 0);
    io_scene_close(&scene);
}

TEST(connect, says_in_a_sentence_why_it_failed)
{
    struct io_scene scene;
    weir_stream *stream = NULL;
    char wanted[200];
    open_scene(&scene);
    int port = free_port();
    CHECK_INT(weir_open_connection(scene.loop, &stream, "127.0.0.1", port),
              WEIR_E_CONNECTION);
    CHECK_INT(weir_last_error()->os_error, ECONNREFUSED);
    snprintf(wanted, sizeof(wanted),
             "connect to 127.0.0.1 port %d: 127.0.0.1:%d: Connection refused", port,
             port);
    CHECK_TEXT(weir_last_error()->message, wanted);
    CHECK_TEXT(weir_last_error()->operation, "connect");
    CHECK_INT(weir_open_connection(scene.loop, &stream, "no.test", 80), WEIR_E_RESOLVE);
    CHECK(io_failed_with("no such host: no.test"));
    static const int ERRORS[][2] = {{ENETUNREACH, WEIR_E_CONNECTION},
                                    {EHOSTUNREACH, WEIR_E_CONNECTION},
                                    {ETIMEDOUT, WEIR_E_CONNECTION},
                                    {EACCES, WEIR_E_SYSTEM},
                                    {EADDRNOTAVAIL, WEIR_E_SYSTEM}};
    for (size_t i = 0; i < sizeof(ERRORS) / sizeof(ERRORS[0]); i++) {
        fault_sys_fail(&scene.faults, FAULT_CONNECT, 1, ERRORS[i][0]);
        CHECK_INT(weir_open_connection(scene.loop, &stream, "10.0.0.1", 80),
                  ERRORS[i][1]);
        CHECK_INT(weir_last_error()->os_error, ERRORS[i][0]);
        CHECK(io_failed_with(strerror(ERRORS[i][0])));
    }
    fault_sys_fail(&scene.faults, FAULT_SOCKET, 1, EMFILE);
    CHECK_INT(weir_open_connection(scene.loop, &stream, "10.0.0.1", 80), WEIR_E_SYSTEM);
    CHECK(io_failed_with("10.0.0.1:80: Too many open files"));
    CHECK(!stream);
    io_scene_close(&scene);
}

TEST(connect, tries_all_addresses_and_names_each)
{
    struct io_scene scene;
    weir_stream *stream = NULL;
    int port;
    open_scene(&scene);
    int listener = io_listen(&port, 5);
    int closed = free_port();
    table.count = 4;
    table.addresses[0].host = "127.0.0.1";
    table.addresses[0].port = closed;
    table.addresses[1].host = "127.0.0.2";
    table.addresses[1].port = closed;
    table.addresses[2].host = "::1";
    table.addresses[2].port = closed;
    table.addresses[3].host = "127.0.0.1";
    table.addresses[3].port = port;
    REQUIRE(weir_open_connection(scene.loop, &stream, "name.test", 1) == WEIR_OK);
    weir_stream_abort(stream);
    table.count = 3;
    fault_sys_fail(&scene.faults, FAULT_SOCKET, 1, EAFNOSUPPORT);
    CHECK_INT(weir_open_connection(scene.loop, &stream, "name.test", 1),
              WEIR_E_CONNECTION); /* one was refused, and that says more */
    CHECK(io_failed_with("connect to name.test port 1: 127.0.0.1:"));
    CHECK(io_failed_with("Address family not supported by protocol; [::1]:"));
    CHECK(io_failed_with(", 127.0.0.2:") || io_failed_with("; 127.0.0.2:"));
    close(listener);
    io_scene_close(&scene);
}

TEST(connect, takes_no_longer_than_it_may)
{
    for (int how = 0; how < 4; how++) {
        struct io_scene scene;
        struct io_hanging hanging;
        weir_stream *stream = NULL;
        open_scene(&scene);
        io_hang(&hanging);
        uint64_t begin = wall_ms();
        table.delay_ms = how >= 2 ? 60000 : 0; /* how long the name takes */
        weir_connect_options options = {.host = how >= 2 ? "slow.test" : "127.0.0.1",
                                        .port = hanging.port,
                                        .connect_timeout_ms = how % 2 ? 0 : 20};
        weir_timeout timeout = weir_timeout_start(scene.loop, how % 2 ? 20 : 9000);
        CHECK_INT(weir_stream_connect(scene.loop, &stream, &options), WEIR_E_TIMEOUT);
        CHECK_INT(weir_timeout_end(&timeout), how % 2);
        CHECK(io_failed_with(how % 2 ? "the deadline passed"
                                     : "no connection within 20 ms"));
        CHECK(
            io_failed_with(how >= 2 ? "connect to slow.test" : "connect to 127.0.0.1"));
        CHECK(wall_ms() - begin >= 20);
        CHECK(wall_ms() - begin < 5000);
        CHECK(!stream);
        io_unhang(&hanging);
        io_scene_close(&scene);
    }
}

TEST(connect, comes_from_the_address_that_is_asked_for)
{
    struct io_scene scene;
    weir_stream *stream = NULL;
    weir_address address;
    char text[WEIR_ADDRESS_TEXT_BYTES];
    int port;
    open_scene(&scene);
    int listener = io_listen(&port, 5);
    int own = free_port();
    weir_connect_options options = {.host = "127.0.0.1", .port = port};
    options.local_host = "127.0.0.9";
    REQUIRE(weir_stream_connect(scene.loop, &stream, &options) == WEIR_OK);
    weir_stream_local_address(stream, &address);
    weir_address_text(&address, text, sizeof(text));
    CHECK(strncmp(text, "127.0.0.9:", 10) == 0);
    weir_stream_abort(stream);
    options =
        (weir_connect_options){.host = "127.0.0.1", .port = port, .local_port = own};
    REQUIRE(weir_stream_connect(scene.loop, &stream, &options) == WEIR_OK);
    weir_stream_local_address(stream, &address);
    CHECK_INT(weir_address_port(&address), own);
    weir_stream_abort(stream);
    io_settle(&scene);
    options.local_port = port; /* where somebody listens */
    CHECK_INT(weir_stream_connect(scene.loop, &stream, &options), WEIR_E_SYSTEM);
    CHECK(io_failed_with("Address already in use"));
    close(listener);
    io_scene_close(&scene);
}

/* Only the addresses of its own family can be reached from a local address, but a
 * local port alone fits all. */
TEST(connect, from_a_local_address_leaves_the_other_family_out)
{
    struct io_scene scene;
    weir_stream *stream = NULL;
    weir_address address;
    int port;
    open_scene(&scene);
    int listener = io_listen(&port, 5);
    table.count = 2;
    table.addresses[0].host = "::1";
    table.addresses[1].host = "127.0.0.1";
    weir_connect_options options = {
        .host = "name.test", .port = port, .local_host = "127.0.0.1"};
    REQUIRE(weir_stream_connect(scene.loop, &stream, &options) == WEIR_OK);
    weir_stream_abort(stream);
    table.count = 1;
    CHECK_INT(weir_stream_connect(scene.loop, &stream, &options), WEIR_E_SYSTEM);
    CHECK(io_failed_with("[::1]"));
    CHECK(io_failed_with("Address family not supported"));
    options = (weir_connect_options){
        .host = "name.test", .port = free_port(), .local_port = free_port()};
    CHECK_INT(weir_stream_connect(scene.loop, &stream, &options), WEIR_E_CONNECTION);
    CHECK(io_failed_with("Connection refused")); /* it was bound, and has asked */
    table.count = 2;
    options = (weir_connect_options){
        .host = "name.test", .port = port, .local_port = free_port()};
    REQUIRE(weir_stream_connect(scene.loop, &stream, &options) == WEIR_OK);
    weir_stream_local_address(stream, &address);
    CHECK_INT(weir_address_port(&address), options.local_port);
    weir_stream_abort(stream);
    close(listener);
    io_scene_close(&scene);
}

/* What counts is what is connected to: a name may have another address each time. */
TEST(connect, keeps_to_public_addresses_when_asked_to)
{
    struct io_scene scene;
    weir_stream *stream = NULL;
    weir_address mapped;
    int port;
    open_scene(&scene);
    int listener = io_listen(&port, 5);
    table.count = 2;
    table.addresses[0].host = "127.0.0.1";
    table.addresses[1].host = "fe80::1";
    weir_connect_options options = {
        .host = "name.test", .port = port, .public_only = true};
    CHECK_INT(weir_stream_connect(scene.loop, &stream, &options), WEIR_E_CONNECTION);
    CHECK(io_failed_with("connect to name.test port "));
    CHECK(io_failed_with("127.0.0.1:"));
    CHECK(io_failed_with("is not a public address"));
    options.host = "127.0.0.1";
    CHECK_INT(weir_stream_connect(scene.loop, &stream, &options), WEIR_E_CONNECTION);
    weir_address_parse(&mapped, "::ffff:127.0.0.1", port);
    options.addresses = &mapped;
    options.address_count = 1;
    CHECK_INT(weir_stream_connect(scene.loop, &stream, &options), WEIR_E_CONNECTION);
    CHECK_INT(fault_sys_count(&scene.faults, FAULT_CONNECT), 0);
    /* Those that are public are left. */
    table.addresses[1].host = "1.1.1.1";
    options.address_count = 0;
    options.host = "name.test";
    fault_sys_fail(&scene.faults, FAULT_CONNECT, 1, ECONNREFUSED);
    CHECK_INT(weir_stream_connect(scene.loop, &stream, &options), WEIR_E_CONNECTION);
    CHECK(io_failed_with("1.1.1.1:"));
    CHECK(io_failed_with("Connection refused"));
    close(listener);
    io_scene_close(&scene);
}

TEST(connect, takes_addresses_in_place_of_the_hosts)
{
    struct io_scene scene;
    weir_stream *stream = NULL;
    weir_address addresses[2];
    int port;
    open_scene(&scene);
    int listener = io_listen(&port, 5);
    weir_address_parse(&addresses[0], "127.0.0.1", free_port());
    weir_address_parse(&addresses[1], "127.0.0.1", port);
    weir_connect_options options = {
        .host = "none.test", .port = 1, .addresses = addresses, .address_count = 2};
    REQUIRE(weir_stream_connect(scene.loop, &stream, &options) == WEIR_OK);
    weir_stream_abort(stream);
    options.address_count = WEIR_MAX_ADDRESSES + 1;
    CHECK_INT(weir_stream_connect(scene.loop, &stream, &options), WEIR_E_INVALID);
    close(listener);
    io_scene_close(&scene);
}

static void unix_path(char *path, size_t size, const char *name)
{
    snprintf(path, size, "/tmp/weir-test-%d-%s", (int)getpid(), name);
    unlink(path);
}

static int listen_at(const char *path, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    REQUIRE(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    REQUIRE(listen(fd, backlog) == 0);
    return fd;
}

static int connect_path(void *arg)
{
    struct {
        weir_loop *loop;
        const char *path;
        weir_stream *stream;
    } *job = arg;
    return weir_open_unix_connection(job->loop, &job->stream, job->path);
}

TEST(connect, reaches_a_unix_path_also_when_its_backlog_is_full)
{
    struct io_scene scene;
    weir_stream *stream = NULL, *stalled[8];
    char path[64];
    int full = 0;
    open_scene(&scene);
    unix_path(path, sizeof(path), "live");
    CHECK_INT(weir_open_unix_connection(scene.loop, &stream, path), WEIR_E_SYSTEM);
    CHECK(io_failed_with("No such file or directory"));
    CHECK(io_failed_with(path));
    int listener = listen_at(path, 1);
    for (int rc = 0; full < 8 && rc == 0; full += rc == 0)
        rc = weir_stream_connect(
            scene.loop, &stalled[full],
            &(weir_connect_options){.unix_path = path, .connect_timeout_ms = 15});
    CHECK_INT(weir_last_error()->status, WEIR_E_TIMEOUT);
    struct {
        weir_loop *loop;
        const char *path;
        weir_stream *stream;
    } job = {scene.loop, path, NULL};
    weir_task *task = weir_spawn(scene.loop, connect_path, &job);
    weir_loop_run_once(scene.loop, 0);
    close(accept(listener, NULL, NULL)); /* room for one */
    CHECK_INT(weir_join(task), WEIR_OK);
    weir_stream_abort(job.stream);
    while (full > 0)
        weir_stream_abort(stalled[--full]);
    close(listener);
    CHECK_INT(weir_open_unix_connection(scene.loop, &stream, path), WEIR_E_CONNECTION);
    CHECK(io_failed_with("Connection refused"));
    unlink(path);
    io_scene_close(&scene);
}

TEST(connect, for_a_protocol_is_followed_by_connection_made)
{
    struct io_scene scene;
    struct notes notes = {.lost = 1};
    weir_transport *transport = NULL;
    int port;
    open_scene(&scene);
    int listener = io_listen(&port, 5);
    trail_clear();
    int rc = weir_create_connection(scene.loop, &transport, &NOTES, &notes, "127.0.0.1",
                                    port);
    REQUIRE(rc == WEIR_OK);
    CHECK_TEXT(trail(), "");
    io_settle(&scene);
    CHECK_TEXT(trail(), "M");
    CHECK(notes.transport == transport);
    weir_transport_close(transport);
    notes_finish(&scene, "ML");
    close(listener);
    io_scene_close(&scene);
}

static int (*real_connect)(weir_sys *, int, const struct sockaddr *, socklen_t);

static int interrupted(weir_sys *sys, int fd, const struct sockaddr *address,
                       socklen_t len)
{
    int rc = real_connect(sys, fd, address, len);
    return rc == -EINPROGRESS ? -EINTR : rc;
}

TEST(connect, that_is_interrupted_goes_on)
{
    struct io_scene scene;
    weir_stream *stream = NULL;
    int port;
    open_scene(&scene);
    int listener = io_listen(&port, 5);
    real_connect = scene.faults.sys.connect;
    scene.faults.sys.connect = interrupted;
    REQUIRE(weir_open_connection(scene.loop, &stream, "127.0.0.1", port) == WEIR_OK);
    weir_stream_abort(stream);
    close(listener);
    io_scene_close(&scene);
}

static void connect_in_callback(void *arg)
{
    weir_stream *stream;
    CHECK_INT(weir_open_connection(arg, &stream, "127.0.0.1", 80), WEIR_E_MISUSE);
}

TEST(connect, in_a_callback_is_refused)
{
    struct io_scene scene;
    open_scene(&scene);
    weir_loop_post(scene.loop, connect_in_callback, scene.loop);
    io_settle(&scene);
    io_scene_close(&scene);
}
