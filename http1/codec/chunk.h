/* The first line of a chunk: its size, and extensions that nobody uses.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_CHUNK_H
#define WEIR_HTTP1_CODEC_CHUNK_H

#include <stdint.h>
#include <weir/slice.h>

enum weir__chunk_state {
    WEIR__CHUNK_FIRST_DIGIT,
    WEIR__CHUNK_DIGITS,
    WEIR__CHUNK_NAME_FIRST, /* after ";" */
    WEIR__CHUNK_NAME,
    WEIR__CHUNK_VALUE_FIRST, /* after "=" */
    WEIR__CHUNK_VALUE,
    WEIR__CHUNK_QUOTED,
    WEIR__CHUNK_QUOTED_PAIR,
    WEIR__CHUNK_QUOTED_END,
    WEIR__CHUNK_LF,
    WEIR__CHUNK_DONE
};

/* All zero is ready for a line. */
typedef struct weir__chunk_line {
    enum weir__chunk_state state;
    uint64_t size; /* of the chunk's data: 0 for the last chunk */
    size_t bytes;  /* of the line so far */
} weir__chunk_line;

/* Reads from the front of *input up to the end of the line.
 *
 * Returns 1 at the end of the line, 0 when all input is used, WEIR_E_PROTOCOL with
 * the reason and *input at the offending byte, or WEIR_E_TOO_BIG when the line is
 * longer than max_bytes. */
int weir__chunk_line_decode(weir__chunk_line *line, weir_slice *input, size_t max_bytes,
                            const char **reason);

#endif
