/* A protocol that writes down what it is told.
 *
 * SPDX-License-Identifier: MIT */
#include "notes.h"

static int made(weir_transport *transport, void *self)
{
    struct notes *notes = self;
    trail_put('M');
    notes->transport = transport;
    return notes->on_made ? notes->on_made(notes) : WEIR_OK;
}

static int data(weir_transport *transport, void *self, weir_slice bytes)
{
    struct notes *notes = self;
    (void)transport;
    trail_put('d');
    CHECK(io_is_pattern(bytes, notes->received));
    notes->received += bytes.len;
    return notes->on_data ? notes->on_data(notes, bytes) : WEIR_OK;
}

static int end(weir_transport *transport, void *self)
{
    struct notes *notes = self;
    (void)transport;
    trail_put('E');
    return notes->keep;
}

static void pause_writing(weir_transport *transport, void *self)
{
    (void)transport;
    (void)self;
    trail_put('P');
}

static void resume_writing(weir_transport *transport, void *self)
{
    (void)transport;
    (void)self;
    trail_put('R');
}

static void lost(weir_transport *transport, void *self, int status)
{
    struct notes *notes = self;
    trail_put('L');
    notes->lost = status;
    notes->os_error = weir_last_error()->os_error;
    CHECK_INT(weir_transport_fd(transport), -1);
    CHECK(weir_transport_is_closing(transport));
    CHECK(status == WEIR_OK || weir_last_error()->status == status);
    if (notes->on_lost)
        notes->on_lost(notes);
    notes->transport = NULL;
}

char *notes_buffer(weir_transport *transport, void *self, size_t *size)
{
    struct notes *notes = self;
    (void)transport;
    *size = notes->size;
    return notes->memory;
}

const weir_protocol NOTES = {
    .connection_made = made,
    .data_received = data,
    .eof_received = end,
    .pause_writing = pause_writing,
    .resume_writing = resume_writing,
    .connection_lost = lost,
};

weir_transport *notes_open_fd(struct io_scene *scene, struct notes *notes, int fd,
                              const weir_transport_options *options)
{
    weir_transport *transport = NULL;
    trail_clear();
    int rc = weir_transport_open(scene->loop, &transport, fd, options, &NOTES, notes);
    REQUIRE(rc == WEIR_OK);
    CHECK_TEXT(trail(), ""); /* never inside the call */
    return transport;
}

weir_transport *notes_open(struct io_scene *scene, struct notes *notes, int *peer,
                           const weir_transport_options *options, bool tcp)
{
    int fds[2];
    if (tcp)
        io_tcp_pair(fds);
    else
        io_unix_pair(fds);
    *peer = fds[1];
    return notes_open_fd(scene, notes, fds[0], options);
}

void notes_finish(struct io_scene *scene, const char *wanted)
{
    CHECK_INT(weir_loop_run(scene->loop), WEIR_OK);
    CHECK_TEXT(trail(), wanted);
}
