/* Bytes as they come, cut into whole lines; a last line without its end is kept
 * for the next bytes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BENCH_LINES_H
#define WEIR_BENCH_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
    char *kept; /* the start of a line, or NULL: an idle connection holds nothing */
    size_t kept_len;
};

typedef bool lines_sink(void *self, const char *bytes, size_t len);

/* Gives the whole lines in what was kept and `bytes` to `sink`, in one call where
 * they are in one piece, and keeps the rest. False when the sink said so, a line is
 * over 64 KiB, or there is no memory. */
bool lines_feed(struct lines *lines, const char *bytes, size_t len, lines_sink *sink,
                void *self);

void lines_clear(struct lines *lines);

#endif
