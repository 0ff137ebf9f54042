/**
 * Signals as something to wait for.
 *
 *   weir_signal *interrupt;
 *   weir_signal_open(loop, &interrupt, SIGINT);
 *   while (weir_signal_wait(interrupt) == WEIR_OK) ...
 *
 * While a signal is open here its handler is weir's; the previous one comes back
 * when it is closed. weir installs no handler that was not asked for.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SIGNAL_H
#define WEIR_SIGNAL_H

#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_signal weir_signal;

/**
 * Begins to catch a signal.
 *
 *   number   SIGINT, SIGTERM, SIGHUP, SIGWINCH, ...: any that can be caught
 *
 * Returns WEIR_OK; WEIR_E_INVALID for a signal that cannot be caught;
 * WEIR_E_MISUSE when it is open already in this process; WEIR_E_MEMORY;
 * WEIR_E_SYSTEM.
 */
int weir_signal_open(weir_loop *loop, weir_signal **signal, int number);

/** Stops catching it. A waiting task gets WEIR_E_CLOSED. NULL is allowed. */
void weir_signal_close(weir_signal *signal);

/**
 * Waits until the signal comes, or returns at once when it has come since the
 * last wait. Signals that come while nobody waits are counted as one.
 *
 * Returns WEIR_OK, WEIR_E_CANCELLED, WEIR_E_TIMEOUT or WEIR_E_CLOSED; WEIR_E_MISUSE
 * when another task waits for it.
 */
int weir_signal_wait(weir_signal *signal);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
