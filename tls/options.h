/* The options of a context, as its own copies.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_OPTIONS_H
#define WEIR_TLS_OPTIONS_H

#include <weir/tls.h>

/* Copies all texts; the lists `pins` and `alpn` stay NULL, as they are kept in other
 * forms. WEIR_OK, or WEIR_E_INVALID or WEIR_E_MEMORY with a sentence; then there is
 * nothing to clear. */
int weir__tls_options_copy(weir_tls_options *copy, const weir_tls_options *options);

/* Wipes and frees the copies. */
void weir__tls_options_clear(weir_tls_options *copy);

#endif
