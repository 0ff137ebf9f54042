/* Ten thousand connections that do nothing cost nothing (weir/server.h).
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io_scene.h"

static int wanted = 10000;

/* As many descriptors as it takes, if we may have them. */
static void raise_limit(void)
{
    struct rlimit limit;
    rlim_t needed = (rlim_t)wanted + 200;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur >= needed)
        return;
    limit.rlim_cur = needed;
    if (limit.rlim_max < needed)
        limit.rlim_max = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        SKIP("not allowed to open 10,000 descriptors");
}

/* The clients are another process, that has descriptors of its own. */
static pid_t start_clients(int port, int *hold)
{
    int ready[2], held[2];
    char byte;
    REQUIRE(pipe(ready) == 0 && pipe(held) == 0);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        close(held[1]);
        for (int i = 0; i < wanted; i++)
            io_connect(port);
        if (write(ready[1], "x", 1) != 1 || read(held[0], &byte, 1) < 0)
            _exit(1);
        _exit(0);
    }
    close(held[0]);
    close(ready[0]);
    close(ready[1]);
    *hold = held[1];
    return child;
}

static int wait_for_line(weir_stream *stream, void *arg)
{
    weir_slice line;
    (void)arg;
    return weir_readline(weir_stream_reader(stream), &line);
}

/* A round of the loop is one call, its wait; when something happens to one of them,
 * it is a read or two more. */
TEST(idle, connections_cost_no_system_call)
{
    struct io_scene scene;
    weir_server *server;
    int hold;
    wanted = IS_SLOW ? 500 : 10000;
    raise_limit();
    io_scene_open(&scene, NULL);
    int rc = weir_start_server(scene.loop, &server, "127.0.0.1", 0,
                               .on_connect = wait_for_line, .backlog = 1000,
                               .max_connections = 20000);
    REQUIRE(rc == WEIR_OK);
    pid_t clients = start_clients(weir_server_port(server), &hold);
    uint64_t until = wall_ms() + 60000;
    while (weir_server_connections(server) < (size_t)wanted && wall_ms() < until)
        weir_loop_run_once(scene.loop, 100);
    CHECK_INT(weir_server_connections(server), wanted);
    io_settle(&scene);
    size_t live = scene.nth.live_bytes;
    fault_sys_reset_counts(&scene.faults);
    for (int i = 0; i < 10; i++) {
        CHECK_INT(weir_loop_run_once(scene.loop, i % 2 ? 2 : 0), WEIR_OK);
        CHECK_INT(fault_sys_count(&scene.faults, FAULT_ANY), i + 1);
        CHECK_INT(fault_sys_count(&scene.faults, FAULT_POLLER_WAIT), i + 1);
    }
    CHECK_INT(scene.nth.live_bytes, live);
    CHECK(live / (size_t)wanted < 1024); /* beside the stacks */
    close(hold);
    waitpid(clients, NULL, 0);
    while (weir_server_connections(server) > 0 && wall_ms() < until)
        weir_loop_run_once(scene.loop, 100);
    CHECK_INT(weir_server_connections(server), 0);
    weir_server_free(server);
    io_scene_close(&scene);
}
