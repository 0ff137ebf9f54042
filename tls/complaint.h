/* What is wrong with a certificate, in a sentence.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_COMPLAINT_H
#define WEIR_TLS_COMPLAINT_H

#include <openssl/x509_vfy.h>

#include "connection.h"

/* As weir_error.message. */
#define WEIR__TLS_COMPLAINT_BYTES 256

/* The sentence of a check that has failed. */
void weir__tls_complaint(X509_STORE_CTX *store, const weir__tls_connection *connection,
                         char *text, size_t size);

#endif
