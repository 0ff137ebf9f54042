/* Stacks for tasks (stack.h).
 *
 * A stack is live, cached (free, with its pages, in the pool's list), free (its
 * pages given back, in its slab's list) or not carved yet. A slab is unmapped
 * when none of its stacks is live or cached. What the pool knows of a stack lies
 * in the slab's header, so that taking and giving touch no page of the stack.
 *
 * SPDX-License-Identifier: MIT */
#include "stack.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include <weir/status.h>

#include "checked.h"
#include "sanitizer.h"

enum {
    SLAB_STACKS = 64,

    /* Larger stacks come fewer to a slab, down to one. */
    SLAB_BYTES = 8 * 1024 * 1024,

    /* More than the one page that a large frame of a careless caller steps over;
     * address space is all that it costs. At least a page. */
    GUARD_BYTES = 16 * 1024
};

/* Of Linux 6.13; libraries of that age do not name it yet. Other systems refuse
 * the number, as older kernels do. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/* OpenBSD insists on MAP_STACK; to FreeBSD it means a stack that grows. */
#if defined(__linux__)
#define MAP_FLAGS         (MAP_PRIVATE | MAP_ANON | MAP_NORESERVE | MAP_STACK)
#define ADVICE_SMALL_PAGE MADV_NOHUGEPAGE
#define ADVICE_GIVE_BACK  MADV_DONTNEED
#elif defined(__OpenBSD__)
#define MAP_FLAGS         (MAP_PRIVATE | MAP_ANON | MAP_STACK)
#define ADVICE_SMALL_PAGE MADV_NORMAL
#define ADVICE_GIVE_BACK  MADV_FREE
#else
#define MAP_FLAGS         (MAP_PRIVATE | MAP_ANON)
#define ADVICE_SMALL_PAGE MADV_NORMAL
#define ADVICE_GIVE_BACK  MADV_FREE
#endif

/* No madvise has this number. */
#define ADVICE_OF_NO_KERNEL 9999

typedef struct weir__stack_slot {
    struct weir__stack_slot *next; /* in the list of the pool, or of the slab */
    struct slab *slab;
    char *low;
    unsigned valgrind_number;
    weir__stack_guard guard;
} slot;

/* The header of a slab, at its beginning. */
struct slab {
    weir__link link; /* in the pool's list while a stack is free or not carved */
    slot *free;
    size_t mapped_bytes;
    size_t usable_bytes; /* of each stack */
    unsigned count;
    unsigned carved;
    unsigned in_use; /* live or cached */
    slot slots[];
};

/* Stacks with a guard of PROT_NONE, in all pools: the limit is the process's. */
static atomic_size_t protected_count;

static size_t round_up(size_t size, size_t page)
{
    return (size + page - 1) / page * page;
}

static size_t guard_bytes(const weir__stack_pool *pool)
{
    return round_up(GUARD_BYTES, pool->page_bytes);
}

static size_t header_bytes(const weir__stack_pool *pool, size_t count)
{
    return round_up(sizeof(struct slab) + count * sizeof(slot), pool->page_bytes);
}

/* A slab of `count` stacks; NULL when the kernel has no room for it. */
static struct slab *map_slab(weir__stack_pool *pool, size_t usable_bytes, size_t count)
{
    size_t bytes;
    size_t each = usable_bytes + guard_bytes(pool);
    if (!weir__checked_multiply(each, count, &bytes) ||
        !weir__checked_add(bytes, header_bytes(pool, count), &bytes))
        return NULL;
    void *place = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_FLAGS, -1, 0);
    if (place == MAP_FAILED)
        return NULL;
    /* A huge page would make the first touch of one stack pay for thirty. */
    (void)madvise(place, bytes, ADVICE_SMALL_PAGE);
    struct slab *slab = place;
    slab->mapped_bytes = bytes;
    slab->usable_bytes = usable_bytes;
    slab->count = (unsigned)count;
    weir__link_init(&slab->link);
    return slab;
}

/* Unmaps all but the holes, which by now may be somebody else's. */
static void unmap_slab(weir__stack_pool *pool, struct slab *slab)
{
    char *start = (char *)slab;
    char *end = start + slab->mapped_bytes;
    char *holes[SLAB_STACKS];
    size_t hole_count = 0;
    for (unsigned i = 0; i < slab->carved; i++) {
        slot *s = &slab->slots[i];
        weir__valgrind_deregister(s->valgrind_number);
        WEIR__UNPOISON(s->low, slab->usable_bytes);
        if (s->guard == WEIR__STACK_GUARD_PROTECT)
            atomic_fetch_sub(&protected_count, 1);
        if (s->guard == WEIR__STACK_GUARD_HOLE)
            holes[hole_count++] = s->low - pool->page_bytes;
    }
    weir__link_remove(&slab->link);
    for (size_t i = 0; i < hole_count; i++) {
        (void)munmap(start, (size_t)(holes[i] - start));
        start = holes[i] + pool->page_bytes;
    }
    (void)munmap(start, (size_t)(end - start));
}

/* Whether the kernel has MADV_GUARD_INSTALL and means it: an emulator may call
 * all advice a success and follow none. */
static bool guard_by_advice(void *guard, size_t bytes)
{
    return madvise(guard, bytes, ADVICE_OF_NO_KERNEL) != 0 &&
           madvise(guard, bytes, MADV_GUARD_INSTALL) == 0;
}

/* How the next stack is to be guarded. */
static weir__stack_guard next_guard(const weir__stack_pool *pool)
{
    if (pool->guard == WEIR__STACK_GUARD_PROTECT &&
        atomic_load(&protected_count) >= WEIR__STACK_PROTECTED)
        return WEIR__STACK_GUARD_HOLE;
    return pool->guard;
}

/* Makes the guard below `low`. */
static bool make_guard(const weir__stack_pool *pool, char *low, weir__stack_guard guard)
{
    size_t bytes = guard_bytes(pool);
    switch (guard) {
    case WEIR__STACK_GUARD_AUTO:
        return false;
    case WEIR__STACK_GUARD_MADVISE:
        return madvise(low - bytes, bytes, MADV_GUARD_INSTALL) == 0;
    case WEIR__STACK_GUARD_PROTECT:
        return mprotect(low - bytes, bytes, PROT_NONE) == 0;
    case WEIR__STACK_GUARD_HOLE:
        /* One page only, since fewer mappings fit into it; the others below it
         * stay with the mapping of the stack before, and nobody's. */
        return munmap(low - pool->page_bytes, pool->page_bytes) == 0;
    }
    return false;
}

/* The next stack of a slab that has not been used yet; NULL when the kernel
 * refuses the guard. */
static slot *carve(weir__stack_pool *pool, struct slab *slab)
{
    size_t guard = guard_bytes(pool);
    char *low = (char *)slab + header_bytes(pool, slab->count) +
                slab->carved * (slab->usable_bytes + guard) + guard;
    if (pool->guard == WEIR__STACK_GUARD_AUTO)
        pool->guard = guard_by_advice(low - guard, guard) ? WEIR__STACK_GUARD_MADVISE
                                                          : WEIR__STACK_GUARD_PROTECT;
    weir__stack_guard kind = next_guard(pool);
    if (!make_guard(pool, low, kind))
        return NULL;
    if (kind == WEIR__STACK_GUARD_PROTECT)
        atomic_fetch_add(&protected_count, 1);
    slot *s = &slab->slots[slab->carved++];
    *s = (slot){.slab = slab, .low = low, .guard = kind};
    s->valgrind_number = weir__valgrind_register(low, slab->usable_bytes);
    return s;
}

static slot *pop_free(struct slab *slab)
{
    slot *s = slab->free;
    if (s)
        slab->free = s->next;
    return s;
}

/* A stack of this slab, which is unmapped if that fails and nothing uses it. */
static slot *take_from(weir__stack_pool *pool, struct slab *slab)
{
    slot *s = pop_free(slab);
    if (!s)
        s = carve(pool, slab);
    if (s)
        slab->in_use++;
    else if (slab->in_use == 0)
        unmap_slab(pool, slab);
    return s;
}

/* A stack of the pool's size that is not cached. */
static slot *take_uncached(weir__stack_pool *pool)
{
    struct slab *slab;
    if (weir__link_is_linked(&pool->available)) {
        slab = WEIR__CONTAINER(pool->available.next, struct slab, link);
    } else {
        size_t count = SLAB_BYTES / pool->usable_bytes;
        count = count > SLAB_STACKS ? SLAB_STACKS : count;
        slab = count > 1 ? map_slab(pool, pool->usable_bytes, count) : NULL;
        if (!slab)
            slab = map_slab(pool, pool->usable_bytes, 1);
        if (!slab)
            return NULL;
        weir__link_push(&pool->available, &slab->link);
    }
    slot *s = take_from(pool, slab);
    if (s && !slab->free && slab->carved == slab->count)
        weir__link_remove(&slab->link);
    return s;
}

/* A stack of any other size: a slab of one, in no list. */
static slot *take_odd(weir__stack_pool *pool, size_t usable_bytes)
{
    if (usable_bytes > SIZE_MAX / 2)
        return NULL;
    struct slab *slab = map_slab(pool, round_up(usable_bytes, pool->page_bytes), 1);
    return slab ? take_from(pool, slab) : NULL;
}

/* Makes a stack that was live or cached free, and its slab too if it was the
 * last of it. */
__attribute__((noinline)) static void release(weir__stack_pool *pool, slot *s)
{
    struct slab *slab = s->slab;
    if (--slab->in_use == 0) {
        unmap_slab(pool, slab);
        return;
    }
    /* Frees the pages; guards stay. */
    (void)madvise(s->low, slab->usable_bytes, ADVICE_GIVE_BACK);
    s->next = slab->free;
    slab->free = s;
    if (!weir__link_is_linked(&slab->link))
        weir__link_push(&pool->available, &slab->link);
}

void weir__stack_pool_init(weir__stack_pool *pool, size_t usable_bytes,
                           size_t max_cached)
{
    *pool = (weir__stack_pool){.max_cached = max_cached,
                               .page_bytes = (size_t)sysconf(_SC_PAGESIZE)};
    size_t bytes = usable_bytes ? usable_bytes : WEIR__STACK_DEFAULT_BYTES;
    /* Too large is too large when a stack is taken, not now. */
    bytes = bytes > SIZE_MAX / 2 ? SIZE_MAX / 2 : bytes;
    pool->usable_bytes = round_up(bytes, pool->page_bytes);
    weir__link_init(&pool->available);
}

/* What to do when none is cached, or none of this size. Not inlined, as release is
 * not: their registers would be saved on the quick path too. */
__attribute__((noinline)) static int take_slowly(weir__stack_pool *pool,
                                                 size_t usable_bytes, weir__stack *out)
{
    slot *s = usable_bytes > pool->usable_bytes ? take_odd(pool, usable_bytes)
                                                : take_uncached(pool);
    if (!s)
        return WEIR_E_MEMORY;
    *out = (weir__stack){.low = s->low, .size = s->slab->usable_bytes, .slot = s};
    WEIR__UNPOISON(out->low, out->size);
    return WEIR_OK;
}

int weir__stack_take(weir__stack_pool *pool, size_t usable_bytes, weir__stack *out)
{
    slot *s = pool->cached;
    if (!s || usable_bytes > pool->usable_bytes)
        return take_slowly(pool, usable_bytes, out);
    pool->cached = s->next;
    pool->cached_count--;
    *out = (weir__stack){.low = s->low, .size = pool->usable_bytes, .slot = s};
    WEIR__UNPOISON(out->low, out->size);
    return WEIR_OK;
}

void weir__stack_give(weir__stack_pool *pool, weir__stack stack)
{
    slot *s = stack.slot;
    WEIR__POISON(stack.low, stack.size);
    if (stack.size != pool->usable_bytes || pool->cached_count >= pool->max_cached) {
        release(pool, s);
        return;
    }
    s->next = pool->cached;
    pool->cached = s;
    pool->cached_count++;
}

void weir__stack_pool_clear(weir__stack_pool *pool)
{
    while (pool->cached) {
        slot *s = pool->cached;
        pool->cached = s->next;
        pool->cached_count--;
        release(pool, s);
    }
}
