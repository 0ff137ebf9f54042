/* The message decoder.
 *
 * - The same event log, status and rest whole, in pieces, and byte by byte.
 * - After a failure the same failure, no event, and no input used (feed.c checks).
 * - All that is not left over was used; the memory is within the limits.
 * - No call leaks.
 *
 * SPDX-License-Identifier: MIT */
#include "harness.h"
#include "http_feed.h"
#include "nth.h"

#define LIMIT 512

static void check_memory(const struct http_feed *feed, weir_slice input)
{
    struct nth nth;
    struct feed_log log = {0};
    size_t left;
    nth_init(&nth, 0);
    feed_run(&HTTP_FEED, feed, input, NULL, 0, &log, &left, FEED_PLAIN, &nth.allocator);
    feed_log_clear(&log);
    HOLDS(left <= input.len);
    HOLDS(nth.live == 0);
    /* Head and trailers, each with its places; twice while a block grows. */
    HOLDS(nth.most_bytes <= 2 * 2 * (LIMIT + 32 * 16));
}

static void check_bytes(const struct http_feed *feed, weir_slice input)
{
    size_t cuts[1024];
    size_t count = input.len < 1024 ? input.len : 1024;
    for (size_t i = 0; i < count; i++)
        cuts[i] = i + 1;
    HOLDS(feed_same(&HTTP_FEED, feed, input, cuts, count, FEED_PLAIN));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const METHODS[] = {"GET", "HEAD", "CONNECT", "POST"};
    weir_slice input = {(const char *)data, size};
    size_t cuts[MOST_CUTS];
    uint8_t choice = take_byte(&input);
    struct http_feed feed = {.role =
                                 choice & 1 ? WEIR_HTTP_REQUEST : WEIR_HTTP_RESPONSE,
                             .method = METHODS[choice >> 1 & 3],
                             .limits = {LIMIT, 10, choice & 8 ? 40 : 200},
                             .one = choice & 16};
    size_t count = take_cuts(&input, cuts);
    HOLDS(feed_same(&HTTP_FEED, &feed, input, cuts, count, FEED_PLAIN));
    check_bytes(&feed, input);
    check_memory(&feed, input);
    return 0;
}
