/* Streams: a protocol like any other, over the public interface of transports.
 *
 * SPDX-License-Identifier: MIT */
#include "stream.h"

#include <weir/timeout.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "park.h"

#define DEFAULT_MAX_QUEUE ((size_t)1024 * 1024)

static void hold_back(weir_stream *stream)
{
    stream->reader.paused = true;
    weir_transport_pause_reading(stream->transport);
}

static char *get_buffer(weir_transport *transport, void *self, size_t *size)
{
    weir_stream *stream = self;
    bool no_memory;
    char *space = weir__reader_space(&stream->reader, size, &no_memory);
    (void)transport;
    if (space)
        return space;
    hold_back(stream);
    if (no_memory)
        weir__reader_starve(&stream->reader);
    return NULL;
}

static bool has_news(const weir_stream *stream)
{
    return stream->heeds_reader && (weir__reader_len(&stream->reader) > 0 ||
                                    stream->reader.state != WEIR__READER_OPEN);
}

static int data_received(weir_transport *transport, void *self, weir_slice bytes)
{
    weir_stream *stream = self;
    weir_reader *reader = &stream->reader;
    (void)transport;
    weir__reader_commit(reader, bytes.len);
    if (stream->heeds_reader)
        weir__unpark_all(&stream->drainers, WEIR_OK);
    size_t len = weir__reader_len(reader);
    if (len > reader->limit && len - reader->limit > reader->limit)
        hold_back(stream); /* more than twice the limit, which may be no limit */
    return WEIR_OK;
}

static int eof_received(weir_transport *transport, void *self)
{
    weir_stream *stream = self;
    (void)transport;
    weir__reader_end(&stream->reader);
    if (stream->heeds_reader)
        weir__unpark_all(&stream->drainers, WEIR_OK);
    return 1;
}

static void pause_writing(weir_transport *transport, void *self)
{
    weir_stream *stream = self;
    (void)transport;
    stream->writing_paused = true;
}

static void resume_writing(weir_transport *transport, void *self)
{
    weir_stream *stream = self;
    (void)transport;
    stream->writing_paused = false;
    weir__unpark_all(&stream->drainers, WEIR_OK);
}

static int connection_made(weir_transport *transport, void *self)
{
    weir_stream *stream = self;
    (void)transport;
    stream->made = true;
    weir__unpark_all(&stream->drainers, WEIR_OK);
    return WEIR_OK;
}

/* An errno says it all; what else there is to say is kept in words. */
static void keep_words(weir_stream *stream, const weir_error *error)
{
    stream->os_error = error->os_error;
    if (!error->os_error)
        stream->why =
            weir__malloc(stream->reader.loop->allocator, sizeof(*stream->why));
    if (stream->why)
        *stream->why = *error;
}

static void connection_lost(weir_transport *transport, void *self, int status)
{
    weir_stream *stream = self;
    (void)transport;
    stream->transport = NULL;
    stream->status = status < 0 ? status : WEIR_E_CONNECTION;
    stream->writing_paused = false;
    if (status < 0)
        keep_words(stream, weir_last_error());
    if (status < 0)
        weir__reader_fail(&stream->reader, status, stream->os_error, stream->why);
    else
        weir__reader_end(&stream->reader);
    weir__unpark_all(&stream->drainers, WEIR_OK);
}

static const weir_protocol PROTOCOL = {
    .get_buffer = get_buffer,
    .data_received = data_received,
    .eof_received = eof_received,
    .pause_writing = pause_writing,
    .resume_writing = resume_writing,
    .connection_lost = connection_lost,
};

const weir_protocol weir__stream_protocol = {
    .connection_made = connection_made,
    .get_buffer = get_buffer,
    .data_received = data_received,
    .eof_received = eof_received,
    .pause_writing = pause_writing,
    .resume_writing = resume_writing,
    .connection_lost = connection_lost,
};

static void relax(void *self, weir_reader *reader)
{
    weir_stream *stream = self;
    (void)reader;
    if (stream->transport)
        weir_transport_resume_reading(stream->transport);
}

static int wait_for_news(weir_reader *reader)
{
    weir__reader_idle(reader);
    reader->waiter = reader->loop->current;
    int rc = weir__park(reader->loop, "read");
    reader->waiter = NULL;
    if (rc == WEIR_E_CLOSED)
        return weir__fail(rc, "read", "the stream was closed while reading");
    return rc;
}

/* A read needs more: what the kernel has already, or else what comes. */
static int pull(void *self, weir_reader *reader)
{
    weir_stream *stream = self;
    size_t before = weir__reader_len(reader);
    if (!stream->transport)
        return weir__fail(WEIR_E_CLOSED, "read", "the connection is closed");
    int rc = WEIR_OK;
    reader->starved = false;
    if (reader->paused) {
        reader->paused = false;
        relax(stream, reader);
    }
    stream->transport->operations->read_now(stream->transport);
    if (weir__reader_len(reader) != before || reader->state != WEIR__READER_OPEN)
        return 1;
    if (!reader->starved)
        rc = wait_for_news(reader);
    if (rc == WEIR_OK && reader->starved && weir__reader_len(reader) == before)
        return weir__fail(WEIR_E_MEMORY, "read", "no memory for what the peer sends");
    return rc < 0 ? rc : 1;
}

static const struct weir__source SOURCE = {.pull = pull, .relax = relax};

/* Why there is no transport any more. */
static int loss(const weir_stream *stream, const char *operation)
{
    if (stream->status == WEIR_E_CLOSED)
        return weir__fail(WEIR_E_CLOSED, operation, "the stream is closed");
    if (stream->why)
        return weir__fail_again(stream->why);
    if (stream->os_error)
        return weir__fail_errno(stream->os_error, operation, "the connection is lost");
    return weir__fail(stream->status, operation, "the connection is lost");
}

/* Waits for the queue to shrink. */
static int wait_for_queue(weir_stream *stream, const char *what)
{
    stream->waiting++;
    int rc = weir__park_in(stream->reader.loop, &stream->drainers, what);
    stream->waiting--;
    if (rc == WEIR_E_CLOSED)
        return weir__fail(rc, what, "the stream was closed while writing");
    return rc;
}

int weir__stream_wait_made(weir_stream *stream, const char *what)
{
    int rc = WEIR_OK;
    while (rc == WEIR_OK && stream->transport && !stream->made)
        rc = wait_for_queue(stream, what);
    return rc == WEIR_OK && !stream->transport ? loss(stream, what) : rc;
}

static int write_status(const weir_stream *stream, const char *operation)
{
    if (!stream->transport)
        return loss(stream, operation);
    return stream->transport->operations->write_status(stream->transport);
}

static int drain(void *self, bool all)
{
    weir_stream *stream = self;
    weir_reader *reader = &stream->reader;
    if (reader->state == WEIR__READER_FAILED)
        return loss(stream, "drain");
    while (stream->transport && !has_news(stream) &&
           (stream->writing_paused ||
            (all && weir_transport_queued(stream->transport) > 0))) {
        if (all)
            stream->transport->operations->tell_empty(stream->transport);
        int rc = wait_for_queue(stream, all ? "flush" : "drain");
        if (rc < 0)
            return rc;
    }
    return write_status(stream, "drain");
}

/* Sends a part of the bytes from where they lie, or waits until that can be. */
static int send_part(weir_stream *stream, weir_slice *bytes)
{
    weir_transport *transport = stream->transport;
    size_t sent;
    int rc = transport->operations->send_some(transport, *bytes, &sent);
    if (rc < 0)
        return rc;
    *bytes = weir_slice_skip(*bytes, sent);
    return sent > 0 ? WEIR_OK : wait_for_queue(stream, "write");
}

/* Queues a part of the bytes, or waits until that can be. */
static int queue_part(weir_stream *stream, weir_slice *bytes)
{
    size_t size = bytes->len < stream->piece ? bytes->len : stream->piece;
    int rc = weir_transport_write(stream->transport, (weir_slice){bytes->data, size});
    if (rc == WEIR_E_TOO_BIG && weir_transport_queued(stream->transport) > 0)
        return drain(stream, true);
    *bytes = weir_slice_skip(*bytes, rc < 0 ? 0 : size);
    return rc;
}

/* More than may be queued: waits in between, until the rest may be. */
static int write_in_parts(weir_stream *stream, weir_slice bytes)
{
    int rc = WEIR_OK;
    while (bytes.len > 0 && rc == WEIR_OK) {
        if (!stream->transport)
            return loss(stream, "write");
        const struct weir__transport_operations *operations =
            stream->transport->operations;
        if (bytes.len <= operations->room(stream->transport))
            return weir_transport_write(stream->transport, bytes);
        rc = operations->send_some ? send_part(stream, &bytes)
                                   : queue_part(stream, &bytes);
    }
    return rc;
}

/* What one call writes stays together: others wait while it waits for room. */
static int wait_for_writer(weir_stream *stream)
{
    weir_loop *loop = stream->reader.loop;
    int rc = WEIR_OK;
    if (stream->writing && weir__check_may_wait(loop, "write") != WEIR_OK)
        return weir__fail(WEIR_E_TOO_BIG, "write", "another task waits to write more");
    stream->waiting++;
    while (rc == WEIR_OK && stream->writing)
        rc = weir__park_in(loop, &stream->writers, "write");
    stream->waiting--;
    if (rc == WEIR_E_CLOSED)
        return weir__fail(rc, "write", "the stream was closed while writing");
    return rc;
}

static int write_all(weir_stream *stream, const weir_slice *slices, size_t count)
{
    int rc = WEIR_OK;
    stream->writing = true;
    for (size_t i = 0; i < count && rc == WEIR_OK; i++)
        rc = write_in_parts(stream, slices[i]);
    stream->writing = false;
    weir__unpark_all(&stream->writers, WEIR_OK);
    return rc;
}

static int send_parts(weir_stream *stream, weir_slice bytes)
{
    int rc = WEIR_OK;
    while (bytes.len > 0 && rc == WEIR_OK) {
        if (!stream->transport)
            return loss(stream, "write");
        rc = stream->transport->operations->send_some ? send_part(stream, &bytes)
                                                      : queue_part(stream, &bytes);
    }
    return rc;
}

static int sendall(void *self, weir_slice bytes)
{
    weir_stream *stream = self;
    int rc = weir__check_may_wait(stream->reader.loop, "write");
    if (rc == WEIR_OK && stream->writing)
        rc = wait_for_writer(stream);
    if (rc < 0)
        return rc;
    stream->writing = true;
    rc = send_parts(stream, bytes);
    if (rc == WEIR_OK)
        rc = drain(stream, true);
    stream->writing = false;
    weir__unpark_all(&stream->writers, WEIR_OK);
    return rc;
}

/* Whether all of it may be queued. */
static bool has_room(const weir_stream *stream, const weir_slice *slices, size_t count)
{
    size_t left = stream->transport->operations->room(stream->transport);
    for (size_t i = 0; i < count; i++) {
        if (slices[i].len > left)
            return false;
        left -= slices[i].len;
    }
    return true;
}

static int writelines(void *self, const weir_slice *slices, size_t count)
{
    weir_stream *stream = self;
    int rc = stream->writing ? wait_for_writer(stream) : WEIR_OK;
    if (rc < 0)
        return rc;
    if (!stream->transport)
        return loss(stream, "write");
    if (has_room(stream, slices, count) || !weir__may_wait(stream->reader.loop))
        return weir_transport_writelines(stream->transport, slices, count);
    return write_all(stream, slices, count);
}

static int write_eof(void *self)
{
    weir_stream *stream = self;
    if (!stream->transport)
        return loss(stream, "write_eof");
    return weir_transport_write_eof(stream->transport);
}

static size_t queued(const void *self)
{
    const weir_stream *stream = self;
    return stream->transport ? weir_transport_queued(stream->transport) : 0;
}

static int set_watermarks(void *self, size_t high, size_t low)
{
    weir_stream *stream = self;
    if (!stream->transport)
        return loss(stream, "watermarks");
    return weir_transport_set_watermarks(stream->transport, high, low);
}

static const struct weir__sink SINK = {
    .writelines = writelines,
    .sendall = sendall,
    .drain = drain,
    .write_eof = write_eof,
    .queued = queued,
    .set_watermarks = set_watermarks,
};

int weir__stream_open(weir_loop *loop, weir_stream **stream, int fd,
                      enum weir__descriptor_kind kind,
                      const weir_stream_options *options)
{
    static const weir_stream_options DEFAULTS;
    if (!options)
        options = &DEFAULTS;
    weir_transport_options transport = options->transport;
    if (transport.max_write_buffer_bytes == 0)
        transport.max_write_buffer_bytes = DEFAULT_MAX_QUEUE;
    if (options->close_timeout_ms > 0)
        transport.close_timeout_ms = options->close_timeout_ms;
    if (transport.close_timeout_ms == 0)
        transport.close_timeout_ms = WEIR__CLOSE_TIMEOUT_MS;
    weir_stream *opened = weir__calloc(loop->allocator, 1, sizeof(*opened));
    if (!opened) {
        loop->sys->close(loop->sys, fd);
        return weir__fail(WEIR_E_MEMORY, "open", "no memory for a stream");
    }
    weir__reader_init(&opened->reader, loop, &SOURCE, opened, options->limit);
    opened->writer = (weir_writer){&SINK, opened};
    opened->close_timeout_ms = transport.close_timeout_ms;
    opened->piece = transport.max_write_buffer_bytes > 4 * WEIR__BLOCK_LARGE
                        ? (uint32_t)WEIR__BLOCK_LARGE
                        : (uint32_t)(transport.max_write_buffer_bytes + 3) / 4;
    weir__link_init(&opened->drainers);
    weir__link_init(&opened->writers);
    weir__link_init(&opened->grave);
    int rc = weir__descriptor_open(loop, &opened->transport, fd, kind, &transport,
                                   &PROTOCOL, opened);
    if (rc < 0) {
        weir__free(loop->allocator, opened);
        return rc;
    }
    if (!weir_transport_is_reading(opened->transport))
        weir__reader_end(&opened->reader); /* of a pipe that is only written to */
    weir__link_push(&loop->streams, &opened->link);
    *stream = opened;
    return WEIR_OK;
}

int weir_stream_open(weir_loop *loop, weir_stream **stream, int fd,
                     const weir_stream_options *options)
{
    int rc = weir__descriptor_prepare(loop, fd);
    if (rc < 0)
        return rc;
    return weir__stream_open(loop, stream, fd, weir__descriptor_kind_of(loop, fd),
                             options);
}

int weir_stream_pair(weir_loop *loop, weir_stream *ends[2])
{
    weir_stream *first = NULL;
    weir_stream *second = NULL;
    int fds[2] = {-1, -1};
    int rc = loop->sys->socketpair(loop->sys, fds);
    if (rc < 0)
        return weir__fail_errno(-rc, "pair", "no two connected sockets");
    rc = weir__stream_open(loop, &first, fds[0], WEIR__DESCRIPTOR_UNIX, NULL);
    if (rc < 0) {
        loop->sys->close(loop->sys, fds[1]);
        return rc;
    }
    rc = weir__stream_open(loop, &second, fds[1], WEIR__DESCRIPTOR_UNIX, NULL);
    if (rc < 0) {
        weir_stream_abort(first);
        return rc;
    }
    ends[0] = first;
    ends[1] = second;
    return WEIR_OK;
}

weir_reader *weir_stream_reader(weir_stream *stream)
{
    return &stream->reader;
}

weir_writer *weir_stream_writer(weir_stream *stream)
{
    return &stream->writer;
}

weir_transport *weir_stream_transport(weir_stream *stream)
{
    return stream->transport;
}

weir_loop *weir_stream_loop(weir_stream *stream)
{
    return stream->reader.loop;
}

void weir_stream_peer_address(const weir_stream *stream, weir_address *address)
{
    *address = (weir_address){.len = 0};
    if (stream->transport)
        weir_transport_peer_address(stream->transport, address);
}

void weir_stream_local_address(const weir_stream *stream, weir_address *address)
{
    *address = (weir_address){.len = 0};
    if (stream->transport)
        weir_transport_local_address(stream->transport, address);
}

static const weir_protocol NOBODY = {.connection_lost = NULL};

/* Frees the stream; its transport, if it is still there, goes on without it. A task
 * that waits in it must first find its way out. */
static void free_stream(weir_stream *stream)
{
    weir_loop *loop = stream->reader.loop;
    bool in_use = stream->reader.reading || stream->waiting > 0;
    if (stream->on_close)
        stream->on_close(stream);
    if (stream->transport)
        weir_transport_set_protocol(stream->transport, &NOBODY, NULL);
    stream->transport = NULL;
    stream->status = WEIR_E_CLOSED;
    weir__unpark_all(&stream->drainers, WEIR_E_CLOSED);
    weir__unpark_all(&stream->writers, WEIR_E_CLOSED);
    weir__reader_clear(&stream->reader);
    weir__link_remove(&stream->link);
    stream->reader.why = NULL;
    weir__free(loop->allocator, stream->why);
    stream->why = NULL;
    if (in_use)
        weir__link_push(&loop->graves, &stream->grave);
    else
        weir__free(loop->allocator, stream);
}

void weir__streams_bury(weir_loop *loop)
{
    weir__link *link;
    while ((link = weir__link_shift(&loop->graves)))
        weir__free(loop->allocator, WEIR__CONTAINER(link, weir_stream, grave));
}

void weir_stream_abort(weir_stream *stream)
{
    if (!stream)
        return;
    if (stream->transport)
        weir_transport_abort(stream->transport);
    free_stream(stream);
}

static int flush_before_close(weir_stream *stream)
{
    weir_timeout timeout =
        weir_timeout_start(stream->reader.loop, stream->close_timeout_ms);
    int rc = WEIR_OK;
    while (rc == WEIR_OK && stream->transport &&
           weir_transport_queued(stream->transport) > 0) {
        stream->transport->operations->tell_empty(stream->transport);
        rc = wait_for_queue(stream, "close");
    }
    weir_timeout_end(&timeout);
    return rc;
}

int weir_stream_close(weir_stream *stream)
{
    int rc = WEIR_OK;
    if (!stream)
        return rc;
    bool pending = queued(stream) > 0;
    bool may_wait =
        !pending || weir__check_may_wait(stream->reader.loop, "close") == WEIR_OK;
    if (pending && may_wait)
        rc = flush_before_close(stream);
    if (rc == WEIR_OK)
        rc = write_status(stream, "close");
    if (stream->transport && rc == WEIR_OK)
        weir_transport_close(stream->transport);
    else if (stream->transport)
        weir_transport_abort(stream->transport);
    free_stream(stream);
    return rc;
}

void weir__streams_free(weir_loop *loop)
{
    while (weir__link_is_linked(&loop->streams))
        free_stream(WEIR__CONTAINER(loop->streams.next, weir_stream, link));
    weir__streams_bury(loop);
}
