/* Dates, as seconds since 1970 without leap seconds; no clock and no locale.
 *
 * Years 1601 to 9999: what cookies allow (RFC 6265bis 5.1.1) and IMF-fixdate can say.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_DATE_H
#define WEIR_HTTP1_CODEC_DATE_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/slice.h>

enum { WEIR__DATE_LEN = 29 }; /* "Sun, 06 Nov 1994 08:49:37 GMT" */

/* An HTTP-date in any of its three forms (RFC 9110 5.6.7), and nothing else. `now`
 * tells the century of a year of two digits. False for what is no date. */
bool weir__date_parse(weir_slice text, int64_t now, int64_t *seconds);

/* The date of a cookie, in any order and with anything between (RFC 6265bis 5.1.1). */
bool weir__date_parse_cookie(weir_slice text, int64_t *seconds);

/* Writes an IMF-fixdate, without a NUL. False for a year that it cannot say. */
bool weir__date_print(int64_t seconds, char text[WEIR__DATE_LEN]);

#endif
