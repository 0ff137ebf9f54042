/* A content decoder for feed.h: the log is the data and how it ends.
 *
 *   data "..."
 *   end
 *   failed WEIR_E_PROTOCOL at 13: incorrect data check
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_CONTENT_FEED_H
#define WEIR_TESTS_CONTENT_FEED_H

#include <weir/content_codec.h>

#include "feed.h"

struct content_feed {
    const char *codings;
    weir_content_limits limits;
    size_t space; /* what the decoder gets at a time. 0: 4096 bytes */
    bool brief;   /* how it fails, but not where */
};

extern const struct feed_codec CONTENT_FEED;

#endif
