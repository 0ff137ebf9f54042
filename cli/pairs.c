/* A list of names and values that grows.
 *
 * SPDX-License-Identifier: MIT */
#include "pairs.h"

#include <stdlib.h>

bool pairs_add(struct pairs *pairs, const char *name, const char *value)
{
    weir_pair *items =
        realloc(pairs->items, (pairs->count + 2) * sizeof(pairs->items[0]));
    if (!items)
        return false;
    pairs->items = items;
    items[pairs->count++] = (weir_pair){name, value};
    items[pairs->count] = (weir_pair){NULL, NULL};
    return true;
}

bool pairs_have(const struct pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (weir_slice_equal_nocase(weir_slice_of(pairs->items[i].name),
                                    weir_slice_of(name)))
            return true;
    }
    return false;
}

void pairs_clear(struct pairs *pairs)
{
    free(pairs->items);
    *pairs = (struct pairs){NULL, 0};
}
