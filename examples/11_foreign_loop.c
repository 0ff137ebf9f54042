/* weir inside somebody else's loop. Here that is a plain poll(2) with something of its
 * own to do every 20 ms; a toolkit has a call for it, as GLib has
 *
 *   g_unix_fd_add(weir_loop_fd(loop), G_IO_IN, pump, loop);
 *
 * with weir_loop_run_once(loop, 0) in `pump`, and weir_loop_timeout() for how long it
 * may sleep. Run it against example 07:
 *
 *   ./11_foreign_loop 127.0.0.1 8888
 *
 * SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <weir/weir.h>

struct errand {
    weir_loop *loop;
    const char *host;
    int port;
};

/* What weir does meanwhile: a task like any other. */
static int talk(void *arg)
{
    struct errand *errand = arg;
    weir_stream *stream;
    weir_slice line;
    int rc = weir_open_connection(errand->loop, &stream, errand->host, errand->port);
    for (int i = 0; i < 3 && rc >= 0; i++) {
        rc = weir_sleep(errand->loop, 30);
        weir_write(weir_stream_writer(stream), WEIR_S("hello\n"));
        if (rc == WEIR_OK)
            rc = weir_readline(weir_stream_reader(stream), &line);
        if (rc > 0)
            printf("weir: %.*s", rc, line.data);
    }
    if (rc < 0)
        fprintf(stderr, "%s\n", weir_last_error()->message);
    weir_stream_close(rc < 0 ? NULL : stream);
    return rc;
}

int main(int argc, char **argv)
{
    weir_loop *loop = weir_loop_new(NULL);
    struct errand errand = {loop, argc > 1 ? argv[1] : "127.0.0.1",
                            argc > 2 ? (int)strtol(argv[2], NULL, 10) : 8888};
    weir_task *task = weir_spawn(loop, talk, &errand);
    struct pollfd poller = {.fd = weir_loop_fd(loop), .events = POLLIN};
    int ticks = 0;
    while (task && !weir_task_is_done(task)) {
        int64_t wait_ms = weir_loop_timeout(loop);
        if (wait_ms < 0 || wait_ms > 20)
            wait_ms = 20;
        if (poller.fd < 0 && wait_ms > 1) /* a poller without a descriptor */
            wait_ms = 1;
        if (poll(&poller, 1, (int)wait_ms) == 0)
            ticks++; /* the foreign loop's own business */
        weir_loop_run_once(loop, 0);
    }
    printf("the foreign loop had %s time for itself\n", ticks > 0 ? "some" : "no");
    int rc = weir_join(task);
    weir_loop_free(loop);
    return rc < 0;
}
