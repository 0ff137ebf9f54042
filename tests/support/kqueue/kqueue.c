/* kqueue over epoll: as much of it as core/poll_kqueue.c uses, and strict there.
 *
 * A filter is an epoll of its own, since kqueue wakes for one direction where a
 * single epoll entry would report both. The queue's descriptor is a third epoll
 * around the two, so it can be waited for itself:
 *
 *     kq  <-  read  <- descriptors with EVFILT_READ
 *         <-  write <- descriptors with EVFILT_WRITE
 *
 * What it cannot do: a knote survives close() when the descriptor was duplicated,
 * the end of one's own writing (shutdown) is not told as EV_EOF of EVFILT_WRITE,
 * and regular files are always at their end.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sys/event.h>

#define BATCH 256

struct knote {
    bool exists;
    void *udata;
};

struct side {
    short filter;
    uint32_t asks_for;
    int epoll;
    struct knote *knotes; /* by descriptor */
    size_t capacity;
};

struct queue {
    int fd;
    struct side sides[2];
    int first; /* the side to look at first: they take turns */
    struct queue *next;
};

/* A queue ends when its descriptor is closed, which is noticed at the next look. */
static struct queue *queues;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int fail(int error)
{
    errno = error;
    return -1;
}

/* Whether the descriptor is still the epoll that this queue has made. */
static bool is_open(struct queue *queue)
{
    struct epoll_event event = {.events = EPOLLIN};
    for (int i = 0; i < 2; i++) {
        const int inner = queue->sides[i].epoll;
        if (epoll_ctl(queue->fd, EPOLL_CTL_MOD, inner, &event) < 0)
            return false;
    }
    return true;
}

static void free_queue(struct queue *queue)
{
    for (int i = 0; i < 2; i++) {
        if (queue->sides[i].epoll >= 0)
            close(queue->sides[i].epoll);
        free(queue->sides[i].knotes);
    }
    free(queue);
}

static void sweep(void)
{
    for (struct queue **link = &queues; *link;) {
        struct queue *queue = *link;
        if (is_open(queue)) {
            link = &queue->next;
            continue;
        }
        *link = queue->next;
        free_queue(queue);
    }
}

static struct queue *find(int kq)
{
    pthread_mutex_lock(&lock);
    struct queue *queue = queues;
    while (queue && !(queue->fd == kq && is_open(queue)))
        queue = queue->next;
    pthread_mutex_unlock(&lock);
    return queue;
}

static bool open_queue(struct queue *queue)
{
    struct epoll_event event = {.events = EPOLLIN};
    queue->fd = epoll_create1(0);
    queue->sides[0].epoll = epoll_create1(EPOLL_CLOEXEC);
    queue->sides[1].epoll = epoll_create1(EPOLL_CLOEXEC);
    return queue->fd >= 0 &&
           epoll_ctl(queue->fd, EPOLL_CTL_ADD, queue->sides[0].epoll, &event) == 0 &&
           epoll_ctl(queue->fd, EPOLL_CTL_ADD, queue->sides[1].epoll, &event) == 0;
}

int kqueue(void)
{
    struct queue *queue = calloc(1, sizeof(*queue));
    if (!queue)
        return fail(ENOMEM);
    queue->sides[0].filter = EVFILT_READ;
    queue->sides[0].asks_for = EPOLLIN | EPOLLRDHUP;
    queue->sides[1].filter = EVFILT_WRITE;
    queue->sides[1].asks_for = EPOLLOUT;
    pthread_mutex_lock(&lock);
    sweep();
    if (!open_queue(queue)) {
        const int error = errno;
        if (queue->fd >= 0)
            close(queue->fd);
        free_queue(queue);
        pthread_mutex_unlock(&lock);
        return fail(error);
    }
    queue->next = queues;
    queues = queue;
    pthread_mutex_unlock(&lock);
    return queue->fd;
}

static bool reserve(struct side *side, int fd)
{
    const size_t capacity = (size_t)fd * 2 + 16;
    if ((size_t)fd < side->capacity)
        return true;
    struct knote *knotes = realloc(side->knotes, capacity * sizeof(*knotes));
    if (!knotes)
        return false;
    memset(knotes + side->capacity, 0, (capacity - side->capacity) * sizeof(*knotes));
    side->knotes = knotes;
    side->capacity = capacity;
    return true;
}

/* A file is taken, and "returns when the file pointer is not at the end of file":
 * here, as at the end of one, never. */
static bool is_file(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* "Re-adding an existing event will modify the parameters of the original event,
 * and not result in a duplicate entry." */
static int add_knote(struct side *side, int fd, const struct kevent *change)
{
    const uint32_t edge = change->flags & EV_CLEAR ? (uint32_t)EPOLLET : 0;
    struct epoll_event event = {.events = side->asks_for | edge, .data.fd = fd};
    if (!reserve(side, fd))
        return ENOMEM;
    int result = epoll_ctl(side->epoll, EPOLL_CTL_ADD, fd, &event);
    if (result < 0 && errno == EEXIST)
        result = epoll_ctl(side->epoll, EPOLL_CTL_MOD, fd, &event);
    if (result < 0 && !(errno == EPERM && is_file(fd)))
        return errno == EPERM ? EINVAL : errno;
    side->knotes[fd] = (struct knote){.exists = true, .udata = change->udata};
    return 0;
}

/* "Events which are attached to file descriptors are automatically deleted on the
 * last close of the descriptor": then epoll has forgotten it too. */
static int delete_knote(struct side *side, int fd)
{
    if ((size_t)fd >= side->capacity || !side->knotes[fd].exists)
        return ENOENT;
    side->knotes[fd].exists = false;
    if (epoll_ctl(side->epoll, EPOLL_CTL_DEL, fd, NULL) < 0 && !is_file(fd))
        return ENOENT;
    return 0;
}

static int apply(struct queue *queue, const struct kevent *change)
{
    const unsigned known = EV_ADD | EV_DELETE | EV_CLEAR | EV_RECEIPT;
    const unsigned action = change->flags & (EV_ADD | EV_DELETE);
    const int fd = change->ident > INT_MAX ? -1 : (int)change->ident;
    if (change->filter != EVFILT_READ && change->filter != EVFILT_WRITE)
        return EINVAL;
    if (change->flags & ~known || (action != EV_ADD && action != EV_DELETE))
        return EINVAL;
    if (fcntl(fd, F_GETFD) < 0)
        return EBADF;
    struct side *side = &queue->sides[change->filter == EVFILT_READ ? 0 : 1];
    return action == EV_ADD ? add_knote(side, fd, change) : delete_knote(side, fd);
}

/* "If an error occurs while processing an element of the changelist and there is
 * enough room in the eventlist, then the event will be placed in the eventlist with
 * EV_ERROR set in flags and the system error in data. Otherwise, -1 will be
 * returned." EV_RECEIPT "causes EV_ERROR to always be returned". */
static int apply_all(struct queue *queue, const struct kevent *changes, int count,
                     struct kevent *events, int max)
{
    int answers = 0;
    for (int i = 0; i < count; i++) {
        const struct kevent change = changes[i]; /* the lists may be one */
        const int error = apply(queue, &change);
        if (error == 0 && !(change.flags & EV_RECEIPT))
            continue;
        if (answers < max) {
            events[answers] = change;
            events[answers].flags = EV_ERROR;
            events[answers].data = error;
            answers++;
        } else if (error != 0) {
            return fail(error);
        }
    }
    return answers;
}

static void fill_in(struct side *side, const struct epoll_event *from,
                    struct kevent *to)
{
    const int fd = from->data.fd;
    const uint32_t end = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    const unsigned short flags = from->events & end ? EV_CLEAR | EV_EOF : EV_CLEAR;
    int bytes = 0;
    if (side->filter == EVFILT_READ)
        ioctl(fd, FIONREAD, &bytes);
    EV_SET(to, (uintptr_t)fd, side->filter, flags, 0, bytes, side->knotes[fd].udata);
}

static int scan_side(struct side *side, struct kevent *events, int max)
{
    struct epoll_event batch[BATCH];
    if (max == 0)
        return 0;
    const int count = epoll_wait(side->epoll, batch, max < BATCH ? max : BATCH, 0);
    for (int i = 0; i < count; i++)
        fill_in(side, &batch[i], &events[i]);
    return count < 0 ? 0 : count;
}

static int scan(struct queue *queue, struct kevent *events, int max)
{
    const int first = queue->first;
    queue->first = 1 - first;
    const int count = scan_side(&queue->sides[first], events, max);
    return count + scan_side(&queue->sides[1 - first], events + count, max - count);
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct timespec until(int64_t end)
{
    const int64_t left = end - now();
    if (left <= 0)
        return (struct timespec){0, 0};
    return (struct timespec){(time_t)(left / 1000000000), (long)(left % 1000000000)};
}

/* What woke the queue may be gone when it is looked at; then the wait goes on. */
static int wait_for(struct queue *queue, struct kevent *events, int max,
                    const struct timespec *timeout)
{
    int64_t end = 0;
    if (timeout)
        end = now() + (int64_t)timeout->tv_sec * 1000000000 + timeout->tv_nsec;
    for (;;) {
        struct pollfd question = {.fd = queue->fd, .events = POLLIN};
        const struct timespec left = until(end);
        const int answers = ppoll(&question, 1, timeout ? &left : NULL, NULL);
        if (answers <= 0)
            return answers;
        const int count = scan(queue, events, max);
        if (count > 0)
            return count;
    }
}

/* The bound is that of macOS. */
static bool is_valid(const struct timespec *timeout)
{
    return timeout->tv_sec >= 0 && timeout->tv_sec <= 100000000 &&
           timeout->tv_nsec >= 0 && timeout->tv_nsec <= 999999999;
}

int kevent(int kq, const struct kevent *changelist, int nchanges,
           struct kevent *eventlist, int nevents, const struct timespec *timeout)
{
    struct queue *queue = find(kq);
    if (!queue)
        return fail(EBADF);
    if (nchanges < 0 || nevents < 0)
        return fail(EINVAL);
    if (timeout && !is_valid(timeout))
        return fail(EINVAL);
    const int answers = apply_all(queue, changelist, nchanges, eventlist, nevents);
    if (answers != 0)
        return answers;
    /* "When nevents is zero, kevent() will return immediately." */
    return nevents == 0 ? 0 : wait_for(queue, eventlist, nevents, timeout);
}
