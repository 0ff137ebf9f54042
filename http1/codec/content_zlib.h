/* zlib, with memory from an allocator of ours.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_CONTENT_ZLIB_H
#define WEIR_HTTP1_CODEC_CONTENT_ZLIB_H

#include <weir/allocator.h>
#include <zlib.h>

/* For a call: zlib counts in an unsigned int. */
#define WEIR__ZLIB_BYTES ((size_t)1 << 30)

/* Makes `stream` take its memory from `*allocator`, which is kept. */
void weir__zlib_use(z_stream *stream, const weir_allocator **allocator);

#endif
