/* Ordinary files.
 *
 * SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "loop.h"

static int check(const char *path, const struct stat *status, uint64_t *length)
{
    if (!S_ISREG(status->st_mode))
        return weir__fail(WEIR_E_UNSUPPORTED, "file", "%s is not an ordinary file",
                          path);
    *length = (uint64_t)status->st_size;
    return WEIR_OK;
}

int weir__file_length(const char *path, uint64_t *length)
{
    struct stat status;
    if (stat(path, &status) < 0 || access(path, R_OK) < 0)
        return weir__fail_errno(errno, "file", "the file %s cannot be read", path);
    return check(path, &status, length);
}

void weir__file_close(weir_loop *loop, int fd)
{
    loop->sys->close(loop->sys, fd);
}

int weir__file_open(weir_loop *loop, const char *path, uint64_t *length)
{
    /* To open what has become a pipe meanwhile would wait for its other end. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    if (fd < 0)
        return weir__fail_errno(errno, "file", "the file %s cannot be opened", path);
    int rc = fstat(fd, &status) < 0
                 ? weir__fail_errno(errno, "file", "the file %s cannot be read", path)
                 : check(path, &status, length);
    if (rc == WEIR_OK)
        return fd;
    weir__file_close(loop, fd);
    return rc;
}

int weir__file_read(weir_loop *loop, int fd, void *memory, size_t size,
                    const char *path)
{
    ssize_t count;
    if (size > INT_MAX)
        size = INT_MAX;
    do
        count = loop->sys->read(loop->sys, fd, memory, size);
    while (count == -EINTR);
    if (count < 0)
        return weir__fail_errno((int)-count, "file", "the file %s cannot be read",
                                path);
    return (int)count;
}
