/**
 * Hash functions, for codecs that need some and have none.
 *
 * weir itself has no cryptography: a build with TLS takes OpenSSL's (tls_hashes.h), and
 * a program may bring its own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_HASH_H
#define WEIR_HASH_H

#include <stddef.h>
#include <weir/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** The functions that HTTP names for digests (RFC 7616 3.3). */
typedef enum weir_hash_algorithm {
    WEIR_HASH_MD5 = 1,    /**< 16 bytes */
    WEIR_HASH_SHA_256,    /**< 32 bytes */
    WEIR_HASH_SHA_512_256 /**< SHA-512/256 (FIPS 180-4 5.3.6.2), 32 bytes */
} weir_hash_algorithm;

/** The most bytes that one of them gives. */
enum { WEIR_HASH_MAX_BYTES = 32 };

/** Where hash functions come from. */
typedef struct weir_hashes {
    /**
     * Hashes the parts as if they were one.
     *
     *   parts, count   possibly none
     *   digest         out: up to WEIR_HASH_MAX_BYTES
     *
     * Returns the length of the digest; WEIR_E_UNSUPPORTED when there is no such
     * function here; or another status.
     */
    int (*hash)(void *self, weir_hash_algorithm algorithm, const weir_slice *parts,
                size_t count, unsigned char *digest);

    void *self; /**< what `hash` is called with */
} weir_hashes;

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
