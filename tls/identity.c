/* Loading the own certificate, its chain and its key.
 *
 * SPDX-License-Identifier: MIT */
#include "identity.h"

#include <openssl/pem.h>

#include "error.h"
#include "failure.h"
#include "pem.h"

bool weir__tls_has_identity(const weir_tls_options *options)
{
    return options->certificate_file || options->certificate_pem.len > 0;
}

static weir__tls_pem certificate_source(const weir_tls_options *options)
{
    if (options->certificate_file)
        return (weir__tls_pem){
            .option = "certificate_file",
            .file = options->certificate_file,
        };
    return (weir__tls_pem){
        .option = "certificate_pem",
        .bytes = options->certificate_pem,
    };
}

static weir__tls_pem key_source(const weir_tls_options *options)
{
    if (options->key_file)
        return (weir__tls_pem){.option = "key_file", .file = options->key_file};
    if (options->key_pem.len > 0)
        return (weir__tls_pem){.option = "key_pem", .bytes = options->key_pem};
    return certificate_source(options);
}

/* Those behind the own one, up to but without the root (RFC 8446 4.4.2). */
static int load_chain(SSL_CTX *ssl, BIO *bio, const weir__tls_pem *pem)
{
    int rc;
    X509 *issuer;
    while ((issuer = weir__tls_pem_next_certificate(bio, pem, &rc))) {
        if (SSL_CTX_add0_chain_cert(ssl, issuer) != 1) {
            X509_free(issuer);
            return weir__tls_pem_fail(pem, ": an issuer cannot be used");
        }
    }
    return rc;
}

static int load_certificates(SSL_CTX *ssl, const weir__tls_pem *pem)
{
    int rc = WEIR_OK;
    BIO *bio = weir__tls_pem_open(pem, &rc);
    if (!bio)
        return rc;
    X509 *own = weir__tls_pem_next_certificate(bio, pem, &rc);
    if (!own && rc == WEIR_OK)
        rc = weir__tls_pem_fail(pem, " has no certificate in PEM");
    else if (own && SSL_CTX_use_certificate(ssl, own) != 1)
        rc = weir__tls_pem_fail(pem, ": the certificate cannot be used");
    else if (own)
        rc = load_chain(ssl, bio, pem);
    X509_free(own);
    BIO_free(bio);
    return rc;
}

/* Where the password of the key comes from, and what came of it. */
struct password {
    const weir_tls_options *options;
    enum { NOT_ASKED, MISSING, REFUSED, GIVEN } outcome;
};

static int give_password(char *text, int size, int is_writing, void *arg)
{
    struct password *password = arg;
    const weir_tls_options *options = password->options;
    (void)is_writing;
    password->outcome = MISSING;
    if (!options->on_key_password)
        return -1;
    int len = options->on_key_password(options->arg, text, (size_t)size);
    password->outcome = len < 0 || len > size ? REFUSED : GIVEN;
    return password->outcome == GIVEN ? len : -1;
}

static int fail_key(const weir__tls_pem *pem, const struct password *password)
{
    switch (password->outcome) {
    case NOT_ASKED: /* OpenSSL has many reasons, and the first is "unsupported" */
        if (weir__tls_take_errors().memory)
            return weir__tls_fail_memory();
        break;
    case MISSING:
        (void)weir__tls_take_errors();
        return weir__tls_pem_fail(
            pem, ": the key is encrypted, and there is no on_key_password");
    case REFUSED:
        (void)weir__tls_take_errors();
        return weir__tls_pem_fail(
            pem, ": the key is encrypted, and on_key_password gave no password");
    case GIVEN:
        return weir__tls_pem_fail(pem, ": the password of the key is wrong");
    }
    return weir__tls_pem_fail(pem, " has no private key that can be read");
}

static int use_key(SSL_CTX *ssl, EVP_PKEY *key, const weir__tls_pem *pem)
{
    if (X509_check_private_key(SSL_CTX_get0_certificate(ssl), key) != 1) {
        if (!weir__tls_take_errors().memory)
            return weir__tls_pem_fail(pem, ": the key is not that of the certificate");
        return weir__tls_fail_memory();
    }
    if (SSL_CTX_use_PrivateKey(ssl, key) != 1)
        return weir__tls_pem_fail(pem, ": the key cannot be used");
    return WEIR_OK;
}

static int load_key(SSL_CTX *ssl, const weir_tls_options *options)
{
    int rc = WEIR_OK;
    weir__tls_pem pem = key_source(options);
    struct password password = {options, NOT_ASKED};
    BIO *bio = weir__tls_pem_open(&pem, &rc);
    if (!bio)
        return rc;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, give_password, &password);
    rc = key ? use_key(ssl, key, &pem) : fail_key(&pem, &password);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return rc;
}

int weir__tls_identity_load(SSL_CTX *ssl, const weir_tls_options *options)
{
    if (!weir__tls_has_identity(options)) {
        if (options->key_file || options->key_pem.len > 0)
            return weir__fail(WEIR_E_INVALID, "TLS",
                              "there is a key, but no certificate");
        return WEIR_OK;
    }
    weir__tls_pem pem = certificate_source(options);
    int rc = load_certificates(ssl, &pem);
    return rc < 0 ? rc : load_key(ssl, options);
}
