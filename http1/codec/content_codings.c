/* The codings of this build.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/content_codec.h>
#include <weir/features.h>

#include "content.h"

#if WEIR_HAS_ZLIB
#define OFFER_ZLIB ", gzip, deflate"
#else
#define OFFER_ZLIB ""
#endif

#if WEIR_HAS_BROTLI
#define OFFER_BROTLI ", br"
#else
#define OFFER_BROTLI ""
#endif

#if WEIR_HAS_ZSTD
#define OFFER_ZSTD ", zstd"
#else
#define OFFER_ZSTD ""
#endif

static const weir__coding *const CODINGS[] = {
#if WEIR_HAS_ZLIB
    &weir__coding_gzip,
    &weir__coding_deflate,
#endif
#if WEIR_HAS_BROTLI
    &weir__coding_brotli,
#endif
#if WEIR_HAS_ZSTD
    &weir__coding_zstd,
#endif
    NULL,
};

static bool is_called(const char *name, weir_slice text)
{
    return name && weir_slice_equal_nocase(weir_slice_of(name), text);
}

const weir__coding *weir__coding_find(weir_slice name)
{
    for (const weir__coding *const *coding = CODINGS; *coding; coding++) {
        if (is_called((*coding)->name, name) || is_called((*coding)->other_name, name))
            return *coding;
    }
    return NULL;
}

weir_slice weir_content_accept_encoding(void)
{
    return weir_slice_skip(WEIR_S(OFFER_ZLIB OFFER_BROTLI OFFER_ZSTD), 2);
}
