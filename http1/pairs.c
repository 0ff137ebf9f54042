/* Lists of names and values.
 *
 * SPDX-License-Identifier: MIT */
#include "pairs.h"

#include <string.h>

#include "allocator.h"

/* Copies a text to where `*at` is, and moves that behind it. */
static const char *put(char **at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

weir_pair *weir__pairs_copy(const weir_allocator *allocator, const weir_pair *pairs)
{
    size_t count = 1; /* with its end */
    size_t bytes = 0;
    for (const weir_pair *pair = pairs; pair->name; pair++, count++)
        bytes += strlen(pair->name) + (pair->value ? strlen(pair->value) : 0) + 2;
    weir_pair *copy = weir__calloc(allocator, 1, count * sizeof(*copy) + bytes);
    if (!copy)
        return NULL;
    char *text = (char *)(copy + count);
    for (size_t i = 0; i + 1 < count; i++) {
        copy[i].name = put(&text, pairs[i].name);
        copy[i].value = put(&text, pairs[i].value ? pairs[i].value : "");
    }
    return copy;
}

bool weir__pairs_same(const weir_pair *a, const weir_pair *b)
{
    if (!a || !b)
        return a == b;
    while (a->name && b->name && strcmp(a->name, b->name) == 0 &&
           strcmp(a->value, b->value) == 0) {
        a++;
        b++;
    }
    return !a->name && !b->name;
}
