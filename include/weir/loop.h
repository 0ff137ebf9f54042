/**
 * The event loop: one a thread, nothing shared between two of them.
 *
 * A program with nothing but calls that wait never sees it work: called outside
 * a task, such a call runs the loop until it is done. A program with tasks
 * spawns them and joins one, or runs the loop until all have ended:
 *
 *   weir_loop *loop = weir_loop_new(NULL);
 *   weir_detach(weir_spawn(loop, serve, NULL));
 *   weir_loop_run(loop);
 *   weir_loop_free(loop);
 *
 * All objects of a loop belong to the thread that runs it. weir_loop_post() is
 * the one call that may come from another thread.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_LOOP_H
#define WEIR_LOOP_H

#include <stddef.h>
#include <stdint.h>
#include <weir/allocator.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_loop weir_loop;

struct weir_resolver;

/** Options of weir_loop_new. All zero is the default. */
typedef struct weir_loop_options {
    /** Where memory comes from; kept, so it must outlive the loop. NULL: the C
     * library. */
    const weir_allocator *allocator;

    /** Usable stack of a task, in bytes, rounded up to pages. 0: 64 KiB. */
    size_t stack_bytes;

    /** Who turns names into addresses; kept. NULL: getaddrinfo on threads. */
    const struct weir_resolver *resolver;

    /** How long an address may be used again, in milliseconds. 0: 10 s. */
    uint32_t resolver_cache_ms;
} weir_loop_options;

/**
 * Makes a loop for the calling thread.
 *
 *   options   may be NULL; copied
 *
 * Returns NULL when memory or descriptors are lacking; weir_last_error() says
 * which.
 */
weir_loop *weir_loop_new(const weir_loop_options *options);

/**
 * Frees the loop: cancels and finishes every task, aborts every connection.
 *
 * Connections, servers and whatever else was made on the loop and is still open
 * are closed, and their handles are dead afterwards. Not allowed inside a task
 * or a callback of the loop (nothing happens then). NULL is allowed.
 */
void weir_loop_free(weir_loop *loop);

/**
 * Runs until nothing is left to do: no task, connection, server or timer; or
 * until weir_loop_stop().
 *
 * Returns WEIR_OK; WEIR_E_MISUSE inside a task or callback; WEIR_E_SYSTEM when
 * the kernel's poller fails.
 */
int weir_loop_run(weir_loop *loop);

/** Makes weir_loop_run() return after the iteration that is running. */
void weir_loop_stop(weir_loop *loop);

/**
 * Runs one iteration: waits for news, then does all that is due.
 *
 *   timeout_ms   the longest to wait, in milliseconds. 0: not at all, for a
 *                foreign loop that has seen weir_loop_fd() readable. Negative:
 *                until there is news.
 *
 * Returns WEIR_OK; WEIR_E_MISUSE inside a task or callback; WEIR_E_SYSTEM when
 * the kernel's poller fails.
 */
int weir_loop_run_once(weir_loop *loop, int64_t timeout_ms);

/**
 * A descriptor that is readable when weir_loop_run_once() has something to do
 * because of I/O or a post; for embedding in a foreign loop.
 *
 * It belongs to the loop. Returns WEIR_E_UNSUPPORTED where the poller has no
 * descriptor (poll).
 */
int weir_loop_fd(const weir_loop *loop);

/**
 * How long a foreign loop may wait before it calls weir_loop_run_once(), in
 * milliseconds, rounded up: 0 when something is due, -1 when only I/O can bring
 * news.
 */
int64_t weir_loop_timeout(weir_loop *loop);

/** The loop's clock in milliseconds: monotonic, read once an iteration. */
uint64_t weir_loop_now_ms(const weir_loop *loop);

/**
 * Calls `function(arg)` on the loop's thread, soon. May come from any thread,
 * and from a task of the loop itself; not from a signal handler.
 *
 * Posts of one thread are called in their order, never inside this call. The
 * function may do anything but wait. What is posted when the loop is freed is
 * dropped.
 *
 * Returns WEIR_OK or WEIR_E_MEMORY.
 */
int weir_loop_post(weir_loop *loop, void (*function)(void *arg), void *arg);

enum {
    WEIR_READABLE = 1, /**< reading would not wait, or would fail at once */
    WEIR_WRITABLE = 2  /**< writing would not wait, or would fail at once */
};

/**
 * Waits until a descriptor that is not weir's is ready (libpq's socket, say).
 *
 *   fd       stays the caller's; weir neither reads nor writes it
 *   events   WEIR_READABLE, WEIR_WRITABLE or both
 *
 * Returns what is ready, at least one of `events`; or
 *
 *   WEIR_E_TIMEOUT     the deadline passed
 *   WEIR_E_CANCELLED   the task was cancelled
 *   WEIR_E_SYSTEM      the descriptor cannot be waited for: see os_error
 */
int weir_wait_fd(weir_loop *loop, int fd, int events);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
