/* The name of a server: what a client asks for, and what a certificate must be for.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_SERVER_NAME_H
#define WEIR_TLS_SERVER_NAME_H

#include <stdbool.h>
#include <weir/allocator.h>
#include <weir/slice.h>

/* Makes the name as it is asked for and compared: lower case, without the dot at the
 * end; an address without its zone.
 *
 *   is_address   out: it is an IP address, for which no name is asked (RFC 6066 3)
 *
 * WEIR_OK, or WEIR_E_INVALID or WEIR_E_MEMORY with a sentence. */
int weir__tls_server_name_new(const weir_allocator *allocator, const char *text,
                              char **name, bool *is_address);

/* Whether the bytes are a host name: labels of letters, digits, hyphens and
 * underscores (which DNS has, if hosts should not: RFC 2181 11). */
bool weir__tls_is_host_name(weir_slice name);

#endif
