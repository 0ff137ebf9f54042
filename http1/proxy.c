/* A proxy's URL, taken apart.
 *
 * SPDX-License-Identifier: MIT */
#include "proxy.h"

#include <stdio.h>
#include <string.h>
#include <weir/http_auth.h>

#include "allocator.h"
#include "ascii.h"
#include "error.h"
#include "wipe.h"

#define SOCKS_PORT 1080

/* Of a user and a password of 255 bytes. */
#define BASIC_BYTES 1024

struct scheme {
    const char *name;
    enum weir__proxy_kind kind;
};

static const struct scheme SCHEMES[] = {
    {"http", WEIR__PROXY_HTTP},     {"https", WEIR__PROXY_HTTPS},
    {"socks4", WEIR__PROXY_SOCKS4}, {"socks4a", WEIR__PROXY_SOCKS4A},
    {"socks5", WEIR__PROXY_SOCKS5}, {"socks5h", WEIR__PROXY_SOCKS5H},
    {"socks", WEIR__PROXY_SOCKS5},
};

static int fail_memory(void)
{
    return weir__fail(WEIR_E_MEMORY, "proxy", "no memory for a proxy");
}

/* Takes "scheme://" off the front. Without one it is HTTP, as everywhere. */
static const struct scheme *take_scheme(weir_slice *text)
{
    size_t end = weir_slice_find(*text, WEIR_S("://"));
    if (end >= text->len)
        return &SCHEMES[0];
    weir_slice name = {text->data, end};
    *text = weir_slice_skip(*text, end + 3);
    for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
        if (weir_slice_equal_nocase(name, weir_slice_of(SCHEMES[i].name)))
            return &SCHEMES[i];
    }
    return NULL;
}

/* Parses what is behind the scheme as a URL of another scheme. */
static int parse_as(const weir__proxy *proxy, const char *scheme, weir_slice rest,
                    weir_url *url)
{
    weir_codec_error error;
    weir_url_options options = {.allocator = proxy->allocator};
    size_t len = strlen(scheme);
    char *text = weir__malloc(proxy->allocator, len + rest.len + 1);
    if (!text)
        return fail_memory();
    snprintf(text, len + rest.len + 1, "%s%.*s", scheme, (int)rest.len, rest.data);
    int rc =
        weir_url_parse(url, (weir_slice){text, len + rest.len}, NULL, &options, &error);
    weir__wipe(text, len + rest.len);
    weir__free(proxy->allocator, text);
    return rc < 0 ? weir__fail(rc, "proxy", "the URL of the proxy: %s", error.reason)
                  : rc;
}

/* A URL leaves out the port that its scheme has by default, so that one of 80 and none
 * look alike in http, but not in https. */
static int find_socks_port(weir__proxy *proxy, weir_slice rest)
{
    weir_url url;
    int rc = parse_as(proxy, "https://", rest, &url);
    if (rc < 0)
        return rc;
    proxy->port = weir_url_port(&url) == 80 ? 80 : SOCKS_PORT;
    weir_url_clear(&url);
    return rc;
}

/* Decodes "%41" (RFC 3986 2.1). NULL without memory. */
static char *decode(const weir_allocator *allocator, weir_slice text)
{
    char *decoded = weir__malloc(allocator, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; decoded && i < text.len; i++) {
        int high = -1;
        int low = -1;
        if (text.data[i] == '%' && text.len - i > 2) {
            high = weir__ascii_hex_value(text.data[i + 1]);
            low = weir__ascii_hex_value(text.data[i + 2]);
        }
        bool encoded = high >= 0 && low >= 0;
        decoded[len++] = encoded ? (char)(high * 16 + low) : text.data[i];
        i += encoded ? 2 : 0;
    }
    if (decoded)
        decoded[len] = '\0';
    return decoded;
}

static int add_field(weir__proxy *proxy, weir_slice name, weir_slice value)
{
    char shown[64];
    int rc = weir_http_fields_add(&proxy->fields, name, value);
    if (rc == WEIR_E_MEMORY)
        return fail_memory();
    return rc < 0
               ? weir__fail(rc, "proxy",
                            "the field \"%s\" cannot be sent to a proxy (RFC 9110 5.5)",
                            weir__escape(name, shown, sizeof(shown)))
               : rc;
}

/* RFC 9110 11.7.2 */
static int add_authorization(weir__proxy *proxy)
{
    char value[BASIC_BYTES];
    size_t len;
    int rc = weir_http_basic(weir_slice_of(proxy->user), weir_slice_of(proxy->password),
                             value, sizeof(value), &len);
    if (rc < 0)
        return weir__fail(WEIR_E_INVALID, "proxy",
                          "the name or password of the proxy cannot be sent: %s",
                          rc == WEIR_E_TOO_BIG ? "it is too long"
                                               : "of a colon or a control character");
    rc = add_field(proxy, WEIR_S("Proxy-Authorization"), (weir_slice){value, len});
    weir__wipe(value, sizeof(value));
    return rc;
}

static int add_headers(weir__proxy *proxy, const weir_pair *headers)
{
    static const char *const NOT_HERE[] = {"host", "content-length",
                                           "transfer-encoding"};
    int rc = WEIR_OK;
    for (; headers && headers->name && rc == WEIR_OK; headers++) {
        weir_slice name = weir_slice_of(headers->name);
        for (size_t i = 0; i < sizeof(NOT_HERE) / sizeof(NOT_HERE[0]); i++) {
            if (weir_slice_equal_nocase(name, weir_slice_of(NOT_HERE[i])))
                return weir__fail(WEIR_E_INVALID, "proxy",
                                  "the field %s is not for a proxy's list",
                                  NOT_HERE[i]);
        }
        rc = add_field(proxy, name, weir_slice_of(headers->value));
    }
    return rc;
}

static int take_user(weir__proxy *proxy, const weir_url *url)
{
    weir_slice user = weir_url_username(url);
    weir_slice password = weir_url_password(url);
    if (user.len + password.len == 0)
        return WEIR_OK;
    if (weir_slice_find(user, WEIR_S("%00")) < user.len ||
        weir_slice_find(password, WEIR_S("%00")) < password.len)
        return weir__fail(WEIR_E_INVALID, "proxy",
                          "the name or password of the proxy has a zero byte");
    proxy->user = decode(proxy->allocator, user);
    proxy->password = decode(proxy->allocator, password);
    if (!proxy->user || !proxy->password)
        return fail_memory();
    if (!weir__proxy_is_http(proxy))
        return WEIR_OK;
    return weir_http_fields_value(&proxy->fields, WEIR_S("Proxy-Authorization")).data
               ? WEIR_OK
               : add_authorization(proxy);
}

static int take_parts(weir__proxy *proxy, const struct scheme *scheme,
                      const weir_url *url)
{
    weir_slice host = weir_url_hostname(url);
    weir_slice shown = weir_url_host(url);
    proxy->port = weir_url_port(url);
    if (weir_url_target(url).len > 1 || proxy->port == 0)
        return weir__fail(WEIR_E_INVALID, "proxy",
                          "the URL of the proxy has more than a host and a port");
    proxy->host = weir__strndup(proxy->allocator, host.data, host.len);
    if (!proxy->host)
        return fail_memory();
    snprintf(proxy->shown, sizeof(proxy->shown), "%s://%.*s", scheme->name,
             (int)(shown.len < 50 ? shown.len : 50), shown.data);
    return take_user(proxy, url);
}

static int parse(weir__proxy *proxy, weir_slice text)
{
    weir_url url;
    const struct scheme *scheme = take_scheme(&text);
    if (!scheme)
        return weir__fail(
            WEIR_E_UNSUPPORTED, "proxy",
            "the URL of the proxy is of no scheme of proxies: http, https, "
            "socks4, socks4a, socks5, socks5h");
    proxy->kind = scheme->kind;
    int rc = parse_as(proxy, scheme->kind == WEIR__PROXY_HTTPS ? "https://" : "http://",
                      text, &url);
    if (rc < 0)
        return rc;
    rc = take_parts(proxy, scheme, &url);
    weir_url_clear(&url);
    if (rc == WEIR_OK && !weir__proxy_is_http(proxy) && proxy->port == 80)
        rc = find_socks_port(proxy, text);
    size_t len = strlen(proxy->shown);
    snprintf(proxy->shown + len, sizeof(proxy->shown) - len, ":%d", proxy->port);
    return rc;
}

int weir__proxy_new(weir__proxy **proxy, const weir_allocator *allocator,
                    const char *text, const weir_pair *headers)
{
    weir__proxy *made = weir__calloc(allocator, 1, sizeof(*made));
    if (!made)
        return fail_memory();
    made->holders = 1;
    made->allocator = allocator;
    weir_http_fields_init(&made->fields, allocator, NULL);
    int rc = add_headers(made, headers);
    if (rc == WEIR_OK)
        rc = parse(made, weir_slice_of(text));
    if (rc < 0)
        weir__proxy_release(made);
    else
        *proxy = made;
    return rc;
}

weir__proxy *weir__proxy_hold(weir__proxy *proxy)
{
    if (proxy)
        proxy->holders++;
    return proxy;
}

static void wipe_and_free(const weir_allocator *allocator, char *text)
{
    if (text)
        weir__wipe(text, strlen(text));
    weir__free(allocator, text);
}

void weir__proxy_release(weir__proxy *proxy)
{
    if (!proxy || --proxy->holders > 0)
        return;
    weir_http_fields_clear(&proxy->fields);
    wipe_and_free(proxy->allocator, proxy->user);
    wipe_and_free(proxy->allocator, proxy->password);
    weir__free(proxy->allocator, proxy->host);
    weir__free(proxy->allocator, proxy);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_fields(const weir_http_fields *a, const weir_http_fields *b)
{
    size_t count = weir_http_fields_count(a);
    if (count != weir_http_fields_count(b))
        return false;
    for (size_t i = 0; i < count; i++) {
        weir_http_field one = weir_http_fields_at(a, i);
        weir_http_field other = weir_http_fields_at(b, i);
        if (!weir_slice_equal_nocase(one.name, other.name) ||
            !weir_slice_equal(one.value, other.value))
            return false;
    }
    return true;
}

bool weir__proxy_same(const weir__proxy *a, const weir__proxy *b)
{
    if (!a || !b || a == b)
        return a == b;
    return a->kind == b->kind && a->port == b->port && a->tls == b->tls &&
           same_text(a->host, b->host) && same_text(a->user, b->user) &&
           same_text(a->password, b->password) && same_fields(&a->fields, &b->fields);
}
