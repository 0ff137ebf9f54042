/* A request: what all of its hops share, and the one that is under way. A redirect
 * leads to the next hop, with the same options and another head.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_REQUEST_H
#define WEIR_HTTP1_REQUEST_H

#include <weir/http_auth.h>

#include "response.h"
#include "upload.h"

typedef struct weir__request {
    weir_session *session;
    const weir_request_options *options; /* the caller's, who waits */
    weir__target *first;                 /* to whose origin the credentials belong */
    weir__upload upload;
    uint64_t deadline; /* of all, in the loop's time, or WEIR__NEVER */
    uint32_t timeout_ms;
    uint32_t connect_timeout_ms;
    uint32_t wait_timeout_ms; /* for a connection; 0: none */
    uint64_t number;          /* in the session */
    uint32_t retried;

    weir_auth auth; /* who asks */
    char *user;     /* those of the URL, decoded; else NULL */
    char *password;
    char *authorization;     /* what is sent; NULL: nothing, or not yet */
    bool challenged;         /* the server has asked for Digest */
    unsigned stale_answers;  /* that were given with a nonce that was too old */
    weir_http_digest digest; /* what it has asked */
    char cnonce[32];
    char *cookies; /* of the hop, when they are not the jar's alone */

    /* The hop. */
    weir__target *target;
    weir_slice method;
    bool has_body;                     /* the method has changed to one without */
    bool foreign;                      /* to another origin than the first */
    const weir_http_fields *for_proxy; /* which is asked for the URL; NULL: it is not */
    char *absolute; /* the URL then, without what is not for servers; else NULL */
    weir_slice head;
    char *long_head; /* NULL: the head is in `space` */
    char space[1000];
} weir__request;

/* A request of these options, at its first hop. WEIR_OK, or a status with its sentence;
 * to be cleared in any case. */
int weir__request_init(weir__request *request, weir_session *session,
                       const weir_request_options *options);

/* Goes to the next hop; takes the target. WEIR_OK, or a status with its sentence. */
int weir__request_redirect(weir__request *request, weir__target *target,
                           weir_slice method);

/* The same hop once more, with other credentials. WEIR_OK, or a status with its
 * sentence. */
int weir__request_repeat(weir__request *request);

/* Encodes the head of the hop, which the response will answer. WEIR_OK, or a status
 * with its sentence. */
int weir__request_encode(weir__request *request, weir_response *response);

void weir__request_clear(weir__request *request);

#endif
