/* A reader over memory: everything is there from the start.
 *
 * SPDX-License-Identifier: MIT */
#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "reader.h"

struct memory_reader {
    weir_reader reader; /* first: weir_reader_free frees the whole */
    weir_slice bytes;
};

static int pull(void *self, weir_reader *reader)
{
    struct memory_reader *memory = self;
    if (memory->bytes.len == 0)
        return 0;
    weir__reader_show(reader, memory->bytes);
    memory->bytes.len = 0;
    return 1;
}

static const struct weir__source SOURCE = {.pull = pull};

weir_reader *weir_memory_reader_new(weir_loop *loop, weir_slice bytes)
{
    struct memory_reader *memory = weir__calloc(loop->allocator, 1, sizeof(*memory));
    if (!memory) {
        weir__fail(WEIR_E_MEMORY, "reader", "no memory for a reader");
        return NULL;
    }
    weir__reader_init(&memory->reader, loop, &SOURCE, memory, 0);
    memory->bytes = bytes;
    return &memory->reader;
}
