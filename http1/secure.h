/* What makes https of http: the context that a session's connections are secured
 * with. Without TLS in the build there is none, and a sentence that says so.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_SECURE_H
#define WEIR_HTTP1_SECURE_H

#include <weir/hash.h>

#include "session.h"

/* Sees to it that session->tls is there. WEIR_OK or a status with its sentence. */
int weir__secure_prepare(weir_session *session);

/* The context with the defaults, which is made when it is first asked for. WEIR_OK or a
 * status with its sentence. */
int weir__secure_default(weir_session *session, weir_tls_context **context);

/* The hash functions of Digest; NULL: there are none. */
const weir_hashes *weir__secure_hashes(void);

/* Frees the context that the session has made of itself, if it has. */
void weir__secure_clear(weir_session *session);

#endif
