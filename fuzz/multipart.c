/* Bodies of many parts.
 *
 * - Of any bytes: the same event log, status and rest whole, in pieces, and byte by
 *   byte; the memory is within the limits; no call leaks.
 * - Of a form that was built: decoding gives the same names and bytes, part by part,
 *   unless the boundary is in the bytes, and nothing more whatever is in the names.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/form_codec.h>
#include <weir/http_values.h>
#include <weir/status.h>

#include "harness.h"
#include "multipart_feed.h"
#include "nth.h"

#define LIMIT 256

static void check_memory(const struct multipart_feed *feed, weir_slice input)
{
    struct nth nth;
    struct feed_log log = {0};
    size_t left;
    nth_init(&nth, 0);
    feed_run(&MULTIPART_FEED, feed, input, NULL, 0, &log, &left, FEED_PLAIN,
             &nth.allocator);
    feed_log_clear(&log);
    HOLDS(left <= input.len && nth.live == 0);
    /* A head, its fields, and their places; twice while a block grows. */
    HOLDS(nth.most_bytes <= 2 * (LIMIT + 2 * LIMIT + 32 * 16));
}

static void check_any(weir_slice input)
{
    struct multipart_feed feed = {.boundary = WEIR_S("b"), .limits = {5, LIMIT, 10}};
    size_t each[256];
    size_t cuts[MOST_CUTS];
    if (take_byte(&input) & 1)
        feed.boundary = WEIR_S("--");
    size_t count = take_cuts(&input, cuts);
    HOLDS(feed_same(&MULTIPART_FEED, &feed, input, cuts, count, FEED_PLAIN));
    for (count = 0; count < 256 && count < input.len; count++)
        each[count] = count + 1;
    HOLDS(feed_same(&MULTIPART_FEED, &feed, input, each, count, FEED_PLAIN));
    check_memory(&feed, input);
}

static bool has(weir_slice text, const char *needle)
{
    return weir_slice_find(text, weir_slice_of(needle)) < text.len;
}

/* A name with an escape in it is read as what that stands for. */
static bool is_ambiguous(weir_slice name)
{
    return has(name, "%22") || has(name, "%0D") || has(name, "%0d") ||
           has(name, "%0A") || has(name, "%0a");
}

static void check_part(weir_multipart_decoder *d, weir_slice *bytes, weir_slice name,
                       weir_slice value)
{
    static char text[2048];
    weir_multipart_event event;
    weir_disposition disposition;
    HOLDS(weir_multipart_decode(d, bytes, &event) == WEIR_MULTIPART_EVENT);
    HOLDS(event.type == WEIR_MULTIPART_PART);
    HOLDS(weir_http_fields_count(event.fields) == 2);
    weir_slice field =
        weir_http_fields_value(event.fields, WEIR_S("Content-Disposition"));
    HOLDS(weir_disposition_parse(&disposition, field) == WEIR_OK);
    HOLDS(weir_slice_equal(weir_http_fields_at(event.fields, 1).value, WEIR_S("a/b")));
    size_t len = weir_disposition_name(&disposition, text);
    HOLDS(is_ambiguous(name) || weir_slice_equal((weir_slice){text, len}, name));
    len = weir_disposition_filename(&disposition, text);
    HOLDS(is_ambiguous(name) || weir_slice_equal((weir_slice){text, len}, name));
    while (weir_multipart_decode(d, bytes, &event) == WEIR_MULTIPART_EVENT &&
           event.type == WEIR_MULTIPART_DATA) {
        HOLDS(event.data.len <= value.len);
        HOLDS(memcmp(event.data.data, value.data, event.data.len) == 0);
        value = weir_slice_skip(value, event.data.len);
    }
    HOLDS(event.type == WEIR_MULTIPART_PART_END && value.len == 0);
}

static void check_built(weir_slice name, weir_slice value)
{
    static char space[8192];
    weir_slice boundary = WEIR_S("the-boundary");
    weir_multipart_head head = {boundary, name, name, WEIR_S("a/b")};
    size_t len;
    size_t end;
    if (name.len > 512 || value.len > 4096 || has(value, "--the-boundary") ||
        weir_multipart_encode_head(&head, space, sizeof(space), &len, NULL) < 0)
        return;
    if (value.len > 0)
        memcpy(space + len, value.data, value.len);
    len += value.len;
    memcpy(space + len, "\r\n", 2);
    HOLDS(weir_multipart_encode_end(boundary, space + len + 2, sizeof(space) - len - 2,
                                    &end) == WEIR_OK);
    weir_multipart_decoder d;
    weir_multipart_event event;
    weir_slice bytes = {space, len + 2 + end};
    HOLDS(weir_multipart_decoder_init(&d, boundary, NULL) == WEIR_OK);
    check_part(&d, &bytes, name, value);
    HOLDS(weir_multipart_decode(&d, &bytes, &event) == WEIR_MULTIPART_EVENT);
    HOLDS(event.type == WEIR_MULTIPART_END);
    weir_multipart_decoder_clear(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_slice input = {(const char *)data, size};
    weir_slice value = input;
    weir_slice name;
    check_any(input);
    if (weir_slice_split(&value, '\0', &name))
        check_built(name, value);
    return 0;
}
