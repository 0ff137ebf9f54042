/* The end of a server, and of its connections (weir/server.h).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io_scene.h"

enum stubbornness {
    POLITE,   /* ends when the peer does */
    DEAF,     /* notices only that its connection is cut */
    FLUSHING, /* has written much that nobody reads, and has returned */
    WILFUL    /* waits on, whatever happens */
};

struct service {
    weir_server *server;
    enum stubbornness stubborn;
    int ended;
    int last_result;
    int rc; /* of serve_forever or wait_closed */
    size_t timeout_ms;
};

static int serve(weir_stream *stream, void *arg)
{
    struct service *service = arg;
    weir_slice bytes;
    weir_loop *loop = weir_stream_loop(stream);
    int rc = WEIR_OK;
    if (service->stubborn == FLUSHING) {
        static const char BYTES[100000];
        weir_writer *writer = weir_stream_writer(stream);
        while (rc == WEIR_OK && weir_writer_queued(writer) < 300000)
            rc = weir_write(writer, (weir_slice){BYTES, sizeof(BYTES)});
        service->ended++;
        return rc;
    }
    do
        rc = weir_read(weir_stream_reader(stream), 99, &bytes);
    while (rc > 0 || (service->stubborn == DEAF && rc == WEIR_E_CANCELLED &&
                      weir_stream_transport(stream)));
    for (int i = 0; i < 8 && service->stubborn == WILFUL; i++)
        weir_sleep(loop, 1);
    service->ended++;
    service->last_result = rc;
    return rc;
}

static void start(struct io_scene *scene, struct service *service, int clients,
                  weir_stream **streams)
{
    io_scene_open(scene, NULL);
    int rc = weir_start_server(scene->loop, &service->server, "127.0.0.1", 0,
                               .on_connect = serve, .arg = service);
    REQUIRE(rc == WEIR_OK);
    for (int i = 0; i < clients; i++) {
        rc = weir_open_connection(scene->loop, &streams[i], "127.0.0.1",
                                  weir_server_port(service->server));
        REQUIRE(rc == WEIR_OK);
        /* So that a handler which writes meets a full queue. */
        weir_transport_pause_reading(weir_stream_transport(streams[i]));
    }
    io_settle(scene);
    CHECK_INT(weir_server_connections(service->server), clients);
}

static void finish(struct io_scene *scene, int clients, weir_stream **streams)
{
    for (int i = 0; i < clients; i++)
        weir_stream_abort(streams[i]);
    io_settle(scene);
    io_scene_close(scene);
}

TEST(server_end, close_stops_listening_and_leaves_connections)
{
    struct io_scene scene;
    struct service service = {.stubborn = POLITE};
    weir_stream *streams[2];
    weir_stream *late;
    start(&scene, &service, 2, streams);
    int port = weir_server_port(service.server);
    weir_server_close(service.server);
    weir_server_close(service.server);
    CHECK_INT(weir_open_connection(scene.loop, &late, "127.0.0.1", port),
              WEIR_E_CONNECTION);
    CHECK_INT(weir_server_port(service.server), 0);
    CHECK_INT(weir_server_connections(service.server), 2);
    weir_server_close_clients(service.server);
    io_settle(&scene);
    CHECK_INT(service.last_result, WEIR_E_CANCELLED);
    CHECK_INT(weir_server_connections(service.server), 0);
    weir_server_free(service.server);
    finish(&scene, 2, streams);
}

TEST(server_end, abort_cuts_connections_off)
{
    struct io_scene scene;
    struct service service = {.stubborn = DEAF};
    weir_stream *streams[2];
    start(&scene, &service, 2, streams);
    weir_server_close_clients(service.server);
    io_settle(&scene);
    CHECK_INT(weir_server_connections(service.server), 2);
    weir_server_abort_clients(service.server);
    io_settle(&scene);
    CHECK_INT(weir_server_connections(service.server), 0);
    weir_server_free(service.server);
    finish(&scene, 2, streams);
}

/* A connection that flushes after its handler has returned is the server's still. */
TEST(server_end, close_and_abort_reach_connections_that_flush)
{
    for (int how = 0; how < 3; how++) {
        struct io_scene scene;
        struct service service = {.stubborn = FLUSHING};
        weir_stream *streams[3];
        start(&scene, &service, 3, streams);
        CHECK_INT(service.ended, 3);
        if (how == 0)
            weir_server_close_clients(service.server);
        else if (how == 1)
            weir_server_abort_clients(service.server);
        if (how < 2) {
            io_settle(&scene);
            CHECK_INT(weir_server_connections(service.server), 0);
        }
        weir_server_free(service.server);
        finish(&scene, 3, streams);
    }
}

TEST(server_end, wait_closed_asks_cuts_and_gives_up_in_turn)
{
    static const struct {
        enum stubbornness stubborn;
        int wanted;
        size_t left;
    } CASES[] = {{POLITE, WEIR_E_TIMEOUT, 0},
                 {DEAF, WEIR_E_TIMEOUT, 0},
                 {FLUSHING, WEIR_E_TIMEOUT, 0}};
    for (size_t i = 0; i < 3; i++) {
        struct io_scene scene;
        struct service service = {.stubborn = CASES[i].stubborn};
        weir_stream *streams[2];
        start(&scene, &service, 2, streams);
        uint64_t begin = wall_ms();
        CHECK_INT(weir_server_wait_closed(service.server, 10), CASES[i].wanted);
        CHECK(io_failed_with("did not end by themselves within 10 ms"));
        CHECK(wall_ms() - begin >= 10);
        CHECK(wall_ms() - begin < 5000);
        CHECK_INT(weir_server_connections(service.server), CASES[i].left);
        CHECK_INT(weir_server_wait_closed(service.server, 10), WEIR_OK);
        weir_server_free(service.server);
        finish(&scene, 2, streams);
    }
}

static int wait_closed(void *arg)
{
    struct service *service = arg;
    service->rc = weir_server_wait_closed(service->server, service->timeout_ms);
    return service->rc;
}

static int serve_forever(void *arg)
{
    struct service *service = arg;
    service->rc = weir_server_serve_forever(service->server);
    return service->rc;
}

TEST(server_end, wait_closed_is_done_when_all_have_ended_by_themselves)
{
    struct io_scene scene;
    struct service service = {.stubborn = POLITE, .timeout_ms = WEIR_NO_LIMIT};
    weir_stream *streams[2];
    start(&scene, &service, 2, streams);
    weir_task *task = weir_spawn(scene.loop, wait_closed, &service);
    io_settle(&scene);
    CHECK(!weir_task_is_done(task));
    weir_stream_close(streams[0]);
    io_settle(&scene);
    CHECK(!weir_task_is_done(task));
    weir_stream_close(streams[1]);
    CHECK_INT(weir_join(task), WEIR_OK);
    weir_server_free(service.server);
    finish(&scene, 0, streams);
}

TEST(server_end, wait_closed_that_is_cancelled_leaves_connections)
{
    struct io_scene scene;
    struct service service = {.stubborn = POLITE, .timeout_ms = WEIR_NO_LIMIT};
    weir_stream *streams[2];
    start(&scene, &service, 2, streams);
    weir_task *task = weir_spawn(scene.loop, wait_closed, &service);
    io_settle(&scene);
    weir_cancel(task);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    weir_timeout timeout = weir_timeout_start(scene.loop, 5);
    CHECK_INT(weir_server_wait_closed(service.server, HOUR_MS), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    CHECK_INT(weir_server_connections(service.server), 2);
    weir_server_free(service.server);
    finish(&scene, 2, streams);
}

TEST(server_end, serve_forever_ends_with_the_server_or_ends_it)
{
    for (int how = 0; how < 3; how++) {
        struct io_scene scene;
        struct service service = {.stubborn = POLITE};
        weir_stream *streams[1];
        start(&scene, &service, 1, streams);
        weir_task *task = weir_spawn(scene.loop, serve_forever, &service);
        io_settle(&scene);
        CHECK(!weir_task_is_done(task));
        if (how == 0)
            weir_cancel(task);
        else if (how == 1)
            weir_server_close(service.server);
        else
            weir_server_free(service.server);
        CHECK_INT(weir_join(task), how == 0 ? WEIR_E_CANCELLED : WEIR_OK);
        if (how < 2) {
            CHECK_INT(weir_server_port(service.server), 0); /* closed */
            CHECK_INT(weir_server_connections(service.server), 1);
            CHECK_INT(weir_server_serve_forever(service.server), WEIR_OK);
            weir_server_free(service.server);
        }
        finish(&scene, 1, streams);
    }
}

TEST(server_end, free_lets_those_out_who_wait)
{
    struct io_scene scene;
    struct service services[4];
    weir_task *tasks[4];
    weir_stream *streams[1];
    services[0] = (struct service){.stubborn = POLITE, .timeout_ms = WEIR_NO_LIMIT};
    start(&scene, &services[0], 1, streams);
    for (int i = 0; i < 4; i++) {
        services[i] = services[0];
        tasks[i] =
            weir_spawn(scene.loop, i % 2 ? wait_closed : serve_forever, &services[i]);
    }
    io_settle(&scene);
    weir_server_free(services[0].server);
    for (int i = 0; i < 4; i++)
        CHECK_INT(weir_join(tasks[i]), i % 2 ? WEIR_E_CLOSED : WEIR_OK);
    finish(&scene, 1, streams);
}

static int free_in_handler(weir_stream *stream, void *arg)
{
    struct service *service = arg;
    weir_slice bytes;
    weir_read(weir_stream_reader(stream), 1, &bytes);
    weir_server_free(service->server);
    service->ended++;
    return WEIR_OK;
}

TEST(server_end, free_in_a_handler_ends_all_others)
{
    struct io_scene scene;
    struct service service = {.ended = 0};
    weir_stream *streams[3];
    io_scene_open(&scene, NULL);
    REQUIRE(weir_start_server(scene.loop, &service.server, "127.0.0.1", 0,
                              .on_connect = free_in_handler,
                              .arg = &service) == WEIR_OK);
    for (int i = 0; i < 1; i++)
        REQUIRE(weir_open_connection(scene.loop, &streams[i], "127.0.0.1",
                                     weir_server_port(service.server)) == WEIR_OK);
    io_settle(&scene);
    weir_write(weir_stream_writer(streams[0]), WEIR_S("x"));
    io_settle(&scene);
    CHECK_INT(service.ended, 1);
    finish(&scene, 1, streams);
}

TEST(server_end, free_while_handlers_run_lets_them_return)
{
    for (int kind = POLITE; kind <= WILFUL; kind++) {
        struct io_scene scene;
        struct service service = {.stubborn = (enum stubbornness)kind};
        weir_stream *streams[3];
        start(&scene, &service, 3, streams);
        weir_server_free(service.server);
        service.server = NULL;
        for (int i = 0; i < 100 && service.ended < 3; i++)
            weir_loop_run_once(scene.loop, 20);
        CHECK_INT(service.ended, 3);
        finish(&scene, 3, streams);
    }
}

TEST(server_end, with_the_loop_is_orderly)
{
    for (int kind = POLITE; kind <= WILFUL; kind++) {
        struct io_scene scene;
        struct service service = {.stubborn = (enum stubbornness)kind};
        struct service waiting;
        weir_stream *streams[3];
        start(&scene, &service, 3, streams);
        waiting = service;
        weir_detach(weir_spawn(scene.loop, serve_forever, &waiting));
        io_turn(&scene, 1);
        weir_loop_free(scene.loop);
        scene.loop = NULL;
        CHECK_INT(waiting.rc, WEIR_E_CANCELLED);
        io_scene_close(&scene);
    }
}
