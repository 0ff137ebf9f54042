/* Checks that tests of content codings share, and data that they make.
 *
 * SPDX-License-Identifier: MIT */
#include "content_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/status.h>

static bool check_spaces(struct content_feed feed, weir_slice bytes, const char *wanted)
{
    static const size_t SPACES[] = {1, 7, 4096};
    bool ok = true;
    for (size_t i = 0; i < sizeof(SPACES) / sizeof(SPACES[0]) && ok; i++) {
        feed.space = SPACES[i];
        ok = feed_check(&CONTENT_FEED, &feed, bytes, wanted, FEED_PLAIN);
    }
    return ok;
}

bool content_check(const char *codings, weir_slice bytes, const char *wanted)
{
    return check_spaces((struct content_feed){.codings = codings}, bytes, wanted);
}

bool content_check_brief(const char *codings, weir_slice bytes, const char *wanted,
                         const weir_content_limits *limits)
{
    struct content_feed feed = {.codings = codings, .brief = true};
    if (limits)
        feed.limits = *limits;
    return check_spaces(feed, bytes, wanted);
}

static int run(const struct content_feed *feed, weir_slice bytes, struct feed_log *log)
{
    size_t left;
    return feed_run(&CONTENT_FEED, feed, bytes, NULL, 0, log, &left, FEED_PLAIN, NULL);
}

bool content_check_truncated(const char *codings, weir_slice bytes)
{
    struct content_feed feed = {.codings = codings};
    for (size_t len = 1; len < bytes.len; len++) {
        struct feed_log log = {0};
        weir_slice part = {bytes.data, len};
        int status = run(&feed, part, &log);
        feed_log_clear(&log);
        if (status != WEIR_E_INCOMPLETE || !content_check(codings, part, NULL)) {
            fprintf(stderr, "cut at %zu: %s\n", len, weir_status_name(status));
            return false;
        }
    }
    return true;
}

static bool is_of_data(int status)
{
    return status == WEIR_E_PROTOCOL || status == WEIR_E_INCOMPLETE;
}

bool content_check_corrupt(const char *codings, weir_slice bytes, int at_most)
{
    struct content_feed feed = {.codings = codings, .brief = true};
    struct feed_log whole = {0};
    char copy[512];
    bool ok = run(&feed, bytes, &whole) == WEIR_OK;
    for (size_t bit = 0; bit < bytes.len * 8 && ok; bit++) {
        struct feed_log log = {0};
        memcpy(copy, bytes.data, bytes.len);
        copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
        weir_slice bad = {copy, bytes.len};
        int status = run(&feed, bad, &log);
        ok = is_of_data(status) ||
             (at_most-- > 0 && status == WEIR_OK && strcmp(log.text, whole.text) == 0);
        if (!ok)
            fprintf(stderr, "bit %zu: %s\n%s", bit, weir_status_name(status), log.text);
        feed_log_clear(&log);
    }
    feed_log_clear(&whole);
    return ok;
}

static uint64_t count_other(const char *bytes, size_t len, char filler)
{
    uint64_t other = 0;
    for (size_t i = 0; i < len; i++)
        other += bytes[i] != filler;
    return other;
}

struct content_result content_count(const char *codings, weir_slice bytes, char filler,
                                    const weir_content_limits *limits)
{
    static char space[64 * 1024];
    struct content_result result = {0};
    weir_content_decoder_options options = {.allocator = NULL};
    weir_content_decoder decoder;
    size_t len;
    if (limits)
        options.limits = *limits;
    weir_content_decoder_init(&decoder, &options);
    weir_content_decoder_add(&decoder, weir_slice_of(codings));
    while ((result.status = weir_content_decode(&decoder, &bytes, space, sizeof(space),
                                                &len)) == WEIR_CONTENT_DATA) {
        result.len += len;
        result.other += count_other(space, len, filler);
    }
    if (result.status == WEIR_CONTENT_MORE)
        result.status = weir_content_decode_end(&decoder);
    result.error = *weir_content_decoder_error(&decoder);
    result.coding = weir_content_decoder_coding(&decoder);
    weir_content_decoder_clear(&decoder);
    return result;
}

struct packer {
    char *memory;
    size_t len;
    size_t capacity;
};

static void put(struct packer *packer, const char *bytes, size_t len)
{
    if (packer->capacity - packer->len < len) {
        packer->capacity = (packer->capacity + len) * 2;
        packer->memory = realloc(packer->memory, packer->capacity);
        if (!packer->memory)
            abort();
    }
    memcpy(packer->memory + packer->len, bytes, len);
    packer->len += len;
}

weir_slice content_pack(const char *coding, weir_slice piece, size_t times)
{
    char space[4096];
    struct packer packer = {0};
    weir_content_encoder encoder;
    size_t len;
    if (weir_content_encoder_init(&encoder, weir_slice_of(coding), NULL) < 0)
        abort();
    for (size_t i = 0; i < times; i++) {
        weir_slice input = piece;
        while (weir_content_encode(&encoder, &input, space, sizeof(space), &len) ==
               WEIR_CONTENT_DATA)
            put(&packer, space, len);
    }
    while (weir_content_encode_end(&encoder, space, sizeof(space), &len) ==
           WEIR_CONTENT_DATA)
        put(&packer, space, len);
    weir_content_encoder_clear(&encoder);
    return (weir_slice){packer.memory, packer.len};
}

char *content_memory(weir_slice packed)
{
    char *memory;
    memcpy(&memory, &packed.data, sizeof(memory));
    return memory;
}

void content_free(weir_slice packed)
{
    free(content_memory(packed));
}
