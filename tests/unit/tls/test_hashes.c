/* Hash functions by OpenSSL.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <weir/status.h>
#include <weir/tls.h>

#include "test.h"

static int hash(weir_hash_algorithm algorithm, const weir_slice *parts, size_t count,
                char *hex)
{
    unsigned char digest[WEIR_HASH_MAX_BYTES];
    const weir_hashes *hashes = weir_tls_hashes();
    int len = hashes->hash(hashes->self, algorithm, parts, count, digest);
    for (int i = 0; i < len; i++)
        snprintf(hex + (size_t)(2 * i), 3, "%02x", digest[i]);
    return len;
}

/* RFC 1321 A.5, FIPS 180-4: of nothing and of "abc", in one part and in three. */
TEST(hashes, give_the_known_values)
{
    static const struct {
        weir_hash_algorithm algorithm;
        int len;
        const char *nothing;
        const char *abc;
    } ROWS[] = {
        {WEIR_HASH_MD5, 16, "d41d8cd98f00b204e9800998ecf8427e",
         "900150983cd24fb0d6963f7d28e17f72"},
        {WEIR_HASH_SHA_256, 32,
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
         "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {WEIR_HASH_SHA_512_256, 32,
         "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a",
         "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"},
    };
    const weir_slice whole = WEIR_S("abc");
    const weir_slice parts[] = {WEIR_S("a"), WEIR_S(""), WEIR_S("bc")};
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        char hex[2 * WEIR_HASH_MAX_BYTES + 1];
        CHECK_INT(hash(ROWS[i].algorithm, NULL, 0, hex), ROWS[i].len);
        CHECK_BYTES(weir_slice_of(hex), weir_slice_of(ROWS[i].nothing));
        CHECK_INT(hash(ROWS[i].algorithm, &whole, 1, hex), ROWS[i].len);
        CHECK_BYTES(weir_slice_of(hex), weir_slice_of(ROWS[i].abc));
        CHECK_INT(hash(ROWS[i].algorithm, parts, 3, hex), ROWS[i].len);
        CHECK_BYTES(weir_slice_of(hex), weir_slice_of(ROWS[i].abc));
    }
    CHECK_INT(hash((weir_hash_algorithm)99, NULL, 0, NULL), WEIR_E_UNSUPPORTED);
}

/* As with a FIPS provider, MD5 is not there; here nothing is. */
TEST(hashes, that_openssl_does_not_have_are_said_to_be_missing)
{
    char hex[2 * WEIR_HASH_MAX_BYTES + 1];
    REQUIRE(EVP_set_default_properties(NULL, "provider=none") == 1);
    CHECK_INT(hash(WEIR_HASH_MD5, NULL, 0, hex), WEIR_E_UNSUPPORTED);
    CHECK(strstr(weir_last_error()->message, "MD5") != NULL);
    REQUIRE(EVP_set_default_properties(NULL, "") == 1);
    CHECK_INT(hash(WEIR_HASH_MD5, NULL, 0, hex), 16);
}
