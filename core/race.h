/* The race of connection attempts to several addresses (RFC 8305 5).
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_RACE_H
#define WEIR_CORE_RACE_H

#include <stdint.h>
#include <weir/address.h>
#include <weir/loop.h>

struct weir__race_options {
    const weir_address *addresses; /* in the order in which they are tried */
    int count;
    const weir_address *local; /* to bind to; NULL: none */
    int local_port;            /* to bind to when there is no local address. 0: any */
    uint32_t delay_ms;         /* until the next attempt begins beside the last */
    const char *name;          /* of what is connected to, for the sentence */
};

/* Returns WEIR_OK and the descriptor of the first that is connected; or
 * WEIR_E_CONNECTION or WEIR_E_SYSTEM with a sentence that names each failure;
 * WEIR_E_TIMEOUT, WEIR_E_CANCELLED, WEIR_E_MEMORY. All other descriptors are
 * closed. */
int weir__race(weir_loop *loop, const struct weir__race_options *options, int *fd);

#endif
