/* Waiting for descriptors that are not weir's (weir_wait_fd).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault_sys.h"
#include "loop.h"
#include "loop_scene.h"

#define BOTH (WEIR_READABLE | WEIR_WRITABLE)

struct waiting {
    weir_loop *loop;
    int fd;
    int events;
    int rc;
};

static int await(void *arg)
{
    struct waiting *waiting = arg;
    waiting->rc = weir_wait_fd(waiting->loop, waiting->fd, waiting->events);
    return waiting->rc;
}

static weir_task *start(struct waiting *waiting)
{
    weir_task *task = weir_spawn(waiting->loop, await, waiting);
    REQUIRE(task != NULL);
    weir_loop_run_once(waiting->loop, 0);
    weir_loop_run_once(waiting->loop, 0);
    CHECK(!weir_task_is_done(task));
    return task;
}

static void open_sockets(int pair[2])
{
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    fcntl(pair[1], F_SETFL, O_NONBLOCK);
}

static void fill(int fd)
{
    static const char bytes[4096];
    while (write(fd, bytes, sizeof(bytes)) > 0)
        ;
}

static void drain(int fd)
{
    static char bytes[4096];
    while (read(fd, bytes, sizeof(bytes)) > 0)
        ;
}

static void close_both(const int pair[2])
{
    close(pair[0]);
    close(pair[1]);
}

TEST(wait_fd, what_is_ready_already_counts_each_time)
{
    struct loop_scene scene;
    int ends[2];
    loop_scene_open(&scene);
    REQUIRE(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
    for (int i = 0; i < 3; i++) { /* nobody reads it in between */
        CHECK_INT(weir_wait_fd(scene.loop, ends[0], WEIR_READABLE), WEIR_READABLE);
        CHECK_INT(weir_wait_fd(scene.loop, ends[1], WEIR_WRITABLE), WEIR_WRITABLE);
    }
    close_both(ends);
    loop_scene_close(&scene);
}

TEST(wait_fd, reading_and_writing_become_possible)
{
    struct loop_scene scene;
    int pair[2];
    loop_scene_open(&scene);
    open_sockets(pair);
    struct waiting reading = {scene.loop, pair[0], WEIR_READABLE, 9};
    weir_task *task = start(&reading);
    REQUIRE(write(pair[1], "x", 1) == 1);
    CHECK_INT(weir_join(task), WEIR_READABLE);
    drain(pair[0]);

    fill(pair[0]);
    struct waiting writing = {scene.loop, pair[0], WEIR_WRITABLE, 9};
    task = start(&writing);
    drain(pair[1]);
    CHECK_INT(weir_join(task), WEIR_WRITABLE);
    CHECK_INT(weir_wait_fd(scene.loop, pair[0], BOTH), WEIR_WRITABLE);
    REQUIRE(write(pair[1], "x", 1) == 1);
    CHECK_INT(weir_wait_fd(scene.loop, pair[0], BOTH), BOTH);
    close_both(pair);
    loop_scene_close(&scene);
}

TEST(wait_fd, an_end_and_a_lost_peer_end_the_wait)
{
    struct loop_scene scene;
    int pair[2];
    int ends[2];
    loop_scene_open(&scene);
    open_sockets(pair);
    struct waiting waiting = {scene.loop, pair[0], WEIR_READABLE, 9};
    weir_task *task = start(&waiting);
    close(pair[1]);
    CHECK_INT(weir_join(task), WEIR_READABLE);
    close(pair[0]);

    REQUIRE(pipe(ends) == 0);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    fill(ends[1]);
    waiting = (struct waiting){scene.loop, ends[1], WEIR_WRITABLE, 9};
    task = start(&waiting);
    close(ends[0]); /* writing fails at once now */
    CHECK_INT(weir_join(task), WEIR_WRITABLE);
    close(ends[1]);
    loop_scene_close(&scene);
}

TEST(wait_fd, one_task_reads_while_another_writes)
{
    weir_sys posix = weir__sys_posix();
    fault_sys faults;
    int pair[2];
    fault_sys_init(&faults, &posix);
    weir_loop *loop = weir__loop_new(NULL, &faults.sys);
    REQUIRE(loop != NULL);
    open_sockets(pair);
    fill(pair[0]);
    struct waiting reading = {loop, pair[0], WEIR_READABLE, 9};
    struct waiting writing = {loop, pair[0], WEIR_WRITABLE, 9};
    struct waiting third = {loop, pair[0], WEIR_READABLE, 9};
    weir_task *reader = start(&reading);
    weir_task *writer = start(&writing);
    weir_task *other = start(&third);
    CHECK_INT(fault_sys_open_count(&faults), 2); /* duplicates */
    drain(pair[1]);
    CHECK_INT(weir_join(writer), WEIR_WRITABLE);
    CHECK(!weir_task_is_done(reader));
    REQUIRE(write(pair[1], "x", 1) == 1);
    CHECK_INT(weir_join(reader), WEIR_READABLE);
    CHECK_INT(weir_join(other), WEIR_READABLE);
    CHECK_INT(fault_sys_open_count(&faults), 0);
    CHECK_INT(fault_sys_watch_count(&faults), 1); /* the loop's own */

    reader = start(&(struct waiting){loop, pair[1], WEIR_READABLE, 9});
    fault_sys_fail(&faults, FAULT_DUP, 1, EMFILE);
    CHECK_INT(weir_wait_fd(loop, pair[1], WEIR_READABLE), WEIR_E_SYSTEM);
    CHECK_INT(weir_last_error()->os_error, EMFILE);
    weir_cancel(reader);
    CHECK_INT(weir_join(reader), WEIR_E_CANCELLED);
    close_both(pair);
    weir_loop_free(loop);
    CHECK_INT(fault_sys_misuse_count(&faults), 0);
    fault_sys_clear(&faults);
}

TEST(wait_fd, files_are_always_ready)
{
    struct loop_scene scene;
    loop_scene_open(&scene);
    FILE *file = tmpfile();
    REQUIRE(file != NULL);
    CHECK_INT(weir_wait_fd(scene.loop, fileno(file), WEIR_READABLE), WEIR_READABLE);
    CHECK_INT(weir_wait_fd(scene.loop, fileno(file), BOTH), BOTH);
    fclose(file);
    loop_scene_close(&scene);
}

TEST(wait_fd, what_cannot_be_waited_for_is_refused)
{
    struct loop_scene scene;
    int ends[2];
    loop_scene_open(&scene);
    REQUIRE(pipe(ends) == 0);
    CHECK_INT(weir_wait_fd(scene.loop, -1, WEIR_READABLE), WEIR_E_SYSTEM);
    CHECK_INT(weir_last_error()->os_error, EBADF);
    close(ends[1]);
    CHECK_INT(weir_wait_fd(scene.loop, ends[1], WEIR_WRITABLE), WEIR_E_SYSTEM);
    CHECK_INT(weir_last_error()->os_error, EBADF);
    CHECK(strstr(weir_last_error()->message, "wait fd: descriptor ") != NULL);
    CHECK_INT(weir_wait_fd(scene.loop, ends[0], 0), WEIR_E_INVALID);
    CHECK_INT(weir_wait_fd(scene.loop, ends[0], 4), WEIR_E_INVALID);
    CHECK_INT(weir_wait_fd(scene.loop, ends[0], 5), WEIR_E_INVALID);
    close(ends[0]);
    loop_scene_close(&scene);
}

TEST(wait_fd, a_wait_that_is_cut_short_leaves_nothing_behind)
{
    weir_sys posix = weir__sys_posix();
    fault_sys faults;
    int ends[2];
    fault_sys_init(&faults, &posix);
    weir_loop *loop = weir__loop_new(NULL, &faults.sys);
    REQUIRE(loop != NULL && pipe(ends) == 0);
    struct waiting waiting = {loop, ends[0], WEIR_READABLE, 9};
    weir_task *task = start(&waiting);
    weir_cancel(task);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    weir_timeout timeout = weir_timeout_start(loop, 2);
    CHECK_INT(weir_wait_fd(loop, ends[0], WEIR_READABLE), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    CHECK_INT(fault_sys_watch_count(&faults), 1);

    task = start(&waiting); /* news, and then it is cancelled */
    REQUIRE(write(ends[1], "x", 1) == 1);
    weir_loop_run_once(loop, 1000);
    weir_cancel(task);
    CHECK_INT(weir_join(task), WEIR_READABLE);

    char byte;
    REQUIRE(read(ends[0], &byte, 1) == 1);
    weir_detach(start(&waiting));
    weir_loop_free(loop); /* while it waits */
    CHECK_INT(waiting.rc, WEIR_E_CANCELLED);
    CHECK_INT(fault_sys_watch_count(&faults), 0);
    CHECK_INT(fault_sys_misuse_count(&faults), 0);
    fault_sys_clear(&faults);
    close_both(ends);
}
