/* Addresses as text and back.
 *
 * SPDX-License-Identifier: MIT */
#include "address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <weir/status.h>

_Static_assert(sizeof(struct sockaddr_un) <= 128, "an address fits");

struct sockaddr *weir__address_sockaddr(weir_address *address)
{
    return (struct sockaddr *)(void *)address->sockaddr.bytes;
}

static int family(const weir_address *address)
{
    struct sockaddr header;
    if (address->len == 0)
        return AF_UNSPEC;
    memcpy(&header, address->sockaddr.bytes, sizeof(header));
    return header.sa_family;
}

static void ipv4_text(const weir_address *address, char *text, size_t size)
{
    struct sockaddr_in in;
    char host[INET_ADDRSTRLEN] = "";
    memcpy(&in, address->sockaddr.bytes, sizeof(in));
    inet_ntop(AF_INET, &in.sin_addr, host, sizeof(host));
    snprintf(text, size, "%s:%d", host, ntohs(in.sin_port));
}

static void ipv6_text(const weir_address *address, char *text, size_t size)
{
    struct sockaddr_in6 in;
    char host[INET6_ADDRSTRLEN] = "";
    char zone[16] = "";
    memcpy(&in, address->sockaddr.bytes, sizeof(in));
    inet_ntop(AF_INET6, &in.sin6_addr, host, sizeof(host));
    if (in.sin6_scope_id != 0)
        snprintf(zone, sizeof(zone), "%%%u", (unsigned)in.sin6_scope_id);
    snprintf(text, size, "[%s%s]:%d", host, zone, ntohs(in.sin6_port));
}

static void unix_text(const weir_address *address, char *text, size_t size)
{
    size_t head = offsetof(struct sockaddr_un, sun_path);
    const char *path = (const char *)address->sockaddr.bytes + head;
    size_t len = address->len > head ? address->len - head : 0;
    if (len > 0 && path[0] == '\0') /* Linux: the abstract name space */
        snprintf(text, size, "@%.*s", (int)(len - 1), path + 1);
    else
        snprintf(text, size, "%.*s", len > 0 ? (int)len : 4, len > 0 ? path : "unix");
}

void weir_address_text(const weir_address *address, char *text, size_t size)
{
    switch (family(address)) {
    case AF_INET:
        ipv4_text(address, text, size);
        break;
    case AF_INET6:
        ipv6_text(address, text, size);
        break;
    case AF_UNIX:
        unix_text(address, text, size);
        break;
    default:
        snprintf(text, size, "%s", "");
        break;
    }
}

int weir_address_port(const weir_address *address)
{
    struct sockaddr_in in;
    int kind = family(address);
    if (kind != AF_INET && kind != AF_INET6)
        return 0;
    memcpy(&in, address->sockaddr.bytes,
           sizeof(in)); /* the port is at the same place */
    return ntohs(in.sin_port);
}

void weir__address_set_port(weir_address *address, int port)
{
    struct sockaddr_in in;
    memcpy(&in, address->sockaddr.bytes, sizeof(in)); /* as above */
    in.sin_port = htons((uint16_t)port);
    memcpy(address->sockaddr.bytes, &in, sizeof(in));
}

static void store(weir_address *address, const void *sockaddr, size_t len)
{
    memset(address, 0, sizeof(*address));
    memcpy(address->sockaddr.bytes, sockaddr, len);
    address->len = (uint32_t)len;
}

static int parse_ipv6(weir_address *address, const char *text, int port)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6,
                              .sin6_port = htons((uint16_t)port)};
    char host[INET6_ADDRSTRLEN];
    const char *zone = strchr(text, '%');
    size_t len = zone ? (size_t)(zone - text) : strlen(text);
    if (len >= sizeof(host))
        return WEIR_E_INVALID;
    memcpy(host, text, len);
    host[len] = '\0';
    if (inet_pton(AF_INET6, host, &in.sin6_addr) != 1)
        return WEIR_E_INVALID;
    if (zone)
        in.sin6_scope_id = if_nametoindex(zone + 1);
    if (zone && in.sin6_scope_id == 0)
        return WEIR_E_INVALID;
    store(address, &in, sizeof(in));
    return WEIR_OK;
}

int weir_address_parse(weir_address *address, const char *text, int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (port < 0 || port > 65535)
        return WEIR_E_INVALID;
    if (inet_pton(AF_INET, text, &in.sin_addr) != 1)
        return parse_ipv6(address, text, port);
    store(address, &in, sizeof(in));
    return WEIR_OK;
}

int weir__address_unix(weir_address *address, const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(un.sun_path))
        return WEIR_E_INVALID;
    memcpy(un.sun_path, path, len);
    store(address, &un, sizeof(un));
    return WEIR_OK;
}
