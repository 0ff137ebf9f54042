/* An authority in memory.
 *
 * SPDX-License-Identifier: MIT */
#include "authority.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "test.h"

#define DAY 86400

static long next_serial = 1;

weir_slice bio_slice(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    return (weir_slice){data, len > 0 ? (size_t)len : 0};
}

static void set_name(X509_NAME *name, const char *common_name)
{
    REQUIRE(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                       (const unsigned char *)common_name, -1, -1,
                                       0) == 1);
}

static void add_extension(X509 *certificate, const X509 *issuer, int nid,
                          const char *value)
{
    X509V3_CTX context;
    if (!value)
        return;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, (X509 *)(uintptr_t)issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    REQUIRE(extension != NULL);
    REQUIRE(X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static EVP_PKEY *make_key(int rsa_bits)
{
    EVP_PKEY *key = rsa_bits ? EVP_RSA_gen((unsigned)rsa_bits) : EVP_EC_gen("P-256");
    REQUIRE(key != NULL);
    return key;
}

static void fill(X509 *certificate, const struct credential_wish *wish,
                 const X509 *issuer)
{
    int until = wish->until_days ? wish->until_days : 30;
    int from = wish->from_days ? wish->from_days : -1;
    REQUIRE(X509_set_version(certificate, X509_VERSION_3) == 1);
    REQUIRE(ASN1_INTEGER_set(X509_get_serialNumber(certificate), next_serial++) == 1);
    /* A minute more, so that whole days are left when it is looked at. */
    X509_time_adj_ex(X509_getm_notBefore(certificate), from, from > 0 ? 60 : 0, NULL);
    X509_time_adj_ex(X509_getm_notAfter(certificate), until, until > 0 ? 60 : 0, NULL);
    set_name(X509_get_subject_name(certificate), wish->subject);
    REQUIRE(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1);
    add_extension(certificate, issuer, NID_basic_constraints,
                  wish->is_authority ? "critical,CA:TRUE" : "CA:FALSE");
    add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
    add_extension(certificate, issuer, NID_subject_alt_name, wish->names);
    add_extension(certificate, issuer, NID_ext_key_usage, wish->purpose);
}

static bool is_root(const struct credential *credential)
{
    return X509_NAME_cmp(X509_get_subject_name(credential->certificate),
                         X509_get_issuer_name(credential->certificate)) == 0;
}

static void write_pem(struct credential *made, const struct credential_wish *wish,
                      const struct credential *issuer)
{
    made->pem = BIO_new(BIO_s_mem());
    made->key_pem = BIO_new(BIO_s_mem());
    REQUIRE(PEM_write_bio_X509(made->pem, made->certificate) == 1);
    if (issuer && !is_root(issuer))
        REQUIRE(PEM_write_bio_X509(made->pem, issuer->certificate) == 1);
    const EVP_CIPHER *cipher = wish->password ? EVP_aes_128_cbc() : NULL;
    REQUIRE(PEM_write_bio_PKCS8PrivateKey(
                made->key_pem, made->key, cipher, wish->password,
                wish->password ? (int)strlen(wish->password) : 0, NULL, NULL) == 1);
}

struct credential credential_make(const struct credential_wish *wish,
                                  const struct credential *issuer)
{
    struct credential made = {.certificate = X509_new(),
                              .key = make_key(wish->rsa_bits)};
    REQUIRE(made.certificate != NULL);
    REQUIRE(X509_set_pubkey(made.certificate, made.key) == 1);
    fill(made.certificate, wish, issuer ? issuer->certificate : made.certificate);
    const EVP_MD *digest = EVP_get_digestbyname(wish->digest ? wish->digest : "SHA256");
    REQUIRE(X509_sign(made.certificate, issuer ? issuer->key : made.key, digest) > 0);
    write_pem(&made, wish, issuer);
    return made;
}

void credential_clear(struct credential *credential)
{
    X509_free(credential->certificate);
    EVP_PKEY_free(credential->key);
    BIO_free(credential->pem);
    BIO_free(credential->key_pem);
    *credential = (struct credential){NULL, NULL, NULL, NULL};
}

weir_slice credential_pem(const struct credential *credential)
{
    return bio_slice(credential->pem);
}

weir_slice credential_key(const struct credential *credential)
{
    return bio_slice(credential->key_pem);
}

static void revoke(X509_CRL *list, const struct credential *revoked)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *when = ASN1_TIME_adj(NULL, 1709553600, 0, 0); /* 2024-03-04 */
    REQUIRE(X509_REVOKED_set_serialNumber(
                entry, X509_get_serialNumber(revoked->certificate)) == 1);
    REQUIRE(X509_REVOKED_set_revocationDate(entry, when) == 1);
    REQUIRE(X509_CRL_add0_revoked(list, entry) == 1);
    ASN1_TIME_free(when);
}

BIO *credential_crl(const struct credential *issuer, const struct credential *revoked,
                    int until_days)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *from = X509_time_adj_ex(NULL, until_days - 60, 0, NULL);
    ASN1_TIME *until = X509_time_adj_ex(NULL, until_days, 0, NULL);
    BIO *pem = BIO_new(BIO_s_mem());
    REQUIRE(X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1);
    REQUIRE(X509_CRL_set_issuer_name(list,
                                     X509_get_subject_name(issuer->certificate)) == 1);
    REQUIRE(X509_CRL_set1_lastUpdate(list, from) == 1);
    REQUIRE(X509_CRL_set1_nextUpdate(list, until) == 1);
    if (revoked)
        revoke(list, revoked);
    REQUIRE(X509_CRL_sign(list, issuer->key, EVP_sha256()) > 0);
    REQUIRE(PEM_write_bio_X509_CRL(pem, list) == 1);
    X509_CRL_free(list);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return pem;
}
