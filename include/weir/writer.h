/**
 * Writing bytes: queue them, and wait when too much is queued.
 *
 *   weir_write(writer, line);
 *   if (weir_drain(writer) < 0) ...
 *
 * weir_write() sends at once what the kernel takes and queues the rest; it waits
 * only when the queue is at its limit. weir_drain() waits while more than the high
 * watermark is queued: call it after writing, as in asyncio, and a slow peer slows
 * the program down instead of filling its memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_WRITER_H
#define WEIR_WRITER_H

#include <weir/loop.h>
#include <weir/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_writer weir_writer;

/**
 * Writes bytes, all of them.
 *
 * They are copied or sent before the call returns, and stay together when other tasks
 * write too. Only when more would be queued than .max_write_buffer_bytes (1 MiB) does
 * it wait for the peer. Returns WEIR_OK; or
 *
 *   WEIR_E_TIMEOUT, WEIR_E_CANCELLED   while waiting: a part may have been written,
 *                                      so the writer is good for nothing but closing
 *   WEIR_E_CLOSED                      after weir_write_eof or the stream's close
 *   WEIR_E_CONNECTION, ...             the connection broke
 *   WEIR_E_MEMORY                      no memory; the connection is aborted
 */
int weir_write(weir_writer *writer, weir_slice bytes);

/** The same for several slices, in one system call where the kernel takes them. */
int weir_writelines(weir_writer *writer, const weir_slice *slices, size_t count);

/**
 * Sends bytes, and waits until the kernel has taken them all: weir_write and weir_flush
 * in one, but that nothing is copied, unless TLS must. For bytes in bulk.
 *
 * Returns as weir_write; also WEIR_E_MISUSE in a callback of the loop.
 */
int weir_sendall(weir_writer *writer, weir_slice bytes);

/**
 * Waits while more than the high watermark is queued, until it is the low one.
 *
 * Any number of tasks may drain at a time. Returns WEIR_OK, at once in most cases;
 * what broke the connection, or its reading side; WEIR_E_TIMEOUT or
 * WEIR_E_CANCELLED, with the writer as before.
 */
int weir_drain(weir_writer *writer);

/** Waits until nothing is queued: all has been given to the kernel. Returns as
 * weir_drain. */
int weir_flush(weir_writer *writer);

/**
 * Ends the writing side when all that is queued has left; reading goes on.
 *
 * Returns WEIR_OK; WEIR_E_UNSUPPORTED for what has no half-close (a pipe);
 * WEIR_E_CLOSED; WEIR_E_CONNECTION.
 */
int weir_write_eof(weir_writer *writer);

/** How many bytes are queued. */
size_t weir_writer_queued(const weir_writer *writer);

/** Sets the watermarks, in bytes, high >= low. Returns WEIR_OK or WEIR_E_INVALID. */
int weir_writer_set_watermarks(weir_writer *writer, size_t high, size_t low);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
