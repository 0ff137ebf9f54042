/* zlib, with memory from an allocator of ours.
 *
 * SPDX-License-Identifier: MIT */
#define ZLIB_CONST
#include "content_zlib.h"

#include "allocator.h"
#include "checked.h"

static voidpf zlib_malloc(voidpf opaque, uInt items, uInt size)
{
    const weir_allocator **allocator = opaque;
    size_t bytes;
    if (!weir__checked_multiply(items, size, &bytes))
        return Z_NULL;
    return weir__malloc(*allocator, bytes);
}

static void zlib_free(voidpf opaque, voidpf memory)
{
    const weir_allocator **allocator = opaque;
    weir__free(*allocator, memory);
}

void weir__zlib_use(z_stream *stream, const weir_allocator **allocator)
{
    stream->zalloc = zlib_malloc;
    stream->zfree = zlib_free;
    stream->opaque = (voidpf)allocator;
}
