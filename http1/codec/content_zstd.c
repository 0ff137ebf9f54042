/* zstd, decoded by libzstd (RFC 8878), with a window of at most 8 MiB (RFC 9659 3).
 *
 * The data is a series of frames, and anything else behind one is an error: there are
 * no old servers to be patient with. Nor are the formats from before the standard read,
 * of which some builds of libzstd know seven: it looks for their magic numbers only
 * where it gets all four bytes at once.
 *
 * SPDX-License-Identifier: MIT */
#define ZSTD_STATIC_LINKING_ONLY /* for an allocator of ours */
#include <weir/status.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "allocator.h"
#include "content.h"

#define WINDOW_LOG   23
#define BLOCK_HEADER 3 /* RFC 8878 3.1.1.2 */

/* The longest header of a frame, of which no call gets as much as a magic number. */
#define FRAME_HEADER 18 /* RFC 8878 3.1.1.1 */
#define HEADER_PIECE 3

struct zstd {
    ZSTD_DCtx *decoder;
    const weir_allocator *allocator;
    size_t wanted; /* bytes of input until the block ends; 0: between two frames */
    size_t used;   /* bytes of the frame so far */
    bool full;     /* there may be more output */
};

static void *zstd_malloc(void *opaque, size_t size)
{
    const struct zstd *zstd = opaque;
    return weir__malloc(zstd->allocator, size);
}

static void zstd_free(void *opaque, void *memory)
{
    const struct zstd *zstd = opaque;
    weir__free(zstd->allocator, memory);
}

static void close_zstd(void *state)
{
    struct zstd *zstd = state;
    ZSTD_freeDCtx(zstd->decoder);
    weir__free(zstd->allocator, zstd);
}

static void *open_zstd(const weir_allocator *allocator)
{
    struct zstd *zstd = weir__malloc(allocator, sizeof(*zstd));
    if (!zstd)
        return NULL;
    zstd->allocator = allocator;
    zstd->wanted = 0;
    zstd->used = 0;
    zstd->full = false;
    zstd->decoder =
        ZSTD_createDCtx_advanced((ZSTD_customMem){zstd_malloc, zstd_free, zstd});
    if (zstd->decoder && !ZSTD_isError(ZSTD_DCtx_setParameter(
                             zstd->decoder, ZSTD_d_windowLogMax, WINDOW_LOG)))
        return zstd;
    close_zstd(zstd);
    return NULL;
}

static int explain(size_t result, const char **reason)
{
    ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
    if (code == ZSTD_error_memory_allocation) {
        *reason = "no memory for the window";
        return WEIR_E_MEMORY;
    }
    *reason = code == ZSTD_error_frameParameter_windowTooLarge
                  ? "the window is over 8 MiB (RFC 9659 3)"
                  : ZSTD_getErrorString(code);
    return WEIR_E_PROTOCOL;
}

/* How much input the next call gets. A call that fails does not say what it has
 * written, so none gets more than the block that it is in, and none at all before the
 * block before is written. What is wanted may be a block with the next one's header,
 * which comes in a call of its own then. */
static size_t portion(const struct zstd *zstd, size_t len)
{
    size_t most = zstd->wanted > 0 ? zstd->wanted : 1;
    if (most > BLOCK_HEADER)
        most -= BLOCK_HEADER;
    if (zstd->used < FRAME_HEADER && most > HEADER_PIECE)
        most = HEADER_PIECE;
    if (zstd->full)
        most = 0;
    return len < most ? len : most;
}

static int decode(void *state, weir_slice *input, char *space, size_t *size,
                  const char **reason)
{
    struct zstd *zstd = state;
    ZSTD_inBuffer in = {input->data, portion(zstd, input->len), 0};
    ZSTD_outBuffer out = {space, *size, 0};
    *size = 0;
    if (zstd->wanted == 0 && in.size == 0)
        return WEIR_OK;
    size_t result = ZSTD_decompressStream(zstd->decoder, &out, &in);
    if (ZSTD_isError(result))
        return explain(result, reason);
    *input = weir_slice_skip(*input, in.pos);
    *size = out.pos;
    zstd->wanted = result;
    zstd->used = result > 0 ? zstd->used + in.pos : 0;
    zstd->full = result > 0 && out.pos == out.size;
    return WEIR_OK;
}

static bool may_end(const void *state)
{
    const struct zstd *zstd = state;
    return zstd->wanted == 0;
}

const weir__coding weir__coding_zstd = {
    .name = "zstd",
    .open = open_zstd,
    .decode = decode,
    .may_end = may_end,
    .close = close_zstd,
};
