/* Calls from other threads: a list under a mutex, and a pipe that wakes the loop.
 *
 * SPDX-License-Identifier: MIT */
#include "post.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "error.h"
#include "loop.h"
#include "signal.h"

/* weir_loop_post() may come from any thread, and a loop's allocator is called from
 * one thread only: so these few bytes are the C library's. */
struct call {
    weir__posted posted;
    void (*function)(void *arg);
    void *arg;
};

static void drop_call(weir__posted *posted)
{
    free(WEIR__CONTAINER(posted, struct call, posted));
}

static void run_call(weir__posted *posted)
{
    struct call call = *WEIR__CONTAINER(posted, struct call, posted);
    drop_call(posted);
    call.function(call.arg);
}

int weir_loop_post(weir_loop *loop, void (*function)(void *arg), void *arg)
{
    struct call *call = malloc(sizeof(*call));
    if (!call)
        return weir__fail(WEIR_E_MEMORY, "post", "post: no memory for a call");
    *call = (struct call){{NULL, run_call, drop_call}, function, arg};
    weir__post_node(loop, &call->posted);
    return WEIR_OK;
}

static void wake(int fd)
{
    ssize_t written;
    do
        written = write(fd, "", 1);
    while (written < 0 && errno == EINTR);
}

void weir__post_node(weir_loop *loop, weir__posted *posted)
{
    weir__post *post = &loop->post;
    pthread_mutex_lock(&post->mutex);
    posted->next = NULL;
    if (post->last)
        post->last->next = posted;
    else
        post->first = posted;
    post->last = posted;
    /* Under the mutex: once it is unlocked the loop may run the call and be freed. */
    if (!post->woken)
        wake(post->pipe[1]);
    post->woken = true;
    pthread_mutex_unlock(&post->mutex);
}

static weir__posted *take_all(weir__post *post)
{
    pthread_mutex_lock(&post->mutex);
    weir__posted *first = post->first;
    post->first = NULL;
    post->last = NULL;
    post->woken = false;
    pthread_mutex_unlock(&post->mutex);
    return first;
}

static void on_wake(weir__watch *watch)
{
    weir_loop *loop = WEIR__CONTAINER(watch, weir_loop, post.watch);
    char bytes[64];
    watch->ready = 0;
    /* Emptied before the list is taken, so that no call is left without a byte. */
    while (read(watch->fd, bytes, sizeof(bytes)) > 0)
        ;
    weir__signals_deliver(loop);
    weir__posted *posted = take_all(&loop->post);
    while (posted) {
        weir__posted *next = posted->next;
        posted->function(posted);
        posted = next;
    }
}

bool weir__post_is_pending(weir_loop *loop)
{
    pthread_mutex_lock(&loop->post.mutex);
    bool pending = loop->post.first != NULL;
    pthread_mutex_unlock(&loop->post.mutex);
    return pending;
}

int weir__post_wake_fd(const weir_loop *loop)
{
    return loop->post.pipe[1];
}

static void close_pipe(weir__post *post)
{
    close(post->pipe[0]);
    close(post->pipe[1]);
}

static int make_quiet(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0
               ? -errno
               : 0;
}

int weir__post_open(weir_loop *loop)
{
    weir__post *post = &loop->post;
    int rc;
    if (pipe(post->pipe) < 0)
        return weir__fail_errno(errno, "loop", "loop: cannot make a pipe");
    rc = make_quiet(post->pipe[0]);
    if (rc == 0)
        rc = make_quiet(post->pipe[1]);
    if (rc == 0)
        rc = weir__watch_add(loop, &post->watch, post->pipe[0], WEIR__POLL_READ,
                             on_wake);
    if (rc < 0) {
        close_pipe(post);
        return weir__fail_errno(-rc, "loop", "loop: cannot watch a pipe");
    }
    pthread_mutex_init(&post->mutex, NULL);
    return WEIR_OK;
}

void weir__post_close(weir_loop *loop)
{
    weir__post *post = &loop->post;
    weir__posted *posted = take_all(post);
    while (posted) {
        weir__posted *next = posted->next;
        posted->drop(posted);
        posted = next;
    }
    weir__watch_remove(loop, &post->watch);
    close_pipe(post);
    pthread_mutex_destroy(&post->mutex);
}
