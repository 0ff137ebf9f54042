/* Credentials: Basic and Bearer are sent at once, Digest when the server asks.
 *
 * SPDX-License-Identifier: MIT */
#include "credentials.h"

#include <string.h>

#include "allocator.h"
#include "ascii.h"
#include "error.h"
#include "loop.h"
#include "random.h"
#include "secure.h"
#include "wipe.h"

/* Of the scheme, two quoted texts and the punctuation. */
#define ANSWER_BYTES 2048

static void wipe_and_free(const weir_allocator *allocator, char *text)
{
    weir__wipe(text, text ? strlen(text) : 0);
    weir__free(allocator, text);
}

static int fail_text(int rc)
{
    return weir__fail(rc, "request",
                      rc == WEIR_E_TOO_BIG ? "the credentials are too long"
                                           : "the credentials have a byte that cannot "
                                             "be sent, or the user has a colon");
}

/* Decodes "%41" in place, for the percent-encoded parts of a URL. */
static void decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        int high = *from == '%' ? weir__ascii_hex_value(from[1]) : -1;
        int low = high >= 0 ? weir__ascii_hex_value(from[2]) : -1;
        *to++ = low < 0 ? *from : (char)(high * 16 + low);
        from += low < 0 ? 0 : 2;
    }
    *to = '\0';
}

static int take_from_url(weir__request *request)
{
    const weir_allocator *allocator = request->session->loop->allocator;
    weir_slice user = weir_url_username(&request->target->url);
    weir_slice password = weir_url_password(&request->target->url);
    if (user.len + password.len == 0)
        return 0;
    request->user = weir__strndup(allocator, user.data, user.len);
    request->password =
        weir__strndup(allocator, password.data ? password.data : "", password.len);
    if (!request->user || !request->password)
        return weir__fail(WEIR_E_MEMORY, "request", "no memory for the credentials");
    decode(request->user);
    decode(request->password);
    request->auth = weir_basic_auth(request->user, request->password);
    return 1;
}

/* The request's own come before those of its URL, and these before the session's. */
static int choose(weir__request *request)
{
    request->auth = request->options->auth;
    if (request->auth.scheme != WEIR_AUTH_NONE)
        return WEIR_OK;
    int rc = take_from_url(request);
    if (rc == 0)
        request->auth = request->session->auth;
    return rc < 0 ? rc : WEIR_OK;
}

static int write_value(const weir_auth *auth, char *space, size_t size, size_t *len)
{
    weir_slice password = weir_slice_of(auth->password);
    if (auth->scheme == WEIR_AUTH_BEARER)
        return weir_http_bearer(password, space, size, len);
    return weir_http_basic(weir_slice_of(auth->user), password, space, size, len);
}

int weir__credentials_init(weir__request *request)
{
    char space[ANSWER_BYTES];
    size_t len;
    int rc = choose(request);
    if (rc < 0 || (request->auth.scheme != WEIR_AUTH_BASIC &&
                   request->auth.scheme != WEIR_AUTH_BEARER))
        return rc;
    rc = write_value(&request->auth, space, sizeof(space), &len);
    if (rc < 0)
        return fail_text(rc);
    request->authorization =
        weir__strndup(request->session->loop->allocator, space, len);
    weir__wipe(space, sizeof(space));
    return request->authorization
               ? WEIR_OK
               : weir__fail(WEIR_E_MEMORY, "request", "no memory for the credentials");
}

static int answer(weir__request *request)
{
    char space[ANSWER_BYTES];
    size_t len;
    const weir_allocator *allocator = request->session->loop->allocator;
    bool known = request->upload.kind == WEIR__UPLOAD_NONE ||
                 request->upload.kind == WEIR__UPLOAD_BYTES; /* for auth-int */
    weir_http_digest_request asked = {
        .user = weir_slice_of(request->auth.user),
        .password = weir_slice_of(request->auth.password),
        .method = request->method,
        .target = weir_url_target(&request->target->url),
        .body = known ? &request->upload.bytes : NULL,
        .cnonce = {request->cnonce, sizeof(request->cnonce)},
    };
    int rc = weir_http_digest_answer(&request->digest, &asked, weir__secure_hashes(),
                                     space, sizeof(space), &len);
    if (rc < 0)
        return rc == WEIR_E_UNSUPPORTED || rc == WEIR_E_MEMORY
                   ? weir__fail(rc, "request", "the challenge cannot be answered")
                   : fail_text(rc);
    weir__free(allocator, request->authorization);
    request->authorization = weir__strndup(allocator, space, len);
    return request->authorization
               ? WEIR_OK
               : weir__fail(WEIR_E_MEMORY, "request", "no memory for the credentials");
}

int weir__credentials_value(weir__request *request, weir_slice *value)
{
    int rc = WEIR_OK;
    *value = (weir_slice){NULL, 0};
    if (request->foreign)
        return rc;
    if (request->challenged)
        rc = answer(request);
    if (rc == WEIR_OK && request->authorization)
        *value = weir_slice_of(request->authorization);
    return rc;
}

static int make_cnonce(weir__request *request)
{
    static const char HEX[] = "0123456789abcdef";
    unsigned char bytes[sizeof(request->cnonce) / 2];
    int rc = weir__random(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes) && rc == WEIR_OK; i++) {
        request->cnonce[2 * i] = HEX[bytes[i] >> 4];
        request->cnonce[2 * i + 1] = HEX[bytes[i] & 15];
    }
    return rc;
}

/* The response is kept until the request is over, and with it the text of the
 * challenge. A second one means that it was the wrong answer, unless only the nonce had
 * become too old (RFC 7616 3.3). */
int weir__credentials_challenged(weir__request *request, const weir_response *response)
{
    weir_http_digest digest;
    if (response->head->status_code != 401 ||
        request->auth.scheme != WEIR_AUTH_DIGEST || request->foreign)
        return 0;
    if (!weir__secure_hashes())
        return weir__fail(WEIR_E_UNSUPPORTED, "request",
                          "Digest needs hash functions, and this build has no TLS");
    int rc = weir_http_digest_choose(&digest, response->head->fields,
                                     WEIR_S("WWW-Authenticate"), weir__secure_hashes());
    if (rc < 0)
        return weir__fail(rc, "request", "the challenge of Digest cannot be answered");
    if (rc == 0 ||
        (request->challenged && (!digest.stale || request->stale_answers++ > 0)))
        return 0;
    rc = request->challenged ? WEIR_OK : make_cnonce(request);
    request->challenged = true;
    request->digest = digest;
    return rc < 0 ? rc : 1;
}

void weir__credentials_clear(weir__request *request)
{
    const weir_allocator *allocator = request->session->loop->allocator;
    wipe_and_free(allocator, request->authorization);
    wipe_and_free(allocator, request->user);
    wipe_and_free(allocator, request->password);
}
