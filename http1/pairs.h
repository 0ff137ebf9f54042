/* Lists of names and values, as options have them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_PAIRS_H
#define WEIR_HTTP1_PAIRS_H

#include <stdbool.h>
#include <weir/allocator.h>
#include <weir/request.h>

/* A copy in one piece of memory: the list, and behind it the texts; no value of it is
 * NULL. NULL without memory. */
weir_pair *weir__pairs_copy(const weir_allocator *allocator, const weir_pair *pairs);

/* Whether two copies say the same; NULL is none. */
bool weir__pairs_same(const weir_pair *a, const weir_pair *b);

#endif
