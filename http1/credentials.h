/* Who a request is from: the field Authorization.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CREDENTIALS_H
#define WEIR_HTTP1_CREDENTIALS_H

#include "request.h"

/* Finds the request's credentials: its own, those in its URL, or the session's; and
 * makes of them what is sent without being asked for. WEIR_OK, or a status with its
 * sentence. */
int weir__credentials_init(weir__request *request);

/* The value of the field for the hop; empty: none. It is the request's. WEIR_OK, or a
 * status with its sentence. */
int weir__credentials_value(weir__request *request, weir_slice *value);

/* What an answer of 401 asks for: 1 when the request is to be sent once more, 0 when the
 * answer stands, or a status with its sentence. */
int weir__credentials_challenged(weir__request *request, const weir_response *response);

/* Wipes and frees. */
void weir__credentials_clear(weir__request *request);

#endif
