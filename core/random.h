/* Random bytes that nobody can foresee.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_RANDOM_H
#define WEIR_CORE_RANDOM_H

#include <stddef.h>

/* Fills the memory, of 256 bytes at most, from the kernel's generator. WEIR_OK, or
 * WEIR_E_SYSTEM with a sentence. */
int weir__random(void *memory, size_t size);

#endif
