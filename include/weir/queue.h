/**
 * A bounded queue of pointers between tasks. A full one makes the giver wait.
 *
 *   weir_queue *queue = weir_queue_new(loop, 16);
 *   weir_queue_put(queue, message);             in one task
 *   while (weir_queue_get(queue, &item) == WEIR_OK) ...   in another
 *
 * Waiting tasks are served in the order in which they came. A call that is
 * cancelled or timed out has neither put nor taken anything.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_QUEUE_H
#define WEIR_QUEUE_H

#include <stddef.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_queue weir_queue;

/**
 * Makes a queue for `capacity` items, at least 1 and at most SIZE_MAX / 16.
 *
 * Returns NULL: WEIR_E_INVALID for a bad capacity, or WEIR_E_MEMORY.
 */
weir_queue *weir_queue_new(weir_loop *loop, size_t capacity);

/** Frees the queue, not its items. Waiting tasks get WEIR_E_CLOSED. NULL is allowed. */
void weir_queue_free(weir_queue *queue);

/**
 * Appends an item; waits while the queue is full.
 *
 * Returns WEIR_OK; WEIR_E_CLOSED, WEIR_E_CANCELLED or WEIR_E_TIMEOUT when the item
 * is not in the queue and stays the caller's.
 */
int weir_queue_put(weir_queue *queue, void *item);

/** The same without waiting: WEIR_E_AGAIN when the queue is full. */
int weir_queue_try_put(weir_queue *queue, void *item);

/**
 * Takes the oldest item; waits while the queue is empty.
 *
 * Returns WEIR_OK; WEIR_E_CLOSED once the queue is closed and empty;
 * WEIR_E_CANCELLED or WEIR_E_TIMEOUT.
 */
int weir_queue_get(weir_queue *queue, void **item);

/** The same without waiting: WEIR_E_AGAIN when the queue is empty. */
int weir_queue_try_get(weir_queue *queue, void **item);

/** Ends the queue: no more puts; what is in it can still be taken. */
void weir_queue_close(weir_queue *queue);

/** How many items are in the queue. */
size_t weir_queue_len(const weir_queue *queue);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
