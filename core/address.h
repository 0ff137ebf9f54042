/* Addresses for the socket calls.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_ADDRESS_H
#define WEIR_CORE_ADDRESS_H

#include <sys/socket.h>
#include <weir/address.h>

struct sockaddr *weir__address_sockaddr(weir_address *address);

/* Sets the port of an IPv4 or IPv6 address. */
void weir__address_set_port(weir_address *address, int port);

/* The address of a path. WEIR_OK, or WEIR_E_INVALID when it is empty or too long. */
int weir__address_unix(weir_address *address, const char *path);

#endif
