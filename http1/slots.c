/* Slots, taken and handed on.
 *
 * SPDX-License-Identifier: MIT */
#include "slots.h"

#include <string.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "park.h"

/* A task that waits; lives on its stack. */
struct slot_waiter {
    weir__link link;
    weir_task *task;
    const void *owner;
    weir__slot_host *host;
    bool granted; /* the slot is its own, whatever has ended its wait */
};

void weir__slots_init(weir__slots *slots, weir_loop *loop, size_t max,
                      size_t max_per_host)
{
    *slots = (weir__slots){.loop = loop, .max = max, .max_per_host = max_per_host};
    weir__link_init(&slots->waiters);
    weir__link_init(&slots->hosts);
}

static weir__slot_host *find_host(const weir__slots *slots, weir_slice authority,
                                  bool secure)
{
    const weir__link *end = &slots->hosts;
    for (weir__link *link = end->next; link != end; link = link->next) {
        weir__slot_host *host = WEIR__CONTAINER(link, weir__slot_host, link);
        if (host->secure == secure && weir_slice_equal(host->authority, authority))
            return host;
    }
    return NULL;
}

int weir__slots_hold_host(weir__slots *slots, weir_slice authority, bool secure,
                          weir__slot_host **host)
{
    weir__slot_host *found = find_host(slots, authority, secure);
    if (!found) {
        found = weir__calloc(slots->loop->allocator, 1, sizeof(*found) + authority.len);
        if (!found)
            return weir__fail(WEIR_E_MEMORY, "connect", "no memory for a connection");
        memcpy(found->text, authority.data, authority.len);
        found->authority = (weir_slice){found->text, authority.len};
        found->secure = secure;
        weir__link_push(&slots->hosts, &found->link);
    }
    found->holders++;
    *host = found;
    return WEIR_OK;
}

void weir__slots_release_host(weir__slots *slots, weir__slot_host *host)
{
    if (!host || --host->holders > 0)
        return;
    weir__link_remove(&host->link);
    weir__free(slots->loop->allocator, host);
}

/* To the first of those who wait that may go. */
void weir__slots_hand_on(weir__slots *slots)
{
    const weir__link *end = &slots->waiters;
    for (weir__link *link = end->next; link != end; link = link->next) {
        struct slot_waiter *waiter = WEIR__CONTAINER(link, struct slot_waiter, link);
        if (!weir__slots_may_go(slots, waiter->host))
            continue;
        weir__link_remove(&waiter->link);
        weir__slots_use(slots, waiter->host);
        waiter->granted = true;
        weir__unpark(waiter->task, WEIR_OK);
        return;
    }
}

int weir__slots_wait(weir__slots *slots, const void *owner, weir__slot_host *host)
{
    struct slot_waiter waiter = {
        .task = slots->loop->current, .owner = owner, .host = host};
    weir__link_push(&slots->waiters, &waiter.link);
    int rc = weir__park(slots->loop, "wait for a connection");
    weir__link_remove(&waiter.link);
    if (rc < 0 && waiter.granted)
        weir__slots_give(slots, host);
    return rc;
}

void weir__slots_turn_away(weir__slots *slots, const void *owner)
{
    weir__link *link = slots->waiters.next;
    while (link != &slots->waiters) {
        struct slot_waiter *waiter = WEIR__CONTAINER(link, struct slot_waiter, link);
        link = link->next;
        if (waiter->owner == owner) {
            weir__link_remove(&waiter->link);
            weir__unpark(waiter->task, WEIR_E_CLOSED);
        }
    }
}
