/* A semaphore: permits, handed to those who wait in their order.
 *
 * A released permit goes straight to the first waiter and is never free in
 * between, so nobody can overtake it.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/semaphore.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "park.h"

struct weir_semaphore {
    weir_loop *loop;
    weir__link waiters;
    size_t permits;
};

weir_semaphore *weir_semaphore_new(weir_loop *loop, size_t permits)
{
    weir_semaphore *semaphore = weir__calloc(loop->allocator, 1, sizeof(*semaphore));
    if (!semaphore) {
        weir__fail(WEIR_E_MEMORY, "semaphore", "semaphore: no memory");
        return NULL;
    }
    semaphore->loop = loop;
    semaphore->permits = permits;
    weir__link_init(&semaphore->waiters);
    return semaphore;
}

void weir_semaphore_free(weir_semaphore *semaphore)
{
    if (!semaphore)
        return;
    weir__unpark_all(&semaphore->waiters, WEIR_E_CLOSED);
    weir__free(semaphore->loop->allocator, semaphore);
}

int weir_semaphore_try_acquire(weir_semaphore *semaphore)
{
    if (semaphore->permits == 0)
        return WEIR_E_AGAIN;
    semaphore->permits--;
    return WEIR_OK;
}

int weir_semaphore_acquire(weir_semaphore *semaphore)
{
    if (weir_semaphore_try_acquire(semaphore) == WEIR_OK)
        return WEIR_OK;
    int rc = weir__park_in(semaphore->loop, &semaphore->waiters, "semaphore");
    if (rc == WEIR_E_CLOSED)
        weir__fail(rc, "semaphore", "semaphore: freed while waiting");
    return rc;
}

void weir_semaphore_release(weir_semaphore *semaphore)
{
    if (!weir__unpark_first(&semaphore->waiters, WEIR_OK))
        semaphore->permits++;
}

size_t weir_semaphore_permits(const weir_semaphore *semaphore)
{
    return semaphore->permits;
}
