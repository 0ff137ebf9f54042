/* The decoder of bodies of many parts as a codec of feed.h. Its log:
 *
 *   part
 *   field "name": "value"
 *   data "..."
 *   part end
 *   end
 *   failed STATUS at OFFSET: reason
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_MULTIPART_FEED_H
#define WEIR_TESTS_MULTIPART_FEED_H

#include <weir/form_codec.h>

#include "feed.h"

/* What a test passes as `arg`. */
struct multipart_feed {
    weir_slice boundary;
    weir_multipart_limits limits;
};

extern const struct feed_codec MULTIPART_FEED;

#endif
