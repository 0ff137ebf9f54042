/* A chat: what one says, all others hear.
 *
 *   ./chat_server 127.0.0.1 8888      (port 0: any free one)
 *   weir connect 127.0.0.1 8888
 *
 * Each client has a task that reads, a bounded queue, and a task that writes what is
 * in it. Who speaks only puts messages into queues, which never waits: a client that
 * does not read holds up nobody. When its queue is full, it is MOST_BEHIND messages
 * behind, and is disconnected; so it cannot fill the memory either. A client that is
 * gone is found out by either of its tasks, and leaves the room.
 *
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/weir.h>

enum { MOST_BEHIND = 256, LONGEST_LINE = 1024 };

/* One copy for all queues. */
struct message {
    unsigned users;
    size_t len;
    char text[];
};

struct client {
    struct client *next;
    weir_stream *stream;
    weir_task *task;
    weir_queue *queue; /* of struct message */
};

struct room {
    struct client *clients;
    unsigned count;
};

static void release(struct message *message)
{
    if (--message->users == 0)
        free(message);
}

/* Tells all but `from`. Never waits. */
static void tell(struct room *room, const struct client *from, weir_slice text)
{
    struct message *message = malloc(sizeof(*message) + text.len);
    if (!message)
        return;
    message->users = 1;
    message->len = text.len;
    memcpy(message->text, text.data, text.len);
    for (struct client *to = room->clients; to; to = to->next) {
        if (to == from)
            continue;
        if (weir_queue_try_put(to->queue, message) == WEIR_OK)
            message->users++;
        else
            weir_cancel(to->task); /* too slow, or on its way out */
    }
    release(message);
}

static int write_messages(void *arg)
{
    struct client *client = arg;
    weir_writer *writer = weir_stream_writer(client->stream);
    void *item;
    int rc;
    while ((rc = weir_queue_get(client->queue, &item)) == WEIR_OK) {
        struct message *message = item;
        rc = weir_write(writer, (weir_slice){message->text, message->len});
        release(message);
        if (rc == WEIR_OK)
            rc = weir_drain(writer);
        if (rc < 0 && rc != WEIR_E_CANCELLED)
            weir_cancel(client->task); /* the connection is dead */
        if (rc < 0)
            break;
    }
    return rc;
}

static void announce(struct room *room, const char *what)
{
    char text[64];
    snprintf(text, sizeof(text), "* somebody %s, %u here\n", what, room->count);
    tell(room, NULL, weir_slice_of(text));
}

static void enter(struct room *room, struct client *client)
{
    client->next = room->clients;
    room->clients = client;
    room->count++;
    announce(room, "has come");
}

static void leave(struct room *room, struct client *client)
{
    struct client **link = &room->clients;
    void *item;
    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    room->count--;
    announce(room, "has left");
    while (weir_queue_try_get(client->queue, &item) == WEIR_OK)
        release(item);
    weir_queue_free(client->queue);
}

static int chat(weir_stream *stream, void *arg)
{
    struct room *room = arg;
    weir_loop *loop = weir_stream_loop(stream);
    struct client client = {.stream = stream, .task = weir_task_current(loop)};
    weir_group *writer = weir_group_new(loop, NULL);
    client.queue = weir_queue_new(loop, MOST_BEHIND);
    int rc = writer && client.queue ? weir_group_spawn(writer, write_messages, &client)
                                    : WEIR_E_MEMORY;
    if (rc == WEIR_OK) {
        weir_slice line;
        enter(room, &client);
        while ((rc = weir_readline(weir_stream_reader(stream), &line)) > 0) {
            tell(room, &client, line);
            if ((rc = weir_yield(loop)) < 0) /* lets those who write do it */
                break;
        }
        weir_group_free(writer);
        leave(room, &client);
        return rc;
    }
    weir_group_free(writer);
    weir_queue_free(client.queue);
    return rc;
}

int main(int argc, char **argv)
{
    const char *host = argc > 1 ? argv[1] : "127.0.0.1";
    int port = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 8888;
    struct room room = {NULL, 0};
    weir_loop *loop = weir_loop_new(NULL);
    weir_server *server;
    weir_signal *interrupt;
    if (weir_start_server(loop, &server, host, port, .on_connect = chat, .arg = &room,
                          .stream.limit = LONGEST_LINE) < 0 ||
        weir_signal_open(loop, &interrupt, SIGINT) < 0) {
        fprintf(stderr, "%s\n", weir_last_error()->message);
        return 1;
    }
    printf("listening on port %d\n", weir_server_port(server));
    fflush(stdout);
    weir_signal_wait(interrupt); /* and serves meanwhile */
    weir_server_wait_closed(server, 0);
    weir_server_free(server);
    weir_signal_close(interrupt);
    weir_loop_free(loop);
    return 0;
}
