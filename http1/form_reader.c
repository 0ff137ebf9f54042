/* A form as a reader: heads, what is between them, the end.
 *
 *   HEAD -> CONTENT -> (the next part's) HEAD ... -> END -> OVER       any -> FAILED
 *
 * All of it is copied into the reader's block, so that a form of many small fields goes
 * out in few pieces; files are read right into it.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "allocator.h"
#include "error.h"
#include "file.h"
#include "form.h"
#include "loop.h"
#include "reader.h"

enum stage { HEAD, CONTENT, END, OVER, FAILED };

struct form_reader {
    weir_reader reader; /* first: weir_reader_free frees the whole */
    weir_form *form;
    weir__link *link; /* of the part */
    enum stage stage;
    size_t copied;   /* of the text, or the bytes, that is being copied */
    int64_t content; /* bytes of the part that have gone */
    int fd;          /* of its file; -1: not open */
    weir_error error;
};

static weir__form_part *part_of(const struct form_reader *f)
{
    return WEIR__CONTAINER(f->link, weir__form_part, link);
}

static void close_file(struct form_reader *f)
{
    if (f->fd >= 0)
        weir__file_close(f->reader.loop, f->fd);
    f->fd = -1;
}

static void go_to(struct form_reader *f, weir__link *link)
{
    close_file(f);
    f->link = link;
    f->stage = link == &f->form->parts ? END : HEAD;
    f->copied = 0;
    f->content = 0;
}

/* Copies more of a text; `*len` is how much. Whether that was the last of it. */
static bool copy_text(struct form_reader *f, weir_slice text, weir_slice space,
                      char *memory, size_t *len)
{
    size_t left = text.len - f->copied;
    *len = left < space.len ? left : space.len;
    if (*len > 0)
        memcpy(memory, text.data + f->copied, *len);
    f->copied += *len;
    return *len == left;
}

static const char *name_of(const weir__form_part *part)
{
    return part->source == WEIR__FORM_FILE ? part->path : "a reader";
}

static int fail_shrunk(const struct form_reader *f)
{
    return weir__fail(WEIR_E_INCOMPLETE, "form",
                      "form: %s ended after %lld bytes of %lld that were promised",
                      name_of(part_of(f)), (long long)f->content,
                      (long long)part_of(f)->length);
}

static int fail_grown(const struct form_reader *f)
{
    return weir__fail(WEIR_E_TOO_BIG, "form",
                      "form: %s has more than the %lld bytes that were promised",
                      name_of(part_of(f)), (long long)part_of(f)->length);
}

static int open_file(struct form_reader *f)
{
    uint64_t length;
    if (f->fd >= 0)
        return WEIR_OK;
    f->fd = weir__file_open(f->reader.loop, part_of(f)->path, &length);
    return f->fd < 0 ? weir__fail_prefix("form") : WEIR_OK;
}

/* 1 with `*len` bytes; 0 at the end of the file, as promised; or a status. */
static int read_file(struct form_reader *f, char *memory, size_t size, size_t *len)
{
    const weir__form_part *part = part_of(f);
    int64_t left = part->length - f->content;
    char more;
    int rc = open_file(f);
    if (rc < 0)
        return rc;
    if (left > 0 && (uint64_t)left < size)
        size = (size_t)left;
    rc = weir__file_read(f->reader.loop, f->fd, left > 0 ? memory : &more,
                         left > 0 ? size : 1, part->path);
    if (rc < 0)
        return weir__fail_prefix("form");
    if (left == 0)
        return rc > 0 ? fail_grown(f) : 0;
    *len = (size_t)rc;
    return rc > 0 ? 1 : fail_shrunk(f);
}

/* The same of a reader, of which what is not promised stays where it is. */
static int read_reader(struct form_reader *f, char *memory, size_t size, size_t *len)
{
    weir__form_part *part = part_of(f);
    weir_slice bytes;
    part->used = true;
    int rc = weir_peek(part->reader, 1, &bytes);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return f->content < part->length ? fail_shrunk(f) : 0;
    if (part->length >= 0 && part->length - f->content < (int64_t)bytes.len) {
        bytes.len = (size_t)(part->length - f->content);
        if (bytes.len == 0)
            return fail_grown(f);
    }
    *len = bytes.len < size ? bytes.len : size;
    memcpy(memory, bytes.data, *len);
    weir_consume(part->reader, *len);
    return 1;
}

/* More of the part. Its end leads to the next one. */
static int read_content(struct form_reader *f, char *memory, size_t size, size_t *len)
{
    const weir__form_part *part = part_of(f);
    int rc = 1;
    switch (part->source) {
    case WEIR__FORM_BYTES:
        rc = !copy_text(f, part->bytes, (weir_slice){memory, size}, memory, len);
        break;
    case WEIR__FORM_FILE:
        rc = read_file(f, memory, size, len);
        break;
    case WEIR__FORM_READER:
        rc = read_reader(f, memory, size, len);
        break;
    }
    if (rc < 0)
        return rc;
    f->content += (int64_t)*len;
    if (rc == 0)
        go_to(f, f->link->next);
    return WEIR_OK;
}

/* Puts what comes next into the memory. */
static int step(struct form_reader *f, char *memory, size_t size, size_t *len)
{
    weir_slice space = {memory, size};
    *len = 0;
    switch (f->stage) {
    case HEAD:
        if (copy_text(f, part_of(f)->head, space, memory, len)) {
            f->stage = CONTENT;
            f->copied = 0;
        }
        return WEIR_OK;
    case CONTENT:
        return read_content(f, memory, size, len);
    case END:
        if (copy_text(f, weir__form_end(f->form), space, memory, len))
            f->stage = OVER;
        return WEIR_OK;
    case OVER:
        return WEIR_OK;
    case FAILED:
        return weir__fail_again(&f->error);
    }
    return WEIR_E_MISUSE;
}

/* What is not the caller's deadline or want of memory is for good. */
static int keep_failure(struct form_reader *f, int rc)
{
    if (rc == WEIR_E_TIMEOUT || rc == WEIR_E_CANCELLED || rc == WEIR_E_MEMORY ||
        rc == WEIR_E_MISUSE || f->stage == FAILED)
        return rc;
    f->error = *weir_last_error();
    f->stage = FAILED;
    close_file(f);
    return rc;
}

/* Whether to go on may mean to wait, while there are bytes that could be sent. */
static bool may_wait(const struct form_reader *f)
{
    return f->stage == CONTENT && part_of(f)->source == WEIR__FORM_READER &&
           weir_reader_buffered(part_of(f)->reader) == 0;
}

static int pull(void *self, weir_reader *reader)
{
    struct form_reader *f = self;
    bool no_memory;
    size_t size;
    size_t len = 0;
    int rc = WEIR_OK;
    char *space = weir__reader_space(reader, &size, &no_memory);
    if (!space)
        return weir__fail(WEIR_E_MEMORY, "form", "no memory to read into");
    while (len < size && f->stage != OVER && !(len > 0 && may_wait(f))) {
        size_t count;
        rc = step(f, space + len, size - len, &count);
        if (rc < 0)
            break;
        len += count;
    }
    if (rc < 0)
        rc = keep_failure(f, rc);
    if (len > 0)
        weir__reader_commit(reader, len);
    if (len > 0)
        return 1; /* and a failure next time, when it will be met again */
    return rc;
}

static void close_reader(void *self)
{
    close_file(self);
}

static const struct weir__source SOURCE = {.pull = pull, .close = close_reader};

weir_reader *weir_form_reader_new(weir_loop *loop, weir_form *form)
{
    if (!weir_form_is_repeatable(form)) {
        weir__fail(WEIR_E_UNSUPPORTED, "form",
                   "the form cannot be sent again: a part of it came from a reader, "
                   "which has been read");
        return NULL;
    }
    struct form_reader *f = weir__calloc(loop->allocator, 1, sizeof(*f));
    if (!f) {
        weir__fail(WEIR_E_MEMORY, "form", "no memory for a reader");
        return NULL;
    }
    weir__reader_init(&f->reader, loop, &SOURCE, f, 0);
    f->form = form;
    f->fd = -1;
    go_to(f, form->parts.next);
    return &f->reader;
}
