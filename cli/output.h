/* Where a body goes: standard output, a file that appears when it is complete, or one
 * that grows.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_OUTPUT_H
#define WEIR_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <weir/stream.h>

struct output {
    weir_stream *stream; /* standard output, or */
    FILE *file;          /* a file: */
    const char *path;    /* its name, */
    char *partial;       /* and the one it has until it is complete; NULL: none */
    bool reader_left;    /* a write failed as nobody reads any more: no words for it */
    char problem[512];   /* what went wrong, as a sentence */
};

/* Opens `path`, or standard output if it is NULL. False: see `problem`. */
bool output_open(struct output *output, weir_loop *loop, const char *path);

/* Opens a file that keeps what it gets, complete or not: at its end, or anew. It gets the
 * time `modified`, in seconds since 1970, also when a signal ends the program; 0: none.
 * False: see `problem`. */
bool output_open_growing(struct output *output, const char *path, bool append,
                         int64_t modified);

/* Writes all, waiting for who reads it. False: see `problem`. */
bool output_write(struct output *output, weir_slice bytes);

/* Closes it. The file gets its name if all is `complete`, and else is removed. False
 * when a part of it could not be written: see `problem`. */
bool output_close(struct output *output, bool complete);

#endif
