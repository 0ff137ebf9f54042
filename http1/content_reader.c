/* A reader over a reader and a content decoder.
 *
 *   inner reader: its window -> decoder -> this reader's block -> the caller
 *
 * What the inner reader has handed out stays where it is until it is all decoded, so
 * nothing is copied on the way, and while this reader waits it holds no block.
 *
 * SPDX-License-Identifier: MIT */
#include "content_reader.h"

#include "allocator.h"
#include "block.h"
#include "error.h"
#include "loop.h"
#include "reader.h"

/* For a sentence: the names of codings are short. */
#define MAX_NAME_SHOWN 32

struct content_reader {
    weir_reader reader; /* first: weir_reader_free frees the whole */
    weir_reader *inner;
    weir_slice input; /* of the inner reader's window, not decoded yet */
    uint64_t decoded; /* bytes so far */
    bool hungry;      /* the decoder wants more than that */
    weir_content_decoder decoder;
};

/* The sentence of the decoder's failure. */
static int fail(const struct content_reader *content)
{
    const weir_codec_error *error = weir_content_decoder_error(&content->decoder);
    weir_slice coding = weir_content_decoder_coding(&content->decoder);
    if (error->status == WEIR_E_INCOMPLETE)
        return weir__fail_at(error->status, error->offset, "content",
                             "the %.*s data ends in the middle, after %zu bytes",
                             (int)coding.len, coding.data, error->offset);
    if (error->status == WEIR_E_PROTOCOL)
        return weir__fail_at(error->status, error->offset, "content",
                             "the %.*s data is corrupt at byte %zu: %s",
                             (int)coding.len, coding.data, error->offset,
                             error->reason);
    return weir__fail_at(error->status, error->offset, "content",
                         "the %.*s data, at byte %zu: %s", (int)coding.len, coding.data,
                         error->offset, error->reason);
}

/* More coded bytes. 1, 0 at the end of the content, or a status. */
static int receive(struct content_reader *content)
{
    weir__reader_idle(&content->reader);
    int rc = weir_read(content->inner, WEIR_NO_LIMIT, &content->input);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return weir_content_decode_end(&content->decoder) < 0 ? fail(content) : 0;
    content->hungry = false;
    return 1;
}

/* Decodes into the reader's block. 1 when there are bytes, 0 when more are needed for
 * that, or a status. */
static int decode(struct content_reader *content)
{
    size_t size;
    size_t len;
    bool no_memory;
    char *space = weir__reader_space(&content->reader, &size, &no_memory);
    if (no_memory)
        return weir__fail(WEIR_E_MEMORY, "content", "no memory to decode into");
    if (size > WEIR__BLOCK_LARGE)
        size = WEIR__BLOCK_LARGE;
    int rc = weir_content_decode(&content->decoder, &content->input, space, size, &len);
    if (rc < 0)
        return fail(content);
    if (rc == WEIR_CONTENT_DATA) {
        weir__reader_commit(&content->reader, len);
        content->decoded += len;
    }
    return rc;
}

static int pull(void *self, weir_reader *reader)
{
    struct content_reader *content = self;
    (void)reader;
    for (;;) {
        int rc = content->hungry ? receive(content) : 1;
        if (rc <= 0)
            return rc;
        rc = decode(content);
        if (rc != WEIR_CONTENT_MORE)
            return rc;
        content->hungry = true;
    }
}

static void close_content(void *self)
{
    struct content_reader *content = self;
    weir_content_decoder_clear(&content->decoder);
}

static const struct weir__source SOURCE = {.pull = pull, .close = close_content};

/* A reader whose decoder has no coding yet. */
static struct content_reader *new_reader(weir_reader *inner,
                                         const weir_content_limits *limits)
{
    static const weir_content_limits DEFAULTS;
    weir_loop *loop = inner->loop;
    struct content_reader *content = weir__malloc(loop->allocator, sizeof(*content));
    if (!content) {
        weir__fail(WEIR_E_MEMORY, "content", "no memory for a reader");
        return NULL;
    }
    weir__reader_init(&content->reader, loop, &SOURCE, content, inner->limit);
    content->inner = inner;
    content->input = (weir_slice){NULL, 0};
    content->hungry = true;
    content->decoded = 0;
    weir_content_decoder_options options = {loop->allocator,
                                            limits ? *limits : DEFAULTS};
    weir_content_decoder_init(&content->decoder, &options);
    return content;
}

static int add_codings(struct content_reader *content, weir_slice codings)
{
    char name[MAX_NAME_SHOWN];
    int rc = weir_content_decoder_add(&content->decoder, codings);
    if (rc >= 0)
        return rc;
    const weir_codec_error *error = weir_content_decoder_error(&content->decoder);
    weir_slice rest = weir_slice_skip(codings, error->offset);
    weir_slice coding = {NULL, 0};
    weir_http_list_next(&rest, &coding);
    return weir__fail(rc, "content", "Content-Encoding: %s: \"%s\"", error->reason,
                      weir__escape(coding, name, sizeof(name)));
}

static int finish(struct content_reader *content, int rc, weir_reader **reader)
{
    if (rc < 0)
        weir_reader_free(&content->reader);
    else
        *reader = &content->reader;
    return rc;
}

int weir_content_reader_new(weir_reader *inner, weir_slice content_encoding,
                            const weir_content_limits *limits, weir_reader **reader)
{
    struct content_reader *content = new_reader(inner, limits);
    if (!content)
        return WEIR_E_MEMORY;
    return finish(content, add_codings(content, content_encoding), reader);
}

/* Whether a field names a coding that changes anything. */
static bool is_coded(weir_slice codings)
{
    weir_slice name;
    while (weir_http_list_next(&codings, &name)) {
        if (!weir_slice_equal_nocase(name, WEIR_S("identity")))
            return true;
    }
    return false;
}

int weir__content_reader_new(weir_reader *inner, const weir_http_fields *fields,
                             const weir_content_limits *limits, weir_reader **reader)
{
    static const weir_slice NAME = {"Content-Encoding", 16};
    struct content_reader *content = NULL;
    weir_slice codings;
    size_t cursor = 0;
    int rc = WEIR_OK;
    while (rc >= 0 && weir_http_fields_next(fields, NAME, &cursor, &codings)) {
        if (!is_coded(codings))
            continue;
        if (!content)
            content = new_reader(inner, limits);
        rc = content ? add_codings(content, codings) : WEIR_E_MEMORY;
    }
    if (content)
        return finish(content, rc, reader);
    if (rc == WEIR_OK)
        *reader = NULL;
    return rc;
}

uint64_t weir__content_reader_len(const weir_reader *reader)
{
    return ((const struct content_reader *)(const void *)reader)->decoded;
}
