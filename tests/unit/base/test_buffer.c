/* Growable bytes with a limit.
 *
 * SPDX-License-Identifier: MIT */
#include "buffer.h"

#include <stdlib.h>
#include <string.h>
#include <weir/status.h>

#include "nth.h"
#include "test.h"

TEST(buffer, holds_what_was_appended)
{
    weir__buffer buffer;
    weir__buffer_init(&buffer, NULL, 1000);
    CHECK_INT(weir__buffer_slice(&buffer).len, 0);
    CHECK_INT(weir__buffer_append(&buffer, (weir_slice){NULL, 0}), WEIR_OK);
    CHECK_INT(weir__buffer_append(&buffer, WEIR_S("hello ")), WEIR_OK);
    CHECK_INT(weir__buffer_append(&buffer, WEIR_S("world")), WEIR_OK);
    CHECK_BYTES(weir__buffer_slice(&buffer), WEIR_S("hello world"));
    weir__buffer_consume(&buffer, 6);
    CHECK_BYTES(weir__buffer_slice(&buffer), WEIR_S("world"));
    weir__buffer_consume(&buffer, 5);
    CHECK_INT(weir__buffer_len(&buffer), 0);
    CHECK_INT(buffer.start, 0);
    weir__buffer_clear_secret(&buffer);
    CHECK(buffer.memory == NULL);
    CHECK_INT(weir__buffer_append(&buffer, WEIR_S("again")), WEIR_OK);
    weir__buffer_clear(&buffer);
}

/* architecture.md: every buffer has a limit. */
TEST(buffer, stays_within_its_limit)
{
    static char bytes[1000];
    weir__buffer buffer;
    char *space;
    weir__buffer_init(&buffer, NULL, 300);
    CHECK_INT(weir__buffer_append(&buffer, (weir_slice){bytes, 301}), WEIR_E_TOO_BIG);
    CHECK_INT(weir__buffer_append(&buffer, (weir_slice){bytes, 300}), WEIR_OK);
    CHECK_INT(weir__buffer_append(&buffer, (weir_slice){bytes, 1}), WEIR_E_TOO_BIG);
    CHECK_INT(weir__buffer_reserve(&buffer, SIZE_MAX, &space), WEIR_E_TOO_BIG);
    CHECK_INT(buffer.capacity, 300);
    weir__buffer_consume(&buffer, 10);
    CHECK_INT(weir__buffer_append(&buffer, (weir_slice){bytes, 10}), WEIR_OK);
    CHECK_INT(weir__buffer_len(&buffer), 300);
    weir__buffer_clear(&buffer);
}

TEST(buffer, is_as_before_when_memory_fails)
{
    struct nth nth;
    static char bytes[1000];
    weir__buffer buffer;
    nth_init(&nth, 2);
    weir__buffer_init(&buffer, &nth.allocator, 10000);
    CHECK_INT(weir__buffer_append(&buffer, WEIR_S("kept")), WEIR_OK);
    CHECK_INT(weir__buffer_append(&buffer, (weir_slice){bytes, 1000}), WEIR_E_MEMORY);
    CHECK_BYTES(weir__buffer_slice(&buffer), WEIR_S("kept"));
    weir__buffer_clear(&buffer);
    CHECK_INT(nth.live, 0);
}

/* Against the simplest queue there is: a counter of bytes in, and one of bytes out. */
TEST(buffer, is_a_queue_of_bytes)
{
    struct nth nth;
    weir__buffer buffer;
    unsigned in = 0, out = 0;
    nth_init(&nth, 0);
    weir__buffer_init(&buffer, &nth.allocator, 4096);
    srand(1);
    for (int step = 0; step < 20000; step++) {
        size_t size = (size_t)rand() % 200;
        if (rand() % 2) {
            char *space;
            if (weir__buffer_reserve(&buffer, size, &space) < 0) {
                CHECK(weir__buffer_len(&buffer) + size > 4096);
                continue;
            }
            for (size_t i = 0; i < size; i++)
                space[i] = (char)(in++ % 251);
            weir__buffer_commit(&buffer, size);
        } else {
            weir_slice held = weir__buffer_slice(&buffer);
            size = size < held.len ? size : held.len;
            for (size_t i = 0; i < size; i++)
                REQUIRE((unsigned char)held.data[i] == (unsigned char)(out++ % 251));
            weir__buffer_consume(&buffer, size);
        }
        REQUIRE(weir__buffer_len(&buffer) == in - out);
    }
    CHECK(nth.most_bytes <= 2 * 4096); /* both blocks of a realloc */
    weir__buffer_clear(&buffer);
    CHECK_INT(nth.live, 0);
}
