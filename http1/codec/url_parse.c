/* The parser of URLs (WHATWG URL 4.4), for the schemes that have a host and a
 * default port: the parts in their order, each read once.
 *
 *   scheme -> authority: userinfo, host, port -> path -> query -> fragment
 *          -> relative: as much as it leaves out comes from the base
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/status.h>

#include "allocator.h"
#include "ascii.h"
#include "url_inside.h"

#define DEFAULT_MAX_BYTES 65536
#define MOST_BYTES        ((size_t)1 << 30) /* so that offsets fit in 32 bits */

/* The percent-encode sets of WHATWG URL 1.3, without controls and the space. */
#define FRAGMENT_SET "\"<>`"
#define QUERY_SET    "\"#<>'"
#define PATH_SET     "\"#<>?^`{}"
#define USERINFO_SET PATH_SET "/:;=@[\\]|"

struct parser {
    weir_slice text; /* without the tabs and line ends, and the blanks around it */
    size_t at;
    weir__buffer out;
    weir__url url;
    const weir__url *base; /* or NULL */
    const char *reason;
};

static int refuse(struct parser *p, int status, const char *reason)
{
    p->reason = reason;
    return status;
}

static uint32_t here(const struct parser *p)
{
    return (uint32_t)weir__buffer_len(&p->out);
}

static int put(struct parser *p, weir_slice bytes)
{
    return weir__buffer_append(&p->out, bytes);
}

/* The next byte; NUL at the end, which none of the callers looks for. */
static char peek(const struct parser *p, size_t ahead)
{
    return ahead < p->text.len - p->at ? p->text.data[p->at + ahead] : '\0';
}

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* The length of what comes before one of the `stops` or the end. */
static size_t span_until(const struct parser *p, const char *stops)
{
    size_t len = 0;
    size_t left = p->text.len - p->at;
    while (len < left && (peek(p, len) == '\0' || !strchr(stops, peek(p, len))))
        len++;
    return len;
}

static weir_slice take(struct parser *p, size_t len)
{
    weir_slice taken = {p->text.data + p->at, len};
    p->at += len;
    return taken;
}

static weir_slice of_base(const struct parser *p, uint32_t start, uint32_t end)
{
    return (weir_slice){p->base->text + start, end - start};
}

/* A port of digits, or none; the default one is left out. */
static int read_port(struct parser *p, weir_slice digits, uint16_t default_port)
{
    uint32_t port = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!weir__ascii_is_digit(digits.data[i]))
            return refuse(p, WEIR_E_INVALID, "a port is a number");
        port = port * 10 + (uint32_t)(digits.data[i] - '0');
        if (port > UINT16_MAX)
            return refuse(p, WEIR_E_INVALID, "a port is at most 65535");
    }
    p->url.port = default_port;
    if (digits.len == 0 || port == default_port)
        return WEIR_OK;
    p->url.port = (uint16_t)port;
    char text[6];
    size_t at = sizeof(text);
    do {
        text[--at] = (char)('0' + port % 10);
        port /= 10;
    } while (port > 0);
    text[--at] = ':';
    return put(p, (weir_slice){text + at, sizeof(text) - at});
}

static int read_userinfo(struct parser *p, weir_slice userinfo)
{
    weir_slice user = userinfo;
    weir_slice rest = userinfo;
    weir_slice_split(&rest, ':', &user);
    int rc = weir__url_encode(&p->out, user, USERINFO_SET);
    p->url.user_end = here(p);
    if (rc == WEIR_OK && rest.len > 0)
        rc = put(p, WEIR_S(":"));
    if (rc == WEIR_OK && rest.len > 0)
        rc = weir__url_encode(&p->out, rest, USERINFO_SET);
    if (rc == WEIR_OK && (user.len > 0 || rest.len > 0))
        rc = put(p, WEIR_S("@"));
    return rc;
}

/* Where the userinfo ends: the last "@"; 0 when there is none. */
static size_t find_at_sign(weir_slice authority)
{
    size_t at = authority.len;
    while (at > 0 && authority.data[at - 1] != '@')
        at--;
    return at;
}

/* The colon before the port: the first that is not in brackets. */
static size_t find_port(weir_slice host_and_port)
{
    bool literal = false;
    for (size_t i = 0; i < host_and_port.len; i++) {
        char c = host_and_port.data[i];
        if (c == ':' && !literal)
            return i;
        literal = c == '[' || (literal && c != ']');
    }
    return host_and_port.len;
}

static int read_authority(struct parser *p)
{
    uint16_t default_port =
        weir__url_default_port((weir_slice){p->out.memory, p->url.scheme_end});
    while (is_slash(peek(p, 0)))
        p->at++;
    weir_slice authority = {p->text.data + p->at, span_until(p, "/\\?#")};
    size_t at_sign = find_at_sign(authority);
    int rc = WEIR_OK;
    p->url.user_end = here(p);
    if (at_sign > 0)
        rc = read_userinfo(p, (weir_slice){authority.data, at_sign - 1});
    if (rc < 0)
        return rc;
    p->at += at_sign;
    p->url.host = here(p);
    weir_slice host = weir_slice_skip(authority, at_sign);
    weir_slice port = weir_slice_skip(host, find_port(host));
    host.len -= port.len;
    if (host.len == 0)
        return refuse(p, WEIR_E_INVALID, "no host");
    rc = weir__url_put_host(&p->out, host, &p->reason);
    if (rc < 0)
        return rc;
    p->url.host_end = here(p);
    p->at += host.len;
    rc = read_port(p, weir_slice_skip(port, 1), default_port);
    if (rc == WEIR_OK)
        p->at += port.len;
    return rc;
}

/* Takes a dot off the front, plain or percent-encoded. */
static bool take_dot(weir_slice *segment)
{
    if (weir_slice_starts_with(*segment, WEIR_S("."))) {
        *segment = weir_slice_skip(*segment, 1);
        return true;
    }
    if (segment->len < 3 ||
        !weir_slice_equal_nocase((weir_slice){segment->data, 3}, WEIR_S("%2e")))
        return false;
    *segment = weir_slice_skip(*segment, 3);
    return true;
}

/* 1 for ".", 2 for "..", else 0. */
static int count_dots(weir_slice segment)
{
    int dots = 0;
    while (dots < 3 && take_dot(&segment))
        dots++;
    return segment.len == 0 && dots < 3 ? dots : 0;
}

/* Drops the last segment of the path, and the slash before it. */
static void shorten_path(struct parser *p)
{
    while (p->out.end > p->url.path && p->out.memory[--p->out.end] != '/')
        ;
}

static int read_segments(struct parser *p)
{
    bool more = true;
    while (more) {
        weir_slice segment = take(p, span_until(p, "/\\?#"));
        int dots = count_dots(segment);
        int rc = WEIR_OK;
        more = is_slash(peek(p, 0));
        p->at += more;
        if (dots == 2)
            shorten_path(p);
        if (dots == 0 || !more)
            rc = put(p, WEIR_S("/"));
        if (rc == WEIR_OK && dots == 0)
            rc = weir__url_encode(&p->out, segment, PATH_SET);
        if (rc < 0)
            return rc;
    }
    return WEIR_OK;
}

static int read_path(struct parser *p)
{
    p->url.path = here(p);
    if (is_slash(peek(p, 0)))
        p->at++;
    return read_segments(p);
}

static int read_query(struct parser *p)
{
    p->url.query = here(p);
    if (peek(p, 0) != '?')
        return WEIR_OK;
    p->at++;
    int rc = put(p, WEIR_S("?"));
    if (rc == WEIR_OK)
        rc = weir__url_encode(&p->out, take(p, span_until(p, "#")), QUERY_SET);
    return rc;
}

static int read_fragment(struct parser *p)
{
    int rc = WEIR_OK;
    p->url.fragment = here(p);
    if (peek(p, 0) == '#') {
        p->at++;
        rc = put(p, WEIR_S("#"));
        if (rc == WEIR_OK)
            rc = weir__url_encode(&p->out, take(p, p->text.len - p->at), FRAGMENT_SET);
    }
    p->url.len = here(p);
    return rc;
}

/* Everything of the base up to its path. */
static int copy_authority(struct parser *p)
{
    const weir__url *base = p->base;
    p->url.user_end = base->user_end;
    p->url.host = base->host;
    p->url.host_end = base->host_end;
    p->url.port = base->port;
    return put(p, of_base(p, here(p), base->path));
}

/* A reference to the base's host: WHATWG's relative state. */
static int read_relative(struct parser *p)
{
    const weir__url *base = p->base;
    int rc = copy_authority(p);
    if (rc < 0)
        return rc;
    if (is_slash(peek(p, 0)))
        return read_path(p);
    p->url.path = here(p);
    rc = put(p, of_base(p, base->path, base->query));
    if (rc < 0)
        return rc;
    if (p->at == p->text.len || peek(p, 0) == '#') {
        p->url.query = here(p);
        return put(p, of_base(p, base->query, base->fragment));
    }
    if (peek(p, 0) == '?')
        return WEIR_OK;
    shorten_path(p);
    return read_segments(p);
}

/* The length of a scheme with its colon at the front; 0 when there is none. */
static size_t scheme_len(weir_slice text)
{
    size_t len = 0;
    if (text.len == 0 || !weir__ascii_is_alpha(text.data[0]))
        return 0;
    while (len < text.len && text.data[len] != ':') {
        char c = text.data[len++];
        if (!weir__ascii_is_alpha(c) && !weir__ascii_is_digit(c) &&
            (c == '\0' || !strchr("+-.", c)))
            return 0;
    }
    return len < text.len ? len + 1 : 0;
}

/* Writes the scheme and "://"; says whether the reference is relative to the base. */
static int read_scheme(struct parser *p, bool *relative)
{
    char scheme[5];
    size_t len = scheme_len(p->text);
    if (len > sizeof(scheme) + 1)
        return refuse(p, WEIR_E_UNSUPPORTED, "a scheme other than http and ws");
    for (size_t i = 0; i + 1 < len; i++)
        scheme[i] = weir__ascii_lower(p->text.data[i]);
    weir_slice name = {scheme, len ? len - 1 : 0};
    weir_slice base = {NULL, 0};
    if (p->base)
        base = of_base(p, 0, p->base->scheme_end);
    if (len > 0 && weir__url_default_port(name) == 0)
        return refuse(p, WEIR_E_UNSUPPORTED, "a scheme other than http and ws");
    if (len == 0 && !p->base)
        return refuse(p, WEIR_E_INVALID, "a relative URL without a base");
    *relative = len == 0 || weir_slice_equal(name, base);
    p->at = len;
    p->url.scheme_end = (uint32_t)(len ? name.len : base.len);
    int rc = put(p, len ? name : base);
    return rc == WEIR_OK ? put(p, WEIR_S("://")) : rc;
}

/* Whether what follows the scheme begins an authority in spite of the base. */
static bool has_authority(const struct parser *p)
{
    return is_slash(peek(p, 0)) && is_slash(peek(p, 1));
}

static int read_url(struct parser *p)
{
    bool relative;
    int rc = read_scheme(p, &relative);
    if (rc < 0)
        return rc;
    p->url.query = 0;
    if (relative && !has_authority(p)) {
        rc = read_relative(p);
    } else {
        rc = read_authority(p);
        if (rc == WEIR_OK)
            rc = read_path(p);
    }
    if (rc == WEIR_OK && p->url.query == 0)
        rc = read_query(p);
    return rc == WEIR_OK ? read_fragment(p) : rc;
}

static bool is_dropped(char c)
{
    return c == '\t' || c == '\n' || c == '\r';
}

/* C0 control or space */
static bool is_around(char c)
{
    return c >= '\0' && c <= ' ';
}

/* The text without what the standard ignores: a part of it where that will do, else
 * a copy in `*copy`. */
static int clean(struct parser *p, weir_slice text, char **copy)
{
    size_t dropped = 0;
    size_t len = 0;
    while (text.len > 0 && is_around(text.data[0]))
        text = weir_slice_skip(text, 1);
    while (text.len > 0 && is_around(text.data[text.len - 1]))
        text.len--;
    for (size_t i = 0; i < text.len; i++)
        dropped += is_dropped(text.data[i]);
    p->text = text;
    if (dropped == 0)
        return WEIR_OK;
    *copy = weir__malloc(p->out.allocator, text.len);
    if (!*copy)
        return WEIR_E_MEMORY;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_dropped(text.data[i]))
            (*copy)[len++] = text.data[i];
    }
    p->text = (weir_slice){*copy, len};
    return WEIR_OK;
}

/* The offset in the caller's text of the parser's place in the cleaned one. */
static size_t offset_in(weir_slice text, size_t at)
{
    size_t i = 0;
    while (i < text.len && is_around(text.data[i]))
        i++;
    for (; i < text.len; i++) {
        if (is_dropped(text.data[i]))
            continue;
        if (at-- == 0)
            break;
    }
    return i;
}

static const char *reason_of(const struct parser *p, int status)
{
    if (status == WEIR_E_MEMORY)
        return "no memory for a URL";
    if (status == WEIR_E_TOO_BIG)
        return "a URL is over the limit";
    return p->reason;
}

int weir_url_parse(weir_url *url, weir_slice text, const weir_url *base,
                   const weir_url_options *options, weir_codec_error *error)
{
    size_t max = options && options->max_bytes ? options->max_bytes : DEFAULT_MAX_BYTES;
    const weir_allocator *allocator = options ? options->allocator : NULL;
    struct parser p = {.base = base ? weir__url_of_const(base) : NULL};
    char *copy = NULL;
    if (max > MOST_BYTES)
        max = MOST_BYTES;
    if (p.base && !p.base->text)
        p.base = NULL;
    weir__buffer_init(&p.out, allocator, max);
    int rc = text.len > max ? WEIR_E_TOO_BIG : clean(&p, text, &copy);
    if (rc == WEIR_OK)
        rc = read_url(&p);
    weir__free(allocator, copy);
    if (rc == WEIR_OK) {
        p.url.allocator = allocator;
        p.url.text = p.out.memory;
        p.url.max_bytes = (uint32_t)max;
        *weir__url_of(url) = p.url;
        return WEIR_OK;
    }
    weir__buffer_clear(&p.out);
    if (error)
        *error = (weir_codec_error){rc, reason_of(&p, rc), offset_in(text, p.at)};
    return rc;
}
