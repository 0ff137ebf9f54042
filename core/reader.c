/* Readers: taking bytes from a window, and getting more.
 *
 * SPDX-License-Identifier: MIT */
#include "reader.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "sanitizer.h"

#define MAX_SEPARATORS 16

/* What was handed out is not to be touched any more: told to AddressSanitizer where
 * the memory is ours, until it is used again. */
static void end_slice(const weir_reader *reader)
{
    if (reader->capacity > 0)
        WEIR__POISON(reader->memory + reader->start, reader->lent);
}

/* Takes what the previous call handed out. */
static void release(weir_reader *reader)
{
    reader->start += reader->lent;
    reader->lent = 0;
    reader->pinned = false;
    if (reader->start == reader->end) {
        reader->start = 0;
        reader->end = 0;
        if (reader->capacity == 0)
            reader->memory = NULL;
    }
    if (reader->paused && weir__reader_len(reader) <= reader->limit) {
        reader->paused = false;
        if (reader->source->relax)
            reader->source->relax(reader->self, reader);
    }
}

static int begin(weir_reader *reader)
{
    if (reader->reading)
        return weir__fail(WEIR_E_MISUSE, "read", "read: another task is reading");
    reader->reading = true;
    end_slice(reader);
    release(reader);
    return WEIR_OK;
}

static int failure(const weir_reader *reader)
{
    if (reader->why)
        return weir__fail_again(reader->why);
    if (reader->os_error)
        return weir__fail_errno(reader->os_error, "read", "the connection broke");
    return weir__fail(reader->status, "read", "the connection broke off");
}

/* One more try to have more bytes than there are. 1, 0 at the end, or a status. */
static int pull(weir_reader *reader)
{
    if (reader->state == WEIR__READER_ENDED)
        return 0;
    if (reader->state == WEIR__READER_FAILED)
        return failure(reader);
    int rc = reader->source->pull(reader->self, reader);
    if (rc == 0)
        reader->state = WEIR__READER_ENDED;
    return rc;
}

/* More bytes until there are `count`. 1 when there are, 0 when the data ends
 * before, or a status. */
static int fill(weir_reader *reader, size_t count)
{
    int rc = 1;
    reader->wanted = count;
    while (rc > 0 && weir__reader_len(reader) < count)
        rc = pull(reader);
    reader->wanted = 0;
    return rc < 0 ? rc : weir__reader_len(reader) >= count;
}

static int hand_out(weir_reader *reader, size_t count, weir_slice *bytes)
{
    bytes->data = count > 0 ? reader->memory + reader->start : NULL;
    bytes->len = count;
    reader->lent = count;
    return count > INT_MAX ? INT_MAX : (int)count;
}

static int finish(weir_reader *reader, int rc)
{
    reader->reading = false;
    return rc;
}

int weir_read(weir_reader *reader, size_t max, weir_slice *bytes)
{
    int rc = begin(reader);
    if (rc < 0)
        return rc;
    if (max == 0)
        return finish(reader, hand_out(reader, 0, bytes));
    rc = fill(reader, 1);
    if (rc <= 0)
        return finish(reader, rc);
    size_t len = weir__reader_len(reader);
    return finish(reader, hand_out(reader, len < max ? len : max, bytes));
}

/* The data has ended where something should be. Between two things that is a
 * clean end. */
static int incomplete(weir_reader *reader, const char *what)
{
    if (weir__reader_len(reader) == 0)
        return 0;
    return weir__fail(WEIR_E_INCOMPLETE, "read",
                      "the data ends after %zu bytes, before %s",
                      weir__reader_len(reader), what);
}

int weir_readexactly(weir_reader *reader, size_t count, weir_slice *bytes)
{
    char what[48];
    int rc = begin(reader);
    if (rc < 0)
        return rc;
    rc = fill(reader, count);
    if (rc < 0)
        return finish(reader, rc);
    if (rc > 0)
        return finish(reader, hand_out(reader, count, bytes));
    snprintf(what, sizeof(what), "the %zu that were asked for", count);
    return finish(reader, incomplete(reader, what));
}

/* One search for the separators of a call. */
struct search {
    const weir_slice *separators;
    size_t count;
    size_t limit;
    size_t longest;
    size_t scanned; /* bytes in which no separator begins */
};

/* The first end of a separator in the bytes; false, and how far it has looked. */
static bool find_separator(struct search *search, weir_slice bytes, size_t *begin_at,
                           size_t *end_at)
{
    bool found = false;
    weir_slice rest = weir_slice_skip(bytes, search->scanned);
    for (size_t i = 0; i < search->count; i++) {
        weir_slice separator = search->separators[i];
        size_t at = weir_slice_find(rest, separator);
        if (at == rest.len)
            continue;
        size_t end = search->scanned + at + separator.len;
        if (found && end >= *end_at)
            continue;
        found = true;
        *begin_at = search->scanned + at;
        *end_at = end;
    }
    if (!found && bytes.len >= search->longest)
        search->scanned = bytes.len - search->longest + 1;
    return found;
}

static int over_limit(const struct search *search, size_t can_be_read)
{
    return weir__fail_at(WEIR_E_TOO_BIG, can_be_read, "read",
                         "no separator within the limit of %zu bytes; "
                         "weir_reader_set_limit raises it",
                         search->limit);
}

/* The length up to and with a separator; 0 when the data ends first; or a status. */
static int search_separator(weir_reader *reader, struct search *search, size_t *len)
{
    for (;;) {
        weir_slice bytes = {reader->memory ? reader->memory + reader->start : NULL,
                            weir__reader_len(reader)};
        size_t begin_at = 0;
        if (find_separator(search, bytes, &begin_at, len))
            return begin_at <= search->limit ? 1 : over_limit(search, begin_at);
        if (search->scanned > search->limit)
            return over_limit(search, search->scanned);
        int rc = fill(reader, bytes.len + 1);
        if (rc <= 0)
            return rc;
    }
}

static int check_separators(struct search *search)
{
    if (search->count == 0 || search->count > MAX_SEPARATORS)
        return weir__fail(WEIR_E_INVALID, "read", "%zu separators are not possible",
                          search->count);
    for (size_t i = 0; i < search->count; i++) {
        size_t len = search->separators[i].len;
        if (len == 0)
            return weir__fail(WEIR_E_INVALID, "read", "a separator is empty");
        if (len > search->longest)
            search->longest = len;
    }
    return WEIR_OK;
}

int weir_readuntil_any(weir_reader *reader, const weir_readuntil_options *options,
                       weir_slice *bytes)
{
    struct search search = {.separators = options->separators, .count = options->count};
    size_t len = 0;
    int rc = check_separators(&search);
    if (rc < 0)
        return rc;
    rc = begin(reader);
    if (rc < 0)
        return rc;
    search.limit = options->max_bytes ? options->max_bytes : reader->limit;
    rc = search_separator(reader, &search, &len);
    if (rc == 0)
        rc = incomplete(reader, "the separator");
    else if (rc > 0)
        rc = hand_out(reader, len, bytes);
    return finish(reader, rc);
}

int weir_readuntil(weir_reader *reader, weir_slice separator, weir_slice *bytes)
{
    return weir_readuntil_any(
        reader, &(weir_readuntil_options){.separators = &separator, .count = 1}, bytes);
}

int weir_readline(weir_reader *reader, weir_slice *line)
{
    static const weir_slice LF = {"\n", 1};
    struct search search = {.separators = &LF, .count = 1, .longest = 1};
    size_t len = 0;
    int rc = begin(reader);
    if (rc < 0)
        return rc;
    search.limit = reader->limit;
    rc = search_separator(reader, &search, &len);
    if (rc == 0)
        len = weir__reader_len(reader); /* the last line, without an LF */
    return finish(reader, rc < 0 ? rc : hand_out(reader, len, line));
}

int weir_readall(weir_reader *reader, size_t max, weir_slice *bytes)
{
    int rc = begin(reader);
    if (rc < 0)
        return rc;
    do
        rc = weir__reader_len(reader) > max
                 ? 0
                 : fill(reader, weir__reader_len(reader) + 1);
    while (rc > 0);
    if (rc == 0 && weir__reader_len(reader) > max)
        rc = weir__fail(WEIR_E_TOO_BIG, "read", "there are more than %zu bytes", max);
    return finish(reader,
                  rc < 0 ? rc : hand_out(reader, weir__reader_len(reader), bytes));
}

int weir_peek(weir_reader *reader, size_t min, weir_slice *bytes)
{
    int rc = begin(reader);
    if (rc < 0)
        return rc;
    rc = fill(reader, min);
    if (rc < 0)
        return finish(reader, rc);
    if (rc == 0)
        return finish(reader, incomplete(reader, "there was enough to look at"));
    rc = hand_out(reader, weir__reader_len(reader), bytes);
    reader->lent = 0;
    reader->pinned = true;
    return finish(reader, rc);
}

void weir_consume(weir_reader *reader, size_t count)
{
    size_t len = weir__reader_len(reader);
    if (reader->reading)
        return; /* another task's read is not to be disturbed */
    reader->lent = count < len ? count : len;
    release(reader);
}

bool weir_reader_at_eof(const weir_reader *reader)
{
    return reader->state == WEIR__READER_ENDED &&
           weir__reader_len(reader) == reader->lent;
}

size_t weir_reader_buffered(const weir_reader *reader)
{
    return weir__reader_len(reader) - reader->lent;
}

void weir_reader_set_limit(weir_reader *reader, size_t limit)
{
    reader->limit = limit > 0 ? limit : 1;
}

void weir_reader_free(weir_reader *reader)
{
    if (!reader)
        return;
    weir_loop *loop = reader->loop;
    if (reader->source->close)
        reader->source->close(reader->self);
    weir__reader_clear(reader);
    weir__free(loop->allocator, reader);
}
