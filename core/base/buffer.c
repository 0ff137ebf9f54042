/* Growable bytes with a limit.
 *
 * SPDX-License-Identifier: MIT */
#include "buffer.h"

#include <stdint.h>
#include <string.h>
#include <weir/status.h>

#include "allocator.h"
#include "checked.h"
#include "wipe.h"

#define MIN_CAPACITY 256

void weir__buffer_init(weir__buffer *buffer, const weir_allocator *allocator,
                       size_t limit)
{
    *buffer = (weir__buffer){.allocator = allocator, .limit = limit};
}

void weir__buffer_clear(weir__buffer *buffer)
{
    weir__free(buffer->allocator, buffer->memory);
    weir__buffer_init(buffer, buffer->allocator, buffer->limit);
}

void weir__buffer_clear_secret(weir__buffer *buffer)
{
    weir__wipe(buffer->memory, buffer->capacity);
    weir__buffer_clear(buffer);
}

static void move_to_front(weir__buffer *buffer)
{
    size_t len = weir__buffer_len(buffer);
    if (buffer->start == 0)
        return;
    memmove(buffer->memory, buffer->memory + buffer->start, len);
    buffer->start = 0;
    buffer->end = len;
}

/* At least doubles, so that appending n bytes costs O(n). */
static size_t next_capacity(const weir__buffer *buffer, size_t needed)
{
    size_t capacity = buffer->capacity > SIZE_MAX / 2 ? SIZE_MAX : buffer->capacity * 2;
    if (capacity < MIN_CAPACITY)
        capacity = MIN_CAPACITY;
    if (capacity < needed)
        capacity = needed;
    return capacity > buffer->limit ? buffer->limit : capacity;
}

/* Moving is paid for by what was consumed: with less than half of the memory
 * consumed, growing is cheaper than moving the same bytes again and again. */
static bool must_grow(const weir__buffer *buffer, size_t size, size_t needed)
{
    if (!buffer->memory || needed > buffer->capacity)
        return true;
    return size > buffer->capacity - buffer->end &&
           buffer->start < buffer->capacity / 2 && buffer->capacity < buffer->limit;
}

int weir__buffer_reserve(weir__buffer *buffer, size_t size, char **space)
{
    size_t needed;
    if (!weir__checked_add(weir__buffer_len(buffer), size, &needed) ||
        needed > buffer->limit)
        return WEIR_E_TOO_BIG;
    if (must_grow(buffer, size, needed)) {
        size_t capacity = next_capacity(buffer, needed);
        char *memory = weir__realloc(buffer->allocator, buffer->memory, capacity);
        if (!memory)
            return WEIR_E_MEMORY;
        buffer->memory = memory;
        buffer->capacity = capacity;
    }
    if (size > buffer->capacity - buffer->end)
        move_to_front(buffer);
    *space = buffer->memory + buffer->end;
    return WEIR_OK;
}

void weir__buffer_commit(weir__buffer *buffer, size_t size)
{
    buffer->end += size;
}

void weir__buffer_consume(weir__buffer *buffer, size_t size)
{
    buffer->start += size;
    if (buffer->start == buffer->end) {
        buffer->start = 0;
        buffer->end = 0;
    }
}

int weir__buffer_append(weir__buffer *buffer, weir_slice bytes)
{
    char *space;
    int rc;
    if (bytes.len == 0)
        return WEIR_OK;
    rc = weir__buffer_reserve(buffer, bytes.len, &space);
    if (rc < 0)
        return rc;
    memcpy(space, bytes.data, bytes.len);
    weir__buffer_commit(buffer, bytes.len);
    return WEIR_OK;
}
