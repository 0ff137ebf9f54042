/* A reader: a window of bytes that have come and were not taken, and the source
 * that brings more.
 *
 *   memory      start          start + lent         end        capacity
 *   |            |  handed out   |   not looked at   |  space   |
 *
 * What a call hands out is taken at the next call; until then the bytes must not
 * move, so a source may only append to the space behind them. The window lies in
 * the reader's own block or, borrowed, in memory of the source, so that a body
 * passes from the connection's buffer to the caller without a copy.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_READER_H
#define WEIR_CORE_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/reader.h>
#include <weir/status.h>

#include "task.h"

/* What feeds a reader. */
struct weir__source {
    /* Brings more bytes behind those there are, waiting if it must, by the
     * functions below. Returns 1 when there may be more, 0 at the end, or the
     * status of what failed, with its sentence. */
    int (*pull)(void *self, weir_reader *reader);

    /* The reader holds no more than its limit again; for sources that push. May be
     * NULL. */
    void (*relax)(void *self, weir_reader *reader);

    /* The reader is freed by weir_reader_free. May be NULL. */
    void (*close)(void *self);
};

enum weir__reader_state { WEIR__READER_OPEN, WEIR__READER_ENDED, WEIR__READER_FAILED };

struct weir_reader {
    weir_loop *loop;
    const struct weir__source *source;
    void *self; /* the source's */
    char *memory;
    size_t start;
    size_t end;
    size_t capacity; /* 0: the memory is borrowed */
    size_t lent;
    size_t limit;
    size_t wanted;         /* bytes that the waiting call needs at least */
    weir_task *waiter;     /* who waits in a pushing source */
    int status;            /* in state FAILED */
    int os_error;          /* and its errno, if it has one */
    const weir_error *why; /* and its sentence, if it has one */
    uint32_t read_size;    /* how much space to offer the kernel */
    uint8_t state;         /* enum weir__reader_state */
    bool pinned;           /* the bytes were shown and must not move */
    bool reading;          /* a call is in progress */
    bool paused;           /* more than twice the limit is buffered */
    bool starved;          /* there was no memory to read into */
};

void weir__reader_init(weir_reader *reader, weir_loop *loop,
                       const struct weir__source *source, void *self, size_t limit);

/* Gives the memory back; whoever waits gets WEIR_E_CLOSED. */
void weir__reader_clear(weir_reader *reader);

/* Space behind the bytes, to read into; NULL and `*size` 0 when the bytes must not
 * move and there is none, or without memory (`*no_memory`). */
char *weir__reader_space(weir_reader *reader, size_t *size, bool *no_memory);

/* Bytes were written to the space. */
void weir__reader_commit(weir_reader *reader, size_t count);

/* Bytes of the source's own memory, that stay where they are until the next pull.
 * Borrowed when the reader holds none, else copied. WEIR_OK or WEIR_E_MEMORY. */
int weir__reader_lend(weir_reader *reader, weir_slice bytes);

/* Copies what is borrowed to the reader's own block, before the source's memory goes
 * or changes. WEIR_OK, or WEIR_E_MEMORY with a sentence and all as before. */
int weir__reader_keep(weir_reader *reader);

/* Bytes of the source's own memory in place of those there are, with which they
 * begin: for a source that never mixes its window with the reader's own block. */
void weir__reader_show(weir_reader *reader, weir_slice bytes);

/* Gives the memory back if it holds nothing: before a wait of unknown length. */
void weir__reader_idle(weir_reader *reader);

/* No more bytes; for pushing sources, which thereby wake who waits. `why`, when it is
 * not NULL, must live as long as the reader. */
void weir__reader_end(weir_reader *reader);
void weir__reader_fail(weir_reader *reader, int status, int os_error,
                       const weir_error *why);

/* There is no memory for more. */
void weir__reader_starve(weir_reader *reader);

static inline size_t weir__reader_len(const weir_reader *reader)
{
    return reader->end - reader->start;
}

#endif
