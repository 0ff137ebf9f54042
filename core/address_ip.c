/* Which addresses belong to everybody, and which to a machine or a network alone (the
 * registries of RFC 6890).
 *
 * SPDX-License-Identifier: MIT */
#include <netinet/in.h>
#include <string.h>

#include "address.h"

/* The leading `bits` of an address. */
struct prefix {
    unsigned char bytes[16];
    unsigned bits;
};

/* The registry of IPv4: what is not globally reachable, multicast, and what is there
 * to be translated. */
static const struct prefix NOT_PUBLIC_4[] = {
    {{0}, 8},             /* this network */
    {{10}, 8},            /* private (RFC 1918) */
    {{100, 64}, 10},      /* shared, behind a carrier's NAT (RFC 6598) */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local: also where clouds keep their secrets */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation */
    {{192, 88, 99}, 24},  /* relays of 6to4 (RFC 7526) */
    {{192, 168}, 16},     /* private */
    {{198, 18}, 15},      /* benchmarks */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 3},           /* multicast, reserved, broadcast */
};

/* Of 2000::/3, the only global unicast there is so far (RFC 4291 2.4). */
static const struct prefix NOT_PUBLIC_6[] = {
    {{0x20, 0x01, 0}, 23},          /* protocol assignments, Teredo among them */
    {{0x20, 0x01, 0x0D, 0xB8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4: any IPv4 address inside */
    {{0x3F, 0xFF}, 20},             /* documentation (RFC 9637) */
};

static const struct prefix GLOBAL_UNICAST = {{0x20}, 3};
static const struct prefix MAPPED = {.bytes = {[10] = 0xFF, [11] = 0xFF}, .bits = 96};

/* RFC 6052 2.1: what an IPv4 address is called behind NAT64. */
static const struct prefix TRANSLATED = {{0, 0x64, 0xFF, 0x9B}, 96};

bool weir__ip_has_prefix(const unsigned char *ip, const unsigned char *prefix,
                         unsigned bits)
{
    unsigned whole = bits / 8;
    if (memcmp(ip, prefix, whole) != 0)
        return false;
    unsigned rest = bits % 8;
    return rest == 0 || ((ip[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

static bool has_one_of(const unsigned char *ip, const struct prefix *prefixes,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (weir__ip_has_prefix(ip, prefixes[i].bytes, prefixes[i].bits))
            return true;
    }
    return false;
}

static bool has(const unsigned char *ip, const struct prefix *prefix)
{
    return has_one_of(ip, prefix, 1);
}

size_t weir__address_ip(const weir_address *address, unsigned char ip[16])
{
    struct sockaddr header;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (address->len == 0)
        return 0;
    memcpy(&header, address->sockaddr.bytes, sizeof(header));
    if (header.sa_family == AF_INET) {
        memcpy(&in, address->sockaddr.bytes, sizeof(in));
        memcpy(ip, &in.sin_addr, 4);
        return 4;
    }
    if (header.sa_family != AF_INET6)
        return 0;
    memcpy(&in6, address->sockaddr.bytes, sizeof(in6));
    memcpy(ip, &in6.sin6_addr, 16);
    if (!has(ip, &MAPPED))
        return 16;
    memmove(ip, ip + 12, 4);
    return 4;
}

bool weir_address_is_public(const weir_address *address)
{
    unsigned char ip[16] = {0};
    size_t len = weir__address_ip(address, ip);
    if (len == 16 && has(ip, &TRANSLATED)) {
        memmove(ip, ip + 12, 4);
        len = 4;
    }
    if (len == 4)
        return !has_one_of(ip, NOT_PUBLIC_4,
                           sizeof(NOT_PUBLIC_4) / sizeof(NOT_PUBLIC_4[0]));
    return len == 16 && has(ip, &GLOBAL_UNICAST) &&
           !has_one_of(ip, NOT_PUBLIC_6,
                       sizeof(NOT_PUBLIC_6) / sizeof(NOT_PUBLIC_6[0]));
}
