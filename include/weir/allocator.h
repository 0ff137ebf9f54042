/**
 * Where weir gets its memory.
 *
 * A loop and everything made on it use the allocator that the loop was given;
 * all zero is the C library's. Task stacks come from the kernel, not from here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_ALLOCATOR_H
#define WEIR_ALLOCATOR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * Three functions and what they are called with.
 *
 * They have the contracts of malloc, realloc and free, except that the sizes
 * are never 0. They are called from the loop's thread alone and may return NULL:
 * the call that needed the memory then returns WEIR_E_MEMORY.
 */
typedef struct weir_allocator {
    void *(*malloc)(size_t size, void *user_data);
    void *(*realloc)(void *memory, size_t size, void *user_data);
    void (*free)(void *memory, void *user_data);
    void *user_data;
} weir_allocator;

/** The C library's malloc, realloc and free. */
const weir_allocator *weir_allocator_default(void);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
