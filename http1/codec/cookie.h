/* One cookie: its text, and what it fits (RFC 6265bis 5.1, 5.4, 5.6).
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_COOKIE_H
#define WEIR_HTTP1_CODEC_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <weir/cookies.h>

#define WEIR__COOKIE_MAX_BYTES     4096     /* name and value: RFC 6265bis 5.6 */
#define WEIR__COOKIE_MAX_ATTRIBUTE 1024     /* its value: RFC 6265bis 5.6 */
#define WEIR__COOKIE_MAX_AGE       34560000 /* 400 days: RFC 6265bis 5.5 */

/* Fills in *error, which may be NULL; returns the status. */
int weir__cookie_refuse(weir_codec_error *error, int status, const char *reason,
                        size_t offset);

/* The offset of the first control character but the tab; text.len: there is none. */
size_t weir__cookie_find_control(weir_slice text);

/* Name and value, apart from what they are called: free of control characters, neither
 * too long nor both empty (RFC 6265bis 5.7, steps 2 to 4). */
int weir__cookie_check(weir_slice name, weir_slice value, weir_codec_error *error);

/* Whether name and value, free of control characters, come back from a field Cookie as
 * they were. */
bool weir__cookie_can_be_sent(const weir_cookie *cookie);

/* Whether a host is an IP address: as a URL has it, or without brackets. */
bool weir__cookie_is_address(weir_slice host);

/* Whether a host is the domain or below it, without regard to case (5.1.3). */
bool weir__cookie_domain_matches(weir_slice host, weir_slice domain);

/* Whether a path is the one of a cookie or below it (5.1.4). */
bool weir__cookie_path_matches(weir_slice path, weir_slice cookie_path);

/* The path of a cookie that says none: the folder of the URL's path (5.1.4). */
weir_slice weir__cookie_default_path(weir_slice url_path);

/* Whether a cookie is all that the prefix of its name promises (5.4; 5.7, steps 20 to
 * 22). `has_path`: it has said its path itself. */
bool weir__cookie_keeps_promise(const weir_cookie *cookie, bool has_path);

/* Whether cookies for all of a domain are refused, since its subdomains belong to
 * strangers: `com`, `co.uk` (5.7, step 9). The domain is in lower case. */
bool weir__is_public_suffix(weir_slice domain);

#endif
