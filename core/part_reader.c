/* A reader over the next bytes of another: its window is a part of the other's, so
 * that nothing is copied and what is not taken stays where it is.
 *
 * SPDX-License-Identifier: MIT */
#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "reader.h"

struct part_reader {
    weir_reader reader; /* first: weir_reader_free frees the whole */
    weir_reader *outer;
    size_t left;  /* of the part, in the outer reader or still to come */
    size_t shown; /* bytes of the outer reader in the window */
};

/* Takes from the outer reader what was taken here. */
static void settle(struct part_reader *part)
{
    size_t taken = part->shown - weir__reader_len(&part->reader) + part->reader.lent;
    if (part->shown > 0)
        weir_consume(part->outer, taken);
    part->left -= taken;
    part->shown = 0;
}

/* Shows what the outer reader holds of the part, wherever it holds it now. */
static void show(struct part_reader *part)
{
    weir_slice bytes;
    if (weir_peek(part->outer, 0, &bytes) < 0)
        bytes = (weir_slice){NULL, 0};
    if (bytes.len > part->left)
        bytes.len = part->left;
    part->shown = bytes.len;
    weir__reader_show(&part->reader, bytes);
    if (part->shown == part->left)
        weir__reader_end(&part->reader);
}

static int pull(void *self, weir_reader *reader)
{
    struct part_reader *part = self;
    size_t have = weir__reader_len(reader);
    weir_slice bytes;
    settle(part);
    int rc = weir_peek(part->outer, have + 1, &bytes);
    if (rc == 0)
        rc = weir__fail(WEIR_E_INCOMPLETE, "read", "the data ends %zu bytes too early",
                        part->left);
    /* Also after a failure: waiting may have moved what the window showed. */
    show(part);
    return rc < 0 ? rc : 1;
}

static void close_part(void *self)
{
    settle(self);
}

static const struct weir__source SOURCE = {.pull = pull, .close = close_part};

weir_reader *weir_part_reader_new(weir_reader *outer, size_t len)
{
    weir_loop *loop = outer->loop;
    struct part_reader *part = weir__calloc(loop->allocator, 1, sizeof(*part));
    if (!part) {
        weir__fail(WEIR_E_MEMORY, "reader", "no memory for a reader");
        return NULL;
    }
    weir__reader_init(&part->reader, loop, &SOURCE, part, outer->limit);
    part->outer = outer;
    part->left = len;
    if (len == 0)
        weir__reader_end(&part->reader);
    return &part->reader;
}
