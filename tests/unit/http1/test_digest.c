/* Digest, with OpenSSL's hash functions.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <weir/http_auth.h>
#include <weir/status.h>
#include <weir/tls.h>

#include "test.h"

static weir_http_digest parse(const char *text)
{
    weir_slice rest = weir_slice_of(text);
    weir_http_challenge challenge;
    weir_http_digest digest;
    REQUIRE(weir_http_challenge_next(&rest, &challenge) == 1);
    REQUIRE(weir_http_digest_parse(&digest, &challenge, weir_tls_hashes()) == WEIR_OK);
    return digest;
}

static void check(weir_http_digest *digest, const weir_http_digest_request *request,
                  const char *wanted)
{
    char space[1024];
    size_t len;
    uint32_t count = digest->nonce_count;
    size_t size = strlen(wanted);
    CHECK_INT(weir_http_digest_answer(digest, request, weir_tls_hashes(), space,
                                      size - 1, &len),
              WEIR_E_TOO_BIG);
    CHECK_INT(digest->nonce_count, count);
    CHECK_INT(weir_http_digest_answer(digest, request, weir_tls_hashes(), space,
                                      sizeof(space), &len),
              WEIR_OK);
    CHECK_INT(digest->nonce_count, count + 1);
    CHECK_BYTES(((weir_slice){space, len}), weir_slice_of(wanted));
}

#define MUFASA_REALM  "Digest realm=\"http-auth@example.org\", "
#define MUFASA_NONCE  "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define MUFASA_CNONCE "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define MUFASA_OPAQUE "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"

#define MUFASA_CHALLENGE(qop, algorithm)                                           \
    MUFASA_REALM "qop=\"" qop "\", algorithm=" algorithm ", nonce=\"" MUFASA_NONCE \
                 "\", opaque=\"" MUFASA_OPAQUE "\""

#define MUFASA_ANSWER(algorithm, nc, qop, response)                                  \
    "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "                  \
    "uri=\"/dir/index.html\", algorithm=" algorithm ", nonce=\"" MUFASA_NONCE        \
    "\", nc=" nc ", cnonce=\"" MUFASA_CNONCE "\", qop=" qop ", response=\"" response \
    "\", opaque=\"" MUFASA_OPAQUE "\""

static const weir_http_digest_request MUFASA = {
    .user = {"Mufasa", 6},
    .password = {"Circle of Life", 14},
    .method = {"GET", 3},
    .target = {"/dir/index.html", 15},
    .cnonce = {MUFASA_CNONCE, sizeof(MUFASA_CNONCE) - 1},
};

/* RFC 7616 3.9.1 */
TEST(digest, answers_the_first_example_of_the_standard)
{
    weir_http_digest md5 = parse(MUFASA_CHALLENGE("auth, auth-int", "MD5"));
    weir_http_digest sha = parse(MUFASA_CHALLENGE("auth, auth-int", "SHA-256"));
    check(&md5, &MUFASA,
          MUFASA_ANSWER("MD5", "00000001", "auth", "8ca523f5e9506fed4657c9700eebdbec"));
    check(&sha, &MUFASA,
          MUFASA_ANSWER(
              "SHA-256", "00000001", "auth",
              "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"));
}

/* SHA-512 cut short, which the standard's author took for SHA-512/256. */
static int cut_hash(void *self, weir_hash_algorithm algorithm, const weir_slice *parts,
                    size_t count, unsigned char *digest)
{
    unsigned char whole[64];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    (void)self;
    REQUIRE(algorithm == WEIR_HASH_SHA_512_256);
    REQUIRE(context && EVP_DigestInit_ex(context, EVP_sha512(), NULL) == 1);
    for (size_t i = 0; i < count; i++)
        REQUIRE(EVP_DigestUpdate(context, parts[i].data, parts[i].len) == 1);
    REQUIRE(EVP_DigestFinal_ex(context, whole, NULL) == 1);
    EVP_MD_CTX_free(context);
    memcpy(digest, whole, 32);
    return 32;
}

#define DOE_USER   "J\xC3\xA4s\xC3\xB8n Doe"
#define DOE_CNONCE "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"
#define DOE_NONCE  "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK"
#define DOE_OPAQUE "HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS"
#define DOE_CHALLENGE                                                         \
    "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, " \
    "nonce=\"" DOE_NONCE "\", opaque=\"" DOE_OPAQUE "\", charset=UTF-8"
#define DOE_ANSWER(user, response)                                               \
    "Digest " user ", realm=\"api@example.org\", uri=\"/doe.json\", "            \
    "algorithm=SHA-512-256, nonce=\"" DOE_NONCE                                  \
    "\", nc=00000001, cnonce=\"" DOE_CNONCE "\", qop=auth, response=\"" response \
    "\", opaque=\"" DOE_OPAQUE "\""

static const weir_http_digest_request DOE = {
    .user = {DOE_USER, sizeof(DOE_USER) - 1},
    .password = {"Secret, or not?", 15},
    .method = {"GET", 3},
    .target = {"/doe.json", 9},
    .cnonce = {DOE_CNONCE, sizeof(DOE_CNONCE) - 1},
};

/* RFC 7616 3.9.2, as printed, and as its erratum 4897 has it. */
TEST(digest, answers_the_second_example_of_the_standard)
{
    const weir_hashes cut = {cut_hash, NULL};
    weir_http_digest digest = parse(DOE_CHALLENGE ", userhash=true");
    weir_http_digest printed = digest;
    char space[1024];
    size_t len;
    CHECK(digest.utf8 && digest.userhash && !digest.stale);
    check(
        &digest, &DOE,
        DOE_ANSWER(
            "username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624"
            "ed06ece9b0b\"",
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5") ", "
                                                                                "userha"
                                                                                "sh="
                                                                                "true");
    CHECK_INT(weir_http_digest_answer(&printed, &DOE, &cut, space, sizeof(space), &len),
              WEIR_OK);
    CHECK_BYTES(((weir_slice){space, len}),
                WEIR_S(DOE_ANSWER("username="
                                  "\"488869477bf257147b804c45308cd62ac4e25eb717b12b298c"
                                  "79e62dcea254"
                                  "ec\"",
                                  "ae66e67d6b427bd3f120414a82e4acff38e8ecd9101d6c861229"
                                  "025f607a79dd") ", userhash=true"));
}

/* RFC 7616 3.4, 3.4.4: a name that is not ASCII goes into username*, if the server is
 * one that says UTF-8. */
TEST(digest, names_users_beyond_ascii)
{
    static const char RESPONSE[] =
        "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5";
    weir_http_digest digest = parse(DOE_CHALLENGE);
    weir_http_digest old = digest;
    char wanted[1024];
    old.utf8 = false;
    snprintf(wanted, sizeof(wanted), DOE_ANSWER("%s", "%s"),
             "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe", RESPONSE);
    check(&digest, &DOE, wanted);
    snprintf(wanted, sizeof(wanted), DOE_ANSWER("%s", "%s"),
             "username=\"" DOE_USER "\"", RESPONSE);
    check(&old, &DOE, wanted);
}

/* RFC 7616 3.4.3, 3.4.5: the count goes up with each answer; auth-int where nothing less
 * is offered, with the body. The value is of another
 * implementation. */
TEST(digest, counts_and_covers_the_body)
{
    weir_http_digest digest = parse(MUFASA_CHALLENGE("auth-int", "MD5"));
    weir_http_digest_request request = MUFASA;
    weir_slice body = WEIR_S("v=0\r\n");
    char space[1024];
    size_t len;
    CHECK_INT(weir_http_digest_answer(&digest, &request, weir_tls_hashes(), space,
                                      sizeof(space), &len),
              WEIR_E_UNSUPPORTED);
    request.body = &body;
    digest.nonce_count = 0x1ABCDEF0;
    check(&digest, &request,
          MUFASA_ANSWER("MD5", "1abcdef1", "auth-int",
                        "7d58db7d02802ef9f4a3f111b15c4114"));
}

/* RFC 7616 3.4.2: a key for the session; the values are of another implementation. */
TEST(digest, makes_a_key_for_the_session)
{
    weir_http_digest md5 = parse(MUFASA_CHALLENGE("auth", "md5-SESS"));
    weir_http_digest sha = parse(MUFASA_CHALLENGE("auth", "SHA-256-sess"));
    check(&md5, &MUFASA,
          MUFASA_ANSWER("md5-SESS", "00000001", "auth",
                        "e783283f46242139c486a698fec7211d"));
    check(&sha, &MUFASA,
          MUFASA_ANSWER(
              "SHA-256-sess", "00000001", "auth",
              "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"));
}

/* RFC 2069 2.1.2, 2.4 and its erratum: servers without qop. */
TEST(digest, answers_servers_that_know_no_qop)
{
    weir_http_digest digest = parse("Digest realm=\"testrealm@host.com\", "
                                    "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
                                    "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"");
    weir_http_digest_request request = {.user = WEIR_S("Mufasa"),
                                        .password = WEIR_S("CircleOfLife"),
                                        .method = WEIR_S("GET"),
                                        .target = WEIR_S("/dir/index.html"),
                                        .cnonce = WEIR_S("x")};
    check(&digest, &request,
          "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
          "uri=\"/dir/index.html\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
          "response=\"1949323746fe6a43ef61f9606e7febea\", "
          "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"");
}

static int parse_status(const char *text)
{
    weir_slice rest = weir_slice_of(text);
    weir_http_challenge challenge;
    weir_http_digest digest;
    REQUIRE(weir_http_challenge_next(&rest, &challenge) == 1);
    return weir_http_digest_parse(&digest, &challenge, weir_tls_hashes());
}

TEST(digest, says_what_it_cannot_answer)
{
    CHECK_INT(parse_status("Basic realm=\"x\", nonce=\"y\""), WEIR_E_INVALID);
    CHECK_INT(parse_status("Digest"), WEIR_E_INVALID);
    CHECK_INT(parse_status("Digest realm=\"x\""), WEIR_E_INVALID);
    CHECK_INT(parse_status("Digest nonce=\"x\""), WEIR_E_INVALID);
    CHECK_INT(parse_status("Digest realm=x\\, nonce=\"y\""), WEIR_E_INVALID);
    CHECK_INT(parse_status("Digest realm=x, nonce=y, opaque=z\\"), WEIR_E_INVALID);
    CHECK_INT(parse_status("Digest realm=x, nonce=y, algorithm=SHA-1"),
              WEIR_E_UNSUPPORTED);
    CHECK_INT(parse_status("Digest realm=x, nonce=y, qop=token"), WEIR_E_UNSUPPORTED);
    CHECK_INT(parse_status("Digest realm=x, nonce=y, qop=\"\""), WEIR_E_UNSUPPORTED);
    CHECK_INT(parse_status("Digest realm=x, nonce=y, qop=\"token,AUTH\", opaque=\"\", "
                           "algorithm=\"md5\""),
              WEIR_OK);
    CHECK(parse("Digest realm=x, nonce=y, stale=TRUE").stale);
    CHECK(parse("Digest realm=x, nonce=y, stale=\"true\"").stale);
    CHECK(!parse("Digest realm=x, nonce=y, stale=false").stale);
}

/* A realm with a quote stays as it came; nothing of the caller's gets out either. */
TEST(digest, refuses_what_would_get_out_of_its_quotes)
{
    weir_http_digest digest = parse("Digest realm=\"a\\\"b\", nonce=y, qop=auth");
    weir_http_digest_request request = MUFASA;
    char space[1024];
    size_t len;
    request.user = WEIR_S("a\"b\\c");
    CHECK_INT(weir_http_digest_answer(&digest, &request, weir_tls_hashes(), space,
                                      sizeof(space), &len),
              WEIR_OK);
    CHECK(weir_slice_starts_with((weir_slice){space, len},
                                 WEIR_S("Digest username=\"a\\\"b\\\\c\", "
                                        "realm=\"a\\\"b\", uri=")));
#define CHECK_REFUSED(member, ...)                                                 \
    request = MUFASA;                                                              \
    request.member = WEIR_S(__VA_ARGS__);                                          \
    CHECK_INT(weir_http_digest_answer(&digest, &request, weir_tls_hashes(), space, \
                                      sizeof(space), &len),                        \
              WEIR_E_INVALID)
    CHECK_REFUSED(user, "a\r\nb");
    CHECK_REFUSED(user, "a\tb");
    CHECK_REFUSED(user, "a\0b");
    CHECK_REFUSED(target, "/\"");
    CHECK_REFUSED(target, "/ x");
    CHECK_REFUSED(target, "");
    CHECK_REFUSED(method, "GET ");
    CHECK_REFUSED(cnonce, "a\\");
    CHECK_REFUSED(cnonce, "");
    CHECK_INT(digest.nonce_count, 1);
}

static int no_md5(void *self, weir_hash_algorithm algorithm, const weir_slice *parts,
                  size_t count, unsigned char *digest)
{
    if (algorithm == WEIR_HASH_MD5)
        return WEIR_E_UNSUPPORTED;
    return weir_tls_hashes()->hash(self, algorithm, parts, count, digest);
}

/* RFC 7616 3.7: the first that is known, and that there is a function for. */
TEST(digest, chooses_the_first_that_can_be_answered)
{
    const weir_hashes hashes = {no_md5, NULL};
    weir_slice name = WEIR_S("Proxy-Authenticate");
    weir_http_fields fields;
    weir_http_digest digest;
    weir_http_fields_init(&fields, NULL, NULL);
    CHECK_INT(weir_http_digest_choose(&digest, &fields, name, &hashes), 0);
    weir_http_fields_add(&fields, name, WEIR_S("Basic realm=x, Digest realm=a"));
    CHECK_INT(weir_http_digest_choose(&digest, &fields, name, &hashes), WEIR_E_INVALID);
    weir_http_fields_add(&fields, name, WEIR_S("Digest realm=\"b\", nonce=\"1\""));
    CHECK_INT(weir_http_digest_choose(&digest, &fields, name, &hashes),
              WEIR_E_UNSUPPORTED);
    weir_http_fields_add(
        &fields, name,
        WEIR_S("Digest realm=\"c\", nonce=\"2\", algorithm=SHA-512, "
               "Digest realm=\"d\", nonce=\"3\", algorithm=SHA-256,"
               "Digest realm=\"e\", nonce=\"4\", algorithm=SHA-512-256"));
    CHECK_INT(weir_http_digest_choose(&digest, &fields, name, &hashes), 1);
    CHECK_BYTES(digest.realm, WEIR_S("d"));
    CHECK_INT(weir_http_digest_choose(&digest, &fields, name, weir_tls_hashes()), 1);
    CHECK_BYTES(digest.realm, WEIR_S("b"));
    weir_http_fields_clear(&fields);
}

/* What the functions fail with is handed on, at each call of them. */
static int countdown;

static int failing(void *self, weir_hash_algorithm algorithm, const weir_slice *parts,
                   size_t count, unsigned char *digest)
{
    if (--countdown == 0)
        return WEIR_E_MEMORY;
    return weir_tls_hashes()->hash(self, algorithm, parts, count, digest);
}

TEST(digest, hands_on_every_failure_of_a_hash_function)
{
    const weir_hashes hashes = {failing, NULL};
    weir_http_digest digest =
        parse(MUFASA_CHALLENGE("auth-int", "MD5-sess") ", userhash=true");
    weir_http_digest_request request = MUFASA;
    weir_slice body = WEIR_S("body");
    char space[1024];
    size_t len;
    int rc;
    int n = 0;
    request.body = &body;
    do {
        countdown = ++n;
        rc = weir_http_digest_answer(&digest, &request, &hashes, space, sizeof(space),
                                     &len);
        CHECK(rc == WEIR_OK || rc == WEIR_E_MEMORY);
        CHECK_INT(digest.nonce_count, rc == WEIR_OK);
    } while (rc < 0);
    CHECK_INT(n, 7); /* A1, the session, the body, A2, the response, the user */
}
