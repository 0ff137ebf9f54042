/* Servers at work: a task for each connection, limits, lack of descriptors
 * (weir/server.h).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "notes.h"

struct service {
    weir_server *server;
    int begun;
    int ended;
    int errors;
    int last_error;
    int result; /* of the handler */
    size_t written;
    char sentence[256];
};

static int echo(weir_stream *stream, void *arg)
{
    struct service *service = arg;
    weir_slice line;
    int rc;
    service->begun++;
    while ((rc = weir_readline(weir_stream_reader(stream), &line)) > 0) {
        rc = weir_write(weir_stream_writer(stream), line);
        if (rc == WEIR_OK)
            rc = weir_drain(weir_stream_writer(stream));
        if (rc < 0)
            break;
    }
    service->ended++;
    return rc < 0 ? rc : service->result;
}

static void on_error(void *arg, int status)
{
    struct service *service = arg;
    service->errors++;
    service->last_error = status;
    strcpy(service->sentence, weir_last_error()->message);
}

static void start(struct io_scene *scene, struct service *service, size_t most)
{
    int rc = weir_start_server(scene->loop, &service->server, "127.0.0.1", 0,
                               .on_connect = echo, .arg = service, .on_error = on_error,
                               .max_connections = most);
    REQUIRE(rc == WEIR_OK);
}

static weir_stream *join_in(struct io_scene *scene, const struct service *service)
{
    weir_stream *stream = NULL;
    int rc = weir_open_connection(scene->loop, &stream, "127.0.0.1",
                                  weir_server_port(service->server));
    REQUIRE(rc == WEIR_OK);
    return stream;
}

/* A client that does not run the loop. */
static int join_quietly(const struct service *service)
{
    return io_connect(weir_server_port(service->server));
}

static bool is_echoed_to(struct io_scene *scene, int client)
{
    char line[16];
    size_t len = 0;
    io_put(client, WEIR_S("hello\n"));
    for (int i = 0; i < 20 && len == 0; i++) {
        weir_loop_run_once(scene->loop, 2);
        len = io_take(client, line, sizeof(line), NULL, NULL);
    }
    return len == 6;
}

static bool is_echoed(struct io_scene *scene, weir_stream *stream)
{
    weir_slice line;
    weir_timeout timeout = weir_timeout_start(scene->loop, 1000);
    weir_write(weir_stream_writer(stream), WEIR_S("hello\n"));
    int rc = weir_readline(weir_stream_reader(stream), &line);
    weir_timeout_end(&timeout);
    return rc == 6;
}

TEST(server, serves_each_connection_in_a_task)
{
    enum { CLIENTS = 40 };
    struct io_scene scene;
    struct service service = {.result = 0};
    weir_stream *clients[CLIENTS];
    io_scene_open(&scene, NULL);
    start(&scene, &service, 0);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = join_in(&scene, &service);
    for (int i = CLIENTS; i-- > 0;)
        CHECK(is_echoed(&scene, clients[i]));
    CHECK_INT(service.begun, CLIENTS);
    CHECK_INT(weir_server_connections(service.server), CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        CHECK_INT(weir_stream_close(clients[i]), WEIR_OK);
    io_settle(&scene);
    CHECK_INT(service.ended, CLIENTS);
    CHECK_INT(service.errors, 0);
    CHECK_INT(weir_server_connections(service.server), 0);
    weir_server_free(service.server);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK);
    io_scene_close(&scene);
}

/* Until the kernel takes no more. */
static int write_much(weir_stream *stream, void *arg)
{
    struct service *service = arg;
    weir_writer *writer = weir_stream_writer(stream);
    char bytes[10000];
    while (weir_writer_queued(writer) == 0) {
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = io_pattern(service->written + i);
        weir_write(writer, (weir_slice){bytes, sizeof(bytes)});
        service->written += sizeof(bytes);
    }
    service->ended++;
    return service->result;
}

TEST(server, sends_what_a_handler_has_written_unless_it_failed)
{
    for (int fails = 0; fails < 2; fails++) {
        struct io_scene scene;
        struct service service = {.result = fails ? WEIR_E_PROTOCOL : 7};
        io_scene_open(&scene, NULL);
        REQUIRE(weir_start_server(scene.loop, &service.server, "127.0.0.1", 0,
                                  .on_connect = write_much, .arg = &service,
                                  .on_error = on_error) == WEIR_OK);
        int client = join_quietly(&service);
        size_t taken = 0;
        bool ended = false;
        io_settle(&scene);
        CHECK_INT(service.ended, 1);
        CHECK_INT(service.errors, fails);
        CHECK(!fails || service.last_error == WEIR_E_PROTOCOL);
        while (!ended) {
            taken += io_take_pattern(client, taken, &ended);
            io_turn(&scene, 1);
        }
        CHECK(fails ? taken < service.written : taken == service.written);
        close(client);
        weir_server_free(service.server);
        io_scene_close(&scene);
    }
}

TEST(server, tells_of_a_handler_that_failed_with_its_sentence)
{
    struct io_scene scene;
    struct service service = {.result = 0};
    io_scene_open(&scene, NULL);
    start(&scene, &service, 0);
    weir_stream *client = join_in(&scene, &service);
    io_settle(&scene);
    io_reset(dup(weir_transport_fd(weir_stream_transport(client))));
    weir_stream_abort(client);
    io_settle(&scene);
    CHECK_INT(service.errors, 1);
    CHECK_INT(service.last_error, WEIR_E_CONNECTION);
    CHECK(strstr(service.sentence, "Connection reset") != NULL);
    weir_server_free(service.server);
    io_scene_close(&scene);
}

TEST(server, leaves_connections_over_the_limit_in_the_backlog)
{
    struct io_scene scene;
    struct service service = {.result = 0};
    weir_stream *clients[5];
    io_scene_open(&scene, NULL);
    start(&scene, &service, 2);
    for (int i = 0; i < 5; i++)
        clients[i] = join_in(&scene, &service);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5; i++)
            CHECK_INT(is_echoed(&scene, clients[i]), i < 2);
        CHECK_INT(weir_server_connections(service.server), 2);
    }
    fault_sys_reset_counts(&scene.faults);
    weir_loop_run_once(scene.loop, 5);
    CHECK(fault_sys_count(&scene.faults, FAULT_ANY) <= 1); /* no spin */
    for (int i = 0; i < 3; i++) {
        weir_slice line;
        weir_stream_close(clients[i]);
        CHECK(weir_readline(weir_stream_reader(clients[i + 2]), &line) > 0);
        CHECK_INT(weir_server_connections(service.server), 2);
    }
    weir_stream_close(clients[3]);
    weir_stream_close(clients[4]);
    io_settle(&scene);
    CHECK_INT(service.begun, 5);
    CHECK_INT(weir_server_pauses(service.server), 0);
    weir_server_free(service.server);
    io_scene_close(&scene);
}

TEST(server, out_of_descriptors_or_memory_pauses_and_resumes)
{
    struct io_scene scene;
    struct service service = {.result = 0};
    int clients[3];
    io_scene_open(&scene, NULL);
    start(&scene, &service, 0);
    for (int i = 0; i < 3; i++)
        clients[i] = join_quietly(&service);
    fault_sys_fail(&scene.faults, FAULT_ACCEPT, 2, EMFILE);
    fault_sys_reset_counts(&scene.faults);
    uint64_t begin = wall_ms();
    CHECK(is_echoed_to(&scene, clients[0]));
    CHECK(!is_echoed_to(&scene, clients[1]));
    CHECK_INT(weir_server_pauses(service.server), 1);
    CHECK_INT(fault_sys_count(&scene.faults, FAULT_ACCEPT), 2); /* no spin */
    CHECK(weir_loop_timeout(scene.loop) > 100);
    while (service.begun < 2)
        weir_loop_run_once(scene.loop, -1);
    CHECK(wall_ms() - begin > 900);
    CHECK_INT(weir_server_pauses(service.server), 1);
    CHECK(is_echoed_to(&scene, clients[2]));
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    weir_server_free(service.server);
    io_scene_close(&scene);
}

TEST(server, passes_over_connections_that_broke_in_the_backlog)
{
    static const int ERRORS[] = {ECONNABORTED, EINTR, EPROTO, ENETDOWN, EAGAIN};
    for (int i = 0; i < 5; i++) {
        struct io_scene scene;
        struct service service = {.result = 0};
        io_scene_open(&scene, NULL);
        start(&scene, &service, 0);
        fault_sys_fail(&scene.faults, FAULT_ACCEPT, 1, ERRORS[i]);
        int client = join_quietly(&service);
        CHECK(is_echoed_to(&scene, client));
        CHECK_INT(weir_server_pauses(service.server), 0);
        close(client);
        weir_server_free(service.server);
        io_scene_close(&scene);
    }
}

/* Each allocation of an accepted connection fails: it is dropped, and the server
 * goes on. */
TEST(server, without_memory_for_a_connection_drops_it)
{
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        struct io_scene scene;
        struct service service = {.result = 0};
        io_scene_open(&scene, NULL);
        start(&scene, &service, 0);
        int client = join_quietly(&service);
        scene.nth.fail_at = scene.nth.count + n;
        io_settle(&scene);
        failed = scene.nth.failed;
        CHECK_INT(weir_server_connections(service.server), !failed);
        CHECK_INT(weir_server_pauses(service.server), failed);
        CHECK(failed || n > 3);
        close(client);
        weir_server_free(service.server);
        io_scene_close(&scene);
    }
}

/* Protocols instead of tasks. */

struct accepting {
    struct notes notes[4];
    int count;
    int result;
    weir_server *server;
    bool free_server;
};

static int on_accept(void *arg, const weir_protocol **protocol, void **self)
{
    struct accepting *accepting = arg;
    if (accepting->free_server)
        weir_server_free(accepting->server);
    if (accepting->result < 0)
        return accepting->result;
    *protocol = &NOTES;
    *self = &accepting->notes[accepting->count++];
    return WEIR_OK;
}

static void start_accepting(struct io_scene *scene, struct accepting *accepting)
{
    int rc = weir_start_server(scene->loop, &accepting->server, "127.0.0.1", 0,
                               .on_accept = on_accept, .arg = accepting);
    REQUIRE(rc == WEIR_OK);
    trail_clear();
}

static weir_stream *connect_to(struct io_scene *scene, weir_server *server)
{
    struct service service = {.server = server};
    return join_in(scene, &service);
}

TEST(server, gives_connections_to_protocols)
{
    struct io_scene scene;
    struct accepting accepting = {.result = 0};
    io_scene_open(&scene, NULL);
    start_accepting(&scene, &accepting);
    weir_stream *client = connect_to(&scene, accepting.server);
    io_settle(&scene);
    CHECK_TEXT(trail(), "M");
    CHECK_INT(weir_server_connections(accepting.server), 1);
    weir_stream *other = connect_to(&scene, accepting.server);
    io_settle(&scene);
    CHECK_TEXT(trail(), "MM");
    weir_stream_close(client);
    io_settle(&scene);
    CHECK_TEXT(trail(), "MMEL");
    CHECK_INT(weir_server_connections(accepting.server), 1);
    accepting.result = WEIR_E_PROTOCOL; /* the next is not wanted */
    client = connect_to(&scene, accepting.server);
    weir_slice bytes;
    CHECK_INT(weir_read(weir_stream_reader(client), 9, &bytes), 0);
    CHECK_TEXT(trail(), "MMEL");
    CHECK_INT(weir_server_pauses(accepting.server), 0);
    weir_stream_close(client);
    weir_server_free(accepting.server); /* aborts the other */
    io_settle(&scene);
    CHECK_TEXT(trail(), "MMELL");
    weir_stream_abort(other);
    io_scene_close(&scene);
}

/* What on_accept has made is never left alone: it is made when all is there. */
TEST(server, asks_a_protocol_only_when_the_transport_is_there)
{
    struct io_scene scene;
    struct accepting accepting = {.result = 0};
    io_scene_open(&scene, NULL);
    start_accepting(&scene, &accepting);
    int client = io_connect(weir_server_port(accepting.server));
    scene.nth.fail_at = scene.nth.count + 1;
    io_settle(&scene);
    CHECK_INT(accepting.count, 0);
    CHECK_INT(weir_server_pauses(accepting.server), 1);
    close(client);
    weir_server_free(accepting.server);
    io_scene_close(&scene);
}

TEST(server, may_be_freed_when_it_asks_for_a_protocol)
{
    for (int refuse = 0; refuse < 2; refuse++) {
        struct io_scene scene;
        struct accepting accepting = {.free_server = true,
                                      .result = refuse ? WEIR_E_CLOSED : 0};
        int clients[2];
        io_scene_open(&scene, NULL);
        start_accepting(&scene, &accepting);
        for (int i = 0; i < 2; i++)
            clients[i] = io_connect(weir_server_port(accepting.server));
        io_settle(&scene);
        CHECK_TEXT(trail(), refuse ? "" : "M");
        for (int i = 0; i < 2; i++)
            close(clients[i]);
        io_settle(&scene);
        CHECK_TEXT(trail(), refuse ? "" : "MEL");
        io_scene_close(&scene);
    }
}

static weir_server *to_free;

static void free_the_server(struct notes *notes)
{
    (void)notes;
    weir_server_free(to_free);
}

TEST(server, may_be_freed_when_a_connection_of_it_is_lost)
{
    struct io_scene scene;
    struct accepting accepting = {.result = 0};
    io_scene_open(&scene, NULL);
    start_accepting(&scene, &accepting);
    to_free = accepting.server;
    accepting.notes[0].on_lost = free_the_server;
    weir_stream *client = connect_to(&scene, accepting.server);
    weir_stream *other = connect_to(&scene, accepting.server);
    io_settle(&scene);
    weir_stream_abort(client);
    io_settle(&scene);
    CHECK_TEXT(trail(), "MMELL");
    weir_stream_abort(other);
    io_scene_close(&scene);
}
