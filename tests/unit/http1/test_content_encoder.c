/* gzip and deflate, encoded (RFC 1952, RFC 1950).
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <weir/status.h>

#include "content_scene.h"
#include "nth.h"

#define MOST 200000

/* What comes out of an encoder, in spaces of `size` bytes. */
struct output {
    char *bytes;
    size_t len;
    size_t size;
};

static bool take(struct output *out, int rc, const char *space, size_t len)
{
    if (rc != WEIR_CONTENT_DATA)
        return false;
    CHECK(len > 0 && len <= out->size && out->len + len <= MOST);
    memcpy(out->bytes + out->len, space, len);
    out->len += len;
    return true;
}

static int encode(weir_content_encoder *e, struct output *out, weir_slice input)
{
    char space[4096];
    size_t len = 0;
    int rc;
    do
        rc = weir_content_encode(e, &input, space, out->size, &len);
    while (take(out, rc, space, len));
    CHECK(rc < 0 || input.len == 0);
    return rc;
}

static int flush(weir_content_encoder *e, struct output *out)
{
    char space[4096];
    size_t len = 0;
    int rc;
    do
        rc = weir_content_encode_flush(e, space, out->size, &len);
    while (take(out, rc, space, len));
    return rc;
}

static int end(weir_content_encoder *e, struct output *out)
{
    char space[4096];
    size_t len = 0;
    int rc;
    do
        rc = weir_content_encode_end(e, space, out->size, &len);
    while (take(out, rc, space, len));
    return rc;
}

static weir_slice written(const struct output *out)
{
    return (weir_slice){out->bytes, out->len};
}

/* Bytes of which some repeat. */
static void fill(char *bytes, size_t len)
{
    uint32_t seed = 7;
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = i % 5 == 0 ? (char)(seed >> 24) : (char)('a' + i % 5);
    }
}

/* What decodes, in one piece, to `bytes`. */
static bool decodes_to(const char *coding, weir_slice encoded, weir_slice bytes)
{
    static char space[MOST];
    weir_content_decoder d;
    size_t len = 0;
    weir_content_decoder_init(&d, NULL);
    weir_content_decoder_add(&d, weir_slice_of(coding));
    int rc = weir_content_decode(&d, &encoded, space, sizeof(space), &len);
    bool same = weir_slice_equal((weir_slice){space, len}, bytes) &&
                (rc == WEIR_CONTENT_DATA || bytes.len == 0);
    char none[1];
    same =
        same && weir_content_decode(&d, &encoded, none, 1, &len) == WEIR_CONTENT_MORE;
    same = same && weir_content_decode_end(&d) == WEIR_OK;
    weir_content_decoder_clear(&d);
    return same;
}

TEST(content_encoder, refuses_what_it_cannot_do)
{
    static const struct {
        const char *coding;
        int level;
        int status;
    } CASES[] = {
        {"gzip", 0, WEIR_OK},
        {"X-GZIP", 1, WEIR_OK},
        {"deflate", 9, WEIR_OK},
        {"gzip", 10, WEIR_E_INVALID},
        {"gzip", -1, WEIR_E_INVALID},
        {"br", 0, WEIR_E_UNSUPPORTED},
        {"zstd", 0, WEIR_E_UNSUPPORTED},
        {"identity", 0, WEIR_E_UNSUPPORTED},
        {"", 0, WEIR_E_UNSUPPORTED},
        {"gzip, gzip", 0, WEIR_E_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir_content_encoder e;
        weir_content_encoder_options options = {.level = CASES[i].level};
        int rc =
            weir_content_encoder_init(&e, weir_slice_of(CASES[i].coding), &options);
        CHECK_INT(rc, CASES[i].status);
        if (rc == WEIR_OK)
            weir_content_encoder_clear(&e);
    }
}

TEST(content_encoder, encodes_what_decodes_to_the_same)
{
    static const char *const CODINGS[] = {"gzip", "deflate"};
    static const size_t LENGTHS[] = {0, 1, 300, 7000, 70000};
    static const size_t SIZES[] = {WEIR_CONTENT_MIN_SPACE, 17, 100, 4096};
    char *bytes = malloc(MOST);
    char *memory = malloc(MOST);
    fill(bytes, MOST);
    for (size_t i = 0; i < 2 * 5 * 4 * 3; i++) {
        const char *coding = CODINGS[i % 2];
        weir_slice input = {bytes, LENGTHS[i / 2 % 5]};
        struct output out = {.bytes = memory, .size = SIZES[i / 10 % 4]};
        weir_content_encoder_options options = {.level = (int)(i / 40) * 4 + 1};
        weir_content_encoder e;
        CHECK_INT(weir_content_encoder_init(&e, weir_slice_of(coding), &options),
                  WEIR_OK);
        for (size_t at = 0; at < input.len; at += 9999)
            encode(&e, &out,
                   (weir_slice){bytes + at,
                                input.len - at < 9999 ? input.len - at : 9999});
        CHECK_INT(end(&e, &out), WEIR_CONTENT_END);
        CHECK(decodes_to(coding, written(&out), input));
        CHECK(out.len < input.len + 64);
        weir_content_encoder_clear(&e);
    }
    free(bytes);
    free(memory);
}

/* What was flushed can be decoded without what is still to come. */
TEST(content_encoder, flushes_what_it_holds_back)
{
    static const char *const EVENTS[] = {"data: one\n\n", "data: two\n\n", ": \n"};
    char memory[4096];
    char space[64];
    struct output out = {.bytes = memory, .size = sizeof(memory)};
    weir_content_encoder e;
    weir_content_decoder d;
    size_t len;
    weir_content_encoder_init(&e, WEIR_S("gzip"), NULL);
    weir_content_decoder_init(&d, NULL);
    weir_content_decoder_add(&d, WEIR_S("gzip"));
    for (size_t i = 0; i < 3; i++) {
        out.len = 0;
        CHECK_INT(encode(&e, &out, weir_slice_of(EVENTS[i])), WEIR_CONTENT_MORE);
        CHECK_INT(flush(&e, &out), WEIR_CONTENT_MORE);
        CHECK(out.len > 0 && out.len < 40);
        weir_slice input = written(&out);
        CHECK_INT(weir_content_decode(&d, &input, space, sizeof(space), &len),
                  WEIR_CONTENT_DATA);
        CHECK_BYTES(((weir_slice){space, len}), weir_slice_of(EVENTS[i]));
        out.len = 0;
        CHECK_INT(flush(&e, &out), WEIR_CONTENT_MORE);
        CHECK_INT(out.len, 0);
    }
    CHECK_INT(weir_content_decode_end(&d), WEIR_E_INCOMPLETE);
    weir_content_encoder_clear(&e);
    weir_content_decoder_clear(&d);
}

/* A flush whose mark does not fit comes to an end all the same. */
TEST(content_encoder, flushes_into_little_space)
{
    static const size_t SIZES[] = {16, 17, 18, 19, 20, 21, 22, 23};
    char *bytes = malloc(MOST);
    char *memory = malloc(MOST);
    fill(bytes, MOST);
    for (size_t i = 0; i < 8; i++) {
        struct output out = {.bytes = memory, .size = SIZES[i]};
        weir_content_encoder e;
        weir_content_encoder_init(&e, WEIR_S("deflate"), NULL);
        for (size_t at = 0; at < 20000; at += 1000 + i) {
            encode(&e, &out, (weir_slice){bytes + at, 1000 + i});
            CHECK_INT(flush(&e, &out), WEIR_CONTENT_MORE);
        }
        CHECK_INT(end(&e, &out), WEIR_CONTENT_END);
        CHECK(decodes_to(
            "deflate", written(&out),
            (weir_slice){bytes, (20000 / (1000 + i) + (20000 % (1000 + i) != 0)) *
                                    (1000 + i)}));
        weir_content_encoder_clear(&e);
    }
    free(bytes);
    free(memory);
}

TEST(content_encoder, takes_calls_only_in_their_order)
{
    char memory[256];
    char space[16];
    size_t len = 99;
    weir_slice input = WEIR_S("abc");
    struct output out = {.bytes = memory, .size = sizeof(memory)};
    weir_content_encoder e;
    weir_content_encoder_init(&e, WEIR_S("deflate"), NULL);
    CHECK_INT(weir_content_encode(&e, &input, space, 15, &len), WEIR_E_INVALID);
    CHECK_INT(weir_content_encode_flush(&e, space, 15, &len), WEIR_E_INVALID);
    CHECK_INT(weir_content_encode_end(&e, space, 15, &len), WEIR_E_INVALID);
    CHECK(input.len == 3 && len == 99);
    CHECK_INT(encode(&e, &out, input), WEIR_CONTENT_MORE);
    CHECK_INT(end(&e, &out), WEIR_CONTENT_END);
    CHECK_INT(end(&e, &out), WEIR_CONTENT_END);
    CHECK_INT(weir_content_encode(&e, &input, space, 16, &len), WEIR_E_MISUSE);
    CHECK_INT(weir_content_encode_flush(&e, space, 16, &len), WEIR_E_MISUSE);
    CHECK(decodes_to("deflate", written(&out), WEIR_S("abc")));
    weir_content_encoder_reset(&e);
    out.len = 0;
    CHECK_INT(encode(&e, &out, WEIR_S("def")), WEIR_CONTENT_MORE);
    CHECK_INT(end(&e, &out), WEIR_CONTENT_END);
    CHECK(decodes_to("deflate", written(&out), WEIR_S("def")));
    weir_content_encoder_clear(&e);
}

TEST(content_encoder, takes_all_of_its_memory_at_the_start)
{
    struct nth nth;
    weir_content_encoder e;
    weir_content_encoder_options options = {.allocator = &nth.allocator};
    size_t n = 0;
    int rc;
    do {
        nth_init(&nth, ++n);
        rc = weir_content_encoder_init(&e, WEIR_S("gzip"), &options);
        CHECK_INT(rc, nth.failed ? WEIR_E_MEMORY : WEIR_OK);
        CHECK(rc == WEIR_OK || nth.live == 0);
    } while (rc < 0 && n < 20);
    size_t count = nth.count;
    char *memory = malloc(MOST);
    struct output out = {.bytes = memory, .size = 64};
    char bytes[40000];
    fill(bytes, sizeof(bytes));
    encode(&e, &out, (weir_slice){bytes, sizeof(bytes)});
    end(&e, &out);
    CHECK_INT(nth.count, count);
    CHECK(nth.most_bytes < 300 * 1024);
    weir_content_encoder_clear(&e);
    CHECK_INT(nth.live, 0);
    free(memory);
}
