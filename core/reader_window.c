/* The window of a reader: where bytes lie until they are taken.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "block.h"
#include "error.h"
#include "loop.h"
#include "park.h"
#include "reader.h"
#include "sanitizer.h"

#define DEFAULT_LIMIT ((size_t)64 * 1024)

/* Less space than this behind the bytes is not worth a system call. */
#define MIN_SPACE 512

void weir__reader_init(weir_reader *reader, weir_loop *loop,
                       const struct weir__source *source, void *self, size_t limit)
{
    *reader = (weir_reader){
        .loop = loop,
        .source = source,
        .self = self,
        .limit = limit ? limit : DEFAULT_LIMIT,
        .read_size = WEIR__BLOCK_SMALL,
    };
}

/* What was handed out before is to be written to. */
static void use_again(const weir_reader *reader, size_t from)
{
    if (reader->capacity > 0)
        WEIR__UNPOISON(reader->memory + from, reader->capacity - from);
}

static void drop_memory(weir_reader *reader)
{
    if (reader->capacity > 0)
        weir__block_give(&reader->loop->blocks, reader->memory, reader->capacity);
    reader->memory = NULL;
    reader->start = 0;
    reader->end = 0;
    reader->capacity = 0;
}

void weir__reader_clear(weir_reader *reader)
{
    if (reader->waiter)
        weir__unpark(reader->waiter, WEIR_E_CLOSED);
    reader->lent = 0;
    drop_memory(reader);
}

/* Moves the bytes to the front of a block with room for `size` in all. */
static int move_to_block(weir_reader *reader, size_t size)
{
    size_t len = weir__reader_len(reader);
    size_t capacity;
    char *memory = weir__block_take(&reader->loop->blocks, size, &capacity);
    if (!memory)
        return WEIR_E_MEMORY;
    if (len > 0)
        memcpy(memory, reader->memory + reader->start, len);
    drop_memory(reader);
    reader->memory = memory;
    reader->capacity = capacity;
    reader->end = len;
    return WEIR_OK;
}

/* The next capacity when the bytes fill their block: room for another read, and from
 * the largest block on twice as much, so that copying stays linear. What the waiting
 * call needs is made room for at once, but no more than twice what has come: a length
 * that a peer merely announces costs no memory. */
static size_t grown(const weir_reader *reader, size_t len)
{
    size_t next = len < WEIR__BLOCK_LARGE ? len + reader->read_size : len * 2;
    size_t doubled = len * 2 + reader->read_size;
    size_t wanted = reader->wanted < doubled ? reader->wanted : doubled;
    return next > wanted ? next : wanted;
}

static bool is_fixed(const weir_reader *reader)
{
    return reader->lent > 0 || reader->pinned;
}

/* Makes space by moving bytes that may be moved. */
static int make_space(weir_reader *reader)
{
    size_t len = weir__reader_len(reader);
    if (len == 0 && reader->capacity < reader->read_size)
        return move_to_block(reader, reader->read_size);
    if (reader->capacity - reader->end >= MIN_SPACE)
        return WEIR_OK;
    if (reader->capacity > 0 && reader->start >= len) {
        memmove(reader->memory, reader->memory + reader->start, len);
        reader->start = 0;
        reader->end = len;
        if (reader->capacity - len >= MIN_SPACE)
            return WEIR_OK;
    }
    return move_to_block(reader, grown(reader, len));
}

char *weir__reader_space(weir_reader *reader, size_t *size, bool *no_memory)
{
    *no_memory = false;
    use_again(reader, is_fixed(reader) ? reader->end : 0);
    if (!is_fixed(reader) && make_space(reader) < 0)
        *no_memory = true;
    *size = reader->capacity - (reader->capacity > 0 ? reader->end : 0);
    if (*no_memory)
        *size = 0;
    return *size > 0 ? reader->memory + reader->end : NULL;
}

/* The peer that fills the space gets more of it; one that uses little, less. */
static void adapt(weir_reader *reader, size_t count, bool filled)
{
    if (filled && reader->read_size < WEIR__BLOCK_LARGE)
        reader->read_size *= 4;
    else if (count < reader->read_size / 8 && reader->read_size > WEIR__BLOCK_SMALL)
        reader->read_size /= 4;
}

static void wake(weir_reader *reader)
{
    if (reader->waiter)
        weir__unpark(reader->waiter, WEIR_OK);
}

void weir__reader_commit(weir_reader *reader, size_t count)
{
    reader->end += count;
    adapt(reader, count, reader->end == reader->capacity);
    wake(reader);
}

int weir__reader_lend(weir_reader *reader, weir_slice bytes)
{
    if (bytes.len == 0)
        return WEIR_OK;
    if (weir__reader_len(reader) == 0) {
        drop_memory(reader);
        /* Borrowed memory is only read: capacity 0 says that it is not ours. */
        memcpy(&reader->memory, &bytes.data, sizeof(bytes.data));
        reader->end = bytes.len;
        return WEIR_OK;
    }
    if (reader->capacity - (reader->capacity > 0 ? reader->end : 0) < bytes.len) {
        size_t needed = weir__reader_len(reader) + bytes.len;
        size_t wanted = reader->capacity * 2 > needed ? reader->capacity * 2 : needed;
        if (move_to_block(reader, wanted) < 0)
            return weir__fail(WEIR_E_MEMORY, "read", "no memory for %zu bytes", wanted);
    }
    memcpy(reader->memory + reader->end, bytes.data, bytes.len);
    reader->end += bytes.len;
    return WEIR_OK;
}

int weir__reader_keep(weir_reader *reader)
{
    size_t len = weir__reader_len(reader);
    if (len == 0 || reader->capacity > 0 || move_to_block(reader, len) == WEIR_OK)
        return WEIR_OK;
    return weir__fail(WEIR_E_MEMORY, "read", "no memory for %zu bytes", len);
}

void weir__reader_show(weir_reader *reader, weir_slice bytes)
{
    memcpy(&reader->memory, &bytes.data, sizeof(bytes.data));
    reader->start = 0;
    reader->end = bytes.len;
}

void weir__reader_idle(weir_reader *reader)
{
    if (weir__reader_len(reader) == 0)
        drop_memory(reader);
}

void weir__reader_end(weir_reader *reader)
{
    if (reader->state == WEIR__READER_OPEN)
        reader->state = WEIR__READER_ENDED;
    wake(reader);
}

void weir__reader_fail(weir_reader *reader, int status, int os_error,
                       const weir_error *why)
{
    if (reader->state != WEIR__READER_OPEN)
        return;
    reader->state = WEIR__READER_FAILED;
    reader->status = status;
    reader->os_error = os_error;
    reader->why = why;
    wake(reader);
}

void weir__reader_starve(weir_reader *reader)
{
    reader->starved = true;
    wake(reader);
}
