/* The variable no_proxy, of which there is no standard: what curl and most others read.
 *
 * SPDX-License-Identifier: MIT */
#include "no_proxy.h"

#include <string.h>

#include "address.h"

struct place {
    weir_slice host;
    int port;
    unsigned char ip[16];
    size_t ip_len; /* 0: a name */
};

/* "a.test." is "a.test" (RFC 1034 3.1). */
static weir_slice without_dot(weir_slice host)
{
    if (host.len > 1 && host.data[host.len - 1] == '.')
        host.len--;
    return host;
}

static size_t read_ip(weir_slice text, unsigned char ip[16])
{
    char copy[64];
    weir_address address;
    if (text.len == 0 || text.len >= sizeof(copy))
        return 0;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return weir_address_parse(&address, copy, 0) < 0 ? 0
                                                     : weir__address_ip(&address, ip);
}

/* -1 for what is no number up to `most`. */
static int read_number(weir_slice digits, int most)
{
    int number = digits.len > 0 ? 0 : -1;
    for (size_t i = 0; i < digits.len && number >= 0; i++) {
        char c = digits.data[i];
        number = c >= '0' && c <= '9' ? number * 10 + (c - '0') : -1;
        if (number > most)
            number = -1;
    }
    return number;
}

/* Takes ":80" off the end, where it is no part of an IPv6 address, and brackets. The
 * port is 0 where there is none, and -1 where it is none. */
static int take_port(weir_slice *item)
{
    const char *colon = NULL;
    if (item->data[0] == '[') {
        const char *end = memchr(item->data, ']', item->len);
        if (!end)
            return -1;
        weir_slice rest = weir_slice_skip(*item, (size_t)(end - item->data) + 1);
        *item = (weir_slice){item->data + 1, (size_t)(end - item->data) - 1};
        if (rest.len == 0)
            return 0;
        return rest.data[0] == ':' ? read_number(weir_slice_skip(rest, 1), 65535) : -1;
    }
    colon = memchr(item->data, ':', item->len);
    if (!colon)
        return 0;
    weir_slice rest = weir_slice_skip(*item, (size_t)(colon - item->data) + 1);
    if (memchr(rest.data, ':', rest.len))
        return 0;
    item->len = (size_t)(colon - item->data);
    return read_number(rest, 65535);
}

static bool is_in_block(const struct place *place, weir_slice item)
{
    unsigned char ip[16];
    weir_slice address = item;
    const char *slash = memchr(item.data, '/', item.len);
    if (slash)
        address.len = (size_t)(slash - item.data);
    size_t len = read_ip(address, ip);
    int bits = (int)len * 8;
    if (slash)
        bits = read_number(weir_slice_skip(item, address.len + 1), bits);
    return len > 0 && len == place->ip_len && bits >= 0 &&
           weir__ip_has_prefix(place->ip, ip, (unsigned)bits);
}

static bool is_below(weir_slice host, weir_slice domain)
{
    if (weir_slice_starts_with(domain, WEIR_S("*.")))
        domain = weir_slice_skip(domain, 1);
    if (domain.len > 0 && domain.data[0] == '.')
        domain = weir_slice_skip(domain, 1);
    domain = without_dot(domain);
    if (domain.len == 0 || host.len < domain.len)
        return false;
    size_t before = host.len - domain.len;
    return weir_slice_equal_nocase(weir_slice_skip(host, before), domain) &&
           (before == 0 || host.data[before - 1] == '.');
}

static bool fits(const struct place *place, weir_slice item)
{
    if (weir_slice_equal(item, WEIR_S("*")))
        return true;
    int port = take_port(&item);
    if (port < 0 || (port > 0 && port != place->port) || item.len == 0)
        return false;
    return place->ip_len > 0 ? is_in_block(place, item) : is_below(place->host, item);
}

static bool is_between(char c)
{
    return c == ',' || c == ' ' || c == '\t';
}

bool weir__no_proxy_has(const char *list, const weir_url *url)
{
    struct place place = {.host = without_dot(weir_url_hostname(url)),
                          .port = weir_url_port(url)};
    place.ip_len = read_ip(place.host, place.ip);
    while (*list) {
        size_t len = 0;
        while (list[len] && !is_between(list[len]))
            len++;
        if (len > 0 && fits(&place, (weir_slice){list, len}))
            return true;
        list += len + (list[len] != '\0');
    }
    return false;
}
