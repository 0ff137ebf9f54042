/* Forms: what they send, from memory, files and readers, and what breaks them off.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/form.h>
#include <weir/status.h>

#include "fault_sys.h"
#include "loop.h"
#include "nth.h"
#include "test.h"

/* A loop whose memory and descriptors are counted, and a folder for files. */
struct scene {
    weir_loop *loop;
    struct nth nth;
    weir_sys posix;
    fault_sys faults;
    char folder[64];
};

static char path_text[PATH_MAX];

static const char *path(const struct scene *scene, const char *name)
{
    snprintf(path_text, sizeof(path_text), "%s/%s", scene->folder, name);
    return path_text;
}

static void open_scene(struct scene *scene)
{
    nth_init(&scene->nth, 0);
    scene->posix = weir__sys_posix();
    fault_sys_init(&scene->faults, &scene->posix);
    scene->loop = weir__loop_new(
        &(weir_loop_options){.allocator = &scene->nth.allocator}, &scene->faults.sys);
    REQUIRE(scene->loop != NULL);
    strcpy(scene->folder, "/tmp/weir-form-XXXXXX");
    REQUIRE(mkdtemp(scene->folder) != NULL);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void close_scene(struct scene *scene)
{
    static const char *const FILES[] = {"a.txt", "big.bin", "a\nb", "pipe"};
    weir_loop_free(scene->loop);
    CHECK_INT(scene->nth.live, 0);
    fault_sys_clear(&scene->faults);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++)
        unlink(path(scene, FILES[i]));
    CHECK_INT(rmdir(scene->folder), 0);
}

static void write_file(const char *name, weir_slice bytes, const char *mode)
{
    FILE *file = fopen(name, mode);
    REQUIRE(file != NULL);
    REQUIRE(fwrite(bytes.data, 1, bytes.len, file) == bytes.len);
    REQUIRE(fclose(file) == 0);
}

/* Bytes that are the same nowhere near. */
static weir_slice pattern(size_t len)
{
    static char bytes[1 << 20];
    uint32_t x = 1;
    REQUIRE(len <= sizeof(bytes));
    for (size_t i = 0; i < len; i++) {
        x = x * 1664525u + 1013904223u;
        bytes[i] = (char)(unsigned char)(x >> 24);
    }
    return (weir_slice){bytes, len};
}

static weir_form *form_of(struct scene *scene)
{
    weir_form *form = weir_form_new(
        &(weir_form_options){.allocator = &scene->nth.allocator, .boundary = "b"});
    REQUIRE(form != NULL);
    return form;
}

static void check_whole(struct scene *scene, weir_form *form, weir_slice wanted)
{
    weir_slice bytes;
    weir_reader *reader = weir_form_reader_new(scene->loop, form);
    REQUIRE(reader != NULL);
    CHECK_INT(weir_form_length(form), wanted.len);
    CHECK_INT(weir_readall(reader, WEIR_NO_LIMIT, &bytes), wanted.len);
    CHECK_BYTES(bytes, wanted);
    CHECK_INT(weir_read(reader, 1, &bytes), 0);
    weir_reader_free(reader);
}

/* RFC 7578 4, RFC 2046 5.1.1 */
TEST(form, is_sent_part_by_part)
{
    struct scene scene;
    open_scene(&scene);
    weir_form *form = form_of(&scene);
    CHECK_BYTES(weir_slice_of(weir_form_content_type(form)),
                WEIR_S("multipart/form-data; boundary=b"));
    check_whole(&scene, form, WEIR_S("--b--\r\n"));
    write_file(path(&scene, "a.txt"), WEIR_S("of a file"), "w");
    CHECK_INT(weir_form_add(form, "a\"b", WEIR_S("hello"), NULL), WEIR_OK);
    CHECK_INT(weir_form_add(form, "t\xC3\xA4xt", WEIR_S(""),
                            &(weir_form_part){"text/html", "x.html"}),
              WEIR_OK);
    CHECK_INT(weir_form_add_file(form, "f", path(&scene, "a.txt"), NULL), WEIR_OK);
    CHECK_INT(weir_form_add_file(form, "g", path(&scene, "a.txt"),
                                 &(weir_form_part){"text/plain", ""}),
              WEIR_OK);
    weir_slice wanted = WEIR_S(
        "--b\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\nhello\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"t\xC3\xA4xt\"; "
        "filename=\"x.html\"\r\nContent-Type: text/html\r\n\r\n\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\nof a file\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"g\"; filename=\"\"\r\n"
        "Content-Type: text/plain\r\n\r\nof a file\r\n"
        "--b--\r\n");
    check_whole(&scene, form, wanted);
    check_whole(&scene, form, wanted); /* and again */
    CHECK(weir_form_is_repeatable(form));
    weir_form_free(form);
    close_scene(&scene);
}

/* RFC 2046 5.1.1, RFC 9110 5.6.6: at most 70 characters, in quotes where needed. */
TEST(form, has_a_boundary)
{
    weir_form *one = weir_form_new(NULL);
    weir_form *two = weir_form_new(NULL);
    REQUIRE(one && two);
    weir_slice first = weir_slice_of(weir_form_content_type(one));
    weir_slice second = weir_slice_of(weir_form_content_type(two));
    CHECK(weir_slice_starts_with(first,
                                 WEIR_S("multipart/form-data; boundary=----weir")));
    CHECK_INT(first.len, 30 + WEIR_MULTIPART_BOUNDARY_BYTES);
    CHECK(!weir_slice_equal(first, second));
    weir_form_free(one);
    weir_form_free(two);
    one = weir_form_new(&(weir_form_options){.boundary = "a b:c"});
    REQUIRE(one != NULL);
    CHECK_BYTES(weir_slice_of(weir_form_content_type(one)),
                WEIR_S("multipart/form-data; boundary=\"a b:c\""));
    weir_form_free(one);
    CHECK(!weir_form_new(&(weir_form_options){.boundary = "a;"}));
    CHECK_INT(weir_last_error()->status, WEIR_E_INVALID);
    weir_form_free(NULL);
}

TEST(form, can_be_read_in_any_pieces)
{
    struct scene scene;
    weir_slice piece;
    open_scene(&scene);
    weir_slice bytes = pattern(300000);
    write_file(path(&scene, "big.bin"), bytes, "w");
    weir_form *form = form_of(&scene);
    for (int i = 0; i < 20; i++)
        CHECK_INT(
            weir_form_add(form, "n", (weir_slice){bytes.data, (size_t)i * 999}, NULL),
            WEIR_OK);
    CHECK_INT(weir_form_add_file(form, "f", path(&scene, "big.bin"), NULL), WEIR_OK);
    size_t length = (size_t)weir_form_length(form);
    weir_reader *whole = weir_form_reader_new(scene.loop, form);
    CHECK_INT(weir_readall(whole, WEIR_NO_LIMIT, &piece), length);
    weir_slice rest = piece;
    weir_reader *reader = weir_form_reader_new(scene.loop, form);
    for (size_t max = 1; rest.len > 0; max = max * 3 % 70001) {
        REQUIRE(weir_read(reader, max, &piece) > 0 && piece.len <= rest.len);
        REQUIRE(memcmp(piece.data, rest.data, piece.len) == 0);
        rest = weir_slice_skip(rest, piece.len);
        size_t more = rest.len < 5000 ? rest.len : 5000;
        REQUIRE(weir_readexactly(reader, more, &piece) == (int)more);
        REQUIRE(more == 0 || memcmp(piece.data, rest.data, more) == 0);
        rest = weir_slice_skip(rest, more);
    }
    CHECK_INT(weir_read(reader, 1, &piece), 0);
    CHECK(weir_reader_at_eof(reader));
    weir_reader_free(reader);
    weir_reader_free(whole);
    weir_form_free(form);
    close_scene(&scene);
}

/* A large file is read as it is sent, a block at a time. */
TEST(form, holds_no_file_in_memory)
{
    struct scene scene;
    weir_slice piece;
    size_t sent = 0;
    open_scene(&scene);
    write_file(path(&scene, "big.bin"), pattern(1 << 20), "w");
    weir_form *form = form_of(&scene);
    for (int i = 0; i < 4; i++)
        CHECK_INT(weir_form_add_file(form, "f", path(&scene, "big.bin"), NULL), 0);
    weir_reader *reader = weir_form_reader_new(scene.loop, form);
    scene.nth.most_bytes = 0;
    while (weir_read(reader, WEIR_NO_LIMIT, &piece) > 0)
        sent += piece.len;
    CHECK_INT(sent, weir_form_length(form));
    CHECK(scene.nth.most_bytes < 1 << 20);
    weir_reader_free(reader);
    weir_form_free(form);
    close_scene(&scene);
}

TEST(form, takes_what_a_reader_gives)
{
    struct scene scene;
    weir_slice bytes;
    open_scene(&scene);
    weir_form *form = form_of(&scene);
    weir_reader *given = weir_memory_reader_new(scene.loop, WEIR_S("from a reader"));
    CHECK_INT(weir_form_add_reader(form, "r", given, 13, NULL), WEIR_OK);
    CHECK_INT(weir_form_add_reader(form, "r", given, -2, NULL), WEIR_E_INVALID);
    CHECK(weir_form_is_repeatable(form));
    /* A reader that nobody reads has not begun. */
    weir_reader_free(weir_form_reader_new(scene.loop, form));
    check_whole(&scene, form,
                WEIR_S("--b\r\nContent-Disposition: form-data; name=\"r\"\r\n\r\n"
                       "from a reader\r\n--b--\r\n"));
    CHECK(!weir_form_is_repeatable(form));
    CHECK(!weir_form_reader_new(scene.loop, form));
    CHECK_INT(weir_last_error()->status, WEIR_E_UNSUPPORTED);
    weir_reader_free(given);
    weir_form_free(form);

    form = form_of(&scene);
    given = weir_memory_reader_new(scene.loop, pattern(200000));
    CHECK_INT(weir_form_add_reader(form, "r", given, -1, NULL), WEIR_OK);
    CHECK_INT(weir_form_add(form, "s", WEIR_S("x"), NULL), WEIR_OK);
    CHECK_INT(weir_form_length(form), -1);
    weir_reader *reader = weir_form_reader_new(scene.loop, form);
    CHECK_INT(weir_readall(reader, WEIR_NO_LIMIT, &bytes), 200000 + 110);
    weir_reader_free(reader);
    weir_reader_free(given);
    weir_form_free(form);
    close_scene(&scene);
}

/* All that is right before the failure, the failure, and that again. */
static void check_broken(struct scene *scene, weir_form *form, int status,
                         const char *words)
{
    weir_slice bytes;
    size_t sent = 0;
    int before = open_descriptors();
    weir_reader *reader = weir_form_reader_new(scene->loop, form);
    int rc;
    REQUIRE(reader != NULL);
    while ((rc = weir_read(reader, WEIR_NO_LIMIT, &bytes)) > 0)
        sent += bytes.len;
    CHECK_INT(rc, status);
    CHECK(strstr(weir_last_error()->message, words) != NULL);
    CHECK_INT(weir_read(reader, WEIR_NO_LIMIT, &bytes), status);
    CHECK(strstr(weir_last_error()->message, words) != NULL);
    CHECK((int64_t)sent < weir_form_length(form));
    CHECK_INT(open_descriptors(), before);
    weir_reader_free(reader);
}

/* RFC 9112 6.3: never more or less than Content-Length has said. */
TEST(form, breaks_off_when_a_file_is_not_what_it_was)
{
    struct scene scene;
    open_scene(&scene);
    weir_slice bytes = pattern(500000);
    weir_form *form = form_of(&scene);
    write_file(path(&scene, "big.bin"), bytes, "w");
    CHECK_INT(weir_form_add_file(form, "f", path(&scene, "big.bin"), NULL), WEIR_OK);
    write_file(path(&scene, "big.bin"), WEIR_S("x"), "a");
    check_broken(&scene, form, WEIR_E_TOO_BIG, "more than the 500000 bytes");
    write_file(path(&scene, "big.bin"), bytes, "w");
    CHECK_INT(truncate(path(&scene, "big.bin"), 499999), 0);
    check_broken(&scene, form, WEIR_E_INCOMPLETE, "after 499999 bytes of 500000");
    CHECK_INT(truncate(path(&scene, "big.bin"), 0), 0);
    check_broken(&scene, form, WEIR_E_INCOMPLETE, "after 0 bytes of 500000");
    unlink(path(&scene, "big.bin"));
    check_broken(&scene, form, WEIR_E_SYSTEM, "cannot be opened");
    CHECK_INT(weir_last_error()->os_error, ENOENT);
    CHECK_INT(mkfifo(path(&scene, "big.bin"), 0600), 0);
    check_broken(&scene, form, WEIR_E_UNSUPPORTED, "not an ordinary file");
    weir_form_free(form);
    close_scene(&scene);
}

TEST(form, breaks_off_when_a_reader_is_not_what_was_said)
{
    struct scene scene;
    open_scene(&scene);
    weir_slice left;
    for (int64_t length = 3; length <= 5; length += 2) {
        weir_form *form = form_of(&scene);
        weir_reader *given = weir_memory_reader_new(scene.loop, WEIR_S("four"));
        CHECK_INT(weir_form_add_reader(form, "r", given, length, NULL), WEIR_OK);
        check_broken(&scene, form, length == 3 ? WEIR_E_TOO_BIG : WEIR_E_INCOMPLETE,
                     "a reader");
        CHECK_INT(weir_readall(given, WEIR_NO_LIMIT, &left), length == 3);
        weir_reader_free(given);
        weir_form_free(form);
    }
    close_scene(&scene);
}

TEST(form, says_what_the_system_says_of_a_file)
{
    struct scene scene;
    open_scene(&scene);
    weir_form *form = form_of(&scene);
    CHECK_INT(weir_form_add_file(form, "f", path(&scene, "none"), NULL), WEIR_E_SYSTEM);
    CHECK_INT(weir_last_error()->os_error, ENOENT);
    CHECK_INT(weir_form_add_file(form, "f", scene.folder, NULL), WEIR_E_UNSUPPORTED);
    CHECK_INT(mkfifo(path(&scene, "pipe"), 0600), 0);
    CHECK_INT(weir_form_add_file(form, "f", path_text, NULL), WEIR_E_UNSUPPORTED);
    check_whole(&scene, form, WEIR_S("--b--\r\n")); /* as before */
    write_file(path(&scene, "a.txt"), WEIR_S("of a file"), "w");
    CHECK_INT(weir_form_add_file(form, "f", path_text, NULL), WEIR_OK);
    fault_sys_fail(&scene.faults, FAULT_READ, 1, EIO);
    check_broken(&scene, form, WEIR_E_SYSTEM, "cannot be read");
    fault_sys_fail(&scene.faults, FAULT_READ, 1, EINTR);
    fault_sys_limit(&scene.faults, 2, SIZE_MAX);
    weir_slice bytes;
    weir_reader *reader = weir_form_reader_new(scene.loop, form);
    CHECK_INT(weir_readall(reader, WEIR_NO_LIMIT, &bytes), weir_form_length(form));
    weir_reader_free(reader);
    weir_form_free(form);
    close_scene(&scene);
}

/* A reader that is freed in the middle of a file leaves nothing open. */
TEST(form, leaves_nothing_open)
{
    struct scene scene;
    weir_slice bytes;
    open_scene(&scene);
    write_file(path(&scene, "big.bin"), pattern(500000), "w");
    weir_form *form = form_of(&scene);
    CHECK_INT(weir_form_add_file(form, "f", path(&scene, "big.bin"), NULL), WEIR_OK);
    int before = open_descriptors();
    weir_reader *reader = weir_form_reader_new(scene.loop, form);
    CHECK(weir_readexactly(reader, 100000, &bytes) > 0);
    CHECK_INT(open_descriptors(), before + 1);
    weir_reader_free(reader);
    CHECK_INT(open_descriptors(), before);
    weir_form_free(form);
    close_scene(&scene);
}

/* RFC 7578 4.2, 5.1.2; nothing of a name gets out of its line. */
TEST(form, refuses_names_that_would_inject)
{
    struct scene scene;
    open_scene(&scene);
    weir_form *form = form_of(&scene);
    static const char *const BAD[] = {"a\rb", "a\nb", "a\x01", "a\x7F", "a\\"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        CHECK_INT(weir_form_add(form, BAD[i], WEIR_S(""), NULL), WEIR_E_INVALID);
        CHECK_INT(weir_form_add(form, "a", WEIR_S(""), &(weir_form_part){NULL, BAD[i]}),
                  WEIR_E_INVALID);
    }
    CHECK_INT(
        weir_form_add(form, "a", WEIR_S(""), &(weir_form_part){"a/b\r\nX: y", NULL}),
        WEIR_E_INVALID);
    CHECK_INT(weir_form_add(form, "a", WEIR_S(""), &(weir_form_part){"text", NULL}),
              WEIR_E_INVALID);
    write_file(path(&scene, "a\nb"), WEIR_S("x"), "w");
    CHECK_INT(weir_form_add_file(form, "f", path_text, NULL), WEIR_E_INVALID);
    check_whole(&scene, form, WEIR_S("--b--\r\n"));
    weir_form_free(form);
    close_scene(&scene);
}

static int send_all(struct scene *scene)
{
    weir_slice bytes;
    int rc = WEIR_E_MEMORY;
    weir_reader *reader = NULL;
    weir_form *form = weir_form_new(
        &(weir_form_options){.allocator = &scene->nth.allocator, .boundary = "b"});
    if (form && weir_form_add(form, "a", WEIR_S("b"), NULL) == WEIR_OK &&
        weir_form_add_file(form, "f", path(scene, "a.txt"), NULL) == WEIR_OK)
        reader = weir_form_reader_new(scene->loop, form);
    if (reader)
        rc = weir_readall(reader, WEIR_NO_LIMIT, &bytes);
    CHECK(rc < 0 || bytes.len == (size_t)weir_form_length(form));
    weir_reader_free(reader);
    weir_form_free(form);
    return rc;
}

TEST(form, survives_every_failing_allocation)
{
    struct scene scene;
    open_scene(&scene);
    write_file(path(&scene, "a.txt"), WEIR_S("of a file"), "w");
    int rc;
    size_t n = 0;
    do {
        size_t live = scene.nth.live;
        scene.nth.count = 0;
        scene.nth.fail_at = ++n;
        rc = send_all(&scene);
        CHECK(rc > 0 || rc == WEIR_E_MEMORY);
        CHECK(scene.nth.live <= live + 4); /* blocks that the loop keeps */
    } while (rc < 0);
    CHECK(n > 3);
    scene.nth.fail_at = 0;
    close_scene(&scene);
}
