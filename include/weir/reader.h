/**
 * Reading bytes: the same calls on a connection, standard input, a response body,
 * a block of memory.
 *
 *   weir_slice line;
 *   int rc;
 *   while ((rc = weir_readline(reader, &line)) > 0)
 *       use(line);
 *   (rc == 0: the end; rc < 0: it broke off)
 *
 * What a call returns is a slice of the reader's own buffer, valid until the next
 * call on the same reader. Five promises hold for all of them:
 *
 *   - What came before an error is delivered before the error.
 *   - A call that fails on a limit, is cancelled or times out has taken nothing:
 *     the next call sees the same bytes.
 *   - A separator is found wherever the network cut it.
 *   - When twice the limit is buffered, the peer is held back; no read call waits
 *     for bytes that are held back.
 *   - One task reads at a time; a second gets WEIR_E_MISUSE.
 *
 * Results: the length of the slice (at most INT_MAX; the slice has the truth), 0 at
 * the end, or a negative status. Besides those listed each call can return
 *
 *   WEIR_E_TIMEOUT, WEIR_E_CANCELLED   the reader is as before
 *   WEIR_E_CONNECTION, ...             what broke the source; each further call
 *                                      that needs more bytes returns it again
 *   WEIR_E_MEMORY                      no memory; the reader is as before
 *   WEIR_E_MISUSE                      another task is reading
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_READER_H
#define WEIR_READER_H

#include <stdbool.h>
#include <weir/loop.h>
#include <weir/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_reader weir_reader;

/**
 * What is there, up to `max` bytes; waits while nothing is.
 *
 *   max   at most so many; WEIR_NO_LIMIT: all that is buffered. 0 returns 0 at once
 */
int weir_read(weir_reader *reader, size_t max, weir_slice *bytes);

/**
 * A line with its LF, of which at most `limit` bytes come before the LF.
 *
 * The end of the data also ends a line: then the LF is missing. weir_slice_chomp()
 * cuts line ends off.
 *
 *   WEIR_E_TOO_BIG   no LF within the limit (weir_reader_set_limit)
 */
int weir_readline(weir_reader *reader, weir_slice *line);

/**
 * Exactly `count` bytes, also when that is more than the limit. 0 returns 0, as
 * does the end of the data before the first byte.
 *
 *   WEIR_E_INCOMPLETE   the data ends in between; what there is can still be read
 */
int weir_readexactly(weir_reader *reader, size_t count, weir_slice *bytes);

/**
 * Everything up to and with the separator. 0 when the data ends before the first
 * byte.
 *
 *   separator   at least one byte
 *
 *   WEIR_E_INCOMPLETE   the data ends in between; what there is can still be read
 *   WEIR_E_TOO_BIG      no separator within the limit; weir_last_error()->offset
 *                       bytes can be read without cutting a separator in two
 *   WEIR_E_INVALID      the separator is empty
 */
int weir_readuntil(weir_reader *reader, weir_slice separator, weir_slice *bytes);

/** Options of weir_readuntil_any. */
typedef struct weir_readuntil_options {
    /** The separators, of which the one that ends first wins. */
    const weir_slice *separators;

    size_t count; /**< of separators, at least 1 and at most 16 */

    /** The most bytes before the separator. 0: the reader's limit. */
    size_t max_bytes;
} weir_readuntil_options;

/** weir_readuntil with several separators, or a limit of this call's own. */
int weir_readuntil_any(weir_reader *reader, const weir_readuntil_options *options,
                       weir_slice *bytes);

/**
 * Everything up to the end.
 *
 *   max   WEIR_E_TOO_BIG when there is more
 *
 * Returns 0 with an empty slice when there is nothing.
 */
int weir_readall(weir_reader *reader, size_t max, weir_slice *bytes);

/**
 * All that is buffered, without taking it; waits until that is `min` bytes.
 *
 *   min   0: what there is now, possibly nothing; never waits
 *
 *   WEIR_E_INCOMPLETE   the data ends before, but some is left
 */
int weir_peek(weir_reader *reader, size_t min, weir_slice *bytes);

/** Takes `count` bytes, of those that weir_peek() has shown, off the front. */
void weir_consume(weir_reader *reader, size_t count);

/** Whether the data has ended and all of it has been read. */
bool weir_reader_at_eof(const weir_reader *reader);

/** How many bytes are buffered. */
size_t weir_reader_buffered(const weir_reader *reader);

/**
 * Sets how many bytes a line may have, and half of what is buffered at most.
 *
 *   limit   at least 1. A new reader has 64 KiB
 */
void weir_reader_set_limit(weir_reader *reader, size_t limit);

/**
 * A reader over memory.
 *
 *   bytes   stays the caller's and must live as long as the reader
 *
 * Returns NULL without memory.
 */
weir_reader *weir_memory_reader_new(weir_loop *loop, weir_slice bytes);

/**
 * A reader over the next bytes of another one: a message of known length.
 *
 *   outer   not to be used before this reader is freed; what this one has not
 *           handed out is still there then
 *   len     where the new reader ends. When `outer` ends before, reading returns
 *           WEIR_E_INCOMPLETE
 *
 * Returns NULL without memory.
 */
weir_reader *weir_part_reader_new(weir_reader *outer, size_t len);

/** Frees a reader that a _new function made. NULL is allowed. */
void weir_reader_free(weir_reader *reader);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
