/* An event: a flag and those who wait for it.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/event.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "park.h"

struct weir_event {
    weir_loop *loop;
    weir__link waiters;
    bool is_set;
};

weir_event *weir_event_new(weir_loop *loop)
{
    weir_event *event = weir__calloc(loop->allocator, 1, sizeof(*event));
    if (!event) {
        weir__fail(WEIR_E_MEMORY, "event", "event: no memory");
        return NULL;
    }
    event->loop = loop;
    weir__link_init(&event->waiters);
    return event;
}

void weir_event_free(weir_event *event)
{
    if (!event)
        return;
    weir__unpark_all(&event->waiters, WEIR_E_CLOSED);
    weir__free(event->loop->allocator, event);
}

void weir_event_set(weir_event *event)
{
    event->is_set = true;
    weir__unpark_all(&event->waiters, WEIR_OK);
}

void weir_event_reset(weir_event *event)
{
    event->is_set = false;
}

bool weir_event_is_set(const weir_event *event)
{
    return event->is_set;
}

int weir_event_wait(weir_event *event)
{
    if (event->is_set)
        return WEIR_OK;
    int rc = weir__park_in(event->loop, &event->waiters, "event");
    if (rc == WEIR_E_CLOSED)
        weir__fail(rc, "event", "event: freed while waiting");
    return rc;
}
