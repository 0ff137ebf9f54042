/* Checks that tests of content codings share, and data that they make.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_CONTENT_SCENE_H
#define WEIR_TESTS_CONTENT_SCENE_H

#include "content_data.h"
#include "content_feed.h"
#include "test.h"

/* feed_check with spaces of 1, 7 and 4096 bytes. `wanted` NULL: any log. */
bool content_check(const char *codings, weir_slice bytes, const char *wanted);

/* The same without the place of a failure, within limits. */
bool content_check_brief(const char *codings, weir_slice bytes, const char *wanted,
                         const weir_content_limits *limits);

/* Cuts off ever more of `bytes`: each time the data ends in the middle. */
bool content_check_truncated(const char *codings, weir_slice bytes);

/* Flips each bit of `bytes`: nobody crashes, and what is wrong is a failure of the
 * data, or `at_most` times something that does not matter. */
bool content_check_corrupt(const char *codings, weir_slice bytes, int at_most);

/* What came out of a decoder. */
struct content_result {
    int status;
    uint64_t len;
    uint64_t other; /* bytes that are not `filler` */
    weir_codec_error error;
    weir_slice coding;
};

/* Decodes into 64 KiB at a time, and counts. */
struct content_result content_count(const char *codings, weir_slice bytes, char filler,
                                    const weir_content_limits *limits);

/* Memory that holds `times` times `piece`, encoded; for content_free. */
weir_slice content_pack(const char *coding, weir_slice piece, size_t times);

/* That memory, to write to. */
char *content_memory(weir_slice packed);

void content_free(weir_slice packed);

#endif
