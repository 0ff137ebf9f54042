/* Names: what the loop frees.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_RESOLVER_H
#define WEIR_CORE_RESOLVER_H

#include <weir/resolver.h>

/* Drops the cache, and leaves lookups that run to their threads. */
void weir__resolver_free(weir_loop *loop);

#endif
