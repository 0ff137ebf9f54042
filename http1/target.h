/* A parsed URL, shared by the session, which keeps the latest, and by responses.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_TARGET_H
#define WEIR_HTTP1_TARGET_H

#include <weir/request.h>
#include <weir/url.h>

typedef struct weir__target {
    size_t holders;
    weir_url url;
    char *get_head; /* of a GET without options, once it was sent; else NULL */
    size_t get_head_len;
    size_t text_len;
    char text[]; /* what was parsed */
} weir__target;

/* The target of a request's URL, with the caller as a holder; or a status with its
 * sentence. `params` may be NULL. */
int weir__target_of_request(weir_session *session, const char *url,
                            const weir_pair *params, weir__target **target);

/* That of a reference relative to another target, as in the field Location. */
int weir__target_of_reference(weir_session *session, weir_slice reference,
                              const weir__target *base, weir__target **target);

/* Takes the name and password out of the target's URL, by another target in its place.
 * WEIR_OK, or a status with its sentence. */
int weir__target_strip(weir_session *session, weir__target **target);

/* One holder more. NULL is allowed. */
weir__target *weir__target_hold(weir__target *target);

/* One holder less. NULL is allowed. */
void weir__target_release(weir_session *session, weir__target *target);

#endif
