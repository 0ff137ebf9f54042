/* A bounded queue: a ring, and two lists of those who wait.
 *
 * Items are handed over: a giver who finds a taker waiting puts its item into the
 * taker's hands, a taker who makes room appends the item of the first giver who
 * waits. So order is kept, and a cancelled wait has moved nothing.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/queue.h>

#include <stdint.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "park.h"

struct weir_queue {
    weir_loop *loop;
    weir__link givers;
    weir__link takers;
    size_t capacity;
    size_t first;
    size_t len;
    bool closed;
    void *items[];
};

/* One who waits, and the item that it gives or is given. */
struct hand {
    weir__waiter waiter;
    void *item;
};

weir_queue *weir_queue_new(weir_loop *loop, size_t capacity)
{
    if (capacity == 0 || capacity > SIZE_MAX / 16) {
        weir__fail(WEIR_E_INVALID, "queue", "queue: a capacity of %zu is not possible",
                   capacity);
        return NULL;
    }
    weir_queue *queue = weir__malloc(
        loop->allocator, sizeof(*queue) + capacity * sizeof(queue->items[0]));
    if (!queue) {
        weir__fail(WEIR_E_MEMORY, "queue", "queue: no memory for %zu items", capacity);
        return NULL;
    }
    *queue = (struct weir_queue){.loop = loop, .capacity = capacity};
    weir__link_init(&queue->givers);
    weir__link_init(&queue->takers);
    return queue;
}

void weir_queue_free(weir_queue *queue)
{
    if (!queue)
        return;
    weir_queue_close(queue);
    weir__free(queue->loop->allocator, queue);
}

void weir_queue_close(weir_queue *queue)
{
    queue->closed = true;
    weir__unpark_all(&queue->givers, WEIR_E_CLOSED);
    weir__unpark_all(&queue->takers, WEIR_E_CLOSED);
}

size_t weir_queue_len(const weir_queue *queue)
{
    return queue->len;
}

/* Wakes the first who still waits; its hand is good until it has its turn. One who
 * was cancelled or timed out, and has not had its turn since, is passed over. */
static struct hand *wake_first(weir__link *waiters)
{
    weir__link *link;
    while ((link = weir__link_shift(waiters))) {
        struct hand *hand = WEIR__CONTAINER(link, struct hand, waiter.link);
        if (weir__unpark(hand->waiter.task, WEIR_OK))
            return hand;
    }
    return NULL;
}

static void append(weir_queue *queue, void *item)
{
    size_t at = queue->first + queue->len;
    queue->items[at < queue->capacity ? at : at - queue->capacity] = item;
    queue->len++;
}

static void *take(weir_queue *queue)
{
    void *item = queue->items[queue->first];
    queue->first = queue->first + 1 < queue->capacity ? queue->first + 1 : 0;
    queue->len--;
    return item;
}

int weir_queue_try_put(weir_queue *queue, void *item)
{
    if (queue->closed)
        return WEIR_E_CLOSED;
    struct hand *taker = wake_first(&queue->takers);
    if (taker) {
        taker->item = item;
        return WEIR_OK;
    }
    if (queue->len == queue->capacity)
        return WEIR_E_AGAIN;
    append(queue, item);
    return WEIR_OK;
}

int weir_queue_try_get(weir_queue *queue, void **item)
{
    if (queue->len == 0)
        return queue->closed ? WEIR_E_CLOSED : WEIR_E_AGAIN;
    *item = take(queue);
    struct hand *giver = wake_first(&queue->givers);
    if (giver)
        append(queue, giver->item);
    return WEIR_OK;
}

static int wait_in(weir_queue *queue, weir__link *waiters, struct hand *hand)
{
    hand->waiter.task = queue->loop->current;
    weir__link_push(waiters, &hand->waiter.link);
    int rc = weir__park(queue->loop, "queue");
    weir__link_remove(&hand->waiter.link);
    return rc;
}

static int closed(int rc)
{
    return rc == WEIR_E_CLOSED ? weir__fail(rc, "queue", "queue: it is closed") : rc;
}

int weir_queue_put(weir_queue *queue, void *item)
{
    struct hand hand = {.item = item};
    int rc = weir_queue_try_put(queue, item);
    if (rc == WEIR_E_AGAIN)
        rc = wait_in(queue, &queue->givers, &hand);
    return closed(rc);
}

int weir_queue_get(weir_queue *queue, void **item)
{
    struct hand hand = {.item = NULL};
    int rc = weir_queue_try_get(queue, item);
    if (rc != WEIR_E_AGAIN)
        return closed(rc);
    rc = wait_in(queue, &queue->takers, &hand);
    if (rc == WEIR_OK)
        *item = hand.item;
    return closed(rc);
}
