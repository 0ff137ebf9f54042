/* The transport over a descriptor: a TCP or Unix socket, a pipe, a terminal, a file.
 *
 * Its life, and the reading half; the writing half is in descriptor_write.c.
 *
 * SPDX-License-Identifier: MIT */
#include "descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>

#include "allocator.h"
#include "error.h"
#include "server.h"

#define DEFAULT_HIGH      ((size_t)64 * 1024)
#define DEFAULT_MAX_QUEUE ((size_t)16 * 1024 * 1024)

static weir_loop *loop_of(const weir__descriptor *d)
{
    return d->transport.loop;
}

/* Before the first of all callbacks, and before the last if there was no time. */
static void make(weir__descriptor *d)
{
    const weir_protocol *protocol = d->transport.protocol;
    int rc = WEIR_OK;
    if (d->made)
        return;
    d->made = true;
    if (protocol->connection_made)
        rc = protocol->connection_made(&d->transport, d->transport.self);
    if (rc < 0)
        weir__descriptor_lose(d, rc, 0);
}

/* A protocol that ends its connection has said why, unless others have failed since. */
static void say_why(const weir__descriptor *d)
{
    if (d->os_error)
        weir__fail_errno(d->os_error, "connection", "the connection is lost");
    else if (d->write_state == WEIR__WRITE_OVERDUE)
        weir__fail(d->status, "close",
                   "within %" PRIu32 " ms the peer has not taken all that was queued",
                   d->close_timeout_ms);
    else if (d->status < 0 && weir_last_error()->status != d->status)
        weir__fail(d->status, "connection", "the protocol has ended the connection: %s",
                   weir_status_name(d->status));
}

static void deliver_loss(weir__descriptor *d)
{
    weir_loop *loop = loop_of(d);
    make(d);
    say_why(d);
    weir__link_remove(&d->watch.link);
    loop->active--;
    const weir_protocol *protocol = d->transport.protocol;
    if (protocol->connection_lost)
        protocol->connection_lost(&d->transport, d->transport.self, d->status);
    weir__link_remove(
        &d->link); /* until now the server could be freed, and forgotten */
    if (d->server)
        weir__server_connection_ended(d->server);
    weir__free(loop->allocator, d);
}

void weir__descriptor_lose(weir__descriptor *d, int status, int os_error)
{
    weir_loop *loop = loop_of(d);
    if (d->life == WEIR__LOST)
        return;
    d->life = WEIR__LOST;
    d->status = status;
    d->os_error = os_error;
    weir__descriptor_drop_queue(d);
    weir__watch_remove(loop, &d->watch);
    loop->sys->close(loop->sys, d->watch.fd);
    d->watch.fd = -1;
    weir__watch_again(loop, &d->watch);
}

static void lose_by_errno(weir__descriptor *d, int os_error)
{
    weir__descriptor_lose(d, weir__status_of_errno(os_error), os_error);
}

static void set_reading(weir_transport *transport, bool reading)
{
    weir__descriptor *d = weir__descriptor_of(transport);
    if (d->read_state == WEIR__READ_ENDED || d->life == WEIR__LOST)
        return;
    d->read_state = reading ? WEIR__READING : WEIR__PAUSED;
    if (reading && (d->watch.ready & WEIR__POLL_READ))
        weir__watch_again(loop_of(d), &d->watch);
}

static bool is_reading(const weir_transport *transport)
{
    const weir__descriptor *d = weir__descriptor_of(transport);
    return d->life <= WEIR__OPEN && d->read_state == WEIR__READING;
}

static void close_transport(weir_transport *transport)
{
    weir__descriptor *d = weir__descriptor_of(transport);
    if (d->life >= WEIR__CLOSING)
        return;
    d->life = WEIR__CLOSING;
    d->read_state = WEIR__READ_ENDED;
    if (d->write_state == WEIR__WRITE_BROKEN)
        weir__descriptor_lose(d, d->status, d->os_error);
    else if (weir__descriptor_queued(d) == 0)
        weir__descriptor_emptied(d);
    else
        weir__descriptor_linger(d);
}

static void receive_end(weir__descriptor *d)
{
    const weir_protocol *protocol = d->transport.protocol;
    int keep = 0;
    d->read_state = WEIR__READ_ENDED;
    if (protocol->eof_received)
        keep = protocol->eof_received(&d->transport, d->transport.self);
    if (keep < 0)
        weir__descriptor_lose(d, keep, 0);
    else if (keep == 0)
        close_transport(&d->transport);
}

/* Whether a read of `got` out of `size` bytes has emptied the descriptor. After a
 * hangup there is the end to read, and a terminal gives a line at a time. */
static bool is_drained(const weir__descriptor *d, size_t got, size_t size)
{
    return got < size && d->kind != WEIR__DESCRIPTOR_OTHER &&
           d->write_state != WEIR__WRITE_BROKEN &&
           !(d->watch.ready & WEIR__POLL_HANGUP) && loop_of(d)->sys->short_read_drains;
}

/* All that came before a send failed has been read. EPIPE: the peer had ended its
 * side before; else the end that is read may be none. */
static void receive_break(weir__descriptor *d, ssize_t got)
{
    if (got == 0 && d->os_error == EPIPE)
        receive_end(d);
    weir__descriptor_lose(d, d->status, d->os_error);
}

static ssize_t read_some(weir__descriptor *d, char *memory, size_t size)
{
    weir_sys *sys = loop_of(d)->sys;
    ssize_t got;
    do
        got = d->kind == WEIR__DESCRIPTOR_OTHER
                  ? sys->read(sys, d->watch.fd, memory, size)
                  : sys->recv(sys, d->watch.fd, memory, size);
    while (got == -EINTR);
    return got;
}

/* Whether there is something to send, or to tell about what was sent. */
static bool wants_flush(const weir__descriptor *d)
{
    return d->out || d->writing_paused || d->tell_empty || d->tell_room;
}

static void receive(weir__descriptor *d, char *memory, size_t size)
{
    const weir_protocol *protocol = d->transport.protocol;
    ssize_t got = read_some(d, memory, size);
    if (got > 0) {
        weir_slice bytes = {memory, (size_t)got};
        if (is_drained(d, bytes.len, size))
            d->watch.ready &= (uint8_t)~WEIR__POLL_READ;
        int rc = protocol->data_received
                     ? protocol->data_received(&d->transport, d->transport.self, bytes)
                     : WEIR_OK;
        if (rc < 0)
            weir__descriptor_lose(d, rc, 0);
    } else if (d->write_state == WEIR__WRITE_BROKEN) {
        receive_break(d, got);
    } else if (got == 0) {
        receive_end(d);
    } else if (got == -EAGAIN) {
        d->watch.ready &= (uint8_t)~WEIR__POLL_READ;
        /* A task may have read ahead of the loop's next round, which then has
         * nothing to come round for. */
        if (d->made && !wants_flush(d))
            weir__link_remove(&d->watch.link);
    } else {
        lose_by_errno(d, (int)-got);
    }
}

static bool can_receive(const weir__descriptor *d)
{
    return d->life == WEIR__OPEN && d->made && d->read_state == WEIR__READING &&
           (d->watch.ready & WEIR__POLL_READ);
}

static void receive_into_protocol(weir__descriptor *d)
{
    size_t size = 0;
    char *memory =
        d->transport.protocol->get_buffer(&d->transport, d->transport.self, &size);
    if (!can_receive(d))
        return; /* paused or closed in the call */
    if (size > 0)
        receive(d, memory, size);
    else
        d->read_state = WEIR__PAUSED;
}

static void receive_into_loop(weir__descriptor *d)
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

/* One read a round, so that a fast peer does not starve the others. */
static void receive_once(weir__descriptor *d)
{
    if (!can_receive(d))
        return;
    if (d->transport.protocol->get_buffer)
        receive_into_protocol(d);
    else
        receive_into_loop(d);
}

/* What is only written to hears of the end by a hangup: there is no end to read. */
static bool has_lost_reader(const weir__descriptor *d)
{
    return d->write_only && d->life == WEIR__OPEN &&
           (d->watch.ready & WEIR__POLL_HANGUP);
}

static void on_ready(weir__watch *watch)
{
    weir__descriptor *d = WEIR__CONTAINER(watch, weir__descriptor, watch);
    if (d->life == WEIR__LOST) {
        deliver_loss(d);
        return;
    }
    make(d);
    if (d->life != WEIR__LOST && wants_flush(d))
        weir__descriptor_flush(d);
    if (has_lost_reader(d))
        lose_by_errno(d, EPIPE);
    receive_once(d);
    if (can_receive(d))
        weir__watch_again(loop_of(d), watch);
}

/* A turn of the loop is for all: a task that reads without end uses it up, and then
 * the descriptor waits for the next like the others. */
static void read_now(weir_transport *transport)
{
    weir__descriptor *d = weir__descriptor_of(transport);
    weir_loop *loop = loop_of(d);
    if (!can_receive(d))
        return;
    if (loop->turns > 0) {
        loop->turns--;
        receive_once(d);
    }
    if (can_receive(d))
        weir__watch_again(loop, &d->watch);
}

static void abort_transport(weir_transport *transport)
{
    weir__descriptor_lose(weir__descriptor_of(transport), WEIR_OK, 0);
}

static bool is_closing(const weir_transport *transport)
{
    const weir__descriptor *d = weir__descriptor_of(transport);
    return d->life >= WEIR__CLOSING || d->write_state == WEIR__WRITE_BROKEN;
}

static size_t queued(const weir_transport *transport)
{
    return weir__descriptor_queued(weir__descriptor_of(transport));
}

static size_t room(const weir_transport *transport)
{
    const weir__descriptor *d = weir__descriptor_of(transport);
    return d->max_queue - weir__descriptor_queued(d);
}

static uint32_t clip(size_t bytes)
{
    return bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
}

static int descriptor_fd(const weir_transport *transport)
{
    return weir__descriptor_of(transport)->watch.fd;
}

static void set_protocol(weir_transport *transport, const weir_protocol *protocol,
                         void *self)
{
    transport->protocol = protocol;
    transport->self = self;
    weir__descriptor_of(transport)->made = true;
}

static void tell_empty(weir_transport *transport)
{
    weir__descriptor_of(transport)->tell_empty = true;
}

static const struct weir__transport_operations OPERATIONS = {
    .writelines = weir__descriptor_writelines,
    .send_some = weir__descriptor_send_some,
    .write_eof = weir__descriptor_write_eof,
    .close = close_transport,
    .abort = abort_transport,
    .is_closing = is_closing,
    .set_reading = set_reading,
    .is_reading = is_reading,
    .queued = queued,
    .room = room,
    .set_watermarks = weir__descriptor_set_watermarks,
    .set_protocol = set_protocol,
    .fd = descriptor_fd,
    .read_now = read_now,
    .tell_empty = tell_empty,
    .write_status = weir__descriptor_write_status,
};

/* Options of TCP that cannot be had are not worth a connection. */
static void set_tcp_options(weir__descriptor *d, const weir_transport_options *options)
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

static void set_limits(weir__descriptor *d, const weir_transport_options *options)
{
    d->high =
        clip(options->write_high_bytes ? options->write_high_bytes : DEFAULT_HIGH);
    d->low = clip(options->write_low_bytes ? options->write_low_bytes : d->high / 4);
    d->max_queue =
        clip(options->max_write_buffer_bytes ? options->max_write_buffer_bytes
                                             : DEFAULT_MAX_QUEUE);
    if (d->low > d->high)
        d->low = d->high;
    d->close_timeout_ms =
        options->close_timeout_ms ? options->close_timeout_ms : WEIR__CLOSE_TIMEOUT_MS;
}

/* A pipe, or a file, may have one direction only. */
static void set_directions(weir__descriptor *d, int fd)
{
    weir_sys *sys = loop_of(d)->sys;
    int mode = d->kind == WEIR__DESCRIPTOR_OTHER ? sys->access_mode(sys, fd) : O_RDWR;
    d->write_only = mode == O_WRONLY;
    d->read_state = d->write_only ? WEIR__READ_ENDED : WEIR__READING;
    d->write_state = mode == O_RDONLY ? WEIR__WRITE_ENDED : WEIR__WRITING;
}

static int watch_descriptor(weir__descriptor *d, int fd)
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

/* NOLINTNEXTLINE(readability-function-size): weir_transport_open, and the kind */
int weir__descriptor_open(weir_loop *loop, weir_transport **transport, int fd,
                          enum weir__descriptor_kind kind,
                          const weir_transport_options *options,
                          const weir_protocol *protocol, void *self)
{
    static const weir_transport_options DEFAULTS;
    weir__descriptor *d = weir__calloc(loop->allocator, 1, sizeof(*d));
    if (!d) {
        loop->sys->close(loop->sys, fd);
        return weir__fail(WEIR_E_MEMORY, "open", "no memory for a connection");
    }
    d->transport = (weir_transport){&OPERATIONS, loop, protocol, self, NULL};
    d->kind = (uint8_t)kind;
    d->made = !protocol->connection_made;
    d->life = WEIR__OPEN;
    set_limits(d, options ? options : &DEFAULTS);
    set_directions(d, fd);
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
    if (!d->made || (d->watch.ready & WEIR__POLL_READ)) /* which is so of a file */
        weir__watch_again(loop, &d->watch);
    *transport = &d->transport;
    return WEIR_OK;
}

void weir__descriptor_begin(weir_transport *transport, const weir_protocol *protocol,
                            void *self)
{
    weir__descriptor *d = weir__descriptor_of(transport);
    transport->protocol = protocol;
    transport->self = self;
    d->made = !protocol->connection_made;
    if (!d->made)
        weir__watch_again(loop_of(d), &d->watch);
}

enum weir__descriptor_kind weir__descriptor_kind_of(weir_loop *loop, int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    int rc = loop->sys->getsockname(loop->sys, fd, (struct sockaddr *)&address, &len);
    if (rc < 0)
        return rc == -ENOTSOCK ? WEIR__DESCRIPTOR_OTHER : WEIR__DESCRIPTOR_UNIX;
    return address.ss_family == AF_INET || address.ss_family == AF_INET6
               ? WEIR__DESCRIPTOR_TCP
               : WEIR__DESCRIPTOR_UNIX;
}

int weir__descriptor_prepare(weir_loop *loop, int fd)
{
    int rc = loop->sys->set_nonblocking(loop->sys, fd);
    if (rc < 0 && rc != -EBADF)
        loop->sys->close(loop->sys, fd);
    return rc < 0
               ? weir__fail_errno(-rc, "open", "the descriptor %d cannot be used", fd)
               : WEIR_OK;
}

int weir_transport_open(weir_loop *loop, weir_transport **transport, int fd,
                        const weir_transport_options *options,
                        const weir_protocol *protocol, void *self)
{
    int rc = weir__descriptor_prepare(loop, fd);
    if (rc < 0)
        return rc;
    return weir__descriptor_open(loop, transport, fd,
                                 weir__descriptor_kind_of(loop, fd), options, protocol,
                                 self);
}

void weir__transports_free(weir_loop *loop)
{
    while (weir__link_is_linked(&loop->transports)) {
        weir__descriptor *d =
            WEIR__CONTAINER(loop->transports.next, weir__descriptor, link);
        weir__descriptor_lose(d, WEIR_OK, 0);
        deliver_loss(d);
    }
}

void weir__descriptor_set_server(weir_transport *transport, weir_server *server)
{
    weir__descriptor_of(transport)->server = server;
}

/* Who is put over a transport has a goodbye of its own to say. */
static weir_transport *top_of(weir_transport *transport)
{
    while (transport->upper)
        transport = transport->upper;
    return transport;
}

void weir__descriptors_end(weir_loop *loop, const weir_server *server, bool abort)
{
    for (weir__link *link = loop->transports.next; link != &loop->transports;
         link = link->next) {
        weir__descriptor *d = WEIR__CONTAINER(link, weir__descriptor, link);
        if (d->server != server)
            continue;
        if (abort)
            abort_transport(&d->transport);
        else
            weir_transport_close(top_of(&d->transport));
    }
}

void weir__descriptors_forget(weir_loop *loop, const weir_server *server)
{
    for (weir__link *link = loop->transports.next; link != &loop->transports;
         link = link->next) {
        weir__descriptor *d = WEIR__CONTAINER(link, weir__descriptor, link);
        if (d->server == server)
            d->server = NULL;
    }
}
