/* Whom to trust: stores of certificates, and of revocation lists.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_TRUST_H
#define WEIR_TLS_TRUST_H

#include <openssl/ssl.h>
#include <weir/tls.h>

/* Whether the options name authorities of their own. */
bool weir__tls_has_own_trust(const weir_tls_options *options);

/* Makes a store of what the options name, or takes the system's, which all contexts
 * share.
 *
 *   fresh    read the system's again
 *   store    out: the caller's until weir__tls_trust_close
 *
 * WEIR_OK, or WEIR_E_TLS or WEIR_E_MEMORY with a sentence. */
int weir__tls_trust_open(const weir_tls_options *options, bool fresh,
                         X509_STORE **store);

/* Gives a store back. NULL is allowed. */
void weir__tls_trust_close(const weir_tls_options *options, X509_STORE *store);

#endif
