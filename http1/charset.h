/* Text in any of the web's encodings, to UTF-8.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CHARSET_H
#define WEIR_HTTP1_CHARSET_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/slice.h>

#include "buffer.h"

typedef struct weir__charset weir__charset;

/* The encoding of a label, whatever its case; NULL when there is none of that name. */
const weir__charset *weir__charset_find(weir_slice label);

/* That of the byte order mark that the bytes begin with, which is taken off; or NULL. */
const weir__charset *weir__charset_of_mark(weir_slice *bytes);

/* Whether text in this encoding is UTF-8 as it is, given that these bytes are. */
bool weir__charset_is_utf8(const weir__charset *charset);

/* Appends the text as UTF-8, with U+FFFD for what is malformed. WEIR_OK, or a status
 * with its sentence. */
int weir__charset_decode(const weir__charset *charset, weir_slice bytes,
                         weir__buffer *text);

/* The same by the system, for an encoding of that name: charset_iconv.c, or in a build
 * without it charset_none.c, which always fails. */
int weir__charset_convert(const char *name, weir_slice bytes, weir__buffer *text);

/* Appends one character. WEIR_OK, or the status of the buffer. */
int weir__charset_put(weir__buffer *text, uint32_t code_point);

#define WEIR__REPLACEMENT_CHARACTER 0xFFFDu

#endif
