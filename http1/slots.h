/* Slots: the right to have a connection, of which there is a number, and a number for
 * each host.
 *
 * Those who wait for one go in their order; but who waits for a host that has all it
 * may have does not hold up those behind. Whoever has a slot gives it back.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_SLOTS_H
#define WEIR_HTTP1_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <weir/loop.h>
#include <weir/slice.h>
#include <weir/status.h>

#include "list.h"

typedef struct weir__slots {
    weir_loop *loop;
    weir__link waiters;
    weir__link hosts; /* with slots or waiters; only if there is a limit for each */
    size_t used;
    size_t max;
    size_t max_per_host; /* 0: no limit of its own */
} weir__slots;

/* Where slots are counted too, if hosts have limits of their own. */
typedef struct weir__slot_host {
    weir__link link;
    size_t used;
    size_t holders; /* who has a slot of it, or waits for one */
    bool secure;
    weir_slice authority;
    char text[];
} weir__slot_host;

void weir__slots_init(weir__slots *slots, weir_loop *loop, size_t max,
                      size_t max_per_host);

/* The host that slots are counted for, with one holder more, who takes a slot or
 * releases it. WEIR_OK, or WEIR_E_MEMORY with its sentence. */
int weir__slots_hold_host(weir__slots *slots, weir_slice authority, bool secure,
                          weir__slot_host **host);

/* NULL is allowed. */
void weir__slots_release_host(weir__slots *slots, weir__slot_host *host);

int weir__slots_wait(weir__slots *slots, const void *owner, weir__slot_host *host);

void weir__slots_hand_on(weir__slots *slots);

static inline bool weir__slots_may_go(const weir__slots *slots,
                                      const weir__slot_host *host)
{
    return slots->used < slots->max && (!host || host->used < slots->max_per_host);
}

static inline void weir__slots_use(weir__slots *slots, weir__slot_host *host)
{
    slots->used++;
    if (host)
        host->used++;
}

/* Takes one, waiting if it must; of no host with NULL. WEIR_OK; WEIR_E_CLOSED if the
 * owner was turned away, without a sentence; or another status with its sentence. */
static inline int weir__slots_take(weir__slots *slots, const void *owner,
                                   weir__slot_host *host)
{
    /* Nobody is overtaken: those who wait may not go, or they would have. */
    if (!weir__slots_may_go(slots, host))
        return weir__slots_wait(slots, owner, host);
    weir__slots_use(slots, host);
    return WEIR_OK;
}

/* Gives it to the next, or back. */
static inline void weir__slots_give(weir__slots *slots, weir__slot_host *host)
{
    slots->used--;
    if (host)
        host->used--;
    if (weir__link_is_linked(&slots->waiters))
        weir__slots_hand_on(slots);
}

/* Ends the waits of an owner. */
void weir__slots_turn_away(weir__slots *slots, const void *owner);

#endif
