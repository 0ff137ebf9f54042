/* A line on the terminal that says how far a download is.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_PROGRESS_H
#define WEIR_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool shown;     /* somebody looks */
    uint64_t from;  /* bytes that were there before */
    uint64_t bytes; /* those included */
    int64_t total;  /* -1: not known */
    double start;   /* milliseconds, as stopwatch_ms() */
    double latest;  /* when the line was drawn */
};

/* Begins, without drawing yet. */
void progress_begin(struct progress *progress, bool shown, uint64_t from,
                    int64_t total);

/* Counts more bytes, and draws the line again if it is old. */
void progress_add(struct progress *progress, uint64_t bytes);

/* Draws it for the last time, and ends it. */
void progress_end(struct progress *progress);

#endif
