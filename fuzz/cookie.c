/* Set-Cookie, taken apart.
 *
 * - What was taken apart, put together and taken apart is the same: a fixed point.
 * - Names and values have no control character but the tab, no semicolon, no blank at
 *   their ends, and at most 4096 bytes together; names have no equals sign.
 * - A time to expire at is at most 400 days away.
 * - A refusal has a status, a reason, and an offset within the text.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/cookies.h>

#include "harness.h"

static const int64_t NOW = 1700000000;

static void check_text(weir_slice text, size_t most)
{
    HOLDS(text.len <= most);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        HOLDS((c >= ' ' || c == '\t') && c != 0x7F && c != ';');
    }
}

static bool same(weir_slice a, weir_slice b)
{
    return weir_slice_equal(a, b) && !a.data == !b.data;
}

static void check_fixed_point(const weir_cookie *c)
{
    static const char *const SAME_SITE[] = {"", "None", "Lax", "Strict"};
    static char text[16384];
    weir_cookie again;
    int len = snprintf(
        text, sizeof(text), "%.*s=%.*s; Domain=.%.*s%s%.*s%s%s; SameSite=%s",
        (int)c->name.len, c->name.data, (int)c->value.len, c->value.data,
        (int)c->domain.len, c->domain.data, c->path.data ? "; Path=" : "",
        (int)c->path.len, c->path.data ? c->path.data : "", c->secure ? "; Secure" : "",
        c->http_only ? "; HttpOnly" : "", SAME_SITE[c->same_site]);
    if (c->expires != 0)
        len += snprintf(text + len, 64, "; Max-Age=%lld",
                        c->expires > NOW ? (long long)(c->expires - NOW) : 0);
    HOLDS(weir_cookie_parse(&again, (weir_slice){text, (size_t)len}, NOW, NULL) == 0);
    HOLDS(same(again.name, c->name) && same(again.value, c->value));
    HOLDS(weir_slice_equal(again.domain, c->domain) && same(again.path, c->path));
    HOLDS(again.subdomains == c->subdomains && again.secure == c->secure);
    HOLDS(again.http_only == c->http_only && again.same_site == c->same_site);
    HOLDS(again.expires == (c->expires > NOW || c->expires == 0 ? c->expires : -1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_slice input = {(const char *)data, size};
    weir_codec_error error = {0};
    weir_cookie c;
    int rc = weir_cookie_parse(&c, input, NOW, &error);
    if (rc < 0) {
        HOLDS(error.status == rc && error.reason && error.offset <= input.len);
        return 0;
    }
    check_text(c.name, 4096);
    check_text(c.value, 4096 - c.name.len);
    check_text(c.domain, 1024);
    check_text(c.path, 1024);
    HOLDS(weir_slice_trim(c.name).len == c.name.len);
    HOLDS(weir_slice_trim(c.value).len == c.value.len);
    HOLDS(!c.name.len || !memchr(c.name.data, '=', c.name.len));
    HOLDS(c.name.len + c.value.len > 0 && c.expires <= NOW + 34560000);
    HOLDS(c.subdomains == (c.domain.len > 0));
    check_fixed_point(&c);
    return 0;
}
