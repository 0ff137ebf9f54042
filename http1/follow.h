/* A request and where it leads: redirects until there is an answer (RFC 9110 15.4).
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_FOLLOW_H
#define WEIR_HTTP1_FOLLOW_H

#include <weir/request.h>

/* WEIR_OK with the last response, which holds those before it; or a status with its
 * sentence. */
int weir__follow(weir_session *session, const weir_request_options *options,
                 weir_response **response);

#endif
