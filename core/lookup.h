/* getaddrinfo on a few threads of the process.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_LOOKUP_H
#define WEIR_CORE_LOOKUP_H

#include <weir/resolver.h>

#include "post.h"

/* One question. Of the C library's memory, since a thread may free it. */
typedef struct weir__lookup {
    weir__posted posted;
    struct weir__lookup *next; /* in the queue of the threads */
    weir_loop *loop;           /* NULL once the loop is gone */
    void (*on_answer)(struct weir__lookup *lookup);
    void *owner;
    weir_family family;
    int gai_error; /* of getaddrinfo, or 0 */
    int os_error;  /* when that is EAI_SYSTEM */
    int count;
    weir_address addresses[WEIR_MAX_ADDRESSES];
    char host[];
} weir__lookup;

/* Asks; on_answer is called by the loop, and frees the lookup with free().
 *
 * Returns NULL without memory or threads, with a sentence. */
weir__lookup *weir__lookup_start(weir_loop *loop, const char *host, weir_family family,
                                 void (*on_answer)(weir__lookup *lookup), void *owner);

/* The answer is not wanted any more, and the loop may go. */
void weir__lookup_abandon(weir__lookup *lookup);

#endif
