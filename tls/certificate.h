/* A certificate in words.
 *
 * There are two forms of a text: for sentences it is cut and has ASCII alone, so that
 * it fits and is harmless on a terminal; else it is whole, in UTF-8 without control
 * characters.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_CERTIFICATE_H
#define WEIR_TLS_CERTIFICATE_H

#include <openssl/bio.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdint.h>

/* --- cut, for sentences; each returns `text` --- */

/* "CN=example.com,O=Example" (RFC 4514). */
const char *weir__tls_subject_text(const X509_NAME *name, char *text, size_t size);

/* "a.example, b.example and 7 more": whom it is for; "" when nobody is named. */
const char *weir__tls_names_text(const X509 *certificate, char *text, size_t size);

/* "2026-11-21". */
#define WEIR__TLS_DATE_TEXT 16
const char *weir__tls_date_text(const ASN1_TIME *time, char *text, size_t size);

/* How far a time is from now, in whole units: "3 days", "2 hours". */
const char *weir__tls_distance_text(const ASN1_TIME *time, char *text, size_t size);

/* "RSA 2048", "EC P-256", "ED25519". */
const char *weir__tls_key_text(const X509 *certificate, char *text, size_t size);

/* "sha256WithRSAEncryption". */
const char *weir__tls_signature_text(const X509 *certificate, char *text, size_t size);

/* --- whole --- */

/* Each prints at the end of `out`; false without memory. */
bool weir__tls_print_subject(BIO *out, const X509_NAME *name);

/* "example.com", "192.0.2.1", "URI:https://x/"; others by their kind alone. */
bool weir__tls_print_name(BIO *out, const GENERAL_NAME *name);

/* Seconds since 1970. */
int64_t weir__tls_time(const ASN1_TIME *time);

#endif
