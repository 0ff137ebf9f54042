/* What the streams know of TLS, which is a layer above: a table that every context
 * begins with.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_SECURITY_H
#define WEIR_CORE_SECURITY_H

#include <weir/stream.h>

/* Each entry has the contract of the public function of its name in tls.h. */
struct weir__security {
    int (*start)(weir_stream *stream, weir_tls_context *context,
                 const char *server_name);
    int (*wrap)(weir_transport *lower, weir_transport **upper,
                weir_tls_context *context, const char *server_name,
                const weir_protocol *protocol, void *self);
};

struct weir_tls_context {
    const struct weir__security *security;
};

#endif
