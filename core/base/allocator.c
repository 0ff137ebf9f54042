/* The default allocator, and calls through any.
 *
 * SPDX-License-Identifier: MIT */
#include "allocator.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"

static void *default_malloc(size_t size, void *user_data)
{
    (void)user_data;
    return malloc(size);
}

static void *default_realloc(void *memory, size_t size, void *user_data)
{
    (void)user_data;
    return realloc(memory, size);
}

static void default_free(void *memory, void *user_data)
{
    (void)user_data;
    free(memory);
}

static const weir_allocator DEFAULT_ALLOCATOR = {
    .malloc = default_malloc,
    .realloc = default_realloc,
    .free = default_free,
};

const weir_allocator *weir_allocator_default(void)
{
    return &DEFAULT_ALLOCATOR;
}

static const weir_allocator *or_default(const weir_allocator *allocator)
{
    return allocator ? allocator : &DEFAULT_ALLOCATOR;
}

void *weir__malloc(const weir_allocator *allocator, size_t size)
{
    allocator = or_default(allocator);
    return allocator->malloc(size, allocator->user_data);
}

void *weir__calloc(const weir_allocator *allocator, size_t count, size_t size)
{
    size_t total;
    if (!weir__checked_multiply(count, size, &total))
        return NULL;
    void *memory = weir__malloc(allocator, total);
    return memory ? memset(memory, 0, total) : NULL;
}

void *weir__realloc(const weir_allocator *allocator, void *memory, size_t size)
{
    allocator = or_default(allocator);
    return allocator->realloc(memory, size, allocator->user_data);
}

void weir__free(const weir_allocator *allocator, void *memory)
{
    if (!memory)
        return;
    allocator = or_default(allocator);
    allocator->free(memory, allocator->user_data);
}

char *weir__strndup(const weir_allocator *allocator, const char *data, size_t len)
{
    size_t size;
    if (!weir__checked_add(len, 1, &size))
        return NULL;
    char *copy = weir__malloc(allocator, size);
    if (!copy)
        return NULL;
    if (len > 0)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}
