/* A file in memory.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BENCH_WHOLE_FILE_H
#define WEIR_BENCH_WHOLE_FILE_H

#include <stddef.h>

/* All of the file, for free(), or a message and exit. */
char *whole_file(const char *path, size_t *len);

#endif
