/* A context's options as an SSL_CTX.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_SETTINGS_H
#define WEIR_TLS_SETTINGS_H

#include "context_inside.h"

/* Makes the SSL_CTX and the trust store that it uses, reading all files.
 *
 *   fresh   read the system's trust store again
 *   made, trust   out: the caller's
 *
 * WEIR_OK, or a status with a sentence. */
int weir__tls_settings_make(const weir__tls_context *context, bool fresh,
                            SSL_CTX **made, X509_STORE **trust);

#endif
