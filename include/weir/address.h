/**
 * The address of one end of a connection.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_ADDRESS_H
#define WEIR_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** A socket address: IPv4, IPv6 or Unix. It can be copied. */
typedef struct weir_address {
    union {
        unsigned char bytes[128]; /**< a struct sockaddr_* of the system */
        uint64_t alignment;
    } sockaddr;
    uint32_t len; /**< how many of the bytes count; 0: no address */
} weir_address;

/** Which addresses to use, in options. */
typedef enum weir_family {
    WEIR_FAMILY_ANY = 0, /**< IPv6 and IPv4 */
    WEIR_FAMILY_IPV4,
    WEIR_FAMILY_IPV6
} weir_family;

/** Enough for weir_address_text, with the NUL. */
#define WEIR_ADDRESS_TEXT_BYTES 128

/**
 * The address as people write it: "127.0.0.1:80", "[::1]:80", "/run/x.sock".
 *
 *   text   out: NUL-terminated, cut to `size`; WEIR_ADDRESS_TEXT_BYTES always fit
 *
 * An unnamed Unix socket gives "unix", no address at all "".
 */
void weir_address_text(const weir_address *address, char *text, size_t size);

/** The port, or 0 where there is none. */
int weir_address_port(const weir_address *address);

/**
 * Reads a literal IPv4 or IPv6 address, without asking anybody.
 *
 *   text   "127.0.0.1", "::1", "fe80::1%eth0"; no brackets
 *   port   0 to 65535
 *
 * Returns WEIR_OK or WEIR_E_INVALID. Short forms of IPv4 ("127.1") are refused.
 */
int weir_address_parse(weir_address *address, const char *text, int port);

/**
 * Whether everybody can be at that address: an IP address that is not private,
 * loopback, link-local, unique-local, multicast, reserved or for documentation (RFC
 * 6890), nor IPv6 with an IPv4 address inside that is. One of a Unix socket is not.
 */
bool weir_address_is_public(const weir_address *address);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
