/* Signals: a handler that notes the number and wakes the loop.
 *
 * The table is the process's, since a signal is: a number is open in one loop at
 * a time. What is beside the owner in a row belongs to the owner's thread, but for
 * the atomics: these, and a descriptor, are all that the handler touches.
 *
 * SPDX-License-Identifier: MIT */
#include "signal.h"

#include <errno.h>
#include <signal.h> /* NOLINT(readability-duplicate-include): the system's */
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "park.h"

#define NUMBERS 65 /* 1 to 64 on Linux; fewer elsewhere */

struct weir_signal {
    weir_loop *loop;
    int number;
    struct sigaction previous;
    weir__link waiters; /* one at most */
};

static struct {
    _Atomic(weir_loop *) owner; /* only compared by other threads than its own */
    weir_signal *signal;
    atomic_int wake_fd;
    atomic_bool came;
} table[NUMBERS];

static void handle(int number)
{
    int saved_errno = errno;
    atomic_store(&table[number].came, true);
    ssize_t ignored = write(atomic_load(&table[number].wake_fd), "", 1);
    (void)ignored; /* a full pipe has woken the loop already */
    errno = saved_errno;
}

void weir__signals_deliver(weir_loop *loop)
{
    for (int number = 1; number < NUMBERS; number++) {
        if (!atomic_load(&table[number].came) ||
            atomic_load(&table[number].owner) != loop)
            continue;
        if (weir__unpark_first(&table[number].signal->waiters, WEIR_OK))
            atomic_store(&table[number].came, false);
    }
}

static int claim(weir_loop *loop, weir_signal *signal)
{
    weir_loop *nobody = NULL;
    if (!atomic_compare_exchange_strong(&table[signal->number].owner, &nobody, loop))
        return weir__fail(WEIR_E_MISUSE, "signal", "signal %d is open already",
                          signal->number);
    table[signal->number].signal = signal;
    atomic_store(&table[signal->number].came, false);
    atomic_store(&table[signal->number].wake_fd, weir__post_wake_fd(loop));
    return WEIR_OK;
}

static int catch_signal(weir_loop *loop, weir_signal *signal)
{
    struct sigaction action;
    int rc = claim(loop, signal);
    if (rc < 0)
        return rc;
    memset(&action, 0, sizeof(action));
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    if (sigaction(signal->number, &action, &signal->previous) == 0)
        return WEIR_OK;
    rc = errno;
    atomic_store(&table[signal->number].owner, NULL);
    return weir__fail(WEIR_E_INVALID, "signal", "signal %d cannot be caught: %s",
                      signal->number, strerror(rc));
}

int weir_signal_open(weir_loop *loop, weir_signal **signal, int number)
{
    if (number < 1 || number >= NUMBERS)
        return weir__fail(WEIR_E_INVALID, "signal", "there is no signal %d", number);
    weir_signal *opened = weir__calloc(loop->allocator, 1, sizeof(*opened));
    if (!opened)
        return weir__fail(WEIR_E_MEMORY, "signal", "signal %d: no memory", number);
    opened->loop = loop;
    opened->number = number;
    weir__link_init(&opened->waiters);
    int rc = catch_signal(loop, opened);
    if (rc < 0) {
        weir__free(loop->allocator, opened);
        return rc;
    }
    *signal = opened;
    return WEIR_OK;
}

void weir_signal_close(weir_signal *signal)
{
    if (!signal)
        return;
    sigaction(signal->number, &signal->previous, NULL);
    atomic_store(&table[signal->number].wake_fd, -1);
    atomic_store(&table[signal->number].owner, NULL);
    weir__unpark_all(&signal->waiters, WEIR_E_CLOSED);
    weir__free(signal->loop->allocator, signal);
}

int weir_signal_wait(weir_signal *signal)
{
    int number = signal->number;
    if (weir__link_is_linked(&signal->waiters))
        return weir__fail(WEIR_E_MISUSE, "signal", "signal %d: another task waits",
                          number);
    if (atomic_exchange(&table[number].came, false))
        return WEIR_OK;
    /* Closed or not, the signal may be gone when this returns. */
    int rc = weir__park_in(signal->loop, &signal->waiters, "signal");
    if (rc == WEIR_E_CLOSED)
        weir__fail(rc, "signal", "signal %d: closed while waiting", number);
    return rc;
}

void weir__signals_free(weir_loop *loop)
{
    for (int number = 1; number < NUMBERS; number++) {
        if (atomic_load(&table[number].owner) == loop)
            weir_signal_close(table[number].signal);
    }
}
