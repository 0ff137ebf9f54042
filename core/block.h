/* Memory to read into, lent by the loop: a few sizes, the last used kept warm.
 *
 * A connection holds a block only while it has bytes that nobody has read, so a
 * loop needs as many as connections are active at one time, and idle ones need
 * none.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_BLOCK_H
#define WEIR_CORE_BLOCK_H

#include <stddef.h>
#include <weir/allocator.h>

#define WEIR__BLOCK_SMALL ((size_t)4 * 1024)
#define WEIR__BLOCK_LARGE ((size_t)256 * 1024)

enum { WEIR__BLOCK_SIZES = 4 }; /* 4, 16, 64 and 256 KiB, and a little more */

typedef struct weir__blocks {
    const weir_allocator *allocator;
    struct weir__block *kept[WEIR__BLOCK_SIZES];
    size_t kept_bytes[WEIR__BLOCK_SIZES];
} weir__blocks;

void weir__blocks_init(weir__blocks *blocks, const weir_allocator *allocator);

/* Frees what is kept. */
void weir__blocks_clear(weir__blocks *blocks);

/* Memory for at least `size` bytes; `*capacity` is how many there are. NULL
 * without memory. */
char *weir__block_take(weir__blocks *blocks, size_t size, size_t *capacity);

/* Gives it back. NULL is allowed. */
void weir__block_give(weir__blocks *blocks, char *memory, size_t capacity);

#endif
