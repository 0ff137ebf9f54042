/* The cookies of a session: out with a request, in with a response.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_COOKIES_H
#define WEIR_HTTP1_COOKIES_H

#include "request.h"

/* The value of the field Cookie for the hop: the request's own cookies, while it is at
 * its origin, and those of the jar; empty: none. It is the request's. WEIR_OK, or a
 * status with its sentence. */
int weir__cookies_value(weir__request *request, weir_slice *value);

/* Stores what the response sets, if there is a jar. WEIR_OK or WEIR_E_MEMORY. */
int weir__cookies_store(const weir_response *response);

#endif
