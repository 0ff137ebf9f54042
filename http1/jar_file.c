/* Cookie jars in files.
 *
 * A file that is written is a new one beside the old, which it replaces when all of it
 * is on the disk: a program that dies, or a disk that is full, leaves the old one.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/cookies.h>
#include <weir/status.h>

#include "allocator.h"
#include "buffer.h"
#include "error.h"
#include "jar.h"

#define MAX_FILE_BYTES ((size_t)32 * 1024 * 1024)
#define PIECE_BYTES    65536
#define MAX_ATTEMPTS   100 /* at a name that nobody has: others are left by the dead */
#define SUFFIX_BYTES   32

static int fail_file(int os_error, const char *what, const char *path)
{
    return weir__fail_errno(os_error, "cookies", "%s %s", what, path);
}

/* --- saving ---------------------------------------------------------------------- */

static int write_all(int fd, weir_slice bytes)
{
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.data, bytes.len);
        if (written < 0 && errno != EINTR)
            return -1;
        bytes = weir_slice_skip(bytes, written > 0 ? (size_t)written : 0);
    }
    return fsync(fd);
}

/* Makes a file that has not been there, and that is its owner's alone; `name` gets its
 * name. */
static int create_beside(const char *path, char *name, size_t size)
{
    int fd = -1;
    for (int i = 0; i < MAX_ATTEMPTS && fd < 0; i++) {
        snprintf(name, size, "%s.%ld.%d", path, (long)getpid(), i);
        fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

static int replace(const char *path, char *name, size_t size, weir_slice text)
{
    int fd = create_beside(path, name, size);
    if (fd < 0)
        return fail_file(errno, "cannot make", name);
    int os_error = write_all(fd, text) < 0 ? errno : 0;
    if (close(fd) < 0 && os_error == 0)
        os_error = errno;
    if (os_error == 0 && rename(name, path) < 0)
        os_error = errno;
    if (os_error == 0)
        return WEIR_OK;
    unlink(name);
    return fail_file(os_error, "cannot write", path);
}

int weir_cookie_jar_save(weir_cookie_jar *jar, const char *path, int64_t now)
{
    weir_slice text;
    size_t size = strlen(path) + SUFFIX_BYTES;
    char *name = weir__malloc(jar->allocator, size);
    int count = name ? weir_cookie_jar_encode(jar, now, &text) : WEIR_E_MEMORY;
    int rc = count;
    if (rc >= 0)
        rc = replace(path, name, size, text);
    else
        weir__fail(rc, "cookies", "no memory to write %s", path);
    weir__jar_forget_answer(jar);
    weir__free(jar->allocator, name);
    return rc < 0 ? rc : count;
}

/* --- loading --------------------------------------------------------------------- */

static int read_all(int fd, weir__buffer *text, const char *path)
{
    ssize_t got = 1;
    while (got != 0) {
        char *space;
        int rc = weir__buffer_reserve(text, PIECE_BYTES, &space);
        if (rc == WEIR_E_TOO_BIG)
            return weir__fail(rc, "cookies", "%s has more than 32 MiB", path);
        if (rc < 0)
            return weir__fail(rc, "cookies", "no memory to read %s", path);
        got = read(fd, space, PIECE_BYTES);
        if (got > 0)
            weir__buffer_commit(text, (size_t)got);
        else if (got < 0 && errno != EINTR)
            return fail_file(errno, "cannot read", path);
    }
    return WEIR_OK;
}

static size_t line_of(weir_slice text, size_t offset)
{
    weir_slice before = {text.data, offset};
    weir_slice line;
    size_t count = 0;
    while (weir_slice_split(&before, '\n', &line))
        count++;
    return count;
}

static int decode(weir_cookie_jar *jar, weir_slice text, int64_t now, const char *path)
{
    weir_codec_error error;
    int rc = weir_cookie_jar_decode(jar, text, now, &error);
    if (rc == WEIR_E_INVALID)
        return weir__fail_at(rc, error.offset, "cookies", "%s:%zu: no cookie: %s", path,
                             line_of(text, error.offset), error.reason);
    if (rc < 0)
        return weir__fail(rc, "cookies", "no memory for the cookies of %s", path);
    return rc;
}

int weir_cookie_jar_load(weir_cookie_jar *jar, const char *path, int64_t now)
{
    weir__buffer text;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_file(errno, "cannot open", path);
    weir__buffer_init(&text, jar->allocator, MAX_FILE_BYTES + PIECE_BYTES);
    int rc = read_all(fd, &text, path);
    close(fd);
    if (rc == WEIR_OK)
        rc = decode(jar, weir__buffer_slice(&text), now, path);
    weir__buffer_clear_secret(&text);
    return rc;
}
