/* The n-th allocation fails. Each block begins with its size, so that a realloc that
 * moves nothing is still seen by the sanitizers as a new block.
 *
 * SPDX-License-Identifier: MIT */
#include "nth.h"

#include <stdlib.h>
#include <string.h>

union block {
    size_t size;
    max_align_t align;
};

static bool must_fail(struct nth *nth)
{
    bool fail = ++nth->count == nth->fail_at;
    nth->failed |= fail;
    return fail;
}

static void *nth_malloc(size_t size, void *user_data)
{
    struct nth *nth = user_data;
    if (must_fail(nth))
        return NULL;
    union block *block = malloc(sizeof(*block) + size);
    if (!block)
        return NULL;
    block->size = size;
    nth->live++;
    nth->live_bytes += size;
    if (nth->live_bytes > nth->most_bytes)
        nth->most_bytes = nth->live_bytes;
    return block + 1;
}

static void nth_free(void *memory, void *user_data)
{
    struct nth *nth = user_data;
    union block *block = memory;
    if (!memory)
        return;
    nth->live--;
    nth->live_bytes -= block[-1].size;
    free(block - 1);
}

static void *nth_realloc(void *memory, size_t size, void *user_data)
{
    void *moved = nth_malloc(size, user_data);
    if (!moved || !memory)
        return moved;
    size_t old = ((union block *)memory)[-1].size;
    memcpy(moved, memory, old < size ? old : size);
    nth_free(memory, user_data);
    return moved;
}

void nth_init(struct nth *nth, size_t fail_at)
{
    *nth = (struct nth){
        .allocator = {nth_malloc, nth_realloc, nth_free, nth},
        .fail_at = fail_at,
    };
}
