/* An intrusive doubly linked list: a ring through a head.
 *
 * A link that is in no list points to itself, so unlinking twice is harmless.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_BASE_LIST_H
#define WEIR_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct weir__link {
    struct weir__link *next;
    struct weir__link *previous;
} weir__link;

/* The object around a link: WEIR__CONTAINER(link, struct task, link). */
#define WEIR__CONTAINER(pointer, type, member) \
    ((type *)((uintptr_t)(pointer)-offsetof(type, member)))

static inline void weir__link_init(weir__link *link)
{
    link->next = link;
    link->previous = link;
}

static inline bool weir__link_is_linked(const weir__link *link)
{
    return link->next != link;
}

static inline void weir__link_push(weir__link *head, weir__link *link)
{
    link->next = head;
    link->previous = head->previous;
    head->previous->next = link;
    head->previous = link;
}

static inline void weir__link_remove(weir__link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    weir__link_init(link);
}

/* The first link, taken out; NULL when the list is empty. */
static inline weir__link *weir__link_shift(weir__link *head)
{
    weir__link *first = head->next;
    if (first == head)
        return NULL;
    weir__link_remove(first);
    return first;
}

/* Moves all of `from` to the empty list `to`. */
static inline void weir__link_move(weir__link *from, weir__link *to)
{
    if (!weir__link_is_linked(from)) {
        weir__link_init(to);
        return;
    }
    *to = *from;
    to->next->previous = to;
    to->previous->next = to;
    weir__link_init(from);
}

#endif
