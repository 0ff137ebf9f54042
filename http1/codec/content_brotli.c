/* br, decoded by libbrotlidec (RFC 7932).
 *
 * Its window is at most 16 MiB: the larger ones of later versions are not HTTP's
 * coding, and libbrotlidec refuses them unless told otherwise. What follows the data
 * is ignored, like with gzip.
 *
 * SPDX-License-Identifier: MIT */
#include <brotli/decode.h>
#include <weir/status.h>

#include "allocator.h"
#include "content.h"

struct brotli {
    BrotliDecoderState *decoder;
    const weir_allocator *allocator;
};

static void *brotli_malloc(void *opaque, size_t size)
{
    const struct brotli *brotli = opaque;
    return weir__malloc(brotli->allocator, size);
}

static void brotli_free(void *opaque, void *memory)
{
    const struct brotli *brotli = opaque;
    weir__free(brotli->allocator, memory);
}

static void *open_brotli(const weir_allocator *allocator)
{
    struct brotli *brotli = weir__malloc(allocator, sizeof(*brotli));
    if (!brotli)
        return NULL;
    brotli->allocator = allocator;
    brotli->decoder = BrotliDecoderCreateInstance(brotli_malloc, brotli_free, brotli);
    if (brotli->decoder)
        return brotli;
    weir__free(allocator, brotli);
    return NULL;
}

static void close_brotli(void *state)
{
    struct brotli *brotli = state;
    BrotliDecoderDestroyInstance(brotli->decoder);
    weir__free(brotli->allocator, brotli);
}

static int explain(const struct brotli *brotli, const char **reason)
{
    BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(brotli->decoder);
    if (code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
        code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES) {
        *reason = "no memory for the window";
        return WEIR_E_MEMORY;
    }
    *reason = BrotliDecoderErrorString(code);
    return WEIR_E_PROTOCOL;
}

static int decode(void *state, weir_slice *input, char *space, size_t *size,
                  const char **reason)
{
    struct brotli *brotli = state;
    const uint8_t *next_in = (const uint8_t *)input->data;
    uint8_t *next_out = (uint8_t *)space;
    size_t room = *size;
    size_t given = BrotliDecoderIsFinished(brotli->decoder) ? 0 : input->len;
    size_t left = given;
    BrotliDecoderResult result = BROTLI_DECODER_RESULT_SUCCESS;
    if (!BrotliDecoderIsFinished(brotli->decoder))
        result = BrotliDecoderDecompressStream(brotli->decoder, &left, &next_in, &room,
                                               &next_out, NULL);
    *size -= room;
    if (result == BROTLI_DECODER_RESULT_ERROR) {
        *input = weir_slice_skip(*input, given - left);
        return explain(brotli, reason);
    }
    bool over = BrotliDecoderIsFinished(brotli->decoder);
    *input = weir_slice_skip(*input, over ? input->len : given - left);
    return WEIR_OK;
}

static bool may_end(const void *state)
{
    const struct brotli *brotli = state;
    return BrotliDecoderIsFinished(brotli->decoder);
}

const weir__coding weir__coding_brotli = {
    .name = "br",
    .open = open_brotli,
    .decode = decode,
    .may_end = may_end,
    .close = close_brotli,
};
