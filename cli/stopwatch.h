/* How long something took.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_STOPWATCH_H
#define WEIR_CLI_STOPWATCH_H

/* Milliseconds since some moment in the past. */
double stopwatch_ms(void);

#endif
