/* Overwriting what was secret.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BASE_WIPE_H
#define WEIR_BASE_WIPE_H

#include <stddef.h>

/* Through a volatile pointer, since a plain memset before free is dead code. */
static inline void weir__wipe(void *memory, size_t size)
{
    volatile char *byte = memory;
    while (size-- > 0)
        *byte++ = '\0';
}

#endif
