/* Counting, failing and cutting short the calls of another weir_sys.
 *
 * SPDX-License-Identifier: MIT */
#include "fault_sys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* More slices than this are cut off: a short write, which is always allowed. */
#define SLICES 64

static fault_sys *around(weir_sys *sys)
{
    return WEIR__CONTAINER(sys, fault_sys, sys);
}

/* The account */

/* A test without memory for its own tables has nothing left to say. */
static struct fault_descriptor *descriptor(fault_sys *faults, int fd)
{
    const size_t count = (size_t)fd * 2 + 16;
    if ((size_t)fd < faults->descriptor_count)
        return &faults->descriptors[fd];
    struct fault_descriptor *grown =
        realloc(faults->descriptors, count * sizeof(*grown));
    if (!grown)
        abort();
    memset(grown + faults->descriptor_count, 0,
           (count - faults->descriptor_count) * sizeof(*grown));
    faults->descriptors = grown;
    faults->descriptor_count = count;
    return &grown[fd];
}

static int strike(struct fault_rule *rule)
{
    if (rule->left == 0)
        return 0;
    if (rule->left > 1) {
        rule->left--;
        return 0;
    }
    rule->left = rule->lasting;
    return rule->error;
}

static bool is_transfer(fault_kind kind)
{
    return kind == FAULT_RECV || kind == FAULT_SENDV || kind == FAULT_READ ||
           kind == FAULT_WRITEV;
}

static int due_error(fault_sys *faults, fault_kind kind)
{
    const int error = strike(&faults->rules[kind]);
    const int any = strike(&faults->rules[FAULT_ANY]);
    if (error != 0 || any != 0) {
        faults->faults++;
        return error != 0 ? error : any;
    }
    if (faults->again_each == 0 || !is_transfer(kind))
        return 0;
    return ++faults->transfers % faults->again_each == 0 ? EAGAIN : 0;
}

/* Counts a call. Returns the errno that it is to fail with, or 0. */
static int begin(fault_sys *faults, fault_kind kind)
{
    int error = 0;
    pthread_mutex_lock(&faults->lock);
    faults->counts[kind]++;
    if (kind < FAULT_POLLER_CLOSE)
        error = due_error(faults, kind);
    pthread_mutex_unlock(&faults->lock);
    return error;
}

static void owe(fault_sys *faults, int fd, unsigned ready)
{
    pthread_mutex_lock(&faults->lock);
    if (fd >= 0)
        descriptor(faults, fd)->owed |= ready;
    pthread_mutex_unlock(&faults->lock);
}

static int refuse(fault_sys *faults, int fd, unsigned ready, int error)
{
    if (error == EAGAIN || error == EWOULDBLOCK)
        owe(faults, fd, ready);
    return -error;
}

static int note_opened(fault_sys *faults, int fd)
{
    pthread_mutex_lock(&faults->lock);
    if (fd >= 0) {
        *descriptor(faults, fd) = (struct fault_descriptor){.is_open = true};
        faults->open++;
    }
    pthread_mutex_unlock(&faults->lock);
    return fd;
}

static int fault_socketpair(weir_sys *sys, int fds[2])
{
    fault_sys *faults = around(sys);
    const int error = begin(faults, FAULT_SOCKETPAIR);
    if (error)
        return -error;
    const int result = faults->inner->socketpair(faults->inner, fds);
    for (int i = 0; i < 2 && result == 0; i++)
        note_opened(faults, fds[i]);
    return result;
}

/* Before the call: after it another thread may have the number. */
static void note_closing(fault_sys *faults, int fd)
{
    pthread_mutex_lock(&faults->lock);
    if (fd >= 0) {
        struct fault_descriptor *closed = descriptor(faults, fd);
        faults->misuses += closed->watch != NULL;
        faults->open -= closed->is_open;
        closed->is_open = false;
        closed->owed = 0;
    }
    pthread_mutex_unlock(&faults->lock);
}

static void note_misuse(fault_sys *faults)
{
    pthread_mutex_lock(&faults->lock);
    faults->misuses++;
    pthread_mutex_unlock(&faults->lock);
}

/* Sockets */

static uint64_t fault_now(weir_sys *sys)
{
    fault_sys *faults = around(sys);
    begin(faults, FAULT_NOW);
    return faults->inner->now(faults->inner);
}

static int64_t fault_unix_time(weir_sys *sys)
{
    fault_sys *faults = around(sys);
    return faults->inner->unix_time(faults->inner);
}

static int fault_socket(weir_sys *sys, int family, int type, int protocol)
{
    fault_sys *faults = around(sys);
    const int error = begin(faults, FAULT_SOCKET);
    if (error)
        return -error;
    return note_opened(faults,
                       faults->inner->socket(faults->inner, family, type, protocol));
}

static int fault_close(weir_sys *sys, int fd)
{
    fault_sys *faults = around(sys);
    const int error = begin(faults, FAULT_CLOSE);
    note_closing(faults, fd);
    const int result = faults->inner->close(faults->inner, fd);
    if (result == -EBADF)
        note_misuse(faults);
    return error ? -error : result;
}

static int fault_dup(weir_sys *sys, int fd)
{
    fault_sys *faults = around(sys);
    const int error = begin(faults, FAULT_DUP);
    if (error)
        return -error;
    return note_opened(faults, faults->inner->dup(faults->inner, fd));
}

static int fault_set_nonblocking(weir_sys *sys, int fd)
{
    fault_sys *faults = around(sys);
    const int error = begin(faults, FAULT_SET_NONBLOCKING);
    return error ? -error : faults->inner->set_nonblocking(faults->inner, fd);
}

/* What the descriptor is open for; no kernel fails to say. */
static int fault_access_mode(weir_sys *sys, int fd)
{
    weir_sys *inner = around(sys)->inner;
    return inner->access_mode(inner, fd);
}

static int fault_bind(weir_sys *sys, int fd, const struct sockaddr *address,
                      socklen_t len)
{
    fault_sys *faults = around(sys);
    const int error = begin(faults, FAULT_BIND);
    return error ? -error : faults->inner->bind(faults->inner, fd, address, len);
}

static int fault_listen(weir_sys *sys, int fd, int backlog)
{
    fault_sys *faults = around(sys);
    const int error = begin(faults, FAULT_LISTEN);
    return error ? -error : faults->inner->listen(faults->inner, fd, backlog);
}

static int fault_accept(weir_sys *sys, int fd)
{
    fault_sys *faults = around(sys);
    const int error = begin(faults, FAULT_ACCEPT);
    if (error)
        return refuse(faults, fd, WEIR__POLL_READ, error);
    return note_opened(faults, faults->inner->accept(faults->inner, fd));
}

static int fault_connect(weir_sys *sys, int fd, const struct sockaddr *address,
                         socklen_t len)
{
    fault_sys *faults = around(sys);
    const int error = begin(faults, FAULT_CONNECT);
    return error ? -error : faults->inner->connect(faults->inner, fd, address, len);
}

static int fault_shutdown(weir_sys *sys, int fd, int how)
{
    fault_sys *faults = around(sys);
    const int error = begin(faults, FAULT_SHUTDOWN);
    return error ? -error : faults->inner->shutdown(faults->inner, fd, how);
}

static int fault_getsockopt(weir_sys *sys, int fd, int level, int name, void *value,
                            socklen_t *len)
{
    fault_sys *faults = around(sys);
    weir_sys *inner = faults->inner;
    const int error = begin(faults, FAULT_GETSOCKOPT);
    return error ? -error : inner->getsockopt(inner, fd, level, name, value, len);
}

static int fault_setsockopt(weir_sys *sys, int fd, int level, int name,
                            const void *value, socklen_t len)
{
    fault_sys *faults = around(sys);
    weir_sys *inner = faults->inner;
    const int error = begin(faults, FAULT_SETSOCKOPT);
    return error ? -error : inner->setsockopt(inner, fd, level, name, value, len);
}

static int fault_getsockname(weir_sys *sys, int fd, struct sockaddr *address,
                             socklen_t *len)
{
    fault_sys *faults = around(sys);
    const int error = begin(faults, FAULT_GETSOCKNAME);
    return error ? -error : faults->inner->getsockname(faults->inner, fd, address, len);
}

static int fault_getpeername(weir_sys *sys, int fd, struct sockaddr *address,
                             socklen_t *len)
{
    fault_sys *faults = around(sys);
    const int error = begin(faults, FAULT_GETPEERNAME);
    return error ? -error : faults->inner->getpeername(faults->inner, fd, address, len);
}

/* Transfers */

typedef ssize_t read_function(weir_sys *sys, int fd, void *buffer, size_t size);
typedef ssize_t write_function(weir_sys *sys, int fd, const struct iovec *slices,
                               int count);

static ssize_t read_some(fault_sys *faults, fault_kind kind, read_function *read,
                         int fd, void *buffer, size_t size)
{
    const int error = begin(faults, kind);
    if (error)
        return refuse(faults, fd, WEIR__POLL_READ, error);
    const bool cut = size > faults->read_limit;
    const size_t wanted = cut ? faults->read_limit : size;
    const ssize_t got = read(faults->inner, fd, buffer, wanted);
    if (cut && got == (ssize_t)wanted)
        owe(faults, fd, WEIR__POLL_READ);
    return got;
}

static ssize_t fault_recv(weir_sys *sys, int fd, void *buffer, size_t size)
{
    fault_sys *faults = around(sys);
    return read_some(faults, FAULT_RECV, faults->inner->recv, fd, buffer, size);
}

static ssize_t fault_read(weir_sys *sys, int fd, void *buffer, size_t size)
{
    fault_sys *faults = around(sys);
    return read_some(faults, FAULT_READ, faults->inner->read, fd, buffer, size);
}

/* Copies what fits in `limit` bytes. Returns the number of slices it takes. */
static int cut_slices(struct iovec *cut, const struct iovec *slices, int count,
                      size_t limit)
{
    int used = 0;
    while (used < count && used < SLICES && limit > 0) {
        cut[used] = slices[used];
        if (cut[used].iov_len > limit)
            cut[used].iov_len = limit;
        limit -= cut[used].iov_len;
        used++;
    }
    return used;
}

static size_t total_size(const struct iovec *slices, int count)
{
    size_t total = 0;
    for (int i = 0; i < count; i++)
        total += slices[i].iov_len;
    return total;
}

static ssize_t write_some(fault_sys *faults, fault_kind kind, write_function *write,
                          int fd, const struct iovec *slices, int count)
{
    struct iovec cut[SLICES] = {{NULL, 0}};
    const int error = begin(faults, kind);
    if (error)
        return refuse(faults, fd, WEIR__POLL_WRITE, error);
    if (total_size(slices, count) <= faults->write_limit)
        return write(faults->inner, fd, slices, count);
    const int used = cut_slices(cut, slices, count, faults->write_limit);
    const ssize_t put = write(faults->inner, fd, cut, used);
    if (put == (ssize_t)total_size(cut, used))
        owe(faults, fd, WEIR__POLL_WRITE);
    return put;
}

static ssize_t fault_sendv(weir_sys *sys, int fd, const struct iovec *slices, int count)
{
    fault_sys *faults = around(sys);
    return write_some(faults, FAULT_SENDV, faults->inner->sendv, fd, slices, count);
}

static ssize_t fault_writev(weir_sys *sys, int fd, const struct iovec *slices,
                            int count)
{
    fault_sys *faults = around(sys);
    return write_some(faults, FAULT_WRITEV, faults->inner->writev, fd, slices, count);
}

/* The poller: the inner one sees a weir__poll whose sys is the inner one too. */

static int fault_open(weir__poll *poll)
{
    fault_sys *faults = around(poll->sys);
    const int error = begin(faults, FAULT_POLLER_OPEN);
    if (error)
        return -error;
    poll->sys = faults->inner;
    const int result = faults->inner->poller->open(poll);
    poll->sys = &faults->sys;
    return result;
}

static void fault_shut(weir__poll *poll)
{
    fault_sys *faults = around(poll->sys);
    begin(faults, FAULT_POLLER_CLOSE);
    poll->sys = faults->inner;
    faults->inner->poller->close(poll);
    poll->sys = &faults->sys;
}

static int fault_add(weir__poll *poll, weir__watch *watch)
{
    fault_sys *faults = around(poll->sys);
    const int error = begin(faults, FAULT_POLLER_ADD);
    if (error)
        return -error;
    poll->sys = faults->inner;
    const int result = faults->inner->poller->add(poll, watch);
    poll->sys = &faults->sys;
    if (result < 0)
        return result;
    /* What is owed so far is reported by the kernel now. */
    pthread_mutex_lock(&faults->lock);
    faults->watched++;
    descriptor(faults, watch->fd)->watch = watch;
    descriptor(faults, watch->fd)->owed = 0;
    pthread_mutex_unlock(&faults->lock);
    return result;
}

/* Removing what is not there could harm the inner poller, so it is not tried. */
static void fault_remove(weir__poll *poll, weir__watch *watch)
{
    fault_sys *faults = around(poll->sys);
    begin(faults, FAULT_POLLER_REMOVE);
    pthread_mutex_lock(&faults->lock);
    struct fault_descriptor *registered = descriptor(faults, watch->fd);
    const bool is_known = registered->watch == watch;
    registered->watch = NULL;
    registered->owed = 0;
    faults->watched -= is_known;
    faults->misuses += !is_known;
    pthread_mutex_unlock(&faults->lock);
    if (!is_known)
        return;
    poll->sys = faults->inner;
    faults->inner->poller->remove(poll, watch);
    poll->sys = &faults->sys;
}

static int pay(fault_sys *faults, weir__poll_event *events, int max)
{
    int count = 0;
    pthread_mutex_lock(&faults->lock);
    for (size_t fd = 0; fd < faults->descriptor_count && count < max; fd++) {
        struct fault_descriptor *creditor = &faults->descriptors[fd];
        const unsigned owed = creditor->owed;
        if (!creditor->watch || owed == 0)
            continue;
        creditor->owed = 0;
        if ((owed & creditor->watch->interest) == 0)
            continue;
        events[count].watch = creditor->watch;
        events[count].ready = owed & creditor->watch->interest;
        count++;
    }
    pthread_mutex_unlock(&faults->lock);
    return count;
}

static int fault_wait(weir__poll *poll, weir__poll_event *events, int max,
                      int64_t timeout_ns)
{
    fault_sys *faults = around(poll->sys);
    const int error = begin(faults, FAULT_POLLER_WAIT);
    if (error)
        return error == EINTR ? 0 : -error;
    const int paid = pay(faults, events, max);
    if (paid == max)
        return paid;
    poll->sys = faults->inner;
    const int more = faults->inner->poller->wait(poll, events + paid, max - paid,
                                                 paid > 0 ? 0 : timeout_ns);
    poll->sys = &faults->sys;
    return more < 0 && paid == 0 ? more : paid + (more > 0 ? more : 0);
}

/* What tests call */

static const weir_sys CALLS = {
    .now = fault_now,
    .unix_time = fault_unix_time,
    .socket = fault_socket,
    .socketpair = fault_socketpair,
    .close = fault_close,
    .dup = fault_dup,
    .set_nonblocking = fault_set_nonblocking,
    .access_mode = fault_access_mode,
    .bind = fault_bind,
    .listen = fault_listen,
    .accept = fault_accept,
    .connect = fault_connect,
    .shutdown = fault_shutdown,
    .getsockopt = fault_getsockopt,
    .setsockopt = fault_setsockopt,
    .getsockname = fault_getsockname,
    .getpeername = fault_getpeername,
    .recv = fault_recv,
    .sendv = fault_sendv,
    .read = fault_read,
    .writev = fault_writev,
};

void fault_sys_init(fault_sys *faults, weir_sys *inner)
{
    *faults = (fault_sys){
        .sys = CALLS,
        .inner = inner,
        .poller = {.name = inner->poller->name,
                   .open = fault_open,
                   .close = fault_shut,
                   .add = fault_add,
                   .remove = fault_remove,
                   .wait = fault_wait},
        .read_limit = SIZE_MAX,
        .write_limit = SIZE_MAX,
    };
    faults->sys.poller = &faults->poller;
    faults->sys.short_read_drains = inner->short_read_drains;
    pthread_mutex_init(&faults->lock, NULL);
}

void fault_sys_clear(fault_sys *faults)
{
    pthread_mutex_destroy(&faults->lock);
    free(faults->descriptors);
    faults->descriptors = NULL;
    faults->descriptor_count = 0;
}

static unsigned long locked_value(fault_sys *faults, const unsigned long *value)
{
    pthread_mutex_lock(&faults->lock);
    const unsigned long copy = *value;
    pthread_mutex_unlock(&faults->lock);
    return copy;
}

unsigned long fault_sys_count(fault_sys *faults, fault_kind kind)
{
    unsigned long total = 0;
    if (kind != FAULT_ANY)
        return locked_value(faults, &faults->counts[kind]);
    for (int i = 0; i < FAULT_ANY; i++)
        total += i == FAULT_NOW ? 0 : locked_value(faults, &faults->counts[i]);
    return total;
}

void fault_sys_reset_counts(fault_sys *faults)
{
    pthread_mutex_lock(&faults->lock);
    memset(faults->counts, 0, sizeof(faults->counts));
    pthread_mutex_unlock(&faults->lock);
}

static void set_rule(fault_sys *faults, fault_kind kind, struct fault_rule rule)
{
    pthread_mutex_lock(&faults->lock);
    faults->rules[kind] = rule;
    pthread_mutex_unlock(&faults->lock);
}

void fault_sys_fail(fault_sys *faults, fault_kind kind, unsigned long n, int error)
{
    set_rule(faults, kind, (struct fault_rule){.left = n, .error = error});
}

void fault_sys_fail_from(fault_sys *faults, fault_kind kind, unsigned long n, int error)
{
    set_rule(faults, kind,
             (struct fault_rule){.left = n, .lasting = true, .error = error});
}

unsigned long fault_sys_fault_count(fault_sys *faults)
{
    return locked_value(faults, &faults->faults);
}

void fault_sys_limit(fault_sys *faults, size_t read_limit, size_t write_limit)
{
    faults->read_limit = read_limit;
    faults->write_limit = write_limit;
}

void fault_sys_again_each(fault_sys *faults, unsigned long n)
{
    faults->again_each = n;
    faults->transfers = 0;
}

unsigned long fault_sys_open_count(fault_sys *faults)
{
    return locked_value(faults, &faults->open);
}

unsigned long fault_sys_watch_count(fault_sys *faults)
{
    return locked_value(faults, &faults->watched);
}

unsigned long fault_sys_misuse_count(fault_sys *faults)
{
    return locked_value(faults, &faults->misuses);
}
