/**
 * Cookies: what a Set-Cookie field says, and a jar that keeps them (RFC 6265bis).
 *
 *   weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
 *   weir_cookie_jar_set(jar, &url, WEIR_S("id=42; Path=/; Secure"), now, NULL);
 *   weir_slice value;
 *   if (weir_cookie_jar_header(jar, &url, now, &value) > 0)
 *       weir_http_fields_add(&fields, WEIR_S("Cookie"), value);
 *   weir_cookie_jar_free(jar);
 *
 * Time is given to each call, in seconds since 1970, so that a jar is as good in a
 * test or a simulation as it is with the clock of the wall.
 *
 * The bytes of a value are kept as they came: nothing is quoted, unquoted, or decoded.
 * They never hold CR, LF, NUL or another control character but the tab.
 *
 * SameSite is kept and told, and nothing depends on it: it is about the pages that a
 * browser shows, and a program has none. So every cookie that fits a URL is sent, and
 * SameSite=None needs no Secure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_COOKIES_H
#define WEIR_COOKIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/allocator.h>
#include <weir/codec_error.h>
#include <weir/slice.h>
#include <weir/url.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** To which requests of a browser a cookie belongs (RFC 6265bis 5.6.7). */
typedef enum weir_cookie_same_site {
    WEIR_COOKIE_SAME_SITE_DEFAULT = 0, /**< not said, or a word that is not known */
    WEIR_COOKIE_SAME_SITE_NONE,        /**< to all */
    WEIR_COOKIE_SAME_SITE_LAX,         /**< to the site's own, and to links to it */
    WEIR_COOKIE_SAME_SITE_STRICT       /**< to the site's own */
} weir_cookie_same_site;

/** A time to expire at that has passed: in weir_cookie_jar_add, it removes a cookie. */
#define WEIR_COOKIE_EXPIRED (-1)

/** A cookie. All zero but for a name, a value and a domain is a cookie of that host,
 * for all of its paths, until the session ends. */
typedef struct weir_cookie {
    weir_slice name;   /**< may be empty, if the value is not */
    weir_slice value;  /**< the bytes as they came */
    weir_slice domain; /**< a host: in lower case, without a dot in front or brackets */
    weir_slice path;   /**< the paths that it belongs to: those that begin with it */
    int64_t expires;   /**< in seconds since 1970; 0: when the session ends */
    bool subdomains;   /**< belongs to all hosts below the domain too */
    bool secure;       /**< is sent over secure connections only */
    bool http_only;    /**< is kept from scripts; told, and nothing depends on it */
    weir_cookie_same_site same_site;
} weir_cookie;

/**
 * Takes a Set-Cookie field apart (RFC 6265bis 5.6), without judging it.
 *
 *   cookie  out: slices of `value`. The domain is that of the last attribute Domain,
 *           in its case and without a dot in front, and empty when there is none;
 *           then .subdomains is false. The path is empty when there is none that
 *           begins with "/"; its data is NULL when there is no attribute Path at all.
 *           .expires comes from Max-Age if there is one, else from Expires, and is at
 *           most 400 days away (RFC 6265bis 5.5).
 *   value   the field's value, any bytes
 *   now     what Max-Age counts from
 *   error   out: why, on failure. NULL: not wanted
 *
 * An attribute that is longer than 1024 bytes, unknown, or not understood is ignored.
 * Returns WEIR_OK; WEIR_E_INVALID for a control character, or if name and value are
 * both empty; WEIR_E_TOO_BIG if they have more than 4096 bytes together.
 */
int weir_cookie_parse(weir_cookie *cookie, weir_slice value, int64_t now,
                      weir_codec_error *error);

/**
 * A jar of cookies. Several sessions of one loop may share one; it knows nothing of
 * them, and has to live as long as the last.
 *
 * Its memory is bounded: by the numbers below, and by 4096 bytes for name and value,
 * 1024 for the domain and 1024 for the path of a cookie. Cookies that have expired are
 * never sent, and removed by the next call that stores or sends some.
 */
typedef struct weir_cookie_jar weir_cookie_jar;

/** Options of weir_cookie_jar_new. All zero, or NULL, is the default. */
typedef struct weir_cookie_jar_options {
    /** Where the jar's memory comes from. Kept. NULL: the C library. */
    const weir_allocator *allocator;

    /** The most cookies. One more, and the one that was not used for longest goes.
     * 0: 3000. */
    size_t max_cookies;

    /** The most cookies of one domain. One more, and one of its own goes: of those
     * that are not Secure the one that was not used for longest, else of all. 0: 180. */
    size_t max_cookies_per_domain;

    /** The longest value of a Cookie field, in bytes, since a server refuses requests
     * whose fields are too long. What does not fit is left out from the first cookie
     * on that does not: see weir_cookie_jar_left_out. 0: 8190. */
    size_t max_header_bytes;
} weir_cookie_jar_options;

/** Makes an empty jar. NULL: no memory. */
weir_cookie_jar *weir_cookie_jar_new(const weir_cookie_jar_options *options);

/** Frees the jar, after overwriting what is in it. NULL is allowed. */
void weir_cookie_jar_free(weir_cookie_jar *jar);

/**
 * Stores the cookie of a Set-Cookie field (RFC 6265bis 5.7).
 *
 *   url    what was asked for; ws and wss count as http and https
 *   value  the value of one Set-Cookie field
 *   now    the time, in seconds since 1970
 *   error  out: why it was refused. NULL: not wanted
 *
 * A cookie of the same name, domain and path is replaced, in its place; with one that
 * has expired it is removed. Connections are secure over https and wss, and to
 * `localhost`, 127.0.0.0/8 and ::1, as curl and browsers see it. A Domain that is a
 * public suffix (`com`, `co.uk`) is refused, except for the host of that very name,
 * which gets a cookie of its own. Without WEIR_HAS_PSL (features.h), these are the
 * names without a dot inside. An IP address has cookies of its own, and never others.
 *
 * Returns WEIR_OK, or, the jar being as before:
 *
 *   WEIR_E_INVALID  refused, for one of the reasons of RFC 6265bis 5.6 and 5.7
 *   WEIR_E_TOO_BIG  over one of the sizes above
 *   WEIR_E_MEMORY   no memory
 */
int weir_cookie_jar_set(weir_cookie_jar *jar, const weir_url *url, weir_slice value,
                        int64_t now, weir_codec_error *error);

/**
 * Stores a cookie that the program has made.
 *
 *   cookie  copied. The domain may have a dot in front, and be written as in a URL; an
 *           empty path is "/". The name may not have "=" or ";", nor the value ";",
 *           nor any of the texts a control character. Spaces and tabs at the ends of
 *           name and value are left out.
 *
 * It may be one of the jar's own, changed. Returns as weir_cookie_jar_set does.
 */
int weir_cookie_jar_add(weir_cookie_jar *jar, const weir_cookie *cookie, int64_t now);

/**
 * Makes the value of the field Cookie for a request (RFC 6265bis 5.8.3): longer paths
 * first, and then what was stored first.
 *
 *   value  out: valid until the next call on the jar that is not const; empty when no
 *          cookie fits the URL
 *
 * Returns how many cookies it has, or WEIR_E_MEMORY.
 */
int weir_cookie_jar_header(weir_cookie_jar *jar, const weir_url *url, int64_t now,
                           weir_slice *value);

/** How many cookies the latest weir_cookie_jar_header had no room for. */
size_t weir_cookie_jar_left_out(const weir_cookie_jar *jar);

/**
 * The first cookie of that name that would be sent to a URL; NULL when there is none.
 *
 * It is the jar's, and valid until the jar is changed.
 */
const weir_cookie *weir_cookie_jar_find(weir_cookie_jar *jar, const weir_url *url,
                                        weir_slice name, int64_t now);

/**
 * Goes through all cookies, in the order in which they were first stored:
 *
 *   const weir_cookie *cookie = NULL;
 *   while ((cookie = weir_cookie_jar_next(jar, cookie)))
 *
 * Returns the cookie after `cookie`, the first for NULL, and NULL at the end. What it
 * returns is the jar's, and valid until the jar is changed.
 */
const weir_cookie *weir_cookie_jar_next(const weir_cookie_jar *jar,
                                        const weir_cookie *cookie);

/** The number of cookies. */
size_t weir_cookie_jar_count(const weir_cookie_jar *jar);

/**
 * Removes cookies, and returns how many.
 *
 *   domain  those of this domain and of all below it. NULL data: of any
 *   name    those of this name. NULL data: of any
 *
 * Both may be slices of a cookie of the jar.
 */
size_t weir_cookie_jar_remove(weir_cookie_jar *jar, weir_slice domain, weir_slice name);

/** Removes the cookies that have expired. Returns how many. */
size_t weir_cookie_jar_expire(weir_cookie_jar *jar, int64_t now);

/** Removes the cookies that last until the session ends. Returns how many. */
size_t weir_cookie_jar_drop_session(weir_cookie_jar *jar);

/** Removes all cookies, and gives their memory back. */
void weir_cookie_jar_clear(weir_cookie_jar *jar);

/**
 * Writes all cookies in the format of Netscape's cookies.txt, that curl, Python and
 * browsers' extensions read: a line each, of seven fields with tabs between them.
 *
 *   text  out: valid until the next call on the jar that is not const
 *
 * The format does not know SameSite, and no tab in names and paths: such a cookie is
 * left out. Returns how many cookies there are, or WEIR_E_MEMORY.
 */
int weir_cookie_jar_encode(weir_cookie_jar *jar, int64_t now, weir_slice *text);

/**
 * Adds the cookies of such a text to the jar: all, or none when it is not such a text.
 *
 *   text   of one's own or another program's making; lines end with LF or CRLF
 *   error  out: why, and .offset is where in the text. NULL: not wanted
 *
 * A cookie that the jar has already is replaced. Left out are those that have expired,
 * that are too big, and that no server could have set: for a public suffix, or against
 * the rules of its prefix (`__Host-`). Returns how many were added, or WEIR_E_INVALID
 * or WEIR_E_MEMORY, the jar being as before.
 */
int weir_cookie_jar_decode(weir_cookie_jar *jar, weir_slice text, int64_t now,
                           weir_codec_error *error);

/**
 * Writes all cookies to a file, as weir_cookie_jar_encode does.
 *
 * The file is new, readable by its owner alone (mode 0600), and takes the place of the
 * old one when it is complete: at any time there is either the one or the other. This
 * and weir_cookie_jar_load wait for the disk; they do not yield to other tasks.
 *
 * Returns how many cookies there are; or WEIR_E_MEMORY or WEIR_E_SYSTEM, the old file
 * being as before, with the words in weir_last_error().
 */
int weir_cookie_jar_save(weir_cookie_jar *jar, const char *path, int64_t now);

/**
 * Adds the cookies of a file to the jar, as weir_cookie_jar_decode does.
 *
 * Returns how many; or, the jar being as before, WEIR_E_INVALID (weir_last_error()
 * names the line), WEIR_E_TOO_BIG (over 32 MiB), WEIR_E_MEMORY or WEIR_E_SYSTEM.
 */
int weir_cookie_jar_load(weir_cookie_jar *jar, const char *path, int64_t now);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
