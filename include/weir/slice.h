/**
 * Bytes that belong to somebody else: a pointer and a length.
 *
 * Every function of weir takes and returns text and bytes this way, by value:
 *
 *   weir_write(writer, WEIR_S("hello\r\n"));
 *   weir_write(writer, weir_slice_of(name));
 *   printf("%.*s", (int)line.len, line.data);
 *
 * A slice owns nothing. How long the bytes behind it live is said by the
 * function that returned it: usually until the next call on the same object.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SLICE_H
#define WEIR_SLICE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_slice {
    const char *data; /**< not NUL-terminated; NULL only when len is 0 */
    size_t len;       /**< in bytes */
} weir_slice;

/** The slice of a string literal: WEIR_S("GET"). Nothing else compiles in C. */
#ifdef __cplusplus
#define WEIR_S(literal) (weir_slice{"" literal, sizeof(literal) - 1})
#else
#define WEIR_S(literal) ((weir_slice){"" literal, sizeof(literal) - 1})
#endif

/** "No limit", for options in which 0 means the default. */
#define WEIR_NO_LIMIT ((size_t)-1)

/** The slice of a NUL-terminated string, without the NUL. NULL gives the empty slice. */
weir_slice weir_slice_of(const char *text);

/** Whether two slices hold the same bytes. */
bool weir_slice_equal(weir_slice a, weir_slice b);

/** Whether two slices are the same but for the case of A to Z (RFC 9110 5.1). */
bool weir_slice_equal_nocase(weir_slice a, weir_slice b);

/** Whether `slice` begins with `prefix`. The empty prefix always fits. */
bool weir_slice_starts_with(weir_slice slice, weir_slice prefix);

/** Whether `slice` ends with `suffix`. The empty suffix always fits. */
bool weir_slice_ends_with(weir_slice slice, weir_slice suffix);

/**
 * The offset of the first `needle` in `slice`.
 *
 * Returns slice.len when there is none; 0 for an empty needle.
 */
size_t weir_slice_find(weir_slice slice, weir_slice needle);

/** The slice without spaces and tabs at both ends (OWS of RFC 9110 5.6.3). */
weir_slice weir_slice_trim(weir_slice slice);

/** The slice without one line end at its end: LF, CRLF, or nothing to remove. */
weir_slice weir_slice_chomp(weir_slice slice);

/** The slice without its first `count` bytes; empty when it has no more. */
weir_slice weir_slice_skip(weir_slice slice, size_t count);

/**
 * Takes the part before the next `separator` off the front of `*rest`.
 *
 *   rest   in: what is left to split; out: what follows the separator
 *   part   out: the bytes before it, possibly none
 *
 * Returns false, and touches nothing, when `*rest` is exhausted: its data is
 * NULL. A slice with n separators gives n + 1 parts.
 */
bool weir_slice_split(weir_slice *rest, char separator, weir_slice *part);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
