/* A reader over memory: everything is there from the start.
 *
 * SPDX-License-Identifier: MIT */
#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "reader.h"

static int pull(void *self, weir_reader *reader)
{
    (void)self;
    (void)reader;
    return 0;
}

static const struct weir__source SOURCE = {.pull = pull};

weir_reader *weir_memory_reader_new(weir_loop *loop, weir_slice bytes)
{
    weir_reader *reader = weir__malloc(loop->allocator, sizeof(*reader));
    if (!reader) {
        weir__fail(WEIR_E_MEMORY, "reader", "no memory for a reader");
        return NULL;
    }
    weir__reader_init(reader, loop, &SOURCE, NULL, 0);
    weir__reader_show(reader, bytes);
    weir__reader_end(reader);
    return reader;
}
