/* A request as it is sent: checked, and its head encoded.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_REQUEST_H
#define WEIR_HTTP1_REQUEST_H

#include "response.h"

typedef struct weir__request {
    weir_slice method;
    weir_slice head;
    weir_slice body;
    uint32_t connect_timeout_ms;
    char *long_head; /* NULL: the head is in `space` */
    char space[1000];
} weir__request;

/* Makes the request of these options, which the response will answer. WEIR_OK, or a
 * status with its sentence; to be cleared in any case. */
int weir__request_init(weir__request *request, weir_response *response,
                       const weir_request_options *options);

void weir__request_clear(weir__request *request, weir_session *session);

#endif
