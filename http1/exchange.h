/* One request and its response on one connection.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_EXCHANGE_H
#define WEIR_HTTP1_EXCHANGE_H

#include "request.h"
#include "response.h"

/* Sends the request, and waits for the head of the response. WEIR_OK, or a status
 * with its sentence; then the connection was given back. */
int weir__exchange_run(weir_response *response, weir__request *request);

/* Waits for more input than was decoded. 1, 0 at the end of the connection, or a
 * status with its sentence. The input before is gone. */
int weir__exchange_receive(weir_response *response);

/* Gives the connection back; NULL by now is allowed. */
void weir__exchange_release(weir_response *response, bool reusable);

/* Breaks the connection off while a task waits in it. */
void weir__exchange_abort(weir_response *response);

/* Makes a failure of the decoder's. Returns its status. */
int weir__exchange_fail(const weir_response *response);

#endif
