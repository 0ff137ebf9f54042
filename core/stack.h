/* Stacks for tasks: mapped in slabs, guarded below, kept for reuse.
 *
 *     slab:  | header | guard | stack 0 | guard | stack 1 | ...     addresses ->
 *
 * A pool belongs to one loop and is not locked. Its stacks all have the size
 * that the pool was made for; a larger one is mapped for itself and not kept.
 * Running off the low end of a stack hits its guard and raises SIGSEGV. What a
 * guard is depends on the kernel: see enum weir__stack_guard.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_STACK_H
#define WEIR_CORE_STACK_H

#include <stddef.h>

#include "list.h"

enum {
    WEIR__STACK_DEFAULT_BYTES = 64 * 1024,

    /* How many free stacks a pool keeps with their pages. A task that has waited
     * once has touched two or three pages, so 256 hold 2 to 3 MiB; at most 16 MiB
     * if each one was used to its end. Four slabs' worth, so that a load that
     * goes up and down by as much maps and unmaps nothing. */
    WEIR__STACK_DEFAULT_CACHED = 256
};

/* How a stack is guarded, which decides how many there can be: Linux allows a
 * process 65,530 mappings (vm.max_map_count). */
typedef enum weir__stack_guard {
    /* MADVISE where the kernel has it, else PROTECT. */
    WEIR__STACK_GUARD_AUTO,

    /* MADV_GUARD_INSTALL (Linux 6.13): a mark in the page table, no mapping of
     * its own. All slabs are one mapping, or a few. */
    WEIR__STACK_GUARD_MADVISE,

    /* PROT_NONE for the first WEIR__STACK_PROTECTED of the process, two mappings
     * each; those beyond are as in HOLE. */
    WEIR__STACK_GUARD_PROTECT,

    /* The page below is not mapped: one mapping each. Weaker, for something else
     * in the process may map just one page and get this one. */
    WEIR__STACK_GUARD_HOLE
} weir__stack_guard;

/* 50,000 stacks with PROTECT: 2 * 8,192 + 41,808 for the stacks and 782 for the
 * headers of slabs of 64 make 58,974 mappings, which leaves 6,556 for the rest
 * of the program. */
enum { WEIR__STACK_PROTECTED = 8192 };

typedef struct weir__stack {
    void *low; /* the lowest byte that may be used */
    size_t size;
    struct weir__stack_slot *slot; /* the pool's own */
} weir__stack;

typedef struct weir__stack_pool {
    struct weir__stack_slot *cached; /* free, with their pages; last in, first out */
    size_t cached_count;
    size_t max_cached;
    size_t usable_bytes;
    size_t page_bytes;
    weir__link available;    /* slabs that have a free stack */
    weir__stack_guard guard; /* AUTO until the first stack; tests set another one */
} weir__stack_pool;

/* Cannot fail, and maps nothing yet. The pool must stay where it is.
 *
 *   usable_bytes   of each stack, rounded up to pages. 0: 64 KiB
 *   max_cached     free stacks to keep. 0: none is kept */
void weir__stack_pool_init(weir__stack_pool *pool, size_t usable_bytes,
                           size_t max_cached);

/* A stack of at least `usable_bytes` (0: the pool's size). Its contents are
 * indeterminate; size is a multiple of the page, low + size aligned to it.
 *
 * Returns WEIR_OK, or WEIR_E_MEMORY with *out as it was. */
int weir__stack_take(weir__stack_pool *pool, size_t usable_bytes, weir__stack *out);

/* Gives back what was taken from this pool. It must not be the stack one runs
 * on, and nothing of it may be used afterwards, not even to read. */
void weir__stack_give(weir__stack_pool *pool, weir__stack stack);

/* Unmaps all that is not in use: everything, once each stack is given back. The
 * pool can still be used. */
void weir__stack_pool_clear(weir__stack_pool *pool);

#endif
