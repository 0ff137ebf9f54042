/* Calls from other threads, and the descriptor that wakes the loop for them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_POST_H
#define WEIR_CORE_POST_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <weir/loop.h>

#include "poll.h"

/* A call to come. Memory of the caller, which `function` may free. */
typedef struct weir__posted {
    struct weir__posted *next;
    void (*function)(struct weir__posted *posted);
    void (*drop)(struct weir__posted *posted); /* the loop is freed instead */
} weir__posted;

typedef struct weir__post {
    pthread_mutex_t mutex;
    struct weir__posted *first; /* under the mutex, as are the next two */
    struct weir__posted *last;
    bool woken; /* a byte is in the pipe */
    int pipe[2];
    weir__watch watch;
} weir__post;

int weir__post_open(weir_loop *loop);
void weir__post_close(weir_loop *loop);

/* Posts without allocating: cannot fail. From any thread. */
void weir__post_node(weir_loop *loop, weir__posted *posted);

bool weir__post_is_pending(weir_loop *loop);

/* The descriptor that a signal handler may write one byte to. */
int weir__post_wake_fd(const weir_loop *loop);

#endif
