/* One input, every cut: a codec must tell the same, however its input comes.
 *
 * A codec under test is a table of four functions that write what happens to an
 * event log, one line an event. Pieces of a body are joined in the log, since they
 * are all that may differ.
 *
 *   feed_check(&HTTP_FEED, &arg, WEIR_S("HTTP/1.1 204 No Content\r\n\r\n"),
 *              "head 204 ...\nend\n", FEED_DELIMITED)
 *
 * runs the input whole, byte by byte, cut in two at every place (inputs up to 512
 * bytes), at 32 random sets of cuts, with a tail that must be left over, and with
 * each allocation failing in turn; each piece lies before a page that may not be
 * read. Neither Criterion nor a fuzzer is needed, and both use it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_FEED_H
#define WEIR_TESTS_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <weir/allocator.h>
#include <weir/slice.h>

/* The text of what happened. */
struct feed_log {
    char *text;
    size_t len;
    size_t capacity;
    bool in_data; /* the last line is data, and open */
};

/* A line of any event but data. */
void feed_log_line(struct feed_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A part of a line: the bytes in quotes, escaped. */
void feed_log_quoted(struct feed_log *log, weir_slice bytes);

/* Bytes of a body, joined to those before. */
void feed_log_data(struct feed_log *log, weir_slice bytes);

void feed_log_clear(struct feed_log *log);

/* A codec. `arg` is what the test passes through. */
struct feed_codec {
    void *(*open)(const weir_allocator *allocator, const void *arg);
    /* Decodes until the input is used (0), the codec does not want more (1), or a
     * failure, which it logs (negative). */
    int (*feed)(void *state, weir_slice *input, struct feed_log *log);
    /* The end of the input; NULL: nothing happens then. */
    int (*end)(void *state, struct feed_log *log);
    void (*close)(void *state);
};

enum feed_flags {
    FEED_PLAIN = 0,
    FEED_DELIMITED = 1, /* knows where it ends: a tail is left over */
    FEED_NO_END = 2     /* do not say that the input has ended */
};

/* Runs `input` in pieces that end at the `count` ascending offsets `cuts`, and at its
 * end. *left is how many bytes were not used. Returns the status. */
int feed_run(const struct feed_codec *codec, const void *arg, weir_slice input,
             const size_t *cuts, size_t count, struct feed_log *log, size_t *left,
             enum feed_flags flags, const weir_allocator *allocator);

/* Whether the log of these cuts is that of no cuts; says on stderr what is not. */
bool feed_same(const struct feed_codec *codec, const void *arg, weir_slice input,
               const size_t *cuts, size_t count, enum feed_flags flags);

/* All of the above. `wanted` is the log, or NULL for any. */
bool feed_check(const struct feed_codec *codec, const void *arg, weir_slice input,
                const char *wanted, enum feed_flags flags);

#endif
