/* Certificates made in the test itself, in memory, each with the defect that it needs.
 *
 *   struct credential ca = credential_make(
 *       &(struct credential_wish){.subject = "CA", .is_authority = true}, NULL);
 *   struct credential leaf = credential_make(
 *       &(struct credential_wish){.subject = "x", .names = "DNS:a.example"}, &ca);
 *   options.ca_pem = credential_pem(&ca);
 *   ...
 *   credential_clear(&leaf);
 *
 * What cannot be made ends the test.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_AUTHORITY_H
#define WEIR_TESTS_AUTHORITY_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <weir/slice.h>

struct credential {
    X509 *certificate;
    EVP_PKEY *key;
    BIO *pem; /* the certificate, and the issuer's when that is no root */
    BIO *key_pem;
};

/* All zero: EC P-256, SHA-256, good since yesterday and for 30 days. */
struct credential_wish {
    const char *subject; /* the common name */
    const char *names;   /* subjectAltName: "DNS:a.example, IP:127.0.0.1" */
    const char *purpose; /* extendedKeyUsage: "clientAuth" */
    bool is_authority;
    int from_days; /* from now; 0: yesterday */
    int until_days;
    int rsa_bits;         /* 0: EC */
    const char *digest;   /* of the signature */
    const char *password; /* of the key in PEM */
};

/* Issued by `issuer`, or by itself when that is NULL. */
struct credential credential_make(const struct credential_wish *wish,
                                  const struct credential *issuer);
void credential_clear(struct credential *credential);

weir_slice credential_pem(const struct credential *credential);
weir_slice credential_key(const struct credential *credential);

/* A revocation list of `issuer` as PEM, with `revoked` in it (NULL: empty), good until so
 * many days from now; the caller's. */
BIO *credential_crl(const struct credential *issuer, const struct credential *revoked,
                    int until_days);

weir_slice bio_slice(BIO *bio);

#endif
