/* The content decoders, and the encoder.
 *
 * - The same bytes and status whole and cut, whatever the space; after a failure of br
 *   and zstd as many as both have. (At which byte a ratio is noticed may differ.)
 * - Never more than a limit, in bytes or as a ratio; all memory comes back.
 * - decode(encode(x)) is x, with flushes anywhere.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/content_codec.h>
#include <weir/features.h>
#include <weir/status.h>

#include "harness.h"
#include "nth.h"

#define LIMIT ((size_t)1 << 16)

struct result {
    char bytes[LIMIT];
    size_t len;
    int status;
};

static void feed(weir_content_decoder *d, weir_slice input, size_t size,
                 struct result *r)
{
    char space[4096];
    size_t len;
    while ((r->status = weir_content_decode(d, &input, space, size, &len)) ==
           WEIR_CONTENT_DATA) {
        HOLDS(len > 0 && len <= size && r->len + len <= LIMIT);
        memcpy(r->bytes + r->len, space, len);
        r->len += len;
    }
    HOLDS(r->status < 0 || input.len == 0);
}

static weir_content_limits limits = {.max_bytes = LIMIT};

static void decode(const char *codings, weir_slice input, size_t size,
                   const size_t *cuts, size_t count, struct result *r)
{
    struct nth nth;
    weir_content_decoder d;
    nth_init(&nth, 0);
    weir_content_decoder_init(&d,
                              &(weir_content_decoder_options){&nth.allocator, limits});
    r->len = 0;
    r->status = weir_content_decoder_add(&d, weir_slice_of(codings));
    for (size_t i = 0, at = 0; i <= count && r->status >= 0; i++) {
        size_t end = i < count ? cuts[i] : input.len;
        feed(&d, (weir_slice){input.data + at, end - at}, size, r);
        at = end;
    }
    if (r->status >= 0)
        r->status = weir_content_decode_end(&d);
    HOLDS(weir_content_decode_end(&d) == r->status);
    HOLDS(weir_content_decoder_error(&d)->status == r->status);
    weir_content_decoder_clear(&d);
    HOLDS(nth.live == 0 && nth.most_bytes < (size_t)40 << 20);
}

static void compare(const struct result *a, const struct result *b, bool exactly)
{
    size_t common = a->len < b->len ? a->len : b->len;
    HOLDS(a->status == b->status && memcmp(a->bytes, b->bytes, common) == 0);
    HOLDS(a->len == b->len || (!exactly && a->status < 0));
}

/* Where that is noticed depends on the cuts, but no byte more comes out. */
static void check_ratio(const char *codings, weir_slice input, struct result *r)
{
    limits.max_ratio = 3;
    limits.unbounded_bytes = 100;
    decode(codings, input, 4096, NULL, 0, r);
    HOLDS(r->len <= (input.len > 33 ? 3 * input.len : 100));
    limits = (weir_content_limits){.max_bytes = LIMIT};
}

static void check_round_trip(weir_slice bytes, const char *coding, const size_t *cuts,
                             size_t count)
{
    static char encoded[2 * LIMIT];
    static struct result r;
    weir_content_encoder e;
    size_t size = 16 + count, used = 0, len;
    if (weir_content_encoder_init(&e, weir_slice_of(coding), NULL) < 0)
        return;
    for (size_t i = 0, at = 0; i <= count; at = cuts[i < count ? i : 0], i++) {
        size_t end = i < count ? cuts[i] : bytes.len;
        weir_slice piece = {bytes.data + at, end - at};
        while (weir_content_encode(&e, &piece, encoded + used, size, &len) > 0)
            used += len;
        while (i % 2 && weir_content_encode_flush(&e, encoded + used, size, &len) > 0)
            used += len;
    }
    while (weir_content_encode_end(&e, encoded + used, size, &len) == WEIR_CONTENT_DATA)
        used += len;
    weir_content_encoder_clear(&e);
    decode(coding, (weir_slice){encoded, used}, 4096, NULL, 0, &r);
    HOLDS(r.status == WEIR_OK && r.len == bytes.len);
    HOLDS(r.len == 0 || memcmp(r.bytes, bytes.data, r.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const CODINGS[] = {
        "gzip", "deflate", "br", "zstd", "gzip, deflate", "zstd, br", "br, gzip", ""};
    static struct result whole, cut;
    weir_slice input = {(const char *)data, size};
    size_t cuts[MOST_CUTS];
    uint8_t choice = take_byte(&input);
    const char *codings = CODINGS[choice % 8];
    size_t count = take_cuts(&input, cuts);
    bool exactly = choice % 8 != 2 && choice % 8 != 3 && choice % 8 < 5;
    if (input.len > LIMIT / 2)
        return 0;
    decode(codings, input, 4096, NULL, 0, &whole);
    decode(codings, input, 1 + choice / 8, cuts, count, &cut);
    compare(&whole, &cut, exactly);
    check_ratio(codings, input, &whole);
    check_round_trip(input, choice & 1 ? "gzip" : "deflate", cuts, count);
    return 0;
}
