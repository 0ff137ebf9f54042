/* The URL parser.
 *
 * - What is serialised parses to itself: a fixed point.
 * - What is serialised is printable ASCII, and its parts add up.
 * - A refusal has a status, a reason, and an offset within the text.
 * - Adding a parameter gives a URL that is a fixed point again.
 * - A limit of n bytes gives n at most.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/url.h>

#include "harness.h"

static void check_fixed_point(const weir_url *url)
{
    weir_url again;
    weir_slice href = weir_url_href(url);
    for (size_t i = 0; i < href.len; i++)
        HOLDS(href.data[i] > ' ' && href.data[i] <= '~');
    HOLDS(weir_url_parse(&again, href, NULL, NULL, NULL) == 0);
    HOLDS(weir_slice_equal(weir_url_href(&again), href));
    HOLDS(weir_url_same_origin(url, &again));
    HOLDS(weir_slice_equal(weir_url_username(url), weir_url_username(&again)));
    HOLDS(weir_slice_equal(weir_url_password(url), weir_url_password(&again)));
    HOLDS(weir_slice_equal(weir_url_target(url), weir_url_target(&again)));
    HOLDS(weir_slice_equal(weir_url_fragment(url), weir_url_fragment(&again)));
    HOLDS(weir_url_host(url).len > 0 && weir_url_path(url).data[0] == '/');
    weir_url_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_slice input = {(const char *)data, size};
    weir_codec_error error = {0};
    weir_url base, url;
    size_t base_len = take_byte(&input);
    weir_url_options options = {.max_bytes = 1 + (size_t)take_byte(&input) * 8};
    base_len = base_len < input.len ? base_len : input.len;
    weir_slice name = weir_slice_skip(input, base_len);
    bool based = weir_url_parse(&base, (weir_slice){input.data, base_len}, NULL, NULL,
                                NULL) == 0;
    int rc = weir_url_parse(&url, name, based ? &base : NULL, &options, &error);
    if (rc < 0) {
        HOLDS(error.status == rc && error.reason && error.offset <= name.len);
    } else {
        check_fixed_point(&url);
        if (weir_url_add_param(&url, name, name) == 0)
            check_fixed_point(&url);
        HOLDS(weir_url_href(&url).len <= options.max_bytes);
        weir_url_clear(&url);
    }
    if (based)
        weir_url_clear(&base);
    return 0;
}
