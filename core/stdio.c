/* Standard input and output as streams, without taking them away from others.
 *
 * O_NONBLOCK belongs to the open file description, which is shared: with the shell
 * that waits for us, the other programs of a pipeline, our own printf(). So the
 * flag is not set where it can be helped:
 *
 *   a file               never makes anybody wait: a duplicate, and no flag
 *   a terminal, a pipe   opened again by its name: a description of our own, with
 *                        nothing to give back, however the program ends
 *   a socket, a device   a duplicate; the flag is set for all, and taken back when
 *                        the stream is closed and at exit()
 *
 * What cannot be opened again (no /proc, a terminal of another user after su, one
 * in exclusive use) goes the third way. Terminal settings are never touched.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "loop.h"
#include "stream.h"

struct standard {
    const char *name;
    int fd;
    int access;          /* O_RDONLY or O_WRONLY */
    weir_stream *stream; /* NULL: not open */
    int shared;          /* a duplicate to give the mode back by; -1: nothing to give */
    bool was_blocking;   /* and what to give back */
    pid_t owner;         /* a forked child gives nothing back */
};

static struct standard standards[] = {
    {.name = "standard input", .fd = STDIN_FILENO, .access = O_RDONLY, .shared = -1},
    {.name = "standard output", .fd = STDOUT_FILENO, .access = O_WRONLY, .shared = -1},
};

/* Guards the table: two loops may each have one of the streams. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool set_flag(int fd, bool nonblocking)
{
    int flags = fcntl(fd, F_GETFL);
    int wanted = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    return flags >= 0 && (wanted == flags || fcntl(fd, F_SETFL, wanted) == 0);
}

static bool is_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_NONBLOCK);
}

/* Takes the flag back. Input and output of one socket share it: then it becomes the
 * other's to give back. */
static void give_back(struct standard *standard)
{
    struct standard *other = &standards[standard == &standards[0]];
    if (standard->shared < 0 || !standard->was_blocking || standard->owner != getpid())
        return;
    set_flag(standard->shared, false);
    if (other->shared >= 0 && !is_nonblocking(other->shared)) {
        set_flag(other->shared, true);
        other->was_blocking = true;
    }
    standard->was_blocking = false;
}

/* At exit(), as no atexit() can be registered by a library that may be unloaded. */
__attribute__((destructor)) static void give_back_all(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < sizeof(standards) / sizeof(standards[0]); i++)
        give_back(&standards[i]);
    pthread_mutex_unlock(&lock);
}

static void on_close(weir_stream *stream)
{
    weir_sys *sys = weir_stream_loop(stream)->sys;
    pthread_mutex_lock(&lock);
    struct standard *standard = &standards[standards[0].stream != stream];
    give_back(standard);
    if (standard->shared >= 0)
        sys->close(sys, standard->shared);
    standard->shared = -1;
    standard->stream = NULL;
    pthread_mutex_unlock(&lock);
}

/* A description of our own. The link in /proc leads to the terminal or pipe itself,
 * also where its name means something else (another container's /dev/pts); where
 * there is no /proc, a terminal has a name. Not so the master of a pseudo-terminal,
 * which would be a new one. Returns -1 if it cannot be had. */
static int open_again(const struct standard *standard, const struct stat *status,
                      weir_sys *sys)
{
    int flags = standard->access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    bool is_terminal = isatty(standard->fd) == 1;
    struct stat opened;
    char path[64];
    if (!S_ISFIFO(status->st_mode) && (!is_terminal || ptsname(standard->fd)))
        return -1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", standard->fd);
    int fd = open(path, flags);
    if (fd < 0 && is_terminal && ttyname_r(standard->fd, path, sizeof(path)) == 0)
        fd = open(path, flags);
    if (fd < 0)
        return -1;
    if (fstat(fd, &opened) == 0 && opened.st_rdev == status->st_rdev &&
        (is_terminal || opened.st_ino == status->st_ino))
        return fd;
    sys->close(sys, fd);
    return -1;
}

static bool never_waits(const struct stat *status)
{
    return S_ISREG(status->st_mode) || S_ISBLK(status->st_mode) ||
           S_ISDIR(status->st_mode);
}

/* A duplicate, with a second one to give the mode back by: the program may put
 * something else in the place of 0 or 1 meanwhile. Returns -1 with errno. */
static int share(struct standard *standard, weir_sys *sys)
{
    bool was_blocking = !is_nonblocking(standard->fd);
    int fd = fcntl(standard->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (fd < 0)
        return -1;
    int shared = fcntl(standard->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (shared >= 0 && set_flag(fd, true)) {
        standard->shared = shared;
        standard->was_blocking = was_blocking;
        standard->owner = getpid();
        return fd;
    }
    int error = errno;
    if (shared >= 0)
        sys->close(sys, shared);
    sys->close(sys, fd);
    errno = error;
    return -1;
}

static int open_descriptor(struct standard *standard, weir_sys *sys)
{
    struct stat status;
    if (fstat(standard->fd, &status) < 0)
        return -1;
    /* Without a type it is no file at all but a poller, say, that was given the
     * number of a standard input that was closed. */
    if ((status.st_mode & S_IFMT) == 0) {
        errno = EBADF;
        return -1;
    }
    if (never_waits(&status))
        return fcntl(standard->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int fd = open_again(standard, &status, sys);
    return fd >= 0 ? fd : share(standard, sys);
}

static int open_locked(struct standard *standard, weir_loop *loop, weir_stream **stream)
{
    if (standard->stream)
        return weir__fail(WEIR_E_MISUSE, "open", "%s is open already", standard->name);
    int fd = open_descriptor(standard, loop->sys);
    if (fd < 0)
        return weir__fail_errno(errno, "open", "there is no %s", standard->name);
    int rc = weir__stream_open(loop, &standard->stream, fd,
                               weir__descriptor_kind_of(loop, fd), NULL);
    if (rc < 0) {
        give_back(standard);
        if (standard->shared >= 0)
            loop->sys->close(loop->sys, standard->shared);
        standard->shared = -1;
        standard->stream = NULL;
        return rc;
    }
    standard->stream->on_close = on_close;
    *stream = standard->stream;
    return rc;
}

static int open_standard(struct standard *standard, weir_loop *loop,
                         weir_stream **stream)
{
    pthread_mutex_lock(&lock);
    int rc = open_locked(standard, loop, stream);
    pthread_mutex_unlock(&lock);
    return rc;
}

int weir_open_stdin(weir_loop *loop, weir_stream **stream)
{
    return open_standard(&standards[0], loop, stream);
}

int weir_open_stdout(weir_loop *loop, weir_stream **stream)
{
    int rc = open_standard(&standards[1], loop, stream);
    /* A terminal can be read by its output, too, and that is not asked for. */
    if (rc == WEIR_OK)
        weir_transport_pause_reading((*stream)->transport);
    return rc;
}
