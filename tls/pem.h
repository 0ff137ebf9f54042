/* Reading PEM, from a file or from memory, without ever asking the terminal.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_PEM_H
#define WEIR_TLS_PEM_H

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <weir/slice.h>

/* An option that is a file or bytes: what it is called in sentences, too. */
typedef struct weir__tls_pem {
    const char *option; /* "ca_file" */
    const char *file;   /* NULL: `bytes` */
    weir_slice bytes;
} weir__tls_pem;

/* NULL with a sentence in *status when it cannot be opened. */
BIO *weir__tls_pem_open(const weir__tls_pem *pem, int *status);

/* WEIR_E_TLS, or WEIR_E_MEMORY: "ca_file /x/y: what, OpenSSL's reason". */
int weir__tls_pem_fail(const weir__tls_pem *pem, const char *what);

/* The next certificate, or NULL at the end; then *status says whether it is the end
 * (WEIR_OK) or a certificate that cannot be read. */
X509 *weir__tls_pem_next_certificate(BIO *bio, const weir__tls_pem *pem, int *status);

/* A pem_password_cb that has no password, and does not ask for one. */
int weir__tls_pem_no_password(char *password, int size, int is_writing, void *arg);

/* Whether reading ended because there was no more; empties OpenSSL's queue if so. */
bool weir__tls_pem_is_end(void);

#endif
