/* Bodies of many parts as readers.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <weir/form.h>
#include <weir/status.h>
#include <weir/weir.h>

#include "error.h"
#include "loop.h"
#include "nth.h"
#include "reader.h"
#include "test.h"

/* A reader that brings a text a few bytes at a time, and before each of them says that
 * the time is over. */
struct drip {
    weir_reader reader; /* first: weir_reader_free frees it */
    weir_slice rest;
    size_t step;
    bool moody;
    bool late;
    int end; /* what comes behind the text */
};

static int pull(void *self, weir_reader *reader)
{
    struct drip *drip = self;
    size_t size;
    bool no_memory;
    drip->late = drip->moody && !drip->late;
    if (drip->late)
        return weir__fail(WEIR_E_TIMEOUT, "drip", "late");
    if (drip->rest.len == 0)
        return drip->end < 0 ? weir__fail(drip->end, "drip", "broken") : 0;
    char *space = weir__reader_space(reader, &size, &no_memory);
    if (!space)
        return weir__fail(WEIR_E_MEMORY, "drip", "no memory");
    size_t len = drip->step < size ? drip->step : size;
    if (len > drip->rest.len)
        len = drip->rest.len;
    memcpy(space, drip->rest.data, len);
    weir__reader_commit(reader, len);
    drip->rest = weir_slice_skip(drip->rest, len);
    return 1;
}

static const struct weir__source SOURCE = {.pull = pull};

struct scene {
    weir_loop *loop;
    struct nth nth;
    struct drip drip;
};

static void open_scene(struct scene *scene)
{
    nth_init(&scene->nth, 0);
    scene->loop =
        weir_loop_new(&(weir_loop_options){.allocator = &scene->nth.allocator});
    REQUIRE(scene->loop != NULL);
}

static void close_scene(struct scene *scene)
{
    weir_loop_free(scene->loop);
    CHECK_INT(scene->nth.live, 0);
}

static weir_reader *drip_of(struct scene *scene, const char *text, size_t step)
{
    scene->drip = (struct drip){.rest = weir_slice_of(text), .step = step};
    weir__reader_init(&scene->drip.reader, scene->loop, &SOURCE, &scene->drip, 0);
    return &scene->drip.reader;
}

#define FORM  "multipart/form-data; boundary=b"
#define FIELD "--b\r\nContent-Disposition: form-data; name=\"t%22\"\r\n\r\n"
#define A_FILE                                                                      \
    "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"..\\x.txt\"\r\n" \
    "Content-Type: text/plain\r\n\r\n"
#define TWO FIELD "one\r\n--\r\ntwo\n\r\n" A_FILE "\r\n--b--\r\nepilogue"

static weir_multipart_reader *parts_of(weir_reader *body, const char *type)
{
    weir_multipart_reader *parts;
    REQUIRE(weir_multipart_reader_new(&parts, body, weir_slice_of(type), NULL) == 0);
    return parts;
}

/* Calls again when the time was over. */
static int next(weir_multipart_reader *parts, weir_multipart_part *part)
{
    int rc;
    do
        rc = weir_multipart_reader_next(parts, part);
    while (rc == WEIR_E_TIMEOUT);
    return rc;
}

static int read_line(weir_reader *reader, weir_slice *line)
{
    int rc;
    do
        rc = weir_readline(reader, line);
    while (rc == WEIR_E_TIMEOUT);
    return rc;
}

static void check_two(weir_reader *body)
{
    static const char *const LINES[] = {"one\r\n", "--\r\n", "two\n"};
    weir_multipart_part part;
    weir_slice bytes;
    weir_multipart_reader *parts = parts_of(body, FORM);
    REQUIRE(next(parts, &part) == 1);
    CHECK_BYTES(part.name, WEIR_S("t\""));
    CHECK(part.filename.data == NULL);
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(read_line(part.body, &bytes), strlen(LINES[i]));
        CHECK_BYTES(bytes, weir_slice_of(LINES[i]));
    }
    CHECK_INT(read_line(part.body, &bytes), 0);
    REQUIRE(next(parts, &part) == 1);
    CHECK_BYTES(part.name, WEIR_S("f"));
    CHECK_BYTES(part.filename, WEIR_S("..\\x.txt"));
    CHECK_INT(part.filename.data[part.filename.len], '\0');
    CHECK_BYTES(weir_http_fields_value(part.fields, WEIR_S("content-type")),
                WEIR_S("text/plain"));
    CHECK_INT(read_line(part.body, &bytes), 0);
    CHECK_INT(next(parts, &part), 0);
    CHECK_INT(next(parts, &part), 0);
    CHECK_INT(weir_read(part.body, 1, &bytes), 0);
    CHECK(weir_reader_at_eof(body));
    weir_multipart_reader_free(parts);
}

TEST(multipart_reader, gives_part_after_part_however_they_come)
{
    struct scene scene;
    open_scene(&scene);
    for (size_t step = 1; step < sizeof(TWO) + 1; step++) {
        for (int moody = 0; moody < 2; moody++) {
            weir_reader *body = drip_of(&scene, TWO, step);
            scene.drip.moody = moody == 1;
            check_two(body);
            weir__reader_clear(body);
        }
    }
    weir_reader *memory = weir_memory_reader_new(scene.loop, WEIR_S(TWO));
    check_two(memory);
    weir_reader_free(memory);
    close_scene(&scene);
}

TEST(multipart_reader, skips_what_is_not_read)
{
    struct scene scene;
    weir_multipart_part part;
    weir_slice bytes;
    open_scene(&scene);
    for (size_t step = 1; step < 80; step += 7) {
        weir_reader *body = drip_of(&scene, TWO, step);
        weir_multipart_reader *parts = parts_of(body, FORM);
        REQUIRE(next(parts, &part) == 1);
        if (step % 2)
            CHECK_INT(weir_readexactly(part.body, 2, &bytes), 2);
        REQUIRE(next(parts, &part) == 1);
        CHECK_BYTES(part.name, WEIR_S("f"));
        CHECK_INT(next(parts, &part), 0);
        weir_multipart_reader_free(parts);
        weir__reader_clear(body);
    }
    close_scene(&scene);
}

/* What came before a failure is told before it, and it is for good. */
TEST(multipart_reader, tells_where_a_body_breaks)
{
    struct scene scene;
    weir_multipart_part part;
    weir_slice bytes;
    open_scene(&scene);
    for (int broken = 0; broken < 2; broken++) {
        weir_reader *body = drip_of(&scene, FIELD "onetwo\r\n-", 5);
        int status = broken ? WEIR_E_CONNECTION : WEIR_E_INCOMPLETE;
        scene.drip.end = broken ? WEIR_E_CONNECTION : 0;
        weir_multipart_reader *parts = parts_of(body, FORM);
        REQUIRE(next(parts, &part) == 1);
        CHECK_INT(weir_readexactly(part.body, 6, &bytes), 6);
        CHECK_BYTES(bytes, WEIR_S("onetwo"));
        if (!broken) {
            CHECK_INT(weir_readexactly(part.body, 3, &bytes), 3);
            CHECK_BYTES(bytes, WEIR_S("\r\n-"));
        }
        CHECK_INT(weir_read(part.body, 1, &bytes), status);
        CHECK_INT(weir_multipart_reader_next(parts, &part), status);
        CHECK_INT(weir_read(part.body, 1, &bytes), status);
        CHECK_INT(weir_last_error()->status, status);
        weir_multipart_reader_free(parts);
        weir__reader_clear(body);
    }
    close_scene(&scene);
}

static void check_next(struct scene *scene, const char *text, const char *type,
                       int status, const char *words)
{
    weir_multipart_part part;
    weir_reader *body = drip_of(scene, text, 4);
    weir_multipart_reader *parts = parts_of(body, type);
    int rc;
    while ((rc = weir_multipart_reader_next(parts, &part)) > 0)
        continue;
    CHECK_INT(rc, status);
    if (rc < 0)
        CHECK(strstr(weir_last_error()->message, words) != NULL);
    CHECK_INT(weir_multipart_reader_next(parts, &part), status);
    weir_multipart_reader_free(parts);
    weir__reader_clear(body);
}

/* RFC 7578 4.2: of a form, each part has a disposition that can be read in one way. */
TEST(multipart_reader, refuses_what_is_no_form)
{
    struct scene scene;
    open_scene(&scene);
    check_next(&scene, "--b\nA: b\r\n", FORM, WEIR_E_PROTOCOL, "without CR, at byte 3");
    check_next(&scene, "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n", FORM,
               WEIR_E_PROTOCOL, "Content-Disposition");
    check_next(&scene,
               "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n\r\n--b--",
               "multipart/mixed; boundary=b", WEIR_OK, "");
    check_next(&scene, "no part", FORM, WEIR_E_INCOMPLETE, "before its last boundary");
    check_next(&scene, "--b--", "Multipart/X; x=y; boundary=\"b\"", WEIR_OK, "");
    close_scene(&scene);
}

TEST(multipart_reader, wants_a_boundary)
{
    static const struct {
        const char *type;
        int status;
    } ROWS[] = {
        {"text/plain; boundary=b", WEIR_E_TYPE},
        {"", WEIR_E_TYPE},
        {"multipart", WEIR_E_TYPE},
        {"multipart/form-data", WEIR_E_PROTOCOL},
        {"multipart/form-data; boundary=", WEIR_E_PROTOCOL},
        {"multipart/form-data; boundary=\"\"", WEIR_E_PROTOCOL},
        {"multipart/form-data; boundary="
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         WEIR_E_PROTOCOL},
    };
    struct scene scene;
    open_scene(&scene);
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        weir_multipart_reader *parts;
        CHECK_INT(weir_multipart_reader_new(&parts, drip_of(&scene, "", 1),
                                            weir_slice_of(ROWS[i].type), NULL),
                  ROWS[i].status);
        CHECK_INT(weir_last_error()->status, ROWS[i].status);
    }
    close_scene(&scene);
}

/* 1,000 parts are the limit, unless another is given. */
TEST(multipart_reader, has_limits)
{
    static char text[1001 * 9 + 1];
    struct scene scene;
    weir_multipart_part part;
    weir_multipart_reader *parts;
    int rc;
    int count = 0;
    open_scene(&scene);
    for (int i = 0; i < 1001; i++)
        memcpy(text + (ptrdiff_t)i * 9, "--b\r\n\r\n\r\n", 9);
    weir_reader *body = drip_of(&scene, text, 1000);
    parts = parts_of(body, FORM);
    while ((rc = weir_multipart_reader_next(parts, &part)) > 0)
        count++;
    CHECK_INT(rc, WEIR_E_TOO_BIG);
    CHECK_INT(count, 1000);
    weir_multipart_reader_free(parts);
    weir__reader_clear(body);
    weir_multipart_reader_free(NULL);
    close_scene(&scene);
}

static int read_all(struct scene *scene)
{
    weir_multipart_reader *parts = NULL;
    weir_multipart_part part;
    weir_slice bytes;
    weir_reader *body = drip_of(scene, TWO, 6);
    int rc = weir_multipart_reader_new(&parts, body, WEIR_S(FORM), NULL);
    if (rc == WEIR_OK) {
        while ((rc = weir_multipart_reader_next(parts, &part)) > 0) {
            rc = weir_readall(part.body, WEIR_NO_LIMIT, &bytes);
            if (rc < 0)
                break;
        }
    }
    weir_multipart_reader_free(parts);
    weir__reader_clear(body);
    return rc;
}

TEST(multipart_reader, survives_every_failing_allocation)
{
    struct scene scene;
    int rc;
    size_t n = 0;
    open_scene(&scene);
    do {
        scene.nth.count = 0;
        scene.nth.fail_at = ++n;
        rc = read_all(&scene);
        CHECK(rc == WEIR_OK || rc == WEIR_E_MEMORY);
    } while (rc < 0);
    CHECK(n > 4);
    scene.nth.fail_at = 0;
    close_scene(&scene);
}

/* What one builds the other takes apart. */
TEST(multipart_reader, reads_what_a_form_sends)
{
    struct scene scene;
    weir_multipart_part part;
    weir_slice bytes;
    open_scene(&scene);
    weir_form *form = weir_form_new(NULL);
    REQUIRE(form != NULL);
    CHECK_INT(weir_form_add(form, "a \"quoted\" \xC3\xA4", WEIR_S("\r\n--\r\n"), NULL),
              WEIR_OK);
    CHECK_INT(
        weir_form_add(form, "b", WEIR_S(""), &(weir_form_part){.filename = "x\"y.txt"}),
        WEIR_OK);
    weir_reader *body = weir_form_reader_new(scene.loop, form);
    weir_multipart_reader *parts = parts_of(body, weir_form_content_type(form));
    REQUIRE(next(parts, &part) == 1);
    CHECK_BYTES(part.name, WEIR_S("a \"quoted\" \xC3\xA4"));
    CHECK_INT(weir_readall(part.body, 100, &bytes), 6);
    CHECK_BYTES(bytes, WEIR_S("\r\n--\r\n"));
    REQUIRE(next(parts, &part) == 1);
    CHECK_BYTES(part.filename, WEIR_S("x\"y.txt"));
    CHECK_INT(weir_readall(part.body, 100, &bytes), 0);
    CHECK_INT(next(parts, &part), 0);
    weir_multipart_reader_free(parts);
    weir_reader_free(body);
    weir_form_free(form);
    close_scene(&scene);
}
