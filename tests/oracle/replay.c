/* Runs scripts of compare.py against weir's reader; see there.
 *
 *   new LIMIT    another stream; says "new"
 *   feed HEX     bytes come            end, reset   the peer is gone
 *   call WORDS   a call (reader_script.h), in a task; its result when it has one
 *   cancel       of the call           at_eof       says "yes" or "no"
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <weir/weir.h>

#include "reader_script.h"

/* Rounds of the loop in which all that has been sent arrives. */
#define ROUNDS 8

struct player {
    weir_loop *loop;
    weir_stream *stream;
    weir_task *task;
    int peer;
    char call[256];
    struct script_log log;
};

static int fail(const char *what)
{
    fprintf(stderr, "replay: %s: %s\n", what, weir_last_error()->message);
    return EXIT_FAILURE;
}

static int make_call(void *arg)
{
    struct player *player = arg;
    script_call(weir_stream_reader(player->stream), player->call, &player->log);
    return WEIR_OK;
}

/* Lets happen what can, and says what the call has given. */
static void go_on(struct player *player)
{
    weir_slice nothing;
    for (int i = 0; i < ROUNDS; i++)
        weir_loop_run_once(player->loop, 0);
    if (!player->task || !weir_task_is_done(player->task))
        return;
    weir_join(player->task);
    player->task = NULL;
    puts(player->log.text);
    /* What was handed out counts as held until the next call. */
    weir_read(weir_stream_reader(player->stream), 0, &nothing);
    for (int i = 0; i < ROUNDS; i++)
        weir_loop_run_once(player->loop, 0);
}

static void close_stream(struct player *player)
{
    if (player->stream)
        weir_stream_abort(player->stream);
    if (player->peer >= 0)
        close(player->peer);
    player->stream = NULL;
    player->peer = -1;
}

/* The byte that the peer never reads makes a reset of its close (unix(7)). */
static int open_stream(struct player *player, size_t limit)
{
    weir_stream_options options = {.limit = limit};
    int fds[2];
    close_stream(player);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
        return -errno;
    player->peer = fds[1];
    puts("new");
    int rc = weir_stream_open(player->loop, &player->stream, fds[0], &options);
    return rc < 0 ? rc : weir_write(weir_stream_writer(player->stream), WEIR_S("x"));
}

static int feed(struct player *player, const char *hex)
{
    static char bytes[1 << 18];
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++) {
        char byte[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (char)strtoul(byte, NULL, 16);
    }
    for (size_t sent = 0; sent < len;) {
        ssize_t put = send(player->peer, bytes + sent, len - sent, MSG_DONTWAIT);
        if (put < 0 && errno != EAGAIN)
            return -errno;
        sent += put > 0 ? (size_t)put : 0;
        weir_loop_run_once(player->loop, 0);
    }
    return WEIR_OK;
}

static int play(struct player *player, const char *line)
{
    int rc = WEIR_OK;
    if (strncmp(line, "new ", 4) == 0) {
        rc = open_stream(player, strtoul(line + 4, NULL, 10));
    } else if (strncmp(line, "feed ", 5) == 0) {
        rc = feed(player, line + 5);
    } else if (strncmp(line, "call ", 5) == 0) {
        snprintf(player->call, sizeof(player->call), "%.255s", line + 5);
        player->log.len = 0;
        player->task = weir_spawn(player->loop, make_call, player);
    } else if (strcmp(line, "cancel") == 0) {
        weir_cancel(player->task);
    } else if (strcmp(line, "end") == 0) {
        rc = shutdown(player->peer, SHUT_WR);
    } else if (strcmp(line, "reset") == 0) {
        rc = close(player->peer);
        player->peer = -1;
    } else {
        puts(weir_reader_at_eof(weir_stream_reader(player->stream)) ? "yes" : "no");
    }
    go_on(player);
    return rc;
}

int main(void)
{
    static char line[1 << 19];
    struct player player = {.peer = -1, .loop = weir_loop_new(NULL)};
    int rc = player.loop ? WEIR_OK : WEIR_E_MEMORY;
    while (rc >= 0 && fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        rc = play(&player, line);
    }
    if (rc < 0)
        return fail(line);
    close_stream(&player);
    weir_loop_free(player.loop);
    return EXIT_SUCCESS;
}
