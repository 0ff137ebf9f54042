/* weir's client and httpbin: what arrives there, and streamed bodies.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/features.h>
#include <weir/form.h>
#include <weir/session.h>
#include <weir/status.h>

#include "peer.h"
#include "test.h"

/* The system's python3, which has the system's httpbin. gthread is the simplest
 * worker of gunicorn that keeps connections. */
static void start(struct peer *httpbin)
{
    static const char *const TRY[] = {"/usr/bin/python3", "-c",
                                      "import gunicorn, httpbin", NULL};
    char address[32];
    if (!peer_try(TRY))
        peer_missing("httpbin");
    peer_open(httpbin, "httpbin");
    snprintf(address, sizeof(address), "127.0.0.1:%d", httpbin->port);
    const char *const arguments[] = {"/usr/bin/python3",
                                     "-m",
                                     "gunicorn",
                                     "-k",
                                     "gthread",
                                     "--threads",
                                     "4",
                                     "--keep-alive",
                                     "60",
                                     "--bind",
                                     address,
                                     "--worker-tmp-dir",
                                     httpbin->dir,
                                     "httpbin:app",
                                     NULL};
    peer_start(httpbin, arguments);
}

static const char *url_of(const struct peer *httpbin, const char *path)
{
    static char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", httpbin->port, path);
    return url;
}

/* Whether JSON has this member, with or without a space behind the colon. */
static bool has(weir_slice json, const char *name, const char *value)
{
    char member[128];
    size_t len = (size_t)snprintf(member, sizeof(member), "\"%s\":", name);
    size_t at = weir_slice_find(json, (weir_slice){member, len});
    weir_slice rest = weir_slice_trim(weir_slice_skip(json, at + len));
    len = (size_t)snprintf(member, sizeof(member), "\"%s\"", value);
    if (weir_slice_starts_with(rest, (weir_slice){member, len}))
        return true;
    fprintf(stderr, "no %s: %s in %.*s\n", name, member, (int)json.len, json.data);
    return false;
}

TEST(httpbin, sees_what_was_sent)
{
    struct peer httpbin;
    weir_response *response;
    weir_slice text;
    start(&httpbin);
    weir_session *session = weir_session_new(NULL, NULL);
    REQUIRE(weir_get(session, &response, url_of(&httpbin, "/get?a=1&b=%20"),
                     .headers = (weir_pair[]){{"X-Own", "yes"}, {0}}) == WEIR_OK);
    REQUIRE(weir_response_text(response, &text) == WEIR_OK);
    CHECK(has(text, "a", "1"));
    CHECK(has(text, "b", " "));
    CHECK(has(text, "X-Own", "yes"));
    CHECK(has(text, "Accept", "*/*"));
    weir_response_free(response);
    REQUIRE(weir_post(session, &response, url_of(&httpbin, "/post"),
                      .body = WEIR_S("name=weir&level=3"),
                      .content_type = "application/x-www-form-urlencoded") == WEIR_OK);
    REQUIRE(weir_response_text(response, &text) == WEIR_OK);
    CHECK(has(text, "level", "3"));
    CHECK(has(text, "Content-Length", "17"));
    weir_response_free(response);
    CHECK_INT(weir_session_connections(session), 1);
    weir_session_free(session);
    peer_close(&httpbin);
}

/* RFC 7578: a form with a file, its length said before. */
TEST(httpbin, takes_a_form_with_a_file)
{
    struct peer httpbin;
    weir_response *response;
    weir_slice text;
    start(&httpbin);
    peer_file(&httpbin, "a b.txt", "of a file");
    weir_session *session = weir_session_new(NULL, NULL);
    weir_form *form = weir_form_new(NULL);
    REQUIRE(form != NULL);
    CHECK_INT(weir_form_add(form, "caption", WEIR_S("hello"), NULL), WEIR_OK);
    CHECK_INT(weir_form_add_file(form, "photo", peer_path(&httpbin, "a b.txt"), NULL),
              WEIR_OK);
    weir_reader *body = weir_form_reader_new(weir_session_loop(session), form);
    REQUIRE(weir_post(session, &response, url_of(&httpbin, "/post"),
                      .body_reader = body,
                      .body_length = (uint64_t)weir_form_length(form),
                      .content_type = weir_form_content_type(form)) == WEIR_OK);
    REQUIRE(weir_response_text(response, &text) == WEIR_OK);
    CHECK(has(text, "caption", "hello"));
    CHECK(has(text, "photo", "of a file"));
    weir_response_free(response);
    weir_reader_free(body);
    weir_form_free(form);
    weir_session_free(session);
    peer_close(&httpbin);
}

/* All bytes of a body, compared with those of the first call. */
static void check_same(weir_session *session, const char *url)
{
    static char first[100 * 1024];
    static size_t first_len;
    weir_response *response;
    weir_slice text;
    REQUIRE(weir_get(session, &response, url) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 200);
    REQUIRE(weir_response_text(response, &text) == WEIR_OK);
    if (first_len == 0) {
        REQUIRE(text.len == sizeof(first));
        memcpy(first, text.data, text.len);
        first_len = text.len;
    }
    CHECK_INT(text.len, first_len);
    CHECK(text.len == first_len && memcmp(text.data, first, text.len) == 0);
    weir_response_free(response);
}

TEST(httpbin, streams_the_same_bytes_however_they_are_cut)
{
    static const int CHUNKS[] = {1024, 10, 1000, 65536, 102400};
    struct peer httpbin;
    start(&httpbin);
    weir_session *session = weir_session_new(NULL, NULL);
    check_same(session, url_of(&httpbin, "/bytes/102400?seed=1"));
    for (size_t i = 0; i < sizeof(CHUNKS) / sizeof(CHUNKS[0]); i++) {
        char path[80];
        snprintf(path, sizeof(path), "/stream-bytes/102400?seed=1&chunk_size=%d",
                 CHUNKS[i]);
        check_same(session, url_of(&httpbin, path));
    }
    CHECK_INT(weir_session_connections(session), 1);
    weir_session_free(session);
    peer_close(&httpbin);
}

TEST(httpbin, sends_lines_statuses_and_nothing)
{
    struct peer httpbin;
    weir_response *response;
    weir_slice bytes;
    start(&httpbin);
    weir_session *session = weir_session_new(NULL, NULL);
    REQUIRE(weir_get(session, &response, url_of(&httpbin, "/stream/5")) == WEIR_OK);
    int lines = 0;
    while (weir_readline(weir_response_body(response), &bytes) > 0)
        lines++;
    CHECK_INT(lines, 5);
    weir_response_free(response);
    REQUIRE(weir_get(session, &response, url_of(&httpbin, "/stream-bytes/0")) ==
            WEIR_OK);
    CHECK_INT(weir_response_content_length(response), -1); /* no byte, in chunks */
    CHECK_INT(weir_response_text(response, &bytes), WEIR_OK);
    CHECK_INT(bytes.len, 0);
    weir_response_free(response);
    REQUIRE(weir_get(session, &response, url_of(&httpbin, "/status/418")) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 418);
    CHECK_INT(weir_response_raise_for_status(response), WEIR_E_STATUS);
    weir_response_free(response);
    REQUIRE(weir_get(session, &response, url_of(&httpbin, "/redirect/2"),
                     .max_redirects = WEIR_NONE) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 302);
    CHECK(weir_response_field(response, WEIR_S("location")).len > 0);
    weir_response_free(response);
    REQUIRE(weir_get(session, &response, url_of(&httpbin, "/basic-auth/u/p"),
                     .auth = weir_basic_auth("u", "p")) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 200);
    weir_response_free(response);
    static const char *const DIGESTS[] = {"auth", "auth/u/p/MD5", "auth/u/p/SHA-256",
                                          "auth-int/u/p/SHA-256"};
    for (size_t i = 0; WEIR_HAS_TLS && i < sizeof(DIGESTS) / sizeof(DIGESTS[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "/digest-auth/%s%s", DIGESTS[i],
                 i == 0 ? "/u/p" : "");
        if (!CHECK_INT(weir_get(session, &response, url_of(&httpbin, path),
                                .auth = weir_digest_auth("u", "p")),
                       WEIR_OK))
            CHECK_BYTES(weir_slice_of(weir_last_error()->message), WEIR_S(""));
        CHECK_INT(weir_response_status(response), 200);
        weir_response_free(response);
        REQUIRE(weir_get(session, &response, url_of(&httpbin, path),
                         .auth = weir_digest_auth("u", "wrong")) == WEIR_OK);
        CHECK_INT(weir_response_status(response), 401);
        weir_response_free(response);
    }
    REQUIRE(weir_get(session, &response, url_of(&httpbin, "/cookies/set?a=1&b=2")) ==
            WEIR_OK);
    CHECK_INT(weir_response_text(response, &bytes), WEIR_OK);
    if (!CHECK(weir_slice_find(bytes, WEIR_S("\"a\":\"1\"")) < bytes.len))
        CHECK_BYTES(bytes, WEIR_S(""));
    weir_response_free(response);
    REQUIRE(weir_get(session, &response, url_of(&httpbin, "/redirect/3")) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 200);
    CHECK_INT(weir_response_history_count(response), 3);
    weir_response_free(response);
    CHECK_INT(
        weir_get(session, &response, url_of(&httpbin, "/delay/3"), .timeout_ms = 100),
        WEIR_E_TIMEOUT);
    weir_session_free(session);
    peer_close(&httpbin);
}
