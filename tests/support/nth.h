/* An allocator that counts, and that fails the n-th allocation.
 *
 *   struct nth nth;
 *   nth_init(&nth, 3);             the third allocation fails, all others work
 *   weir_http_fields_init(&fields, &nth.allocator, NULL);
 *   ...
 *   CHECK(nth.failed);             it came so far
 *   CHECK_INT(nth.live, 0);        and nothing leaked
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_NTH_H
#define WEIR_TESTS_NTH_H

#include <stdbool.h>
#include <stddef.h>
#include <weir/allocator.h>

struct nth {
    weir_allocator allocator;
    size_t fail_at;    /* from 1; 0: none fails */
    size_t count;      /* malloc and realloc calls so far */
    size_t live;       /* blocks not given back */
    size_t live_bytes; /* and their bytes */
    size_t most_bytes; /* the most that were live at once */
    bool failed;       /* whether one was made to fail */
};

void nth_init(struct nth *nth, size_t fail_at);

#endif
