/* A min-heap of nodes that live in other structs.
 *
 * Four children a node: fewer levels than two, and siblings share cache lines.
 * Space is reserved when a node comes into being, so that pushing cannot fail.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BASE_HEAP_H
#define WEIR_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/allocator.h>

#define WEIR__HEAP_NOWHERE SIZE_MAX

typedef struct weir__heap_node {
    size_t index; /* WEIR__HEAP_NOWHERE while not in the heap */
} weir__heap_node;

struct weir__heap_slot {
    uint64_t key;
    weir__heap_node *node;
};

typedef struct weir__heap {
    const weir_allocator *allocator;
    struct weir__heap_slot *slots;
    size_t count;
    size_t capacity;
    size_t reserved; /* nodes that may be pushed at the same time */
} weir__heap;

void weir__heap_init(weir__heap *heap, const weir_allocator *allocator);

void weir__heap_clear(weir__heap *heap);

static inline void weir__heap_node_init(weir__heap_node *node)
{
    node->index = WEIR__HEAP_NOWHERE;
}

static inline bool weir__heap_contains(const weir__heap_node *node)
{
    return node->index != WEIR__HEAP_NOWHERE;
}

/* Makes room for one more node. WEIR_OK or WEIR_E_MEMORY. */
int weir__heap_reserve(weir__heap *heap);

/* Gives one reservation back. */
void weir__heap_release(weir__heap *heap);

/* Puts the node in, or moves it to its new key. O(log n). */
void weir__heap_set(weir__heap *heap, weir__heap_node *node, uint64_t key);

/* Takes the node out; does nothing when it is not in. O(log n). */
void weir__heap_remove(weir__heap *heap, weir__heap_node *node);

/* The node with the smallest key, or NULL. */
static inline weir__heap_node *weir__heap_first(const weir__heap *heap, uint64_t *key)
{
    if (heap->count == 0)
        return NULL;
    *key = heap->slots[0].key;
    return heap->slots[0].node;
}

/* The key of a node that is in the heap. */
static inline uint64_t weir__heap_key(const weir__heap *heap,
                                      const weir__heap_node *node)
{
    return heap->slots[node->index].key;
}

#endif
