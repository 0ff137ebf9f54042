/* Answers to challenges of Digest (RFC 7616 3.4).
 *
 *   response = H( H(A1) : nonce : nc : cnonce : qop : H(A2) )
 *   A1       = user : realm : password
 *   A2       = method : target                     or, auth-int, ... : H(body)
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/http_auth.h>
#include <weir/status.h>

#include "code_point.h"
#include "fields.h"
#include "param.h"
#include "wipe.h"

/* Most things that are hashed: seven parts with colons between them. */
#define MOST_PARTS 13

/* A hash in hexadecimal. */
struct hex {
    char text[2 * WEIR_HASH_MAX_BYTES];
    size_t len;
};

struct answer {
    const weir_http_digest *digest;
    const weir_http_digest_request *request;
    const weir_hashes *hashes;
    weir_slice qop; /* empty: none */
    char count[8];
    struct hex user; /* when digest->userhash */
    struct hex response;
};

static weir_slice slice_of(const struct hex *hex)
{
    return (weir_slice){hex->text, hex->len};
}

/* Hashes the parts, which are joined by colons. */
static int hash(const struct answer *answer, const weir_slice *parts, size_t count,
                struct hex *hex)
{
    unsigned char bytes[WEIR_HASH_MAX_BYTES];
    weir_slice joined[MOST_PARTS];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            joined[n++] = WEIR_S(":");
        joined[n++] = parts[i];
    }
    int len = answer->hashes->hash(answer->hashes->self, answer->digest->hash, joined,
                                   n, bytes);
    hex->len = 0;
    for (int i = 0; i < len; i++) {
        hex->text[hex->len++] = "0123456789abcdef"[bytes[i] >> 4];
        hex->text[hex->len++] = "0123456789abcdef"[bytes[i] & 15];
    }
    weir__wipe(bytes, sizeof(bytes));
    return len < 0 ? len : WEIR_OK;
}

/* 3.4.2 */
static int hash_a1(const struct answer *answer, struct hex *a1)
{
    const weir_http_digest_request *request = answer->request;
    weir_slice parts[] = {request->user, answer->digest->realm, request->password};
    int rc = hash(answer, parts, 3, a1);
    if (rc < 0 || !answer->digest->session)
        return rc;
    struct hex secret = *a1;
    weir_slice session[] = {slice_of(&secret), answer->digest->nonce, request->cnonce};
    rc = hash(answer, session, 3, a1);
    weir__wipe(&secret, sizeof(secret));
    return rc;
}

/* 3.4.3 */
static int hash_a2(const struct answer *answer, struct hex *a2)
{
    const weir_http_digest_request *request = answer->request;
    struct hex body = {.len = 0};
    weir_slice parts[] = {request->method, request->target, {NULL, 0}};
    if (!weir_slice_equal(answer->qop, WEIR_S("auth-int")))
        return hash(answer, parts, 2, a2);
    int rc = hash(answer, request->body, 1, &body);
    parts[2] = slice_of(&body);
    return rc < 0 ? rc : hash(answer, parts, 3, a2);
}

/* 3.4.1; without qop as RFC 2069 2.1.2 has it */
static int hash_response(struct answer *answer)
{
    const weir_http_digest *digest = answer->digest;
    struct hex a1;
    struct hex a2;
    int rc = hash_a1(answer, &a1);
    if (rc == WEIR_OK)
        rc = hash_a2(answer, &a2);
    if (rc == WEIR_OK && answer->qop.len > 0) {
        weir_slice parts[] = {slice_of(&a1),
                              digest->nonce,
                              {answer->count, sizeof(answer->count)},
                              answer->request->cnonce,
                              answer->qop,
                              slice_of(&a2)};
        rc = hash(answer, parts, 6, &answer->response);
    } else if (rc == WEIR_OK) {
        weir_slice parts[] = {slice_of(&a1), digest->nonce, slice_of(&a2)};
        rc = hash(answer, parts, 3, &answer->response);
    }
    weir__wipe(&a1, sizeof(a1));
    return rc;
}

static int choose_qop(struct answer *answer)
{
    const weir_http_digest *digest = answer->digest;
    if (digest->auth)
        answer->qop = WEIR_S("auth");
    else if (digest->auth_int && answer->request->body)
        answer->qop = WEIR_S("auth-int");
    else if (digest->auth_int)
        return WEIR_E_UNSUPPORTED;
    return WEIR_OK;
}

/* Whether it can stand in quotes as it is. */
static bool is_plain(weir_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c <= ' ' || c > '~' || c == '"' || c == '\\')
            return false;
    }
    return text.len > 0;
}

static int check_request(const weir_http_digest_request *request)
{
    bool ok = weir_http_is_token(request->method) && is_plain(request->target) &&
              is_plain(request->cnonce) && weir_http_is_field_value(request->user) &&
              (request->user.len == 0 ||
               !memchr(request->user.data, '\t', request->user.len));
    return ok ? WEIR_OK : WEIR_E_INVALID;
}

static bool is_ascii(weir_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] > '~')
            return false;
    }
    return true;
}

/* 3.4, 3.4.4. A server that does not say UTF-8 is older than `username*`. */
static void put_user(weir__output *output, const struct answer *answer)
{
    weir_slice user = answer->request->user;
    if (!answer->digest->userhash && answer->digest->utf8 && !is_ascii(user) &&
        weir__is_utf8(user)) {
        weir__output_put(output, WEIR_S("username*=UTF-8''"));
        weir__output_put_ext(output, user);
        return;
    }
    weir__output_put(output, WEIR_S("username="));
    weir__output_put_quoted(output,
                            answer->digest->userhash ? slice_of(&answer->user) : user);
}

/* `, name=value`, or with quotes around what is fit for them. */
static void put(weir__output *output, const char *name, weir_slice value, bool quoted)
{
    weir__output_put(output, WEIR_S(", "));
    weir__output_put(output, weir_slice_of(name));
    weir__output_put(output, quoted ? WEIR_S("=\"") : WEIR_S("="));
    weir__output_put(output, value);
    if (quoted)
        weir__output_put(output, WEIR_S("\""));
}

static void put_answer(weir__output *output, const struct answer *answer)
{
    const weir_http_digest *digest = answer->digest;
    weir__output_put(output, WEIR_S("Digest "));
    put_user(output, answer);
    put(output, "realm", digest->realm, true);
    put(output, "uri", answer->request->target, true);
    if (digest->algorithm.data)
        put(output, "algorithm", digest->algorithm, false);
    put(output, "nonce", digest->nonce, true);
    if (answer->qop.len > 0) {
        put(output, "nc", (weir_slice){answer->count, sizeof(answer->count)}, false);
        put(output, "cnonce", answer->request->cnonce, true);
        put(output, "qop", answer->qop, false);
    } else if (digest->session) {
        put(output, "cnonce", answer->request->cnonce, true);
    }
    put(output, "response", slice_of(&answer->response), true);
    if (digest->opaque.data)
        put(output, "opaque", digest->opaque, true);
    if (digest->userhash)
        put(output, "userhash", WEIR_S("true"), false);
}

int weir_http_digest_answer(weir_http_digest *digest,
                            const weir_http_digest_request *request,
                            const weir_hashes *hashes, char *space, size_t size,
                            size_t *len)
{
    struct answer answer = {.digest = digest, .request = request, .hashes = hashes};
    weir__output output = {space, size, 0};
    uint32_t count = digest->nonce_count + 1;
    for (size_t i = sizeof(answer.count); i-- > 0; count >>= 4)
        answer.count[i] = "0123456789abcdef"[count & 15];
    int rc = check_request(request);
    if (rc == WEIR_OK)
        rc = choose_qop(&answer);
    if (rc == WEIR_OK)
        rc = hash_response(&answer);
    if (rc == WEIR_OK && digest->userhash) {
        weir_slice parts[] = {request->user, digest->realm};
        rc = hash(&answer, parts, 2, &answer.user);
    }
    if (rc < 0)
        return rc;
    put_answer(&output, &answer);
    rc = weir__output_finish(&output, len);
    if (rc == WEIR_OK)
        digest->nonce_count++;
    return rc;
}
