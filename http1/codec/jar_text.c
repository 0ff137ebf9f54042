/* Netscape's cookies.txt: a cookie a line, seven fields with tabs between them.
 *
 *   [#HttpOnly_][.]domain  TRUE|FALSE  path  TRUE|FALSE  expires  name  value
 *
 * The first word is TRUE for cookies of subdomains too, the second for Secure; expires
 * is 0 for cookies of a session. A line that begins with "#", and is not as above, is a
 * comment. A value may have tabs: it is the last.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/status.h>

#include "ascii.h"
#include "cookie.h"
#include "jar.h"

#define FIRST_LINE                  \
    "# Netscape HTTP Cookie File\n" \
    "# https://curl.se/docs/http-cookies.html\n\n"
#define HTTP_ONLY WEIR_S("#HttpOnly_")

enum { FIELDS = 7, MAX_NUMBER = 20 };

/* --- writing --------------------------------------------------------------------- */

static weir_slice print_number(int64_t number, char digits[MAX_NUMBER])
{
    char *at = digits + MAX_NUMBER;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--at = '-';
    return (weir_slice){at, (size_t)(digits + MAX_NUMBER - at)};
}

static weir_slice print_bool(bool yes)
{
    return yes ? WEIR_S("TRUE") : WEIR_S("FALSE");
}

static int put_line(weir__buffer *text, const weir_cookie *cookie)
{
    char digits[MAX_NUMBER];
    weir_slice fields[FIELDS] = {
        cookie->domain,
        print_bool(cookie->subdomains),
        cookie->path,
        print_bool(cookie->secure),
        print_number(cookie->expires, digits),
        cookie->name,
        cookie->value,
    };
    int rc = weir__buffer_append(text, cookie->http_only ? HTTP_ONLY : WEIR_S(""));
    if (rc == WEIR_OK && cookie->subdomains)
        rc = weir__buffer_append(text, WEIR_S("."));
    for (int i = 0; i < FIELDS && rc == WEIR_OK; i++) {
        rc = weir__buffer_append(text, fields[i]);
        if (rc == WEIR_OK)
            rc =
                weir__buffer_append(text, i + 1 < FIELDS ? WEIR_S("\t") : WEIR_S("\n"));
    }
    return rc;
}

static bool has_tab(weir_slice text)
{
    return weir_slice_find(text, WEIR_S("\t")) < text.len;
}

int weir_cookie_jar_encode(weir_cookie_jar *jar, int64_t now, weir_slice *text)
{
    int count = 0;
    const weir_cookie *cookie = NULL;
    weir_cookie_jar_expire(jar, now);
    weir__buffer_consume(&jar->text, weir__buffer_len(&jar->text));
    int rc = weir__buffer_append(&jar->text, WEIR_S(FIRST_LINE));
    while (rc == WEIR_OK && (cookie = weir_cookie_jar_next(jar, cookie))) {
        if (has_tab(cookie->name) || has_tab(cookie->path))
            continue;
        rc = put_line(&jar->text, cookie);
        count++;
    }
    if (rc < 0)
        return WEIR_E_MEMORY;
    *text = weir__buffer_slice(&jar->text);
    return count;
}

/* --- reading --------------------------------------------------------------------- */

static bool parse_bool(weir_slice text, bool *yes)
{
    *yes = weir_slice_equal_nocase(text, WEIR_S("TRUE"));
    return *yes || weir_slice_equal_nocase(text, WEIR_S("FALSE"));
}

/* Digits, and perhaps a fraction, which some programs write; nothing is 0, as Python
 * has it. A number that is too large is the largest. */
static bool parse_number(weir_slice text, int64_t *number)
{
    bool negative = weir_slice_starts_with(text, WEIR_S("-"));
    weir_slice fraction = weir_slice_skip(text, negative ? 1 : 0);
    weir_slice digits = {NULL, 0};
    int64_t n = 0;
    weir_slice_split(&fraction, '.', &digits);
    for (size_t i = 0; i < digits.len; i++) {
        if (!weir__ascii_is_digit(digits.data[i]))
            return false;
        int digit = digits.data[i] - '0';
        n = n > (INT64_MAX - digit) / 10 ? INT64_MAX : n * 10 + digit;
    }
    for (size_t i = 0; i < fraction.len; i++) {
        if (!weir__ascii_is_digit(fraction.data[i]))
            return false;
    }
    *number = negative ? WEIR_COOKIE_EXPIRED : n;
    return !negative || digits.len > 0;
}

/* The fields of a line, the last of which may be missing when it is empty. */
static bool split_fields(weir_slice line, weir_slice fields[FIELDS])
{
    size_t count = 0;
    while (count < FIELDS - 1 && weir_slice_split(&line, '\t', &fields[count]))
        count++;
    fields[FIELDS - 1] = line;
    return count == FIELDS - 1;
}

/* Takes a line apart. NULL, or what is wrong with it. */
static const char *parse_line(weir_slice line, weir_cookie *cookie)
{
    weir_slice fields[FIELDS];
    *cookie = (weir_cookie){0};
    cookie->http_only = weir_slice_starts_with(line, HTTP_ONLY);
    if (cookie->http_only)
        line = weir_slice_skip(line, HTTP_ONLY.len);
    if (weir__cookie_find_control(line) < line.len)
        return "a control character";
    if (!split_fields(line, fields))
        return "fewer than six tabs";
    if (!parse_bool(fields[1], &cookie->subdomains) ||
        !parse_bool(fields[3], &cookie->secure))
        return "a word that is neither TRUE nor FALSE";
    if (!parse_number(fields[4], &cookie->expires))
        return "a time that is no number";
    if (!weir_slice_starts_with(fields[2], WEIR_S("/")))
        return "a path that does not begin with a slash";
    cookie->domain = fields[0];
    cookie->path = fields[2];
    cookie->name = weir_slice_trim(fields[5]);
    cookie->value = weir_slice_trim(fields[6]);
    if (!weir__cookie_can_be_sent(cookie))
        return "a name or a value that a field cannot have";
    return NULL;
}

/* Adds the cookie of a line. Returns 1; 0 for one that is left out; or a failure. */
static int read_line(weir_cookie_jar *jar, weir_slice line, int64_t now,
                     weir_codec_error *error)
{
    weir_cookie cookie;
    bool is_comment = weir_slice_starts_with(line, WEIR_S("#")) &&
                      !weir_slice_starts_with(line, HTTP_ONLY);
    if (is_comment || weir_slice_trim(line).len == 0)
        return 0;
    const char *wrong = parse_line(line, &cookie);
    if (wrong)
        return weir__cookie_refuse(error, WEIR_E_INVALID, wrong, 0);
    if (weir__cookie_check(cookie.name, cookie.value, error) < 0 ||
        weir__cookie_is_expired(&cookie, now))
        return 0;
    return weir__jar_admit(jar, cookie, now, error);
}

static int read_lines(weir_cookie_jar *jar, weir_slice text, int64_t now,
                      weir_codec_error *error)
{
    weir_slice rest = text;
    weir_slice line;
    while (weir_slice_split(&rest, '\n', &line)) {
        if (weir_slice_ends_with(line, WEIR_S("\r")))
            line.len--;
        int rc = read_line(jar, line, now, error);
        if (rc < 0) {
            error->offset = (size_t)(line.data - text.data);
            return rc;
        }
    }
    return WEIR_OK;
}

/* Into a jar of its own first, since the last line may be none. */
int weir_cookie_jar_decode(weir_cookie_jar *jar, weir_slice text, int64_t now,
                           weir_codec_error *error)
{
    weir_codec_error wrong = {WEIR_E_MEMORY, "no memory for the cookies", 0};
    weir_cookie_jar_options options = {
        .allocator = jar->allocator,
        .max_cookies = jar->max_cookies,
        .max_cookies_per_domain = jar->max_per_domain,
    };
    weir_cookie_jar *read = weir_cookie_jar_new(&options);
    if (!read)
        return weir__cookie_refuse(error, wrong.status, wrong.reason, wrong.offset);
    int rc = read_lines(read, text, now, &wrong);
    int count = (int)read->count;
    if (rc == WEIR_OK) {
        weir_cookie_jar_expire(jar, now);
        rc = weir__jar_move(jar, read);
        wrong = (weir_codec_error){rc, "no memory for the cookies", 0};
    }
    weir_cookie_jar_free(read);
    return rc < 0 ? weir__cookie_refuse(error, rc, wrong.reason, wrong.offset) : count;
}
