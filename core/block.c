/* Blocks: a stack of free ones for each size. AddressSanitizer is told that nobody may
 * touch a free one, so that a slice which has outlived its buffer is found.
 *
 * SPDX-License-Identifier: MIT */
#include "block.h"

#include <string.h>

#include "allocator.h"
#include "sanitizer.h"

/* Kept of each size: enough for the connections that one turn of the loop serves. */
#define MAX_KEPT_BYTES ((size_t)1088 * 1024)

/* Peers write powers of two, and a read that has filled its space must be followed by
 * another, to see that nothing is left. So there is a little more space than that. */
#define SPARE 64

struct weir__block {
    struct weir__block *next;
};

void weir__blocks_init(weir__blocks *blocks, const weir_allocator *allocator)
{
    memset(blocks, 0, sizeof(*blocks));
    blocks->allocator = allocator;
}

static size_t size_of(int index)
{
    return (WEIR__BLOCK_SMALL << (2 * index)) + SPARE;
}

/* The smallest size that fits, or WEIR__BLOCK_SIZES. */
static int index_for(size_t size)
{
    int index = 0;
    while (index < WEIR__BLOCK_SIZES && size_of(index) < size)
        index++;
    return index;
}

void weir__blocks_clear(weir__blocks *blocks)
{
    for (int i = 0; i < WEIR__BLOCK_SIZES; i++) {
        while (blocks->kept[i]) {
            struct weir__block *block = blocks->kept[i];
            blocks->kept[i] = block->next;
            WEIR__UNPOISON(block, size_of(i));
            weir__free(blocks->allocator, block);
        }
        blocks->kept_bytes[i] = 0;
    }
}

char *weir__block_take(weir__blocks *blocks, size_t size, size_t *capacity)
{
    int index = index_for(size);
    *capacity = index < WEIR__BLOCK_SIZES ? size_of(index) : size;
    if (index == WEIR__BLOCK_SIZES || !blocks->kept[index])
        return weir__malloc(blocks->allocator, *capacity);
    struct weir__block *block = blocks->kept[index];
    blocks->kept[index] = block->next;
    blocks->kept_bytes[index] -= *capacity;
    WEIR__UNPOISON(block, *capacity);
    return (char *)block;
}

void weir__block_give(weir__blocks *blocks, char *memory, size_t capacity)
{
    int index = index_for(capacity);
    if (!memory)
        return;
    WEIR__UNPOISON(memory, capacity);
    if (index == WEIR__BLOCK_SIZES || size_of(index) != capacity ||
        blocks->kept_bytes[index] + capacity > MAX_KEPT_BYTES) {
        weir__free(blocks->allocator, memory);
        return;
    }
    struct weir__block *block = (struct weir__block *)(void *)memory;
    block->next = blocks->kept[index];
    blocks->kept[index] = block;
    blocks->kept_bytes[index] += capacity;
    WEIR__POISON(block + 1, capacity - sizeof(*block));
}
