/* The hash functions of Digest (RFC 7616 3.3), by OpenSSL.
 *
 * Which there are is the configuration's to say: a FIPS provider has no MD5, and so the
 * functions are fetched and not taken for granted.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <weir/hash.h>
#include <weir/status.h>
#include <weir/tls.h>

#include "error.h"
#include "failure.h"

_Static_assert(WEIR_HASH_MAX_BYTES >= 32, "no room for a digest");

static const char *name_of(weir_hash_algorithm algorithm)
{
    switch (algorithm) {
    case WEIR_HASH_MD5:
        return "MD5";
    case WEIR_HASH_SHA_256:
        return "SHA2-256";
    case WEIR_HASH_SHA_512_256:
        return "SHA2-512/256";
    }
    return NULL;
}

static int fail_unsupported(const char *name)
{
    weir__tls_errors errors = weir__tls_take_errors();
    if (errors.memory)
        return weir__tls_fail_memory();
    return weir__fail(WEIR_E_UNSUPPORTED, "hash",
                      "the hash function %s is not to be had from OpenSSL as it is "
                      "configured here%s%s",
                      name, errors.first ? ": " : "",
                      errors.first ? weir__tls_reason(errors.first) : "");
}

static int hash_parts(EVP_MD_CTX *context, const EVP_MD *function,
                      const weir_slice *parts, size_t count, unsigned char *digest)
{
    unsigned int len = 0;
    bool ok = EVP_DigestInit_ex2(context, function, NULL) == 1;
    for (size_t i = 0; i < count && ok; i++)
        ok = EVP_DigestUpdate(context, parts[i].data, parts[i].len) == 1;
    if (ok && EVP_DigestFinal_ex(context, digest, &len) == 1)
        return (int)len;
    return weir__tls_fail("hashing failed");
}

static int hash(void *self, weir_hash_algorithm algorithm, const weir_slice *parts,
                size_t count, unsigned char *digest)
{
    const char *name = name_of(algorithm);
    (void)self;
    if (!name)
        return weir__fail(WEIR_E_UNSUPPORTED, "hash", "no hash function %d",
                          (int)algorithm);
    EVP_MD *function = EVP_MD_fetch(NULL, name, NULL);
    if (!function)
        return fail_unsupported(name);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int rc = context ? hash_parts(context, function, parts, count, digest)
                     : weir__tls_fail_memory();
    EVP_MD_CTX_free(context);
    EVP_MD_free(function);
    return rc;
}

const weir_hashes *weir_tls_hashes(void)
{
    static const weir_hashes HASHES = {.hash = hash};
    return &HASHES;
}
