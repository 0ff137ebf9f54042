/* The writing half of a descriptor: send at once, queue the rest, watermarks.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "allocator.h"
#include "checked.h"
#include "descriptor.h"
#include "error.h"

/* Slices for one sendmsg. More of them go in the next. */
#define MAX_SLICES 64
#define FEW_SLICES 8

static weir_loop *loop_of(const weir__descriptor *d)
{
    return d->transport.loop;
}

void weir__descriptor_drop_queue(weir__descriptor *d)
{
    if (!d->out)
        return;
    if (d->out->overdue.on_due)
        weir__timer_clear(loop_of(d), &d->out->overdue);
    weir__buffer_clear(&d->out->bytes);
    weir__free(loop_of(d)->allocator, d->out);
    d->out = NULL;
}

/* A send has failed. What the peer sent before is in the kernel still and is read
 * before the loss is told, unless nobody would read it. */
static void break_off(weir__descriptor *d, int os_error)
{
    int status = weir__status_of_errno(os_error);
    if (d->life >= WEIR__CLOSING || d->read_state == WEIR__READ_ENDED) {
        weir__descriptor_lose(d, status, os_error);
        return;
    }
    weir__descriptor_drop_queue(d);
    d->write_state = WEIR__WRITE_BROKEN;
    d->status = status;
    d->os_error = os_error;
    d->watch.ready |= WEIR__POLL_READ; /* the error, at least */
    weir__watch_again(loop_of(d), &d->watch);
}

void weir__descriptor_emptied(weir__descriptor *d)
{
    weir_loop *loop = loop_of(d);
    weir__descriptor_drop_queue(d);
    if (d->life == WEIR__CLOSING) {
        weir__descriptor_lose(d, WEIR_OK, 0);
    } else if (d->write_state == WEIR__WRITE_ENDING) {
        d->write_state = WEIR__WRITE_ENDED;
        loop->sys->shutdown(loop->sys, d->watch.fd, SHUT_WR);
    }
}

/* Whether resume_writing is due. */
static bool is_relieved(const weir__descriptor *d)
{
    size_t waiting = weir__descriptor_queued(d);
    bool takes_more = waiting == 0 && (d->watch.ready & WEIR__POLL_WRITE);
    return (d->writing_paused && waiting <= d->low) ||
           (d->tell_empty && waiting == 0) || (d->tell_room && takes_more);
}

static void tell_relief(weir__descriptor *d)
{
    const weir_protocol *protocol = d->transport.protocol;
    if (!is_relieved(d))
        return;
    d->writing_paused = false;
    d->tell_empty = d->tell_empty && weir__descriptor_queued(d) > 0;
    d->tell_room = false;
    if (protocol->resume_writing && d->life <= WEIR__OPEN)
        protocol->resume_writing(&d->transport, d->transport.self);
}

static void tell_pause(weir__descriptor *d)
{
    const weir_protocol *protocol = d->transport.protocol;
    if (!d->made || d->writing_paused || weir__descriptor_queued(d) <= d->high)
        return;
    d->writing_paused = true;
    if (protocol->pause_writing)
        protocol->pause_writing(&d->transport, d->transport.self);
}

/* Sends what the kernel takes of the slices. Their total is `total`.
 *
 * Returns how much it was, 0 when it takes nothing now, or a negative errno. */
static ssize_t send_slices(weir__descriptor *d, const struct iovec *slices, int count,
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

void weir__descriptor_flush(weir__descriptor *d)
{
    while (weir__descriptor_queued(d) > 0 && (d->watch.ready & WEIR__POLL_WRITE)) {
        weir__buffer *queue = &d->out->bytes;
        weir_slice bytes = weir__buffer_slice(queue);
        struct iovec slice = {queue->memory + queue->start, bytes.len};
        ssize_t sent = send_slices(d, &slice, 1, bytes.len);
        if (sent < 0)
            break_off(d, (int)-sent);
        else
            weir__buffer_consume(queue, (size_t)sent);
    }
    if (d->life == WEIR__LOST)
        return;
    tell_pause(d);
    tell_relief(d);
    if (d->out && weir__descriptor_queued(d) == 0)
        weir__descriptor_emptied(d);
}

static int failure(const weir__descriptor *d, const char *operation)
{
    if (d->os_error)
        return weir__fail_errno(d->os_error, operation, "the connection is lost");
    return weir__fail(d->status, operation, "the connection is lost");
}

static bool is_broken(const weir__descriptor *d)
{
    return d->status < 0;
}

int weir__descriptor_write_status(const weir_transport *transport)
{
    const weir__descriptor *d = weir__descriptor_of(transport);
    return is_broken(d) ? failure(d, "write") : WEIR_OK;
}

static int check_writable(const weir__descriptor *d, size_t total)
{
    if (is_broken(d))
        return failure(d, "write");
    if (d->life >= WEIR__CLOSING || d->write_state != WEIR__WRITING)
        return weir__fail(WEIR_E_CLOSED, "write",
                          "the connection is closed for writing");
    if (total > d->max_queue - weir__descriptor_queued(d))
        return weir__fail(
            WEIR_E_TOO_BIG, "write",
            "%zu bytes wait to be sent, and with %zu more it were over the "
            "limit of %zu",
            weir__descriptor_queued(d), total, (size_t)d->max_queue);
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
static ssize_t gather(weir__descriptor *d, const weir_slice *slices, size_t count,
                      struct iovec *space, int max)
{
    size_t total = 0;
    size_t waiting = weir__descriptor_queued(d);
    int used = 0;
    if (waiting > 0)
        space[used++] = as_iovec(weir__buffer_slice(&d->out->bytes));
    for (size_t i = 0; i < count && used < max; i++)
        space[used++] = as_iovec(slices[i]);
    for (int i = 0; i < used; i++)
        total += space[i].iov_len;
    ssize_t sent = send_slices(d, space, used, total);
    if (sent < 0 || waiting == 0)
        return sent;
    if ((size_t)sent < waiting) {
        weir__buffer_consume(&d->out->bytes, (size_t)sent);
        return 0;
    }
    weir__buffer_consume(&d->out->bytes, waiting);
    return sent - (ssize_t)waiting;
}

/* Not inlined, as the other two are small, and on the stack of every task. */
__attribute__((noinline)) static ssize_t
gather_many(weir__descriptor *d, const weir_slice *slices, size_t count)
{
    struct iovec space[MAX_SLICES] = {{NULL, 0}};
    return gather(d, slices, count, space, MAX_SLICES);
}

static ssize_t send_with_queue(weir__descriptor *d, const weir_slice *slices,
                               size_t count)
{
    struct iovec space[FEW_SLICES] = {{NULL, 0}};
    if (!(d->watch.ready & WEIR__POLL_WRITE))
        return 0;
    if (count >= FEW_SLICES)
        return gather_many(d, slices, count);
    return gather(d, slices, count, space, FEW_SLICES);
}

static int open_queue(weir__descriptor *d)
{
    weir_loop *loop = loop_of(d);
    if (d->out)
        return WEIR_OK;
    d->out = weir__malloc(loop->allocator, sizeof(*d->out));
    if (!d->out)
        return WEIR_E_MEMORY;
    weir__buffer_init(&d->out->bytes, loop->allocator, d->max_queue);
    d->out->overdue.on_due = NULL;
    d->out->descriptor = d;
    return WEIR_OK;
}

/* Queues the slices but for their first `skip` bytes. */
static int enqueue(weir__descriptor *d, const weir_slice *slices, size_t count,
                   size_t skip)
{
    int rc = open_queue(d);
    for (size_t i = 0; i < count && rc == WEIR_OK; i++) {
        weir_slice rest = weir_slice_skip(slices[i], skip);
        skip -= slices[i].len - rest.len;
        rc = weir__buffer_append(&d->out->bytes, rest);
    }
    if (rc == WEIR_OK)
        return rc;
    weir__descriptor_lose(d, WEIR_E_MEMORY, ENOMEM);
    return weir__fail(WEIR_E_MEMORY, "write", "no memory for what waits to be sent");
}

/* What has left with this call is told in the loop's next round. */
static void settle(weir__descriptor *d)
{
    bool empty = weir__descriptor_queued(d) == 0;
    if (empty)
        weir__descriptor_drop_queue(d);
    if (is_relieved(d) || (!empty && (d->watch.ready & WEIR__POLL_WRITE)))
        weir__watch_again(loop_of(d), &d->watch);
    tell_pause(d);
}

int weir__descriptor_writelines(weir_transport *transport, const weir_slice *slices,
                                size_t count)
{
    weir__descriptor *d = weir__descriptor_of(transport);
    size_t total;
    int rc = add_up(slices, count, &total);
    if (rc < 0 || total == 0)
        return rc;
    rc = check_writable(d, total);
    if (rc < 0)
        return rc;
    ssize_t sent = send_with_queue(d, slices, count);
    if (sent < 0) {
        break_off(d, (int)-sent);
        return failure(d, "write");
    }
    if ((size_t)sent < total) {
        rc = enqueue(d, slices, count, (size_t)sent);
        if (rc < 0)
            return rc;
    }
    if (d->out)
        settle(d);
    return WEIR_OK;
}

int weir__descriptor_send_some(weir_transport *transport, weir_slice bytes,
                               size_t *sent)
{
    weir__descriptor *d = weir__descriptor_of(transport);
    int rc = check_writable(d, 0);
    if (rc < 0)
        return rc;
    ssize_t taken = send_with_queue(d, &bytes, 1);
    if (taken < 0) {
        break_off(d, (int)-taken);
        return failure(d, "write");
    }
    d->tell_room = taken == 0;
    settle(d);
    *sent = (size_t)taken;
    return WEIR_OK;
}

int weir__descriptor_write_eof(weir_transport *transport)
{
    weir__descriptor *d = weir__descriptor_of(transport);
    if (d->kind == WEIR__DESCRIPTOR_OTHER)
        return weir__fail(WEIR_E_UNSUPPORTED, "write_eof",
                          "only a socket can be closed in one direction");
    if (is_broken(d))
        return failure(d, "write_eof");
    if (d->life >= WEIR__CLOSING)
        return weir__fail(WEIR_E_CLOSED, "write_eof", "the connection is closed");
    if (d->write_state != WEIR__WRITING)
        return WEIR_OK;
    d->write_state = WEIR__WRITE_ENDING;
    if (weir__descriptor_queued(d) == 0)
        weir__descriptor_emptied(d);
    return WEIR_OK;
}

static void on_overdue(weir__timer *timer)
{
    weir__send_queue *queue = WEIR__CONTAINER(timer, weir__send_queue, overdue);
    queue->descriptor->write_state = WEIR__WRITE_OVERDUE;
    weir__descriptor_lose(queue->descriptor, WEIR_E_TIMEOUT, 0);
}

void weir__descriptor_linger(weir__descriptor *d)
{
    weir_loop *loop = loop_of(d);
    weir__timer *timer = &d->out->overdue;
    if (weir__timer_init(loop, timer, on_overdue) < 0) {
        timer->on_due = NULL;
        weir__descriptor_lose(d, WEIR_E_MEMORY, ENOMEM);
        return;
    }
    weir__timer_set(
        loop, timer,
        weir__deadline_after(loop->sys->now(loop->sys), d->close_timeout_ms));
}

static uint32_t clip(size_t bytes)
{
    return bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes;
}

void weir__descriptor_set_watermarks(weir_transport *transport, size_t high, size_t low)
{
    weir__descriptor *d = weir__descriptor_of(transport);
    d->high = clip(high);
    d->low = clip(low);
    if (d->life > WEIR__OPEN)
        return;
    tell_pause(d);
    if (is_relieved(d))
        weir__watch_again(loop_of(d), &d->watch);
}
