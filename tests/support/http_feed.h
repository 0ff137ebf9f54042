/* The event log of HTTP messages, for tests, vectors and fuzzers alike.
 *
 *   head 200 "OK" HTTP/1.1 length=5 keep-alive
 *   field "Content-Length": "5"
 *   data "hello"
 *   end
 *   failed WEIR_E_PROTOCOL at 12: what the decoder says
 *   left 3
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_HTTP_FEED_H
#define WEIR_TESTS_HTTP_FEED_H

#include <weir/http_codec.h>

#include "feed.h"

/* What is decoded, and how. All zero: responses to GET, one after the other. */
struct http_feed {
    weir_http_role role;
    const char *method; /* of the requests that are answered; NULL: GET */
    weir_http_limits limits;
    bool one;   /* do not go on after the first message */
    bool brief; /* of the start line only method and target, or status and reason;
                   trailers as fields; bodies without line ends; failures without
                   the reason: what llhttp's vectors have */
};

extern const struct feed_codec HTTP_FEED;

#endif
