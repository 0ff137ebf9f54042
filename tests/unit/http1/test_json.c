/* JSON as bodies of requests and responses, by jansson.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/json_adapter.h>

#include "http_scene.h"

#define JSON_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define EMPTY     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

#ifdef TEST_JANSSON
#include <weir/json.h>

static void open_scene(struct http_scene *scene, const struct http_answer *answers,
                       size_t count)
{
    http_scene_open_with(scene, answers, count,
                         &(weir_session_options){.json_adapter = &weir_jansson});
}

TEST(json, an_object_goes_there_and_back)
{
    static const struct http_answer ANSWER = {
        .bytes = JSON_HEAD "Content-Length: 16\r\n\r\n{\"answer\": [42]}"};
    struct http_scene scene;
    weir_response *response;
    json_t *answer = NULL;
    int number;
    open_scene(&scene, &ANSWER, 1);
    json_t *question = json_pack("{s:s}", "name", "x");
    REQUIRE(weir_post(scene.session, &response, scene.url, .json = question) ==
            WEIR_OK);
    json_decref(question);
    CHECK(http_scene_saw(&scene, "\r\nContent-Type: application/json\r\n"));
    CHECK(http_scene_saw(&scene, "\r\nAccept: application/json, */*;q=0.5\r\n"));
    CHECK(http_scene_saw(&scene, "\r\nContent-Length: 12\r\n"));
    CHECK(http_scene_saw(&scene, "\r\n\r\n{\"name\":\"x\"}"));
    REQUIRE(weir_response_json(response, &answer) == WEIR_OK);
    REQUIRE(json_unpack(answer, "{s:[i]}", "answer", &number) == 0);
    CHECK_INT(number, 42);
    json_decref(answer);
    weir_response_free(response);
    http_scene_close(&scene);
}

TEST(json, the_program_says_what_it_takes)
{
    static const struct http_answer ANSWER = {.bytes = EMPTY};
    struct http_scene scene;
    weir_response *response;
    json_t *null = json_null();
    open_scene(&scene, &ANSWER, 1);
    REQUIRE(weir_post(scene.session, &response, scene.url, .json = null,
                      .content_type = "application/ld+json",
                      .headers = (weir_pair[]){{"Accept", "text/html"}, {0}}) ==
            WEIR_OK);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "\r\nAccept: text/html\r\n"));
    CHECK(http_scene_saw(&scene, "\r\nContent-Type: application/ld+json\r\n"));
    CHECK(http_scene_saw(&scene, "\r\n\r\nnull"));
    CHECK_INT(weir_post(scene.session, &response, scene.url, .json = null,
                        .body = WEIR_S("x")),
              WEIR_E_INVALID);
    http_scene_close(&scene);

    http_scene_open_with(&scene, &ANSWER, 1,
                         &(weir_session_options){
                             .json_adapter = &weir_jansson,
                             .headers = (weir_pair[]){{"Accept", "text/plain"}, {0}}});
    REQUIRE(weir_post(scene.session, &response, scene.url, .json = null) == WEIR_OK);
    weir_response_free(response);
    CHECK(http_scene_saw(&scene, "\r\nAccept: text/plain\r\n"));
    http_scene_close(&scene);
}

TEST(json, a_redirect_takes_it_along_or_leaves_it)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = "HTTP/1.1 307 X\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = "HTTP/1.1 303 X\r\nLocation: /c\r\nContent-Length: 0\r\n\r\n"},
        {.bytes = EMPTY}};
    struct http_scene scene;
    weir_response *response;
    json_t *list = json_pack("[i]", 1);
    open_scene(&scene, ANSWERS, 3);
    REQUIRE(weir_put(scene.session, &response, scene.url, .json = list,
                     .max_redirects = 1) == WEIR_E_TOO_BIG);
    CHECK(http_scene_saw(&scene, "PUT /b HTTP/1.1"));
    CHECK(http_scene_saw(&scene, "\r\n\r\n[1]"));
    scene.requests = 1;
    REQUIRE(weir_put(scene.session, &response, scene.url, .json = list) == WEIR_OK);
    CHECK(http_scene_saw(&scene, "GET /c HTTP/1.1"));
    CHECK(!http_scene_saw(&scene, "Content-Type"));
    weir_response_free(response);
    json_decref(list);
    http_scene_close(&scene);
}

/* A status and what its sentence has for each body. */
TEST(json, what_is_no_json_is_said_with_its_place)
{
    static const struct {
        const char *type;
        const char *body;
        int status;
        const char *words;
    } CASES[] = {
        {"application/json", "3", WEIR_OK, NULL},
        {"text/json", "\"a\"", WEIR_OK, NULL},
        {"application/problem+json; charset=utf-8", "{}", WEIR_OK, NULL},
        {"application/json", "\xEF\xBB\xBF[]", WEIR_OK, NULL},
        {"application/json", "{\"a\": 1,\n  nope}", WEIR_E_PROTOCOL,
         "line 2, column 6: "},
        {"application/json", "[1] [2]", WEIR_E_PROTOCOL, "reading the JSON: line 1"},
        {"application/json", "\"\xFF\"", WEIR_E_PROTOCOL, "0xff"},
        {"application/json", "", WEIR_E_PROTOCOL, "the body is empty"},
        {"text/html", "{}", WEIR_E_TYPE, "\"text/html\", not JSON"},
        {"?\x80", "{}", WEIR_E_TYPE, "not JSON"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char bytes[300];
        struct http_answer answer = {.bytes = bytes};
        struct http_scene scene;
        weir_response *response;
        json_t *json = NULL;
        snprintf(bytes, sizeof(bytes),
                 "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
                 CASES[i].type, strlen(CASES[i].body), CASES[i].body);
        open_scene(&scene, &answer, 1);
        REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
        CHECK_INT(weir_response_json(response, &json), CASES[i].status);
        CHECK(!CASES[i].words || http_failed_with(CASES[i].words));
        CHECK(!CASES[i].words || http_failed_with("GET http://127.0.0.1:"));
        json_decref(json);
        json = NULL;
        if (CASES[i].status == WEIR_E_TYPE)
            CHECK_INT(weir_response_json_of_any_type(response, &json), WEIR_OK);
        json_decref(json);
        weir_response_free(response);
        http_scene_close(&scene);
    }
}

/* What calls itself for each level would run over the stack of a task. */
static int read_deep(void *arg)
{
    struct http_scene *scene = arg;
    weir_response *response;
    json_t *json = NULL;
    int rc = weir_get(scene->session, &response, scene->url);
    if (rc < 0)
        return rc;
    rc = weir_response_json(response, &json);
    json_decref(json);
    weir_response_free(response);
    return rc;
}

TEST(json, nesting_is_bounded_and_what_is_allowed_fits_a_task)
{
    for (int extra = 0; extra < 2; extra++) {
        size_t depth = WEIR_JSON_DEPTH + (size_t)extra;
        char bytes[2000];
        struct http_answer answer = {.bytes = bytes};
        struct http_scene scene;
        int len = snprintf(bytes, sizeof(bytes),
                           JSON_HEAD "Content-Length: %zu\r\n\r\n", 2 * depth + 8);
        memcpy(bytes + len, "[\"[\\\"[\",", 8); /* these brackets do not count */
        memset(bytes + len + 8, '[', depth - 1);
        memset(bytes + len + 7 + depth, ']', depth);
        strcpy(bytes + len + 7 + 2 * depth, " ");
        open_scene(&scene, &answer, 1);
        weir_task *task = weir_spawn(scene.loop, read_deep, &scene, .name = "deep");
        REQUIRE(task != NULL);
        CHECK_INT(weir_join(task), extra ? WEIR_E_TOO_BIG : WEIR_OK);
        http_scene_close(&scene);
    }
}

#else

TEST(json, jansson)
{
    SKIP("jansson: not installed");
}

#endif

/* An adapter for texts, to which everything is JSON that begins with a brace. */

static size_t encode_text(const void *value, char *space, size_t size)
{
    size_t len = strlen(value);
    if (len > 0 && len <= size)
        memcpy(space, value, len);
    return len;
}

static int decode_text(weir_slice text, void **value, weir_json_error *error)
{
    static char kept[100];
    if (text.data[0] != '{') {
        *error = (weir_json_error){1, 1, "no \x1b brace"};
        return WEIR_E_PROTOCOL;
    }
    if (text.len >= sizeof(kept))
        return WEIR_E_MEMORY;
    memcpy(kept, text.data, text.len);
    kept[text.len] = '\0';
    *value = kept;
    return WEIR_OK;
}

static const weir_json_adapter TEXT = {encode_text, decode_text};

TEST(json, any_library_can_be_adapted)
{
    static const struct http_answer ANSWERS[] = {
        {.bytes = JSON_HEAD "Content-Length: 3\r\n\r\n{x}"},
        {.bytes = JSON_HEAD "Content-Length: 1\r\n\r\nx"}};
    struct http_scene scene;
    weir_response *response;
    void *value;
    http_scene_open_with(&scene, ANSWERS, 2,
                         &(weir_session_options){.json_adapter = &TEXT});
    REQUIRE(weir_post(scene.session, &response, scene.url, .json = "{y}") == WEIR_OK);
    CHECK(http_scene_saw(&scene, "\r\n\r\n{y}"));
    REQUIRE(weir_response_decode_json(response, &TEXT, false, &value) == WEIR_OK);
    CHECK(strcmp(value, "{x}") == 0);
    weir_response_free(response);
    CHECK_INT(weir_post(scene.session, &response, scene.url, .json = ""),
              WEIR_E_INVALID);
    CHECK(http_failed_with("the value is no JSON"));
    REQUIRE(weir_get(scene.session, &response, scene.url) == WEIR_OK);
    CHECK_INT(weir_response_decode_json(response, &TEXT, false, &value),
              WEIR_E_PROTOCOL);
    CHECK(http_failed_with("line 1, column 1: no \\x1b brace"));
    weir_response_free(response);
    http_scene_close(&scene);
}

TEST(json, a_session_without_an_adapter_says_so)
{
    static const struct http_answer ANSWER = {.bytes = EMPTY};
    struct http_scene scene;
    weir_response *response;
    http_scene_open(&scene, &ANSWER, 1);
    CHECK_INT(weir_post(scene.session, &response, scene.url, .json = "{}"),
              WEIR_E_INVALID);
    CHECK(http_failed_with(".json_adapter"));
    http_scene_close(&scene);
}

TEST(json, every_allocation_may_fail)
{
    static const struct http_answer ANSWER = {.bytes = EMPTY};
    struct http_scene scene;
    weir_response *response;
    int rc;
    size_t n = 0;
    http_scene_open_with(&scene, &ANSWER, 1,
                         &(weir_session_options){.json_adapter = &TEXT});
    CHECK_INT(http_scene_get(&scene, NULL), 200);
    do {
        scene.nth.fail_at = scene.nth.count + ++n;
        scene.nth.failed = false;
        rc = weir_post(scene.session, &response, scene.url, .json = "{}");
        if (rc == WEIR_OK)
            weir_response_free(response);
    } while (scene.nth.failed && n < 100);
    CHECK_INT(rc, WEIR_OK);
    CHECK(n > 1);
    http_scene_close(&scene);
}
