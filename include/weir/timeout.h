/**
 * A deadline around any number of waits.
 *
 *   weir_timeout timeout = weir_timeout_start(loop, 3000);
 *   rc = talk(stream);
 *   if (weir_timeout_end(&timeout))
 *       puts("too slow");            (rc was WEIR_E_TIMEOUT)
 *
 * Scopes nest like brackets: the nearest deadline counts, and only the scope
 * whose deadline it was says that it passed. Once it has passed, each further
 * wait inside the scope ends at once with WEIR_E_TIMEOUT; a call that need not
 * wait still succeeds.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TIMEOUT_H
#define WEIR_TIMEOUT_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** A scope; the fields are weir's. */
typedef struct weir_timeout {
    weir_loop *loop;
    uint64_t outer_deadline;
    uint64_t deadline;
} weir_timeout;

/**
 * Opens a scope for the calling task, or for the thread outside of tasks.
 *
 *   ms   from now, in milliseconds; 0 ends the first wait at once
 *
 * Cannot fail. Must be ended by the same task, inner scopes first.
 */
weir_timeout weir_timeout_start(weir_loop *loop, uint64_t ms);

/** Moves the deadline of the innermost scope to `ms` milliseconds from now. */
void weir_timeout_restart(weir_timeout *timeout, uint64_t ms);

/**
 * Closes the scope.
 *
 * Returns whether a wait in it ended because of this scope's own deadline.
 */
bool weir_timeout_end(weir_timeout *timeout);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
