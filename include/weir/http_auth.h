/**
 * Who asks: challenges, and the answers to them (RFC 9110 11).
 *
 *   weir_http_challenge challenge;
 *   char value[256];
 *   size_t len;
 *   if (weir_http_challenge_find(fields, WEIR_S("WWW-Authenticate"), WEIR_S("Basic"),
 *                                &challenge))
 *       rc = weir_http_basic(user, password, value, sizeof(value), &len);
 *
 * Nothing here allocates: what comes out are slices of the fields that went in, valid
 * as long as these are. Functions that write take `space` and `size`, and set `*len` to
 * what it takes also when that is more: then they return WEIR_E_TOO_BIG, and what is in
 * `space` is no use. It then may be a secret all the same.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_HTTP_AUTH_H
#define WEIR_HTTP_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/hash.h>
#include <weir/http_values.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** One challenge of WWW-Authenticate or Proxy-Authenticate. */
typedef struct weir_http_challenge {
    weir_slice scheme;  /**< `Basic`, `Digest`, `Bearer`; its case means nothing */
    weir_slice token68; /**< what some schemes send instead of parameters. Data NULL:
                             none */
    weir_slice params;  /**< the parameters, with commas between them */
} weir_http_challenge;

/**
 * Takes the next challenge off the front of a value.
 *
 * One value may have several, and the comma that parts them also parts their
 * parameters (RFC 9110 11.6.1). Returns 1; 0 when there are no more; or WEIR_E_INVALID
 * for what is no challenge: that is in `rest` no more, and who is lenient calls again.
 */
int weir_http_challenge_next(weir_slice *rest, weir_http_challenge *challenge);

/** Finds a parameter with a value, the first of that name: "realm". */
bool weir_http_challenge_param(const weir_http_challenge *challenge, weir_slice name,
                               weir_http_param *param);

/** Finds the first challenge of a scheme in all fields of that name. */
bool weir_http_challenge_find(const weir_http_fields *fields, weir_slice name,
                              weir_slice scheme, weir_http_challenge *challenge);

/**
 * Writes `Basic ...`, the value of Authorization (RFC 7617).
 *
 *   user       UTF-8 without a colon or control characters
 *   password   UTF-8 without control characters
 *
 * Returns WEIR_OK, WEIR_E_TOO_BIG or WEIR_E_INVALID.
 */
int weir_http_basic(weir_slice user, weir_slice password, char *space, size_t size,
                    size_t *len);

/**
 * Writes `Bearer ...` (RFC 6750 2.1).
 *
 *   token   at least one byte; printable ASCII without spaces, which is more than the
 *           standard has, and what services give out
 *
 * Returns WEIR_OK, WEIR_E_TOO_BIG or WEIR_E_INVALID.
 */
int weir_http_bearer(weir_slice token, char *space, size_t size, size_t *len);

/**
 * What a challenge of Digest asks for (RFC 7616 3.3), and how often it was answered.
 *
 * The slices are parts of the challenge: to answer it more than once, keep its text.
 */
typedef struct weir_http_digest {
    weir_slice realm;         /**< as between the quotes */
    weir_slice nonce;         /**< the same */
    weir_slice opaque;        /**< the same. Data NULL: none */
    weir_slice algorithm;     /**< as sent. Data NULL: not sent, which is MD5 */
    weir_hash_algorithm hash; /**< what it means */
    bool session;             /**< a `-sess` algorithm */
    bool auth;                /**< qop=auth is offered */
    bool auth_int;            /**< qop=auth-int is; neither: as in RFC 2069 */
    bool userhash;            /**< the user is to be named by a hash */
    bool utf8;                /**< charset=UTF-8 */
    bool stale;               /**< user and password were right, the nonce too old:
                                   answer again without asking anybody */
    uint32_t nonce_count;     /**< requests answered with this nonce */
} weir_http_digest;

/**
 * Reads a challenge of Digest.
 *
 *   hashes   to know what can be answered
 *
 * Returns WEIR_OK; WEIR_E_UNSUPPORTED: an algorithm or a qop that is not known, or not
 * here; or WEIR_E_INVALID: another scheme, or no realm or nonce.
 */
int weir_http_digest_parse(weir_http_digest *digest,
                           const weir_http_challenge *challenge,
                           const weir_hashes *hashes);

/**
 * Chooses the first challenge of Digest that can be answered (RFC 7616 3.7), in all
 * fields of that name.
 *
 * Returns 1; 0 when there is no challenge of Digest; or why the last of them cannot
 * be answered.
 */
int weir_http_digest_choose(weir_http_digest *digest, const weir_http_fields *fields,
                            weir_slice name, const weir_hashes *hashes);

/** What is asked, and by whom. */
typedef struct weir_http_digest_request {
    weir_slice user;     /**< UTF-8 without control characters */
    weir_slice password; /**< UTF-8 */
    weir_slice method;   /**< as sent */
    weir_slice target;   /**< the request target as sent: `/path?query` */

    /** The body; used only where the server wants it covered (qop=auth-int) and nothing
     * less. NULL: it is not known, or none. */
    const weir_slice *body;

    /** Printable and unpredictable, at least 16 bytes of that: the same for all requests
     * that answer one challenge, since servers do not agree on which one makes the key
     * of a `-sess` algorithm (3.4.2). */
    weir_slice cnonce;
} weir_http_digest_request;

/**
 * Writes `Digest ...`, the value of Authorization, and counts it in digest->nonce_count.
 *
 * qop=auth is preferred to auth-int, which few servers check. Returns WEIR_OK; or, with
 * nothing counted, WEIR_E_TOO_BIG; WEIR_E_INVALID: something that cannot be sent;
 * WEIR_E_UNSUPPORTED: auth-int alone is offered, and there is no body; or what the hash
 * function returns.
 */
int weir_http_digest_answer(weir_http_digest *digest,
                            const weir_http_digest_request *request,
                            const weir_hashes *hashes, char *space, size_t size,
                            size_t *len);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
