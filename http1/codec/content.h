/* One content coding, undone: what the chain of content.c is made of.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_CONTENT_H
#define WEIR_HTTP1_CODEC_CONTENT_H

#include <stdbool.h>
#include <weir/allocator.h>
#include <weir/slice.h>

typedef struct weir__coding {
    const char *name;
    const char *other_name; /* which means the same; NULL: there is none */

    /* A decoder; NULL without memory. */
    void *(*open)(const weir_allocator *allocator);

    /* Decodes from the front of *input, which may be empty, into `*size` bytes of
     * space, at least 1; `*size` is then how many were written. Stops when the input
     * is used or the space is full, or earlier if at least something was used or
     * written. WEIR_OK, or a status with the reason in static text; `*size` counts
     * then too. */
    int (*decode)(void *state, weir_slice *input, char *space, size_t *size,
                  const char **reason);

    /* Whether the data may end here. */
    bool (*may_end)(const void *state);

    void (*close)(void *state);
} weir__coding;

/* The coding of that name; NULL when it is unknown, or not in this build. */
const weir__coding *weir__coding_find(weir_slice name);

extern const weir__coding weir__coding_gzip;    /* RFC 1952 */
extern const weir__coding weir__coding_deflate; /* RFC 1950, and 1951 */
extern const weir__coding weir__coding_brotli;  /* RFC 7932 */
extern const weir__coding weir__coding_zstd;    /* RFC 8878 */

#endif
