/**
 * URLs of the schemes http, https, ws and wss, as browsers read them.
 *
 *   weir_url url;
 *   if (weir_url_parse(&url, WEIR_S("HTTP://a.example:80/x/../y?q"), NULL, NULL, NULL) < 0)
 *       return 1;
 *   weir_slice href = weir_url_href(&url);      // http://a.example/y?q
 *   weir_url_clear(&url);
 *
 * The rules are the WHATWG URL Standard's: tabs and line ends are dropped, dots
 * in the path resolved, default ports left out, and IPv4 addresses brought into
 * their usual form, so that `http://2130706433/` and `http://127.1/` are seen
 * for what they are: `http://127.0.0.1/`. Hosts outside of ASCII are refused with
 * WEIR_E_UNSUPPORTED; give their `xn--` form.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_URL_H
#define WEIR_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/allocator.h>
#include <weir/codec_error.h>
#include <weir/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * A parsed URL: the caller's object, one allocation behind it.
 *
 * All zero is a URL without memory, that weir_url_clear takes. It may not be
 * copied by assignment; see weir_url_copy.
 */
typedef struct weir_url {
    uint64_t opaque[10]; /**< what is inside belongs to the functions below */
} weir_url;

/** Options of weir_url_parse. All zero, or NULL, is the default. */
typedef struct weir_url_options {
    /** Where the URL's memory comes from. Kept. NULL: the C library. */
    const weir_allocator *allocator;

    /** The longest text to read and URL to make, in bytes. 0: 64 KiB. More than
     * 1 GiB counts as 1 GiB. */
    size_t max_bytes;
} weir_url_options;

/**
 * Parses an absolute URL, or a reference relative to `base`.
 *
 *   url      out: the URL; written on success only, so it may not hold memory
 *   text     any bytes; those outside of ASCII are taken as UTF-8 and encoded
 *   base     what a relative reference is relative to. NULL: none. May not be `url`.
 *   options  NULL: the defaults
 *   error    out: why and where in `text`, on failure. NULL: not wanted
 *
 * Returns WEIR_OK, or:
 *
 *   WEIR_E_INVALID      not a URL, or relative without a base
 *   WEIR_E_UNSUPPORTED  of another scheme, or its host is not ASCII
 *   WEIR_E_TOO_BIG      longer than .max_bytes
 *   WEIR_E_MEMORY       no memory
 */
int weir_url_parse(weir_url *url, weir_slice text, const weir_url *base,
                   const weir_url_options *options, weir_codec_error *error);

/**
 * Makes `*copy` the same URL in memory of its own. WEIR_OK or WEIR_E_MEMORY.
 */
int weir_url_copy(weir_url *copy, const weir_url *url);

/** Gives the memory back; the URL is all zero. */
void weir_url_clear(weir_url *url);

/* The slices below are parts of the one serialised text. They are valid until
 * the URL is cleared or a parameter is added to it, and empty when it is all
 * zero. */

/** All of it: `https://user:pw@host:8443/path?query#fragment`. */
weir_slice weir_url_href(const weir_url *url);

/** `http`, `https`, `ws` or `wss`. */
weir_slice weir_url_scheme(const weir_url *url);

/** The name of the user, percent-encoded; empty when there is none. */
weir_slice weir_url_username(const weir_url *url);

/** The password, percent-encoded; empty when there is none. */
weir_slice weir_url_password(const weir_url *url);

/** The host: a name in lower case, `127.0.0.1`, or `[::1]` in its brackets. */
weir_slice weir_url_host(const weir_url *url);

/** The host without the brackets of an IPv6 address: what a resolver takes. */
weir_slice weir_url_hostname(const weir_url *url);

/** Host and port as the field Host has them: `host`, or `host:8443`. */
weir_slice weir_url_authority(const weir_url *url);

/** The port to connect to: the URL's, or the default of its scheme. */
uint16_t weir_url_port(const weir_url *url);

/** The path, percent-encoded, from its first `/`. */
weir_slice weir_url_path(const weir_url *url);

/** The query without its `?`. Empty both for none and for an empty one. */
weir_slice weir_url_query(const weir_url *url);

/** The fragment without its `#`. Empty both for none and for an empty one. */
weir_slice weir_url_fragment(const weir_url *url);

/** Path and query, as a request names them (RFC 9112 3.2.1): `/path?query`. */
weir_slice weir_url_target(const weir_url *url);

/** The URL without its fragment: the absolute-form of RFC 9112 3.2.2 when it has
 * no userinfo either. */
weir_slice weir_url_without_fragment(const weir_url *url);

/** Whether the scheme is https or wss. */
bool weir_url_is_secure(const weir_url *url);

/** Whether scheme, host and port are the same (RFC 6454 5). */
bool weir_url_same_origin(const weir_url *a, const weir_url *b);

/**
 * Appends `name=value` to the query, encoded as HTML forms are
 * (application/x-www-form-urlencoded: a space is `+`).
 *
 * Returns WEIR_OK, WEIR_E_TOO_BIG (over the .max_bytes that it was parsed with),
 * WEIR_E_MEMORY, or WEIR_E_MISUSE for a URL that is all zero. After a failure the
 * URL is as before.
 */
int weir_url_add_param(weir_url *url, weir_slice name, weir_slice value);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
