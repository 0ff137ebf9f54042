/**
 * A number of permits that tasks take and give back.
 *
 * Permits go to waiting tasks in the order in which they came.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SEMAPHORE_H
#define WEIR_SEMAPHORE_H

#include <stddef.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_semaphore weir_semaphore;

/** Makes a semaphore with `permits` free ones. Returns NULL without memory. */
weir_semaphore *weir_semaphore_new(weir_loop *loop, size_t permits);

/** Frees the semaphore. Waiting tasks get WEIR_E_CLOSED. NULL is allowed. */
void weir_semaphore_free(weir_semaphore *semaphore);

/**
 * Takes a permit; waits while there is none.
 *
 * Returns WEIR_OK; WEIR_E_CANCELLED, WEIR_E_TIMEOUT or WEIR_E_CLOSED without a permit.
 */
int weir_semaphore_acquire(weir_semaphore *semaphore);

/** The same without waiting: WEIR_E_AGAIN when there is none. */
int weir_semaphore_try_acquire(weir_semaphore *semaphore);

/** Gives a permit back: to the first who waits, if anybody does. */
void weir_semaphore_release(weir_semaphore *semaphore);

/** How many permits are free. */
size_t weir_semaphore_permits(const weir_semaphore *semaphore);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
