/* One cookie: taking Set-Cookie apart (RFC 6265bis 5.6), and matching (5.1).
 *
 * SPDX-License-Identifier: MIT */
#include "cookie.h"

#include <string.h>
#include <weir/status.h>

#include "ascii.h"
#include "date.h"

int weir__cookie_refuse(weir_codec_error *error, int status, const char *reason,
                        size_t offset)
{
    if (error)
        *error = (weir_codec_error){status, reason, offset};
    return status;
}

size_t weir__cookie_find_control(weir_slice text)
{
    size_t i = 0;
    for (; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7F)
            break;
    }
    return i;
}

int weir__cookie_check(weir_slice name, weir_slice value, weir_codec_error *error)
{
    if (weir__cookie_find_control(name) < name.len ||
        weir__cookie_find_control(value) < value.len)
        return weir__cookie_refuse(error, WEIR_E_INVALID,
                                   "a control character (RFC 6265bis 5.7)", 0);
    if (name.len == 0 && value.len == 0)
        return weir__cookie_refuse(error, WEIR_E_INVALID,
                                   "neither name nor value (RFC 6265bis 5.7)", 0);
    if (name.len > WEIR__COOKIE_MAX_BYTES ||
        value.len > WEIR__COOKIE_MAX_BYTES - name.len)
        return weir__cookie_refuse(error, WEIR_E_TOO_BIG,
                                   "longer than 4096 bytes (RFC 6265bis 5.7)", 0);
    return WEIR_OK;
}

static bool has_byte(weir_slice text, char byte)
{
    return text.len > 0 && memchr(text.data, byte, text.len) != NULL;
}

bool weir__cookie_can_be_sent(const weir_cookie *cookie)
{
    return !has_byte(cookie->name, '=') && !has_byte(cookie->name, ';') &&
           !has_byte(cookie->value, ';');
}

/* --- Set-Cookie ----------------------------------------------------------------- */

/* What the attributes say, before it is known which of them count. */
struct attributes {
    int64_t now;
    int64_t max_age_expires; /* 0: no Max-Age */
    int64_t expires;         /* 0: no Expires */
};

/* A time to expire at, with 0 taken: the second before is as far in the past. */
static int64_t not_zero(int64_t seconds)
{
    return seconds == 0 ? WEIR_COOKIE_EXPIRED : seconds;
}

static int64_t limit_of(int64_t now)
{
    return now > INT64_MAX - WEIR__COOKIE_MAX_AGE ? INT64_MAX
                                                  : now + WEIR__COOKIE_MAX_AGE;
}

/* RFC 6265bis 5.6.1 */
static void take_expires(struct attributes *attributes, weir_slice value)
{
    int64_t seconds;
    int64_t limit = limit_of(attributes->now);
    if (weir__date_parse_cookie(value, &seconds))
        attributes->expires = not_zero(seconds < limit ? seconds : limit);
}

/* RFC 6265bis 5.6.2; any number of digits, of which the limit is left. */
static void take_max_age(struct attributes *attributes, weir_slice value)
{
    bool negative = value.len > 0 && value.data[0] == '-';
    weir_slice digits = weir_slice_skip(value, negative ? 1 : 0);
    int64_t age = 0;
    if (digits.len == 0)
        return;
    for (size_t i = 0; i < digits.len; i++) {
        if (!weir__ascii_is_digit(digits.data[i]))
            return;
        age = age * 10 + (digits.data[i] - '0');
        age = age < WEIR__COOKIE_MAX_AGE ? age : WEIR__COOKIE_MAX_AGE;
    }
    int64_t limit = limit_of(attributes->now);
    attributes->max_age_expires = negative || age == 0
                                      ? WEIR_COOKIE_EXPIRED
                                      : not_zero(limit - WEIR__COOKIE_MAX_AGE + age);
}

/* RFC 6265bis 5.6.3 */
static void take_domain(weir_cookie *cookie, weir_slice value)
{
    cookie->domain =
        weir_slice_skip(value, weir_slice_starts_with(value, WEIR_S(".")) ? 1 : 0);
    cookie->subdomains = cookie->domain.len > 0;
}

/* RFC 6265bis 5.6.4; what is not said is the default-path. */
static void take_path(weir_cookie *cookie, weir_slice value)
{
    bool is_path = value.len > 0 && value.data[0] == '/';
    cookie->path = is_path ? value : WEIR_S("");
}

/* RFC 6265bis 5.6.7 */
static void take_same_site(weir_cookie *cookie, weir_slice value)
{
    cookie->same_site = WEIR_COOKIE_SAME_SITE_DEFAULT;
    if (weir_slice_equal_nocase(value, WEIR_S("None")))
        cookie->same_site = WEIR_COOKIE_SAME_SITE_NONE;
    else if (weir_slice_equal_nocase(value, WEIR_S("Lax")))
        cookie->same_site = WEIR_COOKIE_SAME_SITE_LAX;
    else if (weir_slice_equal_nocase(value, WEIR_S("Strict")))
        cookie->same_site = WEIR_COOKIE_SAME_SITE_STRICT;
}

static void take_attribute(weir_cookie *cookie, struct attributes *attributes,
                           weir_slice name, weir_slice value)
{
    if (weir_slice_equal_nocase(name, WEIR_S("Expires")))
        take_expires(attributes, value);
    else if (weir_slice_equal_nocase(name, WEIR_S("Max-Age")))
        take_max_age(attributes, value);
    else if (weir_slice_equal_nocase(name, WEIR_S("Domain")))
        take_domain(cookie, value);
    else if (weir_slice_equal_nocase(name, WEIR_S("Path")))
        take_path(cookie, value);
    else if (weir_slice_equal_nocase(name, WEIR_S("Secure")))
        cookie->secure = true;
    else if (weir_slice_equal_nocase(name, WEIR_S("HttpOnly")))
        cookie->http_only = true;
    else if (weir_slice_equal_nocase(name, WEIR_S("SameSite")))
        take_same_site(cookie, value);
}

/* Parts a text at its first "="; false, and all of it is the front, if it has none. */
static bool part(weir_slice text, weir_slice *front, weir_slice *back)
{
    const char *equals = text.len > 0 ? memchr(text.data, '=', text.len) : NULL;
    size_t at = equals ? (size_t)(equals - text.data) : text.len;
    *front = weir_slice_trim((weir_slice){text.data, at});
    *back = weir_slice_trim(weir_slice_skip(text, equals ? at + 1 : at));
    return equals != NULL;
}

int weir_cookie_parse(weir_cookie *cookie, weir_slice value, int64_t now,
                      weir_codec_error *error)
{
    struct attributes attributes = {.now = now};
    weir_cookie parsed = {0};
    weir_slice rest = value;
    weir_slice pair = {NULL, 0};
    size_t control = weir__cookie_find_control(value);
    if (control < value.len)
        return weir__cookie_refuse(error, WEIR_E_INVALID,
                                   "a control character (RFC 6265bis 5.6)", control);
    weir_slice_split(&rest, ';', &pair);
    if (!part(pair, &parsed.name, &parsed.value)) {
        parsed.value = parsed.name;
        parsed.name.len = 0;
    }
    int rc = weir__cookie_check(parsed.name, parsed.value, error);
    if (rc < 0)
        return rc;
    while (weir_slice_split(&rest, ';', &pair)) {
        weir_slice attribute;
        weir_slice said;
        part(pair, &attribute, &said);
        if (said.len <= WEIR__COOKIE_MAX_ATTRIBUTE)
            take_attribute(&parsed, &attributes, attribute, said);
    }
    /* Max-Age is stronger than Expires (RFC 6265bis 5.7, step 6). */
    parsed.expires =
        attributes.max_age_expires ? attributes.max_age_expires : attributes.expires;
    *cookie = parsed;
    return WEIR_OK;
}

/* --- matching ------------------------------------------------------------------- */

bool weir__cookie_is_address(weir_slice host)
{
    /* IPv6 has colons. A URL's host whose last label is a number is an IPv4 address
     * (WHATWG URL 3.5). */
    size_t digits = 0;
    if (weir_slice_find(host, WEIR_S(":")) < host.len)
        return true;
    while (digits < host.len && weir__ascii_is_digit(host.data[host.len - 1 - digits]))
        digits++;
    return digits > 0 &&
           (digits == host.len || host.data[host.len - 1 - digits] == '.');
}

bool weir__cookie_domain_matches(weir_slice host, weir_slice domain)
{
    if (host.len < domain.len || domain.len == 0)
        return false;
    size_t more = host.len - domain.len;
    if (!weir_slice_equal_nocase(weir_slice_skip(host, more), domain))
        return false;
    return more == 0 || (host.data[more - 1] == '.' && !weir__cookie_is_address(host));
}

bool weir__cookie_path_matches(weir_slice path, weir_slice cookie_path)
{
    if (cookie_path.len == 0 || !weir_slice_starts_with(path, cookie_path))
        return false;
    return path.len == cookie_path.len ||
           cookie_path.data[cookie_path.len - 1] == '/' ||
           path.data[cookie_path.len] == '/';
}

weir_slice weir__cookie_default_path(weir_slice url_path)
{
    size_t len = url_path.len;
    while (len > 0 && url_path.data[len - 1] != '/')
        len--;
    /* The last slash goes, unless it is the only one. */
    return len > 1 ? (weir_slice){url_path.data, len - 1} : WEIR_S("/");
}

static bool has_prefix(weir_slice name, weir_slice prefix)
{
    return name.len >= prefix.len &&
           weir_slice_equal_nocase((weir_slice){name.data, prefix.len}, prefix);
}

bool weir__cookie_keeps_promise(const weir_cookie *cookie, bool has_path)
{
    static const weir_slice SECURE = {"__Secure-", 9};
    static const weir_slice HOST = {"__Host-", 7};
    if (cookie->name.len == 0)
        return !has_prefix(cookie->value, SECURE) && !has_prefix(cookie->value, HOST);
    if (has_prefix(cookie->name, SECURE))
        return cookie->secure;
    if (has_prefix(cookie->name, HOST))
        return cookie->secure && !cookie->subdomains && has_path &&
               weir_slice_equal(cookie->path, WEIR_S("/"));
    return true;
}
