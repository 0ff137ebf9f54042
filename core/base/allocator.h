/* Memory through a weir_allocator.
 *
 * A NULL allocator is the default one, so that a zeroed options struct works.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BASE_ALLOCATOR_H
#define WEIR_BASE_ALLOCATOR_H

#include <weir/allocator.h>

void *weir__malloc(const weir_allocator *allocator, size_t size);

/* Zeroed memory for `count` things of `size` bytes; NULL when the product overflows. */
void *weir__calloc(const weir_allocator *allocator, size_t count, size_t size);

void *weir__realloc(const weir_allocator *allocator, void *memory, size_t size);

/* NULL is allowed. */
void weir__free(const weir_allocator *allocator, void *memory);

/* A NUL-terminated copy of `len` bytes, or NULL. */
char *weir__strndup(const weir_allocator *allocator, const char *data, size_t len);

#endif
