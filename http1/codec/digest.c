/* Challenges of Digest (RFC 7616 3.3).
 *
 * Realm, nonce and opaque stay as they are between their quotes, backslashes and all:
 * so they are hashed (3.4.2, unq) and so they are sent back.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/http_auth.h>
#include <weir/status.h>

#include "param.h"

/* A parameter that goes back between quotes; a bare one must not get out of them. */
static bool take_text(const weir_http_challenge *challenge, weir_slice name,
                      weir_slice *text)
{
    weir_http_param param;
    if (!weir_http_challenge_param(challenge, name, &param))
        return false;
    *text = param.value;
    return param.quoted || !memchr(text->data, '\\', text->len);
}

static bool is_true(const weir_http_challenge *challenge, weir_slice name)
{
    weir_http_param param;
    return weir_http_challenge_param(challenge, name, &param) &&
           weir_http_param_is(&param, WEIR_S("true"));
}

static int parse_algorithm(weir_http_digest *digest,
                           const weir_http_challenge *challenge)
{
    static const struct {
        const char *name;
        weir_hash_algorithm hash;
        bool session;
    } ALGORITHMS[] = {
        {"MD5", WEIR_HASH_MD5, false},
        {"MD5-sess", WEIR_HASH_MD5, true},
        {"SHA-256", WEIR_HASH_SHA_256, false},
        {"SHA-256-sess", WEIR_HASH_SHA_256, true},
        {"SHA-512-256", WEIR_HASH_SHA_512_256, false},
        {"SHA-512-256-sess", WEIR_HASH_SHA_512_256, true},
    };
    weir_http_param param;
    digest->hash = WEIR_HASH_MD5;
    if (!weir_http_challenge_param(challenge, WEIR_S("algorithm"), &param))
        return WEIR_OK;
    for (size_t i = 0; i < sizeof(ALGORITHMS) / sizeof(ALGORITHMS[0]); i++) {
        if (weir_slice_equal_nocase(param.value, weir_slice_of(ALGORITHMS[i].name))) {
            digest->algorithm = param.value;
            digest->hash = ALGORITHMS[i].hash;
            digest->session = ALGORITHMS[i].session;
            return WEIR_OK;
        }
    }
    return WEIR_E_UNSUPPORTED;
}

static int parse_qop(weir_http_digest *digest, const weir_http_challenge *challenge)
{
    weir_http_param param;
    weir_slice option;
    if (!weir_http_challenge_param(challenge, WEIR_S("qop"), &param))
        return WEIR_OK;
    while (weir_http_list_next(&param.value, &option)) {
        digest->auth |= weir_slice_equal_nocase(option, WEIR_S("auth"));
        digest->auth_int |= weir_slice_equal_nocase(option, WEIR_S("auth-int"));
    }
    return digest->auth || digest->auth_int ? WEIR_OK : WEIR_E_UNSUPPORTED;
}

int weir_http_digest_parse(weir_http_digest *digest,
                           const weir_http_challenge *challenge,
                           const weir_hashes *hashes)
{
    unsigned char nothing[WEIR_HASH_MAX_BYTES];
    weir_http_param param;
    weir_http_digest found = {.nonce_count = 0};
    if (!weir_slice_equal_nocase(challenge->scheme, WEIR_S("Digest")) ||
        !take_text(challenge, WEIR_S("realm"), &found.realm) ||
        !take_text(challenge, WEIR_S("nonce"), &found.nonce))
        return WEIR_E_INVALID;
    if (!take_text(challenge, WEIR_S("opaque"), &found.opaque) && found.opaque.data)
        return WEIR_E_INVALID;
    int rc = parse_algorithm(&found, challenge);
    if (rc == WEIR_OK)
        rc = parse_qop(&found, challenge);
    if (rc == WEIR_OK)
        rc = hashes->hash(hashes->self, found.hash, NULL, 0, nothing);
    if (rc < 0)
        return rc;
    found.userhash = is_true(challenge, WEIR_S("userhash"));
    found.stale = is_true(challenge, WEIR_S("stale"));
    found.utf8 = weir_http_challenge_param(challenge, WEIR_S("charset"), &param) &&
                 weir_http_param_is(&param, WEIR_S("UTF-8"));
    *digest = found;
    return WEIR_OK;
}

int weir_http_digest_choose(weir_http_digest *digest, const weir_http_fields *fields,
                            weir_slice name, const weir_hashes *hashes)
{
    size_t cursor = 0;
    weir_slice rest;
    weir_http_challenge challenge;
    int result = 0;
    while (weir_http_fields_next(fields, name, &cursor, &rest)) {
        int rc;
        while ((rc = weir_http_challenge_next(&rest, &challenge)) != 0) {
            if (rc < 0 || !weir_slice_equal_nocase(challenge.scheme, WEIR_S("Digest")))
                continue;
            result = weir_http_digest_parse(digest, &challenge, hashes);
            if (result == WEIR_OK)
                return 1;
        }
    }
    return result;
}
