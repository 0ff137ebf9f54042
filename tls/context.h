/* A context: what connections have in common. Shared between threads, held by the
 * program and by each connection.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_CONTEXT_H
#define WEIR_TLS_CONTEXT_H

#include <weir/tls.h>

/* What begins every context; the transport's. */
extern const struct weir__security weir__tls_security;

weir_tls_context *weir__tls_context_hold(weir_tls_context *context);

bool weir__tls_context_is_server(const weir_tls_context *context);
uint32_t weir__tls_context_handshake_timeout_ms(const weir_tls_context *context);
uint32_t weir__tls_context_shutdown_timeout_ms(const weir_tls_context *context);

#endif
