/* Random bytes of the kernel, by getentropy(): no descriptor, and no state of ours that
 * a fork would double.
 *
 * SPDX-License-Identifier: MIT */
#include "random.h"

#include <errno.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif

#include "error.h"

int weir__random(void *memory, size_t size)
{
    if (getentropy(memory, size) == 0)
        return WEIR_OK;
    return weir__fail_errno(errno, "random", "the system has no random bytes");
}
