/* Who a request is from, and the cookies that go along (RFC 7617, 6750, 7616, 6265bis).
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/features.h>

#include "http_scene.h"

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static const struct http_answer EMPTY = {.bytes = OK_EMPTY};

static void get(struct http_scene *scene, weir_request_options options)
{
    weir_response *response;
    if (!options.url)
        options.url = scene->url;
    REQUIRE(weir_request(scene->session, &options, &response) == WEIR_OK);
    weir_response_free(response);
}

TEST(credentials, basic_and_bearer_are_sent_at_once)
{
    struct http_scene scene;
    http_scene_open(&scene, &EMPTY, 1);
    get(&scene,
        (weir_request_options){.auth = weir_basic_auth("Aladdin", "open sesame")});
    CHECK(http_scene_saw(&scene, /* RFC 7617 2 */
                         "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    get(&scene, (weir_request_options){.auth = weir_bearer("mF_9.B5f-4.1JqM")});
    CHECK(http_scene_saw(&scene, "\r\nAuthorization: Bearer mF_9.B5f-4.1JqM\r\n"));
    get(&scene, (weir_request_options){.url = NULL});
    CHECK(!http_scene_saw(&scene, "Authorization"));
    http_scene_close(&scene);
}

TEST(credentials, those_of_the_url_are_decoded_and_not_sent_in_it)
{
    struct http_scene scene;
    char url[100];
    http_scene_open(&scene, &EMPTY, 1);
    snprintf(url, sizeof(url), "http://Aladdin:open%%20sesame@127.0.0.1:%d/x",
             scene.port);
    get(&scene, (weir_request_options){.url = url});
    CHECK(http_scene_saw(&scene, "GET /x HTTP/1.1"));
    CHECK(http_scene_saw(&scene, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    CHECK(!http_scene_saw(&scene, "Aladdin"));
    weir_response *response;
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "http://127.0.0.1:%d/x", scene.port);
    REQUIRE(weir_get(scene.session, &response, url) == WEIR_OK);
    CHECK_BYTES(weir_response_url(response), weir_slice_of(wanted));
    weir_response_free(response);
    get(&scene, (weir_request_options){.url = url, .auth = {.scheme = WEIR_AUTH_OFF}});
    CHECK(!http_scene_saw(&scene, "Authorization"));
    http_scene_close(&scene);
}

TEST(credentials, the_nearest_ones_count)
{
    struct http_scene scene;
    weir_session_options session = {.auth = weir_basic_auth("session", "s")};
    http_scene_open_with(&scene, &EMPTY, 1, &session);
    get(&scene, (weir_request_options){.url = NULL});
    CHECK(http_scene_saw(&scene, "Basic c2Vzc2lvbjpz")); /* session:s */
    get(&scene, (weir_request_options){.auth = weir_bearer("own")});
    CHECK(http_scene_saw(&scene, "Bearer own"));
    CHECK(!http_scene_saw(&scene, "Basic"));
    get(&scene, (weir_request_options){
                    .auth = weir_bearer("own"),
                    .headers = (weir_pair[]){{"authorization", "Other x"}, {0}}});
    CHECK(http_scene_saw(&scene, "authorization: Other x"));
    CHECK(!http_scene_saw(&scene, "Bearer"));
    get(&scene, (weir_request_options){.auth = {.scheme = WEIR_AUTH_OFF}});
    CHECK(!http_scene_saw(&scene, "uthorization"));
    http_scene_close(&scene);
}

TEST(credentials, what_cannot_be_sent_is_refused)
{
    static const weir_auth CASES[] = {
        {WEIR_AUTH_BASIC, "a:b", "c"},
        {WEIR_AUTH_BASIC, "a\r\nX: y", "c"},
        {WEIR_AUTH_BEARER, "", "a b"},
        {WEIR_AUTH_BEARER, "", ""},
    };
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &EMPTY, 1);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        CHECK_INT(weir_get(scene.session, &response, scene.url, .auth = CASES[i]),
                  WEIR_E_INVALID);
        CHECK(http_failed_with("cannot be sent"));
    }
    CHECK_INT(scene.requests, 0);
    http_scene_close(&scene);
}

TEST(credentials, they_do_not_go_to_another_origin)
{
    char redirect[128];
    struct http_answer answers[] = {{.bytes = redirect}, {.bytes = OK_EMPTY}};
    struct http_scene scene;
    http_scene_open(&scene, answers, 2);
    snprintf(redirect, sizeof(redirect),
             "HTTP/1.1 302 X\r\nLocation: http://other.test:%d/\r\n"
             "Content-Length: 0\r\n\r\n",
             scene.port);
    get(&scene, (weir_request_options){.auth = weir_basic_auth("a", "b"),
                                       .cookies = (weir_pair[]){{"secret", "1"}, {0}}});
    CHECK_INT(scene.requests, 2);
    CHECK(!http_scene_saw(&scene, "Authorization"));
    CHECK(!http_scene_saw(&scene, "Cookie"));
    http_scene_close(&scene);
}

#if WEIR_HAS_TLS

#define CHALLENGE                                                             \
    "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm=\"b\"\r\n"               \
    "WWW-Authenticate: Digest realm=\"r\", nonce=\"n%s\", qop=\"auth\"%s\r\n" \
    "Content-Length: 4\r\n\r\nwho?"

TEST(credentials, digest_answers_what_the_server_asks)
{
    char first[300];
    snprintf(first, sizeof(first), CHALLENGE, "1", "");
    struct http_answer answers[] = {{.bytes = first}, {.bytes = OK_EMPTY}};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, answers, 2);
    REQUIRE(weir_post(scene.session, &response, scene.url, .body = WEIR_S("abc"),
                      .auth = weir_digest_auth("user", "password")) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 200);
    CHECK_INT(weir_response_history_count(response), 1);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "Authorization: Digest username=\"user\""));
    CHECK(http_scene_saw(&scene, "nonce=\"n1\""));
    CHECK(http_scene_saw(&scene, "uri=\"/path?query\""));
    CHECK(http_scene_saw(&scene, "nc=00000001"));
    CHECK(http_scene_saw(&scene, "\r\n\r\nabc"));
    CHECK(!http_scene_saw(&scene, "password"));
    CHECK_INT(scene.connections, 1);
    http_scene_close(&scene);
}

TEST(credentials, a_wrong_answer_is_given_once)
{
    char challenge[300];
    snprintf(challenge, sizeof(challenge), CHALLENGE, "1", "");
    struct http_answer answer = {.bytes = challenge};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &answer, 1);
    REQUIRE(weir_get(scene.session, &response, scene.url,
                     .auth = weir_digest_auth("user", "wrong")) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 401);
    weir_response_free(response);
    CHECK_INT(scene.requests, 2);
    http_scene_close(&scene);
}

/* RFC 7616 3.3: stale means that the words were right, and the nonce too old. */
TEST(credentials, a_nonce_that_was_too_old_is_replaced_once)
{
    char first[300];
    char second[300];
    snprintf(first, sizeof(first), CHALLENGE, "1", "");
    snprintf(second, sizeof(second), CHALLENGE, "2", ", stale=true");
    struct http_answer answers[] = {
        {.bytes = first}, {.bytes = second}, {.bytes = second}};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, answers, 3);
    REQUIRE(weir_get(scene.session, &response, scene.url,
                     .auth = weir_digest_auth("user", "password")) == WEIR_OK);
    CHECK_INT(weir_response_status(response), 401);
    weir_response_free(response);
    CHECK_INT(scene.requests, 3);
    CHECK(http_scene_saw(&scene, "nonce=\"n2\""));
    http_scene_close(&scene);
}

#endif

/* --- cookies ---------------------------------------------------------------------- */

TEST(cookies, what_is_set_is_sent_from_then_on)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\n"
                  "Set-Cookie: b=\"2\"\r\nSet-Cookie: c=3; Path=/elsewhere\r\n"
                  "Content-Length: 0\r\n\r\n"},
        {.bytes = "HTTP/1.1 200 OK\r\nSet-Cookie: a=; Max-Age=0; Path=/\r\n"
                  "Content-Length: 0\r\n\r\n"},
        {.bytes = OK_EMPTY}};
    struct http_scene scene;
    http_scene_open(&scene, ANSWERS, 3);
    get(&scene, (weir_request_options){.url = NULL});
    CHECK(!http_scene_saw(&scene, "Cookie"));
    get(&scene, (weir_request_options){.url = NULL});
    CHECK(http_scene_saw(&scene, "\r\nCookie: a=1; b=\"2\"\r\n"));
    get(&scene, (weir_request_options){.url = NULL});
    CHECK(http_scene_saw(&scene, "\r\nCookie: b=\"2\"\r\n"));
    CHECK_INT(weir_cookie_jar_count(weir_session_cookies(scene.session)), 2);
    http_scene_close(&scene);
}

TEST(cookies, those_of_a_redirect_are_sent_on)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 302 X\r\nSet-Cookie: session=s1; HttpOnly\r\n"
                  "Location: /home\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = OK_EMPTY}};
    struct http_scene scene;
    http_scene_open(&scene, ANSWERS, 2);
    get(&scene, (weir_request_options){.method = "POST", .body = WEIR_S("user=u")});
    CHECK(http_scene_saw(&scene, "GET /home HTTP/1.1"));
    CHECK(http_scene_saw(&scene, "\r\nCookie: session=s1\r\n"));
    http_scene_close(&scene);
}

TEST(cookies, a_request_has_some_of_its_own)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nSet-Cookie: j=1\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = OK_EMPTY}};
    struct http_scene scene;
    weir_response *response;
    const weir_pair *own = (weir_pair[]){{"x", "1"}, {"y", NULL}, {0}};
    http_scene_open(&scene, ANSWERS, 2);
    get(&scene, (weir_request_options){.cookies = own});
    CHECK(http_scene_saw(&scene, "\r\nCookie: x=1; y=\r\n"));
    get(&scene, (weir_request_options){.cookies = own});
    CHECK(http_scene_saw(&scene, "\r\nCookie: x=1; y=; j=1\r\n"));
    get(&scene,
        (weir_request_options){.headers = (weir_pair[]){{"Cookie", "raw"}, {0}}});
    CHECK(http_scene_saw(&scene, "\r\nCookie: raw\r\n"));
    static const weir_pair BAD[][2] = {
        {{"a b", "1"}, {0}}, {{"a", "1; b=2"}, {0}}, {{"a", "1\r\nX: 2"}, {0}}};
    for (size_t i = 0; i < 3; i++)
        CHECK_INT(weir_get(scene.session, &response, scene.url, .cookies = BAD[i]),
                  WEIR_E_INVALID);
    http_scene_close(&scene);
}

TEST(cookies, a_jar_may_be_shared_or_left_out)
{
    static const struct http_answer ANSWER = {
        .bytes = "HTTP/1.1 200 OK\r\nSet-Cookie: j=1\r\nContent-Length: 0\r\n\r\n"};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &ANSWER, 1);
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    weir_session *first =
        weir_session_new(scene.loop, &(weir_session_options){.cookies = jar});
    weir_session *second =
        weir_session_new(scene.loop, &(weir_session_options){.cookies = jar});
    weir_session *none =
        weir_session_new(scene.loop, &(weir_session_options){.no_cookies = true});
    REQUIRE(weir_get(first, &response, scene.url) == WEIR_OK);
    weir_response_free(response);
    REQUIRE(weir_get(second, &response, scene.url) == WEIR_OK);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "Cookie: j=1"));
    for (int i = 0; i < 2; i++) {
        REQUIRE(weir_get(none, &response, scene.url) == WEIR_OK);
        weir_response_free(response);
        CHECK(!http_scene_saw(&scene, "Cookie"));
    }
    CHECK(!weir_session_cookies(none));
    weir_session_free(first);
    weir_session_free(second);
    weir_session_free(none);
    CHECK_INT(weir_cookie_jar_count(jar), 1);
    weir_cookie_jar_free(jar);
    http_scene_close(&scene);
}
