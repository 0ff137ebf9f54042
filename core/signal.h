/* Signals as something to wait for: what the loop calls.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_SIGNAL_H
#define WEIR_CORE_SIGNAL_H

#include <weir/signal.h>

/* Wakes those who wait for a signal of this loop that has come. */
void weir__signals_deliver(weir_loop *loop);

/* Stops catching all signals of this loop. */
void weir__signals_free(weir_loop *loop);

#endif
