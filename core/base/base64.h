/* Base64 (RFC 4648 4), with padding.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BASE_BASE64_H
#define WEIR_BASE_BASE64_H

#include <weir/slice.h>

/* The length of the text of `len` bytes; `len` is below SIZE_MAX / 2. */
#define WEIR__BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* Writes WEIR__BASE64_LEN(bytes.len) characters; returns how many. */
size_t weir__base64_encode(weir_slice bytes, char *space);

/* Decodes to at most text.len / 4 * 3 bytes.
 *
 * Only what encoding gives is taken (RFC 4648 3.3, 3.5): no line ends, padding at the
 * end alone and complete, and no bits set that belong to no byte. Returns WEIR_OK, or
 * WEIR_E_INVALID, when `space` may have been written to. */
int weir__base64_decode(weir_slice text, char *space, size_t *len);

#endif
