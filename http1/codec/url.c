/* URLs once they are parsed: their parts, and parameters added to them.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/status.h>

#include "allocator.h"
#include "ascii.h"
#include "url_inside.h"

/* application/x-www-form-urlencoded leaves letters, digits and these (WHATWG URL
 * 1.3); all other bytes are encoded. */
#define FORM_SET "!\"#$%&'()+,/:;<=>?@[\\]^`{|}~"

uint16_t weir__url_default_port(weir_slice scheme)
{
    if (weir_slice_equal(scheme, WEIR_S("http")) ||
        weir_slice_equal(scheme, WEIR_S("ws")))
        return 80;
    if (weir_slice_equal(scheme, WEIR_S("https")) ||
        weir_slice_equal(scheme, WEIR_S("wss")))
        return 443;
    return 0;
}

int weir__url_encode(weir__buffer *out, weir_slice bytes, const char *set)
{
    while (bytes.len > 0) {
        size_t plain = 0;
        while (plain < bytes.len && bytes.data[plain] > ' ' &&
               bytes.data[plain] <= '~' && !strchr(set, bytes.data[plain]))
            plain++;
        int rc = weir__buffer_append(out, (weir_slice){bytes.data, plain});
        bytes = weir_slice_skip(bytes, plain);
        if (rc < 0 || bytes.len == 0)
            return rc;
        unsigned char c = (unsigned char)bytes.data[0];
        char escape[3] = {'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};
        rc = weir__buffer_append(out, (weir_slice){escape, sizeof(escape)});
        if (rc < 0)
            return rc;
        bytes = weir_slice_skip(bytes, 1);
    }
    return WEIR_OK;
}

int weir_url_copy(weir_url *copy, const weir_url *url)
{
    weir__url c = *weir__url_of_const(url);
    if (c.text) {
        c.text = weir__malloc(c.allocator, c.len);
        if (!c.text)
            return WEIR_E_MEMORY;
        memcpy(c.text, weir__url_of_const(url)->text, c.len);
    }
    *weir__url_of(copy) = c;
    return WEIR_OK;
}

void weir_url_clear(weir_url *url)
{
    weir__url *u = weir__url_of(url);
    weir__free(u->allocator, u->text);
    *u = (weir__url){0};
}

static weir_slice part(const weir_url *url, uint32_t start, uint32_t end)
{
    const weir__url *u = weir__url_of_const(url);
    if (!u->text || end <= start)
        return (weir_slice){u->text ? u->text + start : NULL, 0};
    return (weir_slice){u->text + start, end - start};
}

weir_slice weir_url_href(const weir_url *url)
{
    return part(url, 0, weir__url_of_const(url)->len);
}

weir_slice weir_url_scheme(const weir_url *url)
{
    return part(url, 0, weir__url_of_const(url)->scheme_end);
}

weir_slice weir_url_username(const weir_url *url)
{
    const weir__url *u = weir__url_of_const(url);
    return part(url, u->scheme_end + 3, u->user_end);
}

weir_slice weir_url_password(const weir_url *url)
{
    const weir__url *u = weir__url_of_const(url);
    return part(url, u->user_end + 1, u->host - 1);
}

weir_slice weir_url_host(const weir_url *url)
{
    const weir__url *u = weir__url_of_const(url);
    return part(url, u->host, u->host_end);
}

weir_slice weir_url_hostname(const weir_url *url)
{
    weir_slice host = weir_url_host(url);
    if (!weir_slice_starts_with(host, WEIR_S("[")))
        return host;
    return (weir_slice){host.data + 1, host.len - 2};
}

weir_slice weir_url_authority(const weir_url *url)
{
    const weir__url *u = weir__url_of_const(url);
    return part(url, u->host, u->path);
}

uint16_t weir_url_port(const weir_url *url)
{
    return weir__url_of_const(url)->port;
}

weir_slice weir_url_path(const weir_url *url)
{
    const weir__url *u = weir__url_of_const(url);
    return part(url, u->path, u->query);
}

weir_slice weir_url_query(const weir_url *url)
{
    const weir__url *u = weir__url_of_const(url);
    return part(url, u->query + 1, u->fragment);
}

weir_slice weir_url_fragment(const weir_url *url)
{
    const weir__url *u = weir__url_of_const(url);
    return part(url, u->fragment + 1, u->len);
}

weir_slice weir_url_target(const weir_url *url)
{
    const weir__url *u = weir__url_of_const(url);
    return part(url, u->path, u->fragment);
}

weir_slice weir_url_without_fragment(const weir_url *url)
{
    return part(url, 0, weir__url_of_const(url)->fragment);
}

bool weir_url_is_secure(const weir_url *url)
{
    weir_slice scheme = weir_url_scheme(url);
    return weir_slice_equal(scheme, WEIR_S("https")) ||
           weir_slice_equal(scheme, WEIR_S("wss"));
}

bool weir_url_same_origin(const weir_url *a, const weir_url *b)
{
    return weir_slice_equal(weir_url_scheme(a), weir_url_scheme(b)) &&
           weir_slice_equal(weir_url_host(a), weir_url_host(b)) &&
           weir_url_port(a) == weir_url_port(b);
}

/* A name or a value, as forms encode it: a space is "+". */
static int put_form(weir__buffer *out, weir_slice text)
{
    int rc = WEIR_OK;
    weir_slice word;
    for (bool first = true; rc == WEIR_OK && weir_slice_split(&text, ' ', &word);
         first = false) {
        if (!first)
            rc = weir__buffer_append(out, WEIR_S("+"));
        if (rc == WEIR_OK)
            rc = weir__url_encode(out, word, FORM_SET);
    }
    return rc;
}

/* What goes between a query and another parameter. */
static weir_slice separator(const weir_url *url)
{
    const weir__url *u = weir__url_of_const(url);
    if (u->query == u->fragment)
        return WEIR_S("?");
    return weir_url_query(url).len > 0 ? WEIR_S("&") : WEIR_S("");
}

static int put_with_param(weir__buffer *out, const weir_url *url, weir_slice name,
                          weir_slice value)
{
    int rc = weir__buffer_append(out, weir_url_without_fragment(url));
    if (rc == WEIR_OK)
        rc = weir__buffer_append(out, separator(url));
    if (rc == WEIR_OK)
        rc = put_form(out, name);
    if (rc == WEIR_OK)
        rc = weir__buffer_append(out, WEIR_S("="));
    return rc == WEIR_OK ? put_form(out, value) : rc;
}

int weir_url_add_param(weir_url *url, weir_slice name, weir_slice value)
{
    weir__url *u = weir__url_of(url);
    weir__buffer out;
    if (!u->text)
        return WEIR_E_MISUSE;
    weir__buffer_init(&out, u->allocator, u->max_bytes);
    int rc = put_with_param(&out, url, name, value);
    uint32_t fragment = (uint32_t)weir__buffer_len(&out);
    if (rc == WEIR_OK)
        rc = weir__buffer_append(&out, part(url, u->fragment, u->len));
    if (rc < 0) {
        weir__buffer_clear(&out);
        return rc;
    }
    weir__free(u->allocator, u->text);
    u->text = out.memory;
    u->fragment = fragment;
    u->len = (uint32_t)weir__buffer_len(&out);
    return WEIR_OK;
}
