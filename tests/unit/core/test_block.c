/* Blocks: sizes, which are kept, and what is given back.
 *
 * SPDX-License-Identifier: MIT */
#include "block.h"

#include <string.h>

#include "nth.h"
#include "test.h"

#define KIB ((size_t)1024)

TEST(block, has_the_smallest_size_that_fits)
{
    static const struct {
        size_t wanted, capacity;
    } CASES[] = {
        {1, 4 * KIB + 64},
        {4 * KIB, 4 * KIB + 64},
        {4 * KIB + 64, 4 * KIB + 64},
        {4 * KIB + 65, 16 * KIB + 64},
        {16 * KIB + 65, 64 * KIB + 64},
        {64 * KIB + 65, 256 * KIB + 64},
        {256 * KIB + 64, 256 * KIB + 64},
        {256 * KIB + 65, 256 * KIB + 65},
    };
    struct nth nth;
    weir__blocks blocks;
    nth_init(&nth, 0);
    weir__blocks_init(&blocks, &nth.allocator);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        size_t capacity = 0;
        char *memory = weir__block_take(&blocks, CASES[i].wanted, &capacity);
        REQUIRE(memory != NULL);
        CHECK_INT(capacity, CASES[i].capacity);
        memset(memory, 7, capacity);
        weir__block_give(&blocks, memory, capacity);
    }
    weir__blocks_clear(&blocks);
    CHECK_INT(nth.live, 0);
}

TEST(block, given_back_is_the_next_that_is_taken)
{
    struct nth nth;
    weir__blocks blocks;
    size_t capacity;
    nth_init(&nth, 0);
    weir__blocks_init(&blocks, &nth.allocator);
    char *first = weir__block_take(&blocks, 1, &capacity);
    char *second = weir__block_take(&blocks, 1, &capacity);
    weir__block_give(&blocks, first, capacity);
    weir__block_give(&blocks, second, capacity);
    CHECK(weir__block_take(&blocks, 5, &capacity) == second);
    CHECK(weir__block_take(&blocks, 5, &capacity) == first);
    CHECK_INT(nth.count, 2);
    memset(first, 1, capacity);
    memset(second, 2, capacity);
    weir__block_give(&blocks, first, capacity);
    weir__block_give(&blocks, second, capacity);
    weir__block_give(&blocks, NULL, 0);
    weir__blocks_clear(&blocks);
    CHECK_INT(nth.live, 0);
}

TEST(block, no_more_is_kept_than_one_turn_needs)
{
    struct nth nth;
    weir__blocks blocks;
    char *memory[600];
    size_t capacity;
    nth_init(&nth, 0);
    weir__blocks_init(&blocks, &nth.allocator);
    for (size_t i = 0; i < 600; i++)
        memory[i] = weir__block_take(&blocks, 4 * KIB, &capacity);
    for (size_t i = 0; i < 600; i++)
        weir__block_give(&blocks, memory[i], capacity);
    CHECK(nth.live_bytes <= 1088 * KIB);
    CHECK(nth.live > 0);
    size_t kept = nth.live;
    char *large = weir__block_take(&blocks, 257 * KIB, &capacity);
    weir__block_give(&blocks, large, capacity);
    CHECK_INT(nth.live, kept);
    weir__blocks_clear(&blocks);
    CHECK_INT(nth.live, 0);
}

TEST(block, is_null_without_memory)
{
    struct nth nth;
    weir__blocks blocks;
    size_t capacity;
    nth_init(&nth, 1);
    weir__blocks_init(&blocks, &nth.allocator);
    CHECK(weir__block_take(&blocks, 1, &capacity) == NULL);
    char *memory = weir__block_take(&blocks, 1, &capacity);
    CHECK(memory != NULL);
    weir__block_give(&blocks, memory, capacity);
    weir__blocks_clear(&blocks);
    CHECK_INT(nth.live, 0);
}
