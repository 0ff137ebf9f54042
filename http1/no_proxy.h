/* Hosts that are reached without a proxy.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_NO_PROXY_H
#define WEIR_HTTP1_NO_PROXY_H

#include <weir/url.h>

/* Whether the list, as in the variable no_proxy, has the host of a URL: names, which
 * stand for all below them too; IP addresses; blocks of these ("10.0.0.0/8"); each with
 * a port or without; or "*" for all. Between them are commas or spaces. */
bool weir__no_proxy_has(const char *list, const weir_url *url);

#endif
