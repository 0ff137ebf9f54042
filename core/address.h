/* Addresses for the socket calls.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_ADDRESS_H
#define WEIR_CORE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <weir/address.h>

struct sockaddr *weir__address_sockaddr(weir_address *address);

/* Sets the port of an IPv4 or IPv6 address. */
void weir__address_set_port(weir_address *address, int port);

/* The address of a path. WEIR_OK, or WEIR_E_INVALID when it is empty or too long. */
int weir__address_unix(weir_address *address, const char *path);

/* The bytes of an IP address, that of IPv4 also where it is mapped into IPv6. Returns 4
 * or 16, or 0 for other addresses. */
size_t weir__address_ip(const weir_address *address, unsigned char ip[16]);

/* Whether both have the same leading bits. */
bool weir__ip_has_prefix(const unsigned char *ip, const unsigned char *prefix,
                         unsigned bits);

#endif
