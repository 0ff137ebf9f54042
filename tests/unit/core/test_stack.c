/* Stacks: their guards, their reuse, and how many there can be (core/stack.h).
 *
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weir/status.h>

#include "sanitizer.h"
#include "stack.h"
#include "switch.h"
#include "test.h"

/* Sanitizers keep books on every byte of a stack; a few slabs must do there. */
#if defined(WEIR__ASAN) || defined(WEIR__TSAN)
enum { MANY = 2000, ALL_MAPPINGS_COUNT = 0 };
#else
enum { MANY = 50000, ALL_MAPPINGS_COUNT = 1 };
#endif

#ifdef RUNNING_ON_VALGRIND
#define IS_SLOW (RUNNING_ON_VALGRIND > 0)
#else
#define IS_SLOW 0
#endif

static const weir__stack_guard every_guard[] = {
    WEIR__STACK_GUARD_AUTO,
    WEIR__STACK_GUARD_MADVISE,
    WEIR__STACK_GUARD_PROTECT,
    WEIR__STACK_GUARD_HOLE,
};

enum { GUARDS = sizeof(every_guard) / sizeof(every_guard[0]) };

/* Whether this kernel has the guards of MADVISE, as AUTO finds out. */
static bool has_guard(weir__stack_guard guard)
{
    weir__stack_pool pool;
    weir__stack stack;
    if (guard != WEIR__STACK_GUARD_MADVISE)
        return true;
    weir__stack_pool_init(&pool, 0, 0);
    REQUIRE(weir__stack_take(&pool, 0, &stack) == WEIR_OK);
    bool has = pool.guard == WEIR__STACK_GUARD_MADVISE;
    weir__stack_give(&pool, stack);
    return has;
}

static void init_guarded(weir__stack_pool *pool, size_t max_cached,
                         weir__stack_guard guard)
{
    weir__stack_pool_init(pool, 0, max_cached);
    pool->guard = guard;
}

/* How a child that calls run(arg) ends, as waitpid tells it. */
static int status_of_child(void (*run)(void *arg), void *arg)
{
    fflush(stdout);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        run(arg);
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return status;
}

static char *last_byte(weir__stack stack)
{
    return (char *)stack.low + stack.size - 1;
}

/* ---- reuse ---- */

TEST(stack, has_the_size_that_was_asked_for_in_whole_pages)
{
    weir__stack_pool pool;
    weir__stack stack;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    weir__stack_pool_init(&pool, 3 * page - 7, 2);
    REQUIRE(weir__stack_take(&pool, 0, &stack) == WEIR_OK);
    CHECK_INT(stack.size, 3 * page);
    CHECK_INT((uintptr_t)stack.low % page, 0);
    memset(stack.low, 1, stack.size);
    weir__stack_give(&pool, stack);
    weir__stack_pool_clear(&pool);

    weir__stack_pool_init(&pool, 0, 2);
    REQUIRE(weir__stack_take(&pool, 100, &stack) == WEIR_OK);
    CHECK_INT(stack.size, 64 * 1024);
    weir__stack_give(&pool, stack);
    weir__stack_pool_clear(&pool);
}

TEST(stack, given_last_is_taken_first)
{
    weir__stack_pool pool;
    weir__stack a, b, again;
    weir__stack_pool_init(&pool, 0, WEIR__STACK_DEFAULT_CACHED);
    REQUIRE(weir__stack_take(&pool, 0, &a) == WEIR_OK);
    REQUIRE(weir__stack_take(&pool, 0, &b) == WEIR_OK);
    CHECK(a.low != b.low);
    weir__stack_give(&pool, a);
    weir__stack_give(&pool, b);
    CHECK_INT(pool.cached_count, 2);
    REQUIRE(weir__stack_take(&pool, 0, &again) == WEIR_OK);
    CHECK(again.low == b.low);
    CHECK_INT(again.size, b.size);
    weir__stack_give(&pool, again);
    weir__stack_pool_clear(&pool);
    CHECK_INT(pool.cached_count, 0);
    CHECK(!weir__link_is_linked(&pool.available));
}

TEST(stack, beyond_the_cache_gives_its_pages_back)
{
    weir__stack_pool pool;
    weir__stack live, a, again;
    weir__stack_pool_init(&pool, 0, 0);
    REQUIRE(weir__stack_take(&pool, 0, &live) == WEIR_OK);
    REQUIRE(weir__stack_take(&pool, 0, &a) == WEIR_OK);
    *last_byte(live) = 'x';
    *last_byte(a) = 'x';
    weir__stack_give(&pool, a);
    CHECK_INT(pool.cached_count, 0);
    REQUIRE(weir__stack_take(&pool, 0, &again) == WEIR_OK);
    CHECK(again.low == a.low);
    unsigned char resident[64] = {1};
    long page = sysconf(_SC_PAGESIZE);
    char *top_page = (char *)again.low + again.size - page;
    CHECK(mincore(top_page, (size_t)page, resident) == 0);
    CHECK((resident[0] & 1) == 0);
    CHECK_INT(*last_byte(live), 'x');
    weir__stack_give(&pool, again);
    weir__stack_give(&pool, live);
}

TEST(stack, of_an_odd_size_is_unmapped_when_given)
{
    weir__stack_pool pool;
    weir__stack big;
    weir__stack_pool_init(&pool, 0, 8);
    REQUIRE(weir__stack_take(&pool, 1000 * 1000, &big) == WEIR_OK);
    CHECK(big.size >= 1000 * 1000);
    memset(big.low, 1, big.size);
    weir__stack_give(&pool, big);
    CHECK_INT(pool.cached_count, 0);
    unsigned char resident[1];
    CHECK(mincore(last_byte(big) - 4095, 4096, resident) != 0);
}

/* Slabs come and go in the wake of a load that goes up and down. */
TEST(stack, pool_stands_any_order_of_taking_and_giving)
{
    enum { LIVE = 300, STEPS = 20000 };
    static weir__stack live[LIVE];
    weir__stack_pool pool;
    size_t count = 0;
    unsigned random = 1;
    int steps = IS_SLOW ? STEPS / 20 : STEPS;
    weir__stack_pool_init(&pool, 16 * 1024, 20);
    for (int i = 0; i < steps; i++) {
        random = random * 1103515245u + 12345u;
        bool rising = (i / 1000) % 2 == 0;
        bool take = (random >> 16) % 4 < (rising ? 3u : 1u);
        if (take && count < LIVE) {
            REQUIRE(weir__stack_take(&pool, 0, &live[count]) == WEIR_OK);
            memcpy(last_byte(live[count]) - sizeof(void *), &live[count].low,
                   sizeof(void *));
            count++;
        } else if (count > 0) {
            size_t which = (random >> 8) % count;
            REQUIRE(memcmp(last_byte(live[which]) - sizeof(void *), &live[which].low,
                           sizeof(void *)) == 0);
            weir__stack_give(&pool, live[which]);
            live[which] = live[--count];
        }
    }
    while (count > 0)
        weir__stack_give(&pool, live[--count]);
    CHECK(pool.cached_count == 20);
    weir__stack_pool_clear(&pool);
    CHECK(!weir__link_is_linked(&pool.available));
}

/* ---- guards ---- */

static weir__context main_context;
static weir__context task_context;

__attribute__((noinline)) static int dig(int depth, const volatile char *above)
{
    volatile char frame[512];
    frame[0] = (char)depth;
    frame[511] = above ? above[0] : 0;
    if (depth == 0)
        return frame[0];
    return dig(depth - 1, frame) + frame[511];
}

static void run_off_the_stack(void *arg)
{
    *(volatile int *)arg = dig(1 << 20, NULL);
    weir__context_switch_last(&task_context, &main_context);
}

static void overflow(void *arg)
{
    weir__stack stack = *(const weir__stack *)arg;
    int sum = 0;
    weir__context_init_main(&main_context);
    weir__context_make(&task_context, stack.low, stack.size, run_off_the_stack, &sum);
    weir__context_switch(&main_context, &task_context);
}

static void check_overflow(weir__stack_guard guard)
{
    weir__stack_pool pool;
    weir__stack stacks[3];
    init_guarded(&pool, 0, guard);
    for (int i = 0; i < 3; i++)
        REQUIRE(weir__stack_take(&pool, i == 2 ? 100000 : 0, &stacks[i]) == WEIR_OK);
    for (int i = 0; i < 3; i++) {
        int status = status_of_child(overflow, &stacks[i]);
        CHECK(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS);
    }
    for (int i = 0; i < 3; i++)
        weir__stack_give(&pool, stacks[i]);
}

TEST(stack, overflow_dies_with_every_kind_of_guard)
{
    for (int i = 0; i < GUARDS; i++)
        if (has_guard(every_guard[i]))
            check_overflow(every_guard[i]);
}

static void write_to(void *arg)
{
    *(volatile char *)arg = 1;
}

/* The guard must be there after the stack's pages were given back as well. */
TEST(stack, guard_survives_reuse)
{
    for (int i = 0; i < GUARDS; i++) {
        weir__stack_pool pool;
        weir__stack live, stack;
        if (!has_guard(every_guard[i]))
            continue;
        init_guarded(&pool, 0, every_guard[i]);
        REQUIRE(weir__stack_take(&pool, 0, &live) == WEIR_OK);
        REQUIRE(weir__stack_take(&pool, 0, &stack) == WEIR_OK);
        memset(stack.low, 1, stack.size);
        weir__stack_give(&pool, stack);
        REQUIRE(weir__stack_take(&pool, 0, &stack) == WEIR_OK);
        int status = status_of_child(write_to, (char *)stack.low - 1);
        CHECK(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS);
        CHECK_INT(status_of_child(write_to, stack.low), 0);
        weir__stack_give(&pool, stack);
        weir__stack_give(&pool, live);
    }
}

/* What the program maps into a hole is the program's, and stays. */
TEST(stack, pool_does_not_unmap_what_came_into_a_hole)
{
    weir__stack_pool pool;
    weir__stack a, b;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    init_guarded(&pool, 0, WEIR__STACK_GUARD_HOLE);
    REQUIRE(weir__stack_take(&pool, 0, &a) == WEIR_OK);
    REQUIRE(weir__stack_take(&pool, 0, &b) == WEIR_OK);
    char *hole = (char *)b.low - page;
    char *place = mmap(hole, page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANON | MAP_FIXED, -1, 0);
    REQUIRE(place == hole);
    place[0] = 'x';
    weir__stack_give(&pool, a);
    weir__stack_give(&pool, b);
    weir__stack_pool_clear(&pool);
    CHECK_INT(place[0], 'x');
    unsigned char resident[1];
    CHECK(mincore(place + page, page, resident) != 0);
    CHECK(mincore(place - page, page, resident) != 0);
    munmap(place, page);
}

/* ---- many, and too many ---- */

static size_t count_mappings(void)
{
    size_t lines = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    if (!maps)
        return 0;
    for (int c = getc(maps); c != EOF; c = getc(maps))
        lines += c == '\n';
    fclose(maps);
    return lines;
}

static void check_many(weir__stack_guard guard, size_t most_mappings)
{
    static weir__stack stacks[MANY];
    weir__stack_pool pool;
    size_t count = IS_SLOW ? 500 : MANY;
    size_t before = count_mappings();
    init_guarded(&pool, WEIR__STACK_DEFAULT_CACHED, guard);
    for (size_t i = 0; i < count; i++) {
        REQUIRE(weir__stack_take(&pool, 0, &stacks[i]) == WEIR_OK);
        memcpy(last_byte(stacks[i]) - sizeof(i), &i, sizeof(i));
    }
    if (ALL_MAPPINGS_COUNT && !IS_SLOW)
        CHECK(count_mappings() <= before + most_mappings);
    for (size_t i = 0; i < count; i++)
        REQUIRE(memcmp(last_byte(stacks[i]) - sizeof(i), &i, sizeof(i)) == 0);
    for (size_t i = 0; i < count; i++)
        weir__stack_give(&pool, stacks[i]);
    CHECK_INT(pool.cached_count, WEIR__STACK_DEFAULT_CACHED);
    weir__stack_pool_clear(&pool);
    if (ALL_MAPPINGS_COUNT && !IS_SLOW)
        CHECK(count_mappings() <= before + 2);
}

TEST(stack, fifty_thousand_live_with_guards_by_advice)
{
    if (!has_guard(WEIR__STACK_GUARD_MADVISE))
        SKIP("the kernel has no MADV_GUARD_INSTALL");
    check_many(WEIR__STACK_GUARD_MADVISE, 100);
}

TEST(stack, fifty_thousand_live_with_protected_pages_and_holes)
{
    check_many(WEIR__STACK_GUARD_PROTECT, 58974);
}

TEST(stack, fifty_thousand_live_with_holes)
{
    check_many(WEIR__STACK_GUARD_HOLE, 50783);
}

enum { EXIT_LIMIT_IGNORED = 77 };

/* Emulators of another processor do not limit the address space. */
static void take_without_memory(void *arg)
{
    weir__stack_pool *pool = arg;
    weir__stack stack = {NULL, 7, NULL};
    struct rlimit none = {1024 * 1024, 1024 * 1024};
    if (setrlimit(RLIMIT_AS, &none) != 0 ||
        mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANON, -1, 0) != MAP_FAILED)
        _exit(EXIT_LIMIT_IGNORED);
    if (weir__stack_take(pool, 0, &stack) != WEIR_E_MEMORY || stack.size != 7)
        _exit(1);
    if (weir__stack_take(pool, 1000000, &stack) != WEIR_E_MEMORY || stack.low)
        _exit(2);
}

TEST(stack, without_memory_is_a_status)
{
    weir__stack_pool pool;
    weir__stack stack;
    weir__stack_pool_init(&pool, 0, 8);
    int status = status_of_child(take_without_memory, &pool);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EXIT_LIMIT_IGNORED);
    CHECK_INT(weir__stack_take(&pool, SIZE_MAX, &stack), WEIR_E_MEMORY);
    CHECK_INT(weir__stack_take(&pool, SIZE_MAX / 2, &stack), WEIR_E_MEMORY);

    weir__stack_pool_init(&pool, SIZE_MAX, 8);
    CHECK_INT(weir__stack_take(&pool, 0, &stack), WEIR_E_MEMORY);
    CHECK(!weir__link_is_linked(&pool.available));
}

static void take_with_little_memory(void *arg)
{
    weir__stack_pool *pool = arg;
    weir__stack stack;
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (!statm || fscanf(statm, "%lu", &pages) != 1)
        _exit(0);
    rlim_t bytes = pages * (rlim_t)sysconf(_SC_PAGESIZE) + 1024 * 1024;
    struct rlimit some = {bytes, bytes};
    setrlimit(RLIMIT_AS, &some);
    if (weir__stack_take(pool, 0, &stack) != WEIR_OK)
        _exit(1);
    memset(stack.low, 1, stack.size);
    weir__stack_give(pool, stack);
    weir__stack_pool_clear(pool);
}

TEST(stack, comes_alone_when_there_is_no_room_for_a_slab)
{
    weir__stack_pool pool;
    weir__stack_pool_init(&pool, 0, 8);
    CHECK_INT(status_of_child(take_with_little_memory, &pool), 0);
}

static void take_without_guards(void *arg)
{
    weir__stack_pool *pool = arg;
    weir__stack stack;
    pool->guard = (weir__stack_guard)99;
    if (weir__stack_take(pool, 0, &stack) != WEIR_E_MEMORY)
        _exit(1);
    if (weir__link_is_linked(&pool->available))
        _exit(2);
}

TEST(stack, without_a_guard_is_not_handed_out)
{
    weir__stack_pool pool;
    weir__stack_pool_init(&pool, 0, 8);
    CHECK_INT(status_of_child(take_without_guards, &pool), 0);
}
