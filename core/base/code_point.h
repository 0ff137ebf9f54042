/* UTF-8, one character at a time.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BASE_CODE_POINT_H
#define WEIR_BASE_CODE_POINT_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/slice.h>

/* The length of the character that the text, which is not empty, begins with, and its
 * code point; 0 when that is not UTF-8 (RFC 3629 4). */
size_t weir__code_point(weir_slice text, uint32_t *code_point);

/* Whether all of it is UTF-8. */
bool weir__is_utf8(weir_slice text);

#endif
