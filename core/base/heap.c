/* A four-ary min-heap.
 *
 * SPDX-License-Identifier: MIT */
#include "heap.h"

#include <weir/status.h>

#include "allocator.h"
#include "checked.h"

#define CHILDREN 4

void weir__heap_init(weir__heap *heap, const weir_allocator *allocator)
{
    *heap = (weir__heap){.allocator = allocator};
}

void weir__heap_clear(weir__heap *heap)
{
    weir__free(heap->allocator, heap->slots);
    weir__heap_init(heap, heap->allocator);
}

int weir__heap_reserve(weir__heap *heap)
{
    size_t capacity;
    size_t size;
    if (heap->reserved < heap->capacity) {
        heap->reserved++;
        return WEIR_OK;
    }
    capacity = heap->capacity ? heap->capacity : CHILDREN;
    if (!weir__checked_add(capacity, capacity, &capacity) ||
        !weir__checked_multiply(capacity, sizeof(*heap->slots), &size))
        return WEIR_E_MEMORY;
    void *slots = weir__realloc(heap->allocator, heap->slots, size);
    if (!slots)
        return WEIR_E_MEMORY;
    heap->slots = slots;
    heap->capacity = capacity;
    heap->reserved++;
    return WEIR_OK;
}

void weir__heap_release(weir__heap *heap)
{
    heap->reserved--;
}

static void place(weir__heap *heap, size_t index, struct weir__heap_slot slot)
{
    heap->slots[index] = slot;
    slot.node->index = index;
}

static size_t sift_up(weir__heap *heap, size_t index, struct weir__heap_slot slot)
{
    while (index > 0) {
        size_t parent = (index - 1) / CHILDREN;
        if (heap->slots[parent].key <= slot.key)
            break;
        place(heap, index, heap->slots[parent]);
        index = parent;
    }
    return index;
}

static size_t smallest_child(const weir__heap *heap, size_t index)
{
    size_t first = index * CHILDREN + 1;
    size_t end = first + CHILDREN < heap->count ? first + CHILDREN : heap->count;
    size_t best = first;
    for (size_t child = first + 1; child < end; child++) {
        if (heap->slots[child].key < heap->slots[best].key)
            best = child;
    }
    return best;
}

static size_t sift_down(weir__heap *heap, size_t index, struct weir__heap_slot slot)
{
    while (index * CHILDREN + 1 < heap->count) {
        size_t child = smallest_child(heap, index);
        if (heap->slots[child].key >= slot.key)
            break;
        place(heap, index, heap->slots[child]);
        index = child;
    }
    return index;
}

void weir__heap_set(weir__heap *heap, weir__heap_node *node, uint64_t key)
{
    struct weir__heap_slot slot = {key, node};
    size_t index = node->index;
    if (index == WEIR__HEAP_NOWHERE)
        index = heap->count++;
    else if (key > heap->slots[index].key) {
        place(heap, sift_down(heap, index, slot), slot);
        return;
    }
    place(heap, sift_up(heap, index, slot), slot);
}

void weir__heap_remove(weir__heap *heap, weir__heap_node *node)
{
    size_t index = node->index;
    if (index == WEIR__HEAP_NOWHERE)
        return;
    struct weir__heap_slot last = heap->slots[--heap->count];
    node->index = WEIR__HEAP_NOWHERE;
    if (last.node == node)
        return;
    place(heap, index, last);
    weir__heap_set(heap, last.node, last.key);
    if (last.node->index == index)
        place(heap, sift_down(heap, index, last), last);
}
