/* Cookie jars in files.
 *
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/cookies.h>

#include "jar_scene.h"
#include "nth.h"

/* A folder of its own, and a path in it. */
struct place {
    char folder[64];
    char file[128];
};

static struct place make_place(void)
{
    struct place place = {.folder = "/tmp/weir-jar-XXXXXX"};
    REQUIRE(mkdtemp(place.folder) != NULL);
    snprintf(place.file, sizeof(place.file), "%s/cookies.txt", place.folder);
    return place;
}

static size_t count_files(const struct place *place)
{
    size_t count = 0;
    DIR *folder = opendir(place->folder);
    REQUIRE(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void remove_place(const struct place *place)
{
    unlink(place->file);
    CHECK_INT(rmdir(place->folder), 0);
}

static void put_file(const struct place *place, weir_slice text)
{
    FILE *file = fopen(place->file, "wb");
    REQUIRE(file != NULL);
    CHECK_INT(fwrite(text.data, 1, text.len, file), text.len);
    CHECK_INT(fclose(file), 0);
}

static weir_slice file_text(const struct place *place)
{
    static char text[4096];
    FILE *file = fopen(place->file, "rb");
    REQUIRE(file != NULL);
    size_t len = fread(text, 1, sizeof(text), file);
    fclose(file);
    return (weir_slice){text, len};
}

static bool says(const char *part)
{
    weir_slice message = weir_slice_of(weir_last_error()->message);
    bool found = weir_slice_find(message, weir_slice_of(part)) < message.len;
    if (!CHECK(found))
        fprintf(stderr, "\"%s\" is not in: %s\n", part, message.data);
    return found;
}

/* cookies.h: mode 0600, in the place of the old file, which may be anybody's. */
TEST(jar_file, is_saved_and_loaded)
{
    struct place place = make_place();
    struct stat status;
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    weir_cookie_jar *copy = weir_cookie_jar_new(NULL);
    CHECK_INT(jar_set(jar, "http://a.example/", "a=1"), WEIR_OK);
    CHECK_INT(jar_set(jar, "https://a.example/", "b=2; max-age=9; Secure"), WEIR_OK);
    put_file(&place, WEIR_S("old"));
    chmod(place.file, 0644);
    mode_t mask = umask(0);
    CHECK_INT(weir_cookie_jar_save(jar, place.file, JAR_NOW), 2);
    umask(mask);
    CHECK_INT(stat(place.file, &status), 0);
    CHECK_INT(status.st_mode & 07777, 0600);
    CHECK_INT(count_files(&place), 1);
    CHECK_INT(weir_cookie_jar_load(copy, place.file, JAR_NOW), 2);
    CHECK_SENT(copy, "https://a.example/", "a=1; b=2");
    CHECK_INT(weir_cookie_jar_load(copy, place.file, JAR_NOW + 9), 1);
    CHECK_INT(weir_cookie_jar_save(copy, place.file, JAR_NOW + 9), 1);
    weir_cookie_jar_free(jar);
    weir_cookie_jar_free(copy);
    remove_place(&place);
}

/* cookies.h: the line is named, and the jar is as before. */
TEST(jar_file, with_garbage_is_refused_with_its_line)
{
    struct place place = make_place();
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    CHECK_INT(jar_set(jar, "http://a.example/", "a=1"), WEIR_OK);
    put_file(&place,
             WEIR_S("# comment\n\na.example\tFALSE\t/\tFALSE\t0\ta\t2\r\nwhat?\n"));
    CHECK_INT(weir_cookie_jar_load(jar, place.file, JAR_NOW), WEIR_E_INVALID);
    says("cookies.txt:4: no cookie: fewer than six tabs");
    CHECK_SENT(jar, "http://a.example/", "a=1");
    put_file(&place, WEIR_S("\x7f\x45LF\0\0"));
    CHECK_INT(weir_cookie_jar_load(jar, place.file, JAR_NOW), WEIR_E_INVALID);
    says("cookies.txt:1: no cookie: a control character");
    CHECK_INT(weir_cookie_jar_count(jar), 1);
    weir_cookie_jar_free(jar);
    remove_place(&place);
}

TEST(jar_file, that_is_not_there_is_said_so)
{
    struct place place = make_place();
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    char path[256];
    CHECK_INT(weir_cookie_jar_load(jar, place.file, JAR_NOW), WEIR_E_SYSTEM);
    CHECK_INT(weir_last_error()->os_error, ENOENT);
    says("cookies.txt: No such file");
    CHECK_INT(weir_cookie_jar_load(jar, place.folder, JAR_NOW), WEIR_E_SYSTEM);
    CHECK_INT(weir_last_error()->os_error, EISDIR);
    snprintf(path, sizeof(path), "%s/none/cookies.txt", place.folder);
    CHECK_INT(weir_cookie_jar_save(jar, path, JAR_NOW), WEIR_E_SYSTEM);
    CHECK_INT(weir_last_error()->os_error, ENOENT);
    /* A folder cannot be replaced; what was written is taken away. */
    snprintf(path, sizeof(path), "%s/folder", place.folder);
    CHECK_INT(mkdir(path, 0700), 0);
    CHECK_INT(weir_cookie_jar_save(jar, path, JAR_NOW), WEIR_E_SYSTEM);
    CHECK_INT(count_files(&place), 1);
    CHECK_INT(rmdir(path), 0);
    put_file(&place, WEIR_S(""));
    CHECK_INT(weir_cookie_jar_load(jar, place.file, JAR_NOW), 0);
    weir_cookie_jar_free(jar);
    remove_place(&place);
}

/* What a program that died has left is neither used nor in the way. */
TEST(jar_file, is_made_under_a_name_that_nobody_has)
{
    struct place place = make_place();
    char left[256], target[256];
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    snprintf(left, sizeof(left), "%s.%ld.0", place.file, (long)getpid());
    snprintf(target, sizeof(target), "%s/target", place.folder);
    CHECK_INT(symlink(target, left), 0);
    CHECK_INT(weir_cookie_jar_save(jar, place.file, JAR_NOW), 0);
    CHECK(access(target, F_OK) < 0);
    CHECK_INT(count_files(&place), 2);
    unlink(left);
    weir_cookie_jar_free(jar);
    remove_place(&place);
}

/* A disk that is full: here, a limit on the size of files. */
TEST(jar_file, that_cannot_be_written_leaves_the_old_one)
{
    struct place place = make_place();
    static char text[4096];
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    struct rlimit before, small;
    memset(text, 'x', sizeof(text) - 1);
    text[1] = '=';
    CHECK_INT(jar_set(jar, "http://a.example/", text), WEIR_OK);
    put_file(&place, WEIR_S("old"));
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = weir_cookie_jar_save(jar, place.file, JAR_NOW);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    CHECK_INT(rc, WEIR_E_SYSTEM);
    CHECK_INT(weir_last_error()->os_error, EFBIG);
    CHECK_BYTES(file_text(&place), WEIR_S("old"));
    CHECK_INT(count_files(&place), 1);
    weir_cookie_jar_free(jar);
    remove_place(&place);
}

/* cookies.h: 32 MiB */
TEST(jar_file, has_a_limit)
{
    struct place place = make_place();
    weir_cookie_jar *jar = weir_cookie_jar_new(NULL);
    put_file(&place, WEIR_S("# holes\n"));
    CHECK_INT(truncate(place.file, (off_t)32 * 1024 * 1024 + 1), 0);
    CHECK_INT(weir_cookie_jar_load(jar, place.file, JAR_NOW), WEIR_E_TOO_BIG);
    says("cookies.txt has more than 32 MiB");
    weir_cookie_jar_free(jar);
    remove_place(&place);
}

static int use(const weir_allocator *allocator, const struct place *place)
{
    weir_cookie_jar_options options = {.allocator = allocator};
    weir_cookie_jar *jar = weir_cookie_jar_new(&options);
    int rc = jar ? jar_set(jar, "http://a.example/", "a=1; max-age=9") : WEIR_E_MEMORY;
    if (rc == WEIR_OK)
        rc = weir_cookie_jar_save(jar, place->file, JAR_NOW);
    if (rc > 0)
        rc = weir_cookie_jar_load(jar, place->file, JAR_NOW);
    weir_cookie_jar_free(jar);
    return rc;
}

/* status.h: out of memory is a status. */
TEST(jar_file, survives_failing_allocations)
{
    struct place place = make_place();
    struct nth nth;
    size_t n = 0;
    do {
        nth_init(&nth, ++n);
        int rc = use(&nth.allocator, &place);
        CHECK_INT(rc, nth.failed ? WEIR_E_MEMORY : 1);
        CHECK_INT(nth.live, 0);
        CHECK(count_files(&place) <= 1);
    } while (nth.failed);
    remove_place(&place);
}
