/* A list of names and values that grows: fields, parameters, cookies.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_PAIRS_H
#define WEIR_CLI_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <weir/request.h>

/* All zero is an empty list. */
struct pairs {
    weir_pair *items; /* ended by {0}; NULL while there are none */
    size_t count;
};

/* Adds a pair, of which the texts are kept. False without memory. */
bool pairs_add(struct pairs *pairs, const char *name, const char *value);

/* Whether there is one of that name, but for the case. */
bool pairs_have(const struct pairs *pairs, const char *name);

void pairs_clear(struct pairs *pairs);

#endif
