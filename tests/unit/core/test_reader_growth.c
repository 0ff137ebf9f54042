/* What a reader costs that holds more and more.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <weir/weir.h>

#include "test.h"

#define TOTAL ((size_t)32 * 1024 * 1024)
#define PIECE ((size_t)64 * 1024)

static size_t allocated;

static void *count_malloc(size_t size, void *user_data)
{
    (void)user_data;
    allocated += size;
    return malloc(size);
}

static void *count_realloc(void *memory, size_t size, void *user_data)
{
    (void)user_data;
    allocated += size;
    return realloc(memory, size);
}

static void count_free(void *memory, void *user_data)
{
    (void)user_data;
    free(memory);
}

static const weir_allocator COUNTING = {count_malloc, count_realloc, count_free, NULL};

static int send_all(void *arg)
{
    static const char zeros[PIECE];
    weir_writer *writer = weir_stream_writer(arg);
    int rc = WEIR_OK;
    for (size_t sent = 0; sent < TOTAL && rc == WEIR_OK; sent += PIECE) {
        rc = weir_write(writer, (weir_slice){zeros, PIECE});
        if (rc == WEIR_OK)
            rc = weir_drain(writer);
    }
    return rc == WEIR_OK ? weir_write_eof(writer) : rc;
}

/* Each move to a larger block copies what is there, so what is allocated in all is
 * what was copied: a sum of doublings is linear, one of equal steps quadratic. */
TEST(core_reader_growth, reads_all_of_a_long_stream_at_linear_cost)
{
    weir_loop *loop = weir_loop_new(&(weir_loop_options){.allocator = &COUNTING});
    weir_stream *ends[2];
    weir_slice bytes;
    REQUIRE(weir_stream_pair(loop, ends) == WEIR_OK);
    weir_task *sender = weir_spawn(loop, send_all, ends[0]);
    allocated = 0;
    CHECK_INT(weir_readall(weir_stream_reader(ends[1]), TOTAL, &bytes), TOTAL);
    CHECK(allocated < 5 * TOTAL);
    CHECK_INT(weir_join(sender), WEIR_OK);
    weir_stream_close(ends[0]);
    weir_stream_close(ends[1]);
    weir_loop_free(loop);
}
