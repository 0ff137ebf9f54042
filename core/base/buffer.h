/* Growable bytes with a limit given at birth.
 *
 *   memory      start         end        capacity
 *   |  consumed  |  readable   |  space   |          limit >= capacity
 *
 * Consuming moves `start`; appending moves `end`. Bytes move only when a caller
 * reserves more space than is left behind them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BASE_BUFFER_H
#define WEIR_BASE_BUFFER_H

#include <weir/allocator.h>
#include <weir/slice.h>

typedef struct weir__buffer {
    const weir_allocator *allocator;
    char *memory; /* NULL while nothing is held */
    size_t start;
    size_t end;
    size_t capacity;
    size_t limit; /* the most bytes that it may ever hold */
} weir__buffer;

void weir__buffer_init(weir__buffer *buffer, const weir_allocator *allocator,
                       size_t limit);

/* Gives the memory back; the buffer is empty and usable. */
void weir__buffer_clear(weir__buffer *buffer);

/* The same, after overwriting what may be a secret. */
void weir__buffer_clear_secret(weir__buffer *buffer);

static inline size_t weir__buffer_len(const weir__buffer *buffer)
{
    return buffer->end - buffer->start;
}

static inline weir_slice weir__buffer_slice(const weir__buffer *buffer)
{
    if (!buffer->memory)
        return (weir_slice){NULL, 0};
    return (weir_slice){buffer->memory + buffer->start, weir__buffer_len(buffer)};
}

/* Makes room for `size` bytes more behind the readable ones, moving or growing.
 *
 * Returns where to write them, or WEIR_E_TOO_BIG when the limit forbids it, or
 * WEIR_E_MEMORY; the contents stay as they were. */
int weir__buffer_reserve(weir__buffer *buffer, size_t size, char **space);

/* Declares `size` of the reserved bytes written. */
void weir__buffer_commit(weir__buffer *buffer, size_t size);

/* Drops `size` bytes from the front; keeps the memory. */
void weir__buffer_consume(weir__buffer *buffer, size_t size);

/* reserve, copy, commit. */
int weir__buffer_append(weir__buffer *buffer, weir_slice bytes);

#endif
