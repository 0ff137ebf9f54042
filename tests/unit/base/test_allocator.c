/* Memory through a weir_allocator.
 *
 * SPDX-License-Identifier: MIT */
#include "allocator.h"

#include <stdint.h>
#include <string.h>

#include "checked.h"
#include "nth.h"
#include "test.h"

/* allocator.h: NULL stands for the default allocator. */
TEST(allocator, defaults_to_the_c_library)
{
    char *memory = weir__malloc(NULL, 10);
    REQUIRE(memory != NULL);
    memset(memory, 'x', 10);
    memory = weir__realloc(NULL, memory, 1000);
    REQUIRE(memory != NULL);
    CHECK_INT(memory[9], 'x');
    weir__free(NULL, memory);
    weir__free(NULL, NULL);
    CHECK(weir_allocator_default()->malloc != NULL);
}

TEST(allocator, zeroes_and_copies)
{
    struct nth nth;
    static const char ZEROS[12] = {0};
    nth_init(&nth, 0);
    char *zeroed = weir__calloc(&nth.allocator, 3, 4);
    char *copy = weir__strndup(&nth.allocator, "hello", 3);
    char *empty = weir__strndup(&nth.allocator, NULL, 0);
    REQUIRE(zeroed && copy && empty);
    CHECK_BYTES(((weir_slice){zeroed, 12}), ((weir_slice){ZEROS, 12}));
    CHECK_BYTES(((weir_slice){copy, 4}), WEIR_S("hel\0"));
    CHECK_INT(empty[0], 0);
    CHECK_INT(nth.live, 3);
    weir__free(&nth.allocator, zeroed);
    weir__free(&nth.allocator, copy);
    weir__free(&nth.allocator, empty);
    CHECK_INT(nth.live, 0);
}

TEST(allocator, fails_without_harm)
{
    struct nth nth;
    nth_init(&nth, 1);
    CHECK(weir__calloc(&nth.allocator, SIZE_MAX / 2, 3) == NULL);
    CHECK(weir__strndup(&nth.allocator, "a", SIZE_MAX) == NULL);
    CHECK_INT(nth.count, 0);
    CHECK(weir__strndup(&nth.allocator, "a", 1) == NULL);
    CHECK(nth.failed);
}

/* checked.h: the result is left alone on overflow. */
TEST(allocator, checks_sums_and_products)
{
    size_t result = 7;
    CHECK(weir__checked_add(SIZE_MAX - 1, 1, &result));
    CHECK(result == SIZE_MAX);
    CHECK(!weir__checked_add(SIZE_MAX, 1, &result));
    CHECK(result == SIZE_MAX);
    CHECK(weir__checked_multiply(SIZE_MAX / 2, 2, &result));
    CHECK(result == SIZE_MAX - 1);
    CHECK(!weir__checked_multiply(SIZE_MAX / 2, 3, &result));
    CHECK(result == SIZE_MAX - 1);
    CHECK(weir__checked_multiply(SIZE_MAX, 0, &result));
    CHECK_INT(result, 0);
}
