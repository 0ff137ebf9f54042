/**
 * A flag that tasks can wait for.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EVENT_H
#define WEIR_EVENT_H

#include <stdbool.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_event weir_event;

/** Makes an event that is not set. Returns NULL without memory. */
weir_event *weir_event_new(weir_loop *loop);

/** Frees the event. Waiting tasks get WEIR_E_CLOSED. NULL is allowed. */
void weir_event_free(weir_event *event);

/** Sets the event: all who wait go on, and nobody waits until it is reset. */
void weir_event_set(weir_event *event);

/** Unsets the event. */
void weir_event_reset(weir_event *event);

/** Whether the event is set. */
bool weir_event_is_set(const weir_event *event);

/**
 * Waits until the event is set.
 *
 * Returns WEIR_OK, WEIR_E_CANCELLED, WEIR_E_TIMEOUT or WEIR_E_CLOSED.
 */
int weir_event_wait(weir_event *event);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
