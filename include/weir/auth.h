/**
 * Credentials of a request.
 *
 *   weir_get(session, &response, url, .auth = weir_basic_auth("user", "password"));
 *   weir_get(session, &response, url, .auth = weir_bearer(token));
 *
 * They go to the origin of the request's URL, and not along with a redirect to another.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_AUTH_H
#define WEIR_AUTH_H

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** How to prove who one is. */
typedef enum weir_auth_scheme {
    WEIR_AUTH_NONE = 0, /**< the session's credentials, or those in the URL, or none */
    WEIR_AUTH_BASIC,    /**< sent with the request (RFC 7617): only over https is that
                             a secret */
    WEIR_AUTH_BEARER,   /**< a token, sent with the request (RFC 6750) */
    WEIR_AUTH_DIGEST,   /**< the answer to what the server asks (RFC 7616): the request
                             is sent twice. Not in a build without TLS, which has the
                             hash functions */
    WEIR_AUTH_OFF       /**< none, whatever the session or the URL has */
} weir_auth_scheme;

/** Credentials. The texts are UTF-8, and borrowed for the call. */
typedef struct weir_auth {
    weir_auth_scheme scheme;
    const char *user;     /**< without a colon */
    const char *password; /**< or the token */
} weir_auth;

static inline weir_auth weir_basic_auth(const char *user, const char *password)
{
    weir_auth auth = {WEIR_AUTH_BASIC, user, password};
    return auth;
}

static inline weir_auth weir_digest_auth(const char *user, const char *password)
{
    weir_auth auth = {WEIR_AUTH_DIGEST, user, password};
    return auth;
}

static inline weir_auth weir_bearer(const char *token)
{
    weir_auth auth = {WEIR_AUTH_BEARER, "", token};
    return auth;
}

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
