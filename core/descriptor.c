/* The transport over a descriptor: a TCP or Unix socket, a pipe, a terminal, a file.
 *
 *   life:   OPENING -> OPEN -> CLOSING -> LOST -> (freed)     any -> LOST
 *   read:   READING <-> PAUSED, any -> ENDED
 *   write:  WRITING -> ENDING (a queue is left) -> ENDED
 *
 * Readiness is kept in the watch: a bit stays set until a call has shown that it
 * is used up, so pausing, resuming and going on cost no system call.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>

#include "allocator.h"
#include "buffer.h"
#include "checked.h"
#include "error.h"
#include "loop.h"
#include "server.h"
#include "transport.h"

#define DEFAULT_HIGH      ((size_t)64 * 1024)
#define DEFAULT_MAX_QUEUE ((size_t)16 * 1024 * 1024)

/* Slices for one sendmsg. More of them go in the next. */
#define MAX_SLICES 64
#define FEW_SLICES 8

enum life { OPENING, OPEN, CLOSING, LOST };
enum read_state { READING, PAUSED, READ_ENDED };
enum write_state { WRITING, WRITE_ENDING, WRITE_ENDED };

struct descriptor {
    weir_transport transport;
    weir__watch watch;
    weir__link link;   /* in loop->transports */
    weir__buffer *out; /* what waits to be sent; NULL: nothing */
    uint32_t high;
    uint32_t low;
    uint32_t max_queue;
    uint8_t life; /* enum life, and so on: a byte each, as there are many of us */
    uint8_t read_state;
    uint8_t write_state;
    uint8_t kind;
    bool writing_paused;
    bool tell_empty;     /* resume_writing is wanted when the queue is empty */
    weir_server *server; /* that has accepted it; NULL: none, or one of streams */
    int status;          /* for connection_lost */
    int os_error;
};

static struct descriptor *self_of(const weir_transport *transport)
{
    return WEIR__CONTAINER(transport, struct descriptor, transport);
}

static weir_loop *loop_of(const struct descriptor *d)
{
    return d->transport.loop;
}

static size_t queue_len(const struct descriptor *d)
{
    return d->out ? weir__buffer_len(d->out) : 0;
}

static void drop_queue(struct descriptor *d)
{
    if (!d->out)
        return;
    weir__buffer_clear(d->out);
    weir__free(loop_of(d)->allocator, d->out);
    d->out = NULL;
}

static void deliver_loss(struct descriptor *d)
{
    weir_loop *loop = loop_of(d);
    const weir_protocol *protocol = d->transport.protocol;
    if (d->os_error)
        weir__fail_errno(d->os_error, "connection", "the connection is lost");
    weir__link_remove(&d->watch.link);
    weir__link_remove(&d->link);
    loop->active--;
    if (protocol->connection_lost)
        protocol->connection_lost(&d->transport, d->transport.self, d->status);
    if (d->server)
        weir__server_connection_ended(d->server);
    weir__free(loop->allocator, d);
}

/* The end, of which the protocol is told in the loop's next round. */
static void lose(struct descriptor *d, int status, int os_error)
{
    weir_loop *loop = loop_of(d);
    if (d->life == LOST)
        return;
    d->life = LOST;
    d->status = status;
    d->os_error = os_error;
    drop_queue(d);
    weir__watch_remove(loop, &d->watch);
    loop->sys->close(loop->sys, d->watch.fd);
    d->watch.fd = -1;
    weir__watch_again(loop, &d->watch);
}

static void lose_by_errno(struct descriptor *d, int os_error)
{
    lose(d, weir__status_of_errno(os_error), os_error);
}

static void set_reading(weir_transport *transport, bool reading)
{
    struct descriptor *d = self_of(transport);
    if (d->read_state == READ_ENDED || d->life == LOST)
        return;
    d->read_state = reading ? READING : PAUSED;
    if (reading && (d->watch.ready & WEIR__POLL_READ))
        weir__watch_again(loop_of(d), &d->watch);
}

static bool is_reading(const weir_transport *transport)
{
    const struct descriptor *d = self_of(transport);
    return d->life <= OPEN && d->read_state == READING;
}

/* Everything that waited has left. */
static void queue_is_empty(struct descriptor *d)
{
    weir_loop *loop = loop_of(d);
    drop_queue(d);
    if (d->life == CLOSING) {
        lose(d, WEIR_OK, 0);
    } else if (d->write_state == WRITE_ENDING) {
        d->write_state = WRITE_ENDED;
        loop->sys->shutdown(loop->sys, d->watch.fd, SHUT_WR);
    }
}

static void after_sending(struct descriptor *d)
{
    const weir_protocol *protocol = d->transport.protocol;
    if ((d->writing_paused && queue_len(d) <= d->low) ||
        (d->tell_empty && queue_len(d) == 0)) {
        d->writing_paused = false;
        d->tell_empty = d->tell_empty && queue_len(d) > 0;
        if (protocol->resume_writing && d->life <= OPEN)
            protocol->resume_writing(&d->transport, d->transport.self);
    }
    if (d->life != LOST && queue_len(d) == 0)
        queue_is_empty(d);
}

/* Sends what the kernel takes of the slices. Their total is `total`.
 *
 * Returns how much it was, 0 when it takes nothing now, or a negative errno. */
static ssize_t send_slices(struct descriptor *d, const struct iovec *slices, int count,
                           size_t total)
{
    weir_sys *sys = loop_of(d)->sys;
    ssize_t sent;
    do
        sent = d->kind == WEIR__DESCRIPTOR_OTHER
                   ? sys->writev(sys, d->watch.fd, slices, count)
                   : sys->sendv(sys, d->watch.fd, slices, count);
    while (sent == -EINTR);
    /* Of a file nobody would tell that it takes more: the next call says why not. */
    bool is_short = sent >= 0 && (size_t)sent < total;
    if (sent == -EAGAIN || (is_short && weir__watch_is_added(&d->watch)))
        d->watch.ready &= (uint8_t)~WEIR__POLL_WRITE;
    return sent == -EAGAIN ? 0 : sent;
}

static void flush(struct descriptor *d)
{
    while (queue_len(d) > 0 && (d->watch.ready & WEIR__POLL_WRITE)) {
        weir_slice bytes = weir__buffer_slice(d->out);
        struct iovec slice = {d->out->memory + d->out->start, bytes.len};
        ssize_t sent = send_slices(d, &slice, 1, bytes.len);
        if (sent < 0) {
            lose_by_errno(d, (int)-sent);
            return;
        }
        weir__buffer_consume(d->out, (size_t)sent);
    }
    if (d->out)
        after_sending(d);
}

static void receive_end(struct descriptor *d)
{
    const weir_protocol *protocol = d->transport.protocol;
    int keep = 0;
    d->read_state = READ_ENDED;
    if (protocol->eof_received)
        keep = protocol->eof_received(&d->transport, d->transport.self);
    if (keep < 0)
        lose(d, keep, 0);
    else if (keep == 0)
        weir_transport_close(&d->transport);
}

/* Whether a read of `got` out of `size` bytes has emptied the descriptor. After a
 * hangup there is the end to read, and a terminal gives a line at a time. */
static bool is_drained(const struct descriptor *d, size_t got, size_t size)
{
    return got < size && d->kind != WEIR__DESCRIPTOR_OTHER &&
           !(d->watch.ready & WEIR__POLL_HANGUP) && loop_of(d)->sys->short_read_drains;
}

static void receive(struct descriptor *d, char *memory, size_t size)
{
    weir_sys *sys = loop_of(d)->sys;
    const weir_protocol *protocol = d->transport.protocol;
    ssize_t got = d->kind == WEIR__DESCRIPTOR_OTHER
                      ? sys->read(sys, d->watch.fd, memory, size)
                      : sys->recv(sys, d->watch.fd, memory, size);
    if (got > 0) {
        weir_slice bytes = {memory, (size_t)got};
        if (is_drained(d, bytes.len, size))
            d->watch.ready &= (uint8_t)~WEIR__POLL_READ;
        int rc = protocol->data_received
                     ? protocol->data_received(&d->transport, d->transport.self, bytes)
                     : WEIR_OK;
        if (rc < 0)
            lose(d, rc, 0);
    } else if (got == 0) {
        receive_end(d);
    } else if (got == -EAGAIN) {
        d->watch.ready &= (uint8_t)~WEIR__POLL_READ;
        /* A task may have read ahead of the loop's next round, which then has
         * nothing to come round for. */
        if (!d->out)
            weir__link_remove(&d->watch.link);
    } else if (got != -EINTR) {
        lose_by_errno(d, (int)-got);
    }
}

static void receive_into_protocol(struct descriptor *d)
{
    size_t size = 0;
    char *memory =
        d->transport.protocol->get_buffer(&d->transport, d->transport.self, &size);
    if (size > 0)
        receive(d, memory, size);
    else if (d->read_state == READING)
        d->read_state = PAUSED;
}

static void receive_into_loop(struct descriptor *d)
{
    weir__blocks *blocks = &loop_of(d)->blocks;
    size_t capacity;
    char *memory = weir__block_take(blocks, WEIR__BLOCK_LARGE, &capacity);
    if (!memory) {
        lose_by_errno(d, ENOMEM);
        return;
    }
    receive(d, memory, capacity);
    weir__block_give(blocks, memory, capacity);
}

static bool can_receive(const struct descriptor *d)
{
    return d->life == OPEN && d->read_state == READING &&
           (d->watch.ready & WEIR__POLL_READ);
}

/* One read a round, so that a fast peer does not starve the others. */
static void receive_once(struct descriptor *d)
{
    if (!can_receive(d))
        return;
    if (d->transport.protocol->get_buffer)
        receive_into_protocol(d);
    else
        receive_into_loop(d);
}

static void begin(struct descriptor *d)
{
    const weir_protocol *protocol = d->transport.protocol;
    int rc = WEIR_OK;
    d->life = OPEN;
    if (protocol->connection_made)
        rc = protocol->connection_made(&d->transport, d->transport.self);
    if (rc < 0)
        lose(d, rc, 0);
}

static void on_ready(weir__watch *watch)
{
    struct descriptor *d = WEIR__CONTAINER(watch, struct descriptor, watch);
    if (d->life == LOST) {
        deliver_loss(d);
        return;
    }
    if (d->life == OPENING)
        begin(d);
    if (d->out && d->life != LOST)
        flush(d);
    receive_once(d);
    if (can_receive(d))
        weir__watch_again(loop_of(d), watch);
}

/* A turn of the loop is for all: a task that reads without end uses it up, and then
 * the descriptor waits for the next like the others. */
static void read_now(weir_transport *transport)
{
    struct descriptor *d = self_of(transport);
    weir_loop *loop = loop_of(d);
    if (!can_receive(d))
        return;
    if (loop->turns == 0) {
        weir__watch_again(loop, &d->watch);
        return;
    }
    loop->turns--;
    receive_once(d);
}

static int check_writable(const struct descriptor *d, size_t total)
{
    if (d->life == LOST && d->status < 0)
        return d->os_error
                   ? weir__fail_errno(d->os_error, "write", "the connection is lost")
                   : weir__fail(WEIR_E_CONNECTION, "write", "the connection is lost");
    if (d->life >= CLOSING || d->write_state != WRITING)
        return weir__fail(WEIR_E_CLOSED, "write",
                          "the connection is closed for writing");
    if (total > d->max_queue - queue_len(d))
        return weir__fail(
            WEIR_E_TOO_BIG, "write",
            "%zu bytes wait to be sent, and with %zu more it were over the "
            "limit of %zu",
            queue_len(d), total, (size_t)d->max_queue);
    return WEIR_OK;
}

static int add_up(const weir_slice *slices, size_t count, size_t *total)
{
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        if (!weir__checked_add(*total, slices[i].len, total))
            return weir__fail(WEIR_E_TOO_BIG, "write", "the slices are too long");
    }
    return WEIR_OK;
}

static struct iovec as_iovec(weir_slice slice)
{
    struct iovec iovec = {.iov_len = slice.len};
    /* The kernel only reads it, though iovec cannot say so. */
    memcpy(&iovec.iov_base, &slice.data, sizeof(slice.data));
    return iovec;
}

/* What is queued and the slices, in one call with `space` for `max` of them. Returns
 * how much of the slices has left, or a negative errno. */
static ssize_t gather(struct descriptor *d, const weir_slice *slices, size_t count,
                      struct iovec *space, int max)
{
    size_t total = 0;
    size_t waiting = queue_len(d);
    int used = 0;
    if (waiting > 0)
        space[used++] = as_iovec(weir__buffer_slice(d->out));
    for (size_t i = 0; i < count && used < max; i++)
        space[used++] = as_iovec(slices[i]);
    for (int i = 0; i < used; i++)
        total += space[i].iov_len;
    ssize_t sent = send_slices(d, space, used, total);
    if (sent < 0 || waiting == 0)
        return sent;
    if ((size_t)sent < waiting) {
        weir__buffer_consume(d->out, (size_t)sent);
        return 0;
    }
    weir__buffer_consume(d->out, waiting);
    return sent - (ssize_t)waiting;
}

/* Not inlined, as the other two are small, and on the stack of every task. */
__attribute__((noinline)) static ssize_t
gather_many(struct descriptor *d, const weir_slice *slices, size_t count)
{
    struct iovec space[MAX_SLICES] = {{NULL, 0}};
    return gather(d, slices, count, space, MAX_SLICES);
}

static ssize_t send_with_queue(struct descriptor *d, const weir_slice *slices,
                               size_t count)
{
    struct iovec space[FEW_SLICES] = {{NULL, 0}};
    if (!(d->watch.ready & WEIR__POLL_WRITE))
        return 0;
    if (count >= FEW_SLICES)
        return gather_many(d, slices, count);
    return gather(d, slices, count, space, FEW_SLICES);
}

static int open_queue(struct descriptor *d)
{
    weir_loop *loop = loop_of(d);
    if (d->out)
        return WEIR_OK;
    d->out = weir__malloc(loop->allocator, sizeof(*d->out));
    if (!d->out)
        return WEIR_E_MEMORY;
    weir__buffer_init(d->out, loop->allocator, d->max_queue);
    return WEIR_OK;
}

/* Queues the slices but for their first `skip` bytes. */
static int enqueue(struct descriptor *d, const weir_slice *slices, size_t count,
                   size_t skip)
{
    int rc = open_queue(d);
    for (size_t i = 0; i < count && rc == WEIR_OK; i++) {
        weir_slice rest = weir_slice_skip(slices[i], skip);
        skip -= slices[i].len - rest.len;
        rc = weir__buffer_append(d->out, rest);
    }
    if (rc == WEIR_OK)
        return rc;
    lose(d, WEIR_E_MEMORY, ENOMEM);
    return weir__fail(WEIR_E_MEMORY, "write", "no memory for what waits to be sent");
}

static int writelines(weir_transport *transport, const weir_slice *slices, size_t count)
{
    struct descriptor *d = self_of(transport);
    const weir_protocol *protocol = transport->protocol;
    size_t total;
    int rc = add_up(slices, count, &total);
    if (rc < 0 || total == 0)
        return rc;
    rc = check_writable(d, total);
    if (rc < 0)
        return rc;
    ssize_t sent = send_with_queue(d, slices, count);
    if (sent < 0) {
        lose_by_errno(d, (int)-sent);
        return weir__fail_errno((int)-sent, "write", "the connection is lost");
    }
    if ((size_t)sent < total) {
        rc = enqueue(d, slices, count, (size_t)sent);
        if (rc < 0)
            return rc;
    }
    /* More slices than one call takes: the queue goes out in the next round. */
    if (queue_len(d) > 0 && (d->watch.ready & WEIR__POLL_WRITE))
        weir__watch_again(loop_of(d), &d->watch);
    if (queue_len(d) > d->high && !d->writing_paused) {
        d->writing_paused = true;
        if (protocol->pause_writing)
            protocol->pause_writing(transport, transport->self);
    } else if (d->out && queue_len(d) == 0) {
        after_sending(d);
    }
    return WEIR_OK;
}

static int write_eof(weir_transport *transport)
{
    struct descriptor *d = self_of(transport);
    if (d->kind == WEIR__DESCRIPTOR_OTHER)
        return weir__fail(WEIR_E_UNSUPPORTED, "write_eof",
                          "only a socket can be closed in one direction");
    if (d->life >= CLOSING)
        return weir__fail(WEIR_E_CLOSED, "write_eof", "the connection is closed");
    if (d->write_state != WRITING)
        return WEIR_OK;
    d->write_state = WRITE_ENDING;
    if (queue_len(d) == 0)
        queue_is_empty(d);
    return WEIR_OK;
}

static void close_transport(weir_transport *transport)
{
    struct descriptor *d = self_of(transport);
    if (d->life >= CLOSING)
        return;
    d->life = CLOSING;
    d->read_state = READ_ENDED;
    if (queue_len(d) == 0)
        queue_is_empty(d);
}

static void abort_transport(weir_transport *transport)
{
    lose(self_of(transport), WEIR_OK, 0);
}

static bool is_closing(const weir_transport *transport)
{
    return self_of(transport)->life >= CLOSING;
}

static size_t queued(const weir_transport *transport)
{
    return queue_len(self_of(transport));
}

static uint32_t clip(size_t bytes)
{
    return bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
}

static void set_watermarks(weir_transport *transport, size_t high, size_t low)
{
    struct descriptor *d = self_of(transport);
    d->high = clip(high);
    d->low = clip(low);
}

static int descriptor_fd(const weir_transport *transport)
{
    return self_of(transport)->watch.fd;
}

static void tell_empty(weir_transport *transport)
{
    self_of(transport)->tell_empty = true;
}

static const struct weir__transport_operations OPERATIONS = {
    .writelines = writelines,
    .write_eof = write_eof,
    .close = close_transport,
    .abort = abort_transport,
    .is_closing = is_closing,
    .set_reading = set_reading,
    .is_reading = is_reading,
    .queued = queued,
    .set_watermarks = set_watermarks,
    .fd = descriptor_fd,
    .read_now = read_now,
    .tell_empty = tell_empty,
};

/* Options of TCP that cannot be had are not worth a connection. */
static void set_tcp_options(struct descriptor *d, const weir_transport_options *options)
{
    weir_sys *sys = loop_of(d)->sys;
    int on = 1;
    if (!options->no_tcp_nodelay)
        sys->setsockopt(sys, d->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (options->keep_alive)
        sys->setsockopt(sys, d->watch.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
#ifdef TCP_USER_TIMEOUT
    unsigned timeout = options->tcp_user_timeout_ms;
    if (timeout > 0)
        sys->setsockopt(sys, d->watch.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout,
                        sizeof(timeout));
#endif
}

static void set_limits(struct descriptor *d, const weir_transport_options *options)
{
    d->high =
        clip(options->write_high_bytes ? options->write_high_bytes : DEFAULT_HIGH);
    d->low = clip(options->write_low_bytes ? options->write_low_bytes : d->high / 4);
    d->max_queue =
        clip(options->max_write_buffer_bytes ? options->max_write_buffer_bytes
                                             : DEFAULT_MAX_QUEUE);
    if (d->low > d->high)
        d->low = d->high;
}

static int watch_descriptor(struct descriptor *d, int fd)
{
    weir_loop *loop = loop_of(d);
    int rc = weir__watch_add(loop, &d->watch, fd, WEIR__POLL_READ | WEIR__POLL_WRITE,
                             on_ready);
    if (rc == -EPERM) {
        /* A file: it is always ready, and the poller need not know it. */
        d->watch =
            (weir__watch){.fd = fd, .on_ready = on_ready, .ready = WEIR__POLL_READ};
        weir__link_init(&d->watch.link);
        rc = 0;
    }
    d->watch.ready |= WEIR__POLL_WRITE; /* until a call says otherwise */
    return rc;
}

int weir__descriptor_open(weir_loop *loop, weir_transport **transport, int fd,
                          enum weir__descriptor_kind kind,
                          const weir_transport_options *options,
                          const weir_protocol *protocol, void *self)
{
    static const weir_transport_options DEFAULTS;
    struct descriptor *d = weir__calloc(loop->allocator, 1, sizeof(*d));
    if (!d) {
        loop->sys->close(loop->sys, fd);
        return weir__fail(WEIR_E_MEMORY, "open", "no memory for a connection");
    }
    d->transport = (weir_transport){&OPERATIONS, loop, protocol, self};
    d->kind = (uint8_t)kind;
    set_limits(d, options ? options : &DEFAULTS);
    int rc = watch_descriptor(d, fd);
    if (rc < 0) {
        loop->sys->close(loop->sys, fd);
        weir__free(loop->allocator, d);
        return weir__fail_errno(-rc, "open", "the descriptor cannot be watched");
    }
    if (kind == WEIR__DESCRIPTOR_TCP)
        set_tcp_options(d, options ? options : &DEFAULTS);
    weir__link_push(&loop->transports, &d->link);
    loop->active++;
    weir__watch_again(loop, &d->watch); /* for connection_made */
    *transport = &d->transport;
    return WEIR_OK;
}

enum weir__descriptor_kind weir__descriptor_kind_of(weir_loop *loop, int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    if (loop->sys->getsockname(loop->sys, fd, (struct sockaddr *)&address, &len) < 0)
        return WEIR__DESCRIPTOR_OTHER;
    return address.ss_family == AF_INET || address.ss_family == AF_INET6
               ? WEIR__DESCRIPTOR_TCP
               : WEIR__DESCRIPTOR_UNIX;
}

int weir_transport_open(weir_loop *loop, weir_transport **transport, int fd,
                        const weir_transport_options *options,
                        const weir_protocol *protocol, void *self)
{
    int rc = loop->sys->set_nonblocking(loop->sys, fd);
    if (rc < 0)
        return weir__fail_errno(-rc, "open", "the descriptor %d cannot be used", fd);
    return weir__descriptor_open(loop, transport, fd,
                                 weir__descriptor_kind_of(loop, fd), options, protocol,
                                 self);
}

void weir__transports_free(weir_loop *loop)
{
    while (weir__link_is_linked(&loop->transports)) {
        struct descriptor *d =
            WEIR__CONTAINER(loop->transports.next, struct descriptor, link);
        lose(d, WEIR_OK, 0);
        deliver_loss(d);
    }
}

void weir__descriptor_set_server(weir_transport *transport, weir_server *server)
{
    self_of(transport)->server = server;
}

void weir__descriptors_end(weir_loop *loop, const weir_server *server, bool abort)
{
    for (weir__link *link = loop->transports.next; link != &loop->transports;
         link = link->next) {
        struct descriptor *d = WEIR__CONTAINER(link, struct descriptor, link);
        if (d->server != server)
            continue;
        if (abort)
            abort_transport(&d->transport);
        else
            close_transport(&d->transport);
    }
}

void weir__descriptors_forget(weir_loop *loop, const weir_server *server)
{
    for (weir__link *link = loop->transports.next; link != &loop->transports;
         link = link->next) {
        struct descriptor *d = WEIR__CONTAINER(link, struct descriptor, link);
        if (d->server == server)
            d->server = NULL;
    }
}
