/* Where a body goes.
 *
 * SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool fail(struct output *output, const char *what, int error)
{
    /* The first failure is the one to tell. */
    if (output->problem[0] == '\0')
        snprintf(output->problem, sizeof(output->problem), "%s %.300s: %s", what,
                 output->path ? output->path : "standard output", strerror(error));
    return false;
}

/* Only what is a file, or is not there yet, can be replaced by another file. */
static bool can_be_replaced(const char *path)
{
    struct stat status;
    return lstat(path, &status) < 0 ? errno == ENOENT : S_ISREG(status.st_mode);
}

/* A signal that ends the program takes the unfinished file along, or gives the one
 * that grows its time. */
static const char *unfinished;
static int growing = -1;
static struct timespec growing_times[2];

static void end_files(int number)
{
    if (unfinished)
        unlink(unfinished);
    if (growing >= 0)
        futimens(growing, growing_times);
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_signals(void)
{
    static const int NUMBERS[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++) {
        /* What nohup has switched off stays off. */
        if (signal(NUMBERS[i], end_files) == SIG_IGN)
            signal(NUMBERS[i], SIG_IGN);
    }
}

static bool open_partial(struct output *output)
{
    static const char SUFFIX[] = ".XXXXXX";
    size_t size = strlen(output->path) + sizeof(SUFFIX);
    output->partial = malloc(size);
    if (!output->partial)
        return false;
    snprintf(output->partial, size, "%s%s", output->path, SUFFIX);
    int fd = mkstemp(output->partial);
    output->file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (output->file) {
        unfinished = output->partial;
        catch_signals();
        return true;
    }
    int error = errno;
    if (fd >= 0) {
        close(fd);
        unlink(output->partial);
    }
    free(output->partial);
    output->partial = NULL;
    errno = error;
    return false;
}

bool output_open(struct output *output, weir_loop *loop, const char *path)
{
    *output = (struct output){.path = path};
    if (!path) {
        if (weir_open_stdout(loop, &output->stream) == WEIR_OK)
            return true;
        snprintf(output->problem, sizeof(output->problem), "%s",
                 weir_last_error()->message);
        return false;
    }
    if (can_be_replaced(path))
        open_partial(output);
    else
        output->file = fopen(path, "wb");
    return output->file ? true : fail(output, "cannot write to", errno);
}

bool output_open_growing(struct output *output, const char *path, bool append,
                         int64_t modified)
{
    *output = (struct output){.path = path};
    output->file = fopen(path, append ? "ab" : "wb");
    if (!output->file)
        return fail(output, "cannot write to", errno);
    if (modified > 0) {
        for (int i = 0; i < 2; i++)
            growing_times[i] = (struct timespec){.tv_sec = (time_t)modified};
        growing = fileno(output->file);
        catch_signals();
    }
    return true;
}

/* The time is for what is written by now. */
static bool finish_growing(struct output *output)
{
    bool ok = fflush(output->file) == 0 || fail(output, "cannot write to", errno);
    if (growing >= 0)
        futimens(growing, growing_times);
    growing = -1;
    return ok;
}

static bool write_to_stream(struct output *output, weir_slice bytes)
{
    weir_writer *writer = weir_stream_writer(output->stream);
    if (weir_write(writer, bytes) == WEIR_OK && weir_drain(writer) == WEIR_OK)
        return true;
    output->reader_left = weir_last_error()->os_error == EPIPE;
    return fail(output, "cannot write to", weir_last_error()->os_error);
}

bool output_write(struct output *output, weir_slice bytes)
{
    if (output->stream)
        return write_to_stream(output, bytes);
    if (fwrite(bytes.data, 1, bytes.len, output->file) == bytes.len)
        return true;
    return fail(output, "cannot write to", errno);
}

static bool close_stream(struct output *output)
{
    bool ok = weir_flush(weir_stream_writer(output->stream)) == WEIR_OK;
    if (!ok) {
        output->reader_left = weir_last_error()->os_error == EPIPE;
        fail(output, "cannot write to", weir_last_error()->os_error);
    }
    weir_stream_abort(output->stream);
    return ok;
}

/* mkstemp has made it for the owner alone; it becomes what fopen would have made. */
static bool name_file(struct output *output)
{
    struct stat old;
    mode_t mask = umask(0);
    umask(mask);
    mode_t mode = stat(output->path, &old) == 0 ? old.st_mode & 0777 : 0666 & ~mask;
    return chmod(output->partial, mode) == 0 &&
           rename(output->partial, output->path) == 0;
}

bool output_close(struct output *output, bool complete)
{
    if (output->stream)
        return close_stream(output);
    if (!output->file)
        return true;
    bool ok = finish_growing(output);
    if (fclose(output->file) != 0)
        ok = fail(output, "cannot write to", errno);
    if (!output->partial)
        return ok;
    if (ok && complete)
        ok = name_file(output) || fail(output, "cannot name", errno);
    if (!ok || !complete)
        unlink(output->partial);
    unfinished = NULL;
    free(output->partial);
    return ok;
}
