/* Numbers on a bench program's command line.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BENCH_ARGUMENT_H
#define WEIR_BENCH_ARGUMENT_H

/* Prints `usage` and exits unless there are `count` arguments behind the name. */
void argument_count(int argc, int count, const char *usage);

/* A whole number from 1 to `most`, or a message and exit. */
long long argument_number(const char *text, long long most);

#endif
