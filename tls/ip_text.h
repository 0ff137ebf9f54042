/* An IP address from its bytes, as people write it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_IP_TEXT_H
#define WEIR_TLS_IP_TEXT_H

#include <weir/slice.h>

#define WEIR__IP_TEXT_BYTES 48

/* "192.0.2.1", or "2001:db8::1" as RFC 5952 has it; "a malformed address" unless there
 * are 4 or 16 bytes. Returns `text`. */
const char *weir__ip_text(weir_slice bytes, char text[WEIR__IP_TEXT_BYTES]);

#endif
