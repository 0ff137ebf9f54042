/* The content encoder: gzip and deflate, by zlib (RFC 1952, RFC 1950).
 *
 *   OPEN -> ENDING (the end is being written) -> ENDED
 *
 * SPDX-License-Identifier: MIT */
#define ZLIB_CONST
#include <weir/content_codec.h>
#include <weir/status.h>
#include <zlib.h>

#include "content.h"
#include "content_zlib.h"

#define DEFAULT_LEVEL 6
#define MEMORY_LEVEL  8 /* zlib's default */

enum state { OPEN, ENDING, ENDED };

struct encoder {
    z_stream zlib;
    const weir_allocator *allocator;
    enum state state;
};

_Static_assert(sizeof(struct encoder) <= sizeof(weir_content_encoder),
               "opaque is too small");

static struct encoder *inside(weir_content_encoder *encoder)
{
    return (struct encoder *)(void *)encoder;
}

/* What zlib calls the format of the coding; 0: there is no such coding. */
static int format_of(weir_slice name)
{
    const weir__coding *coding = weir__coding_find(name);
    if (coding == &weir__coding_gzip)
        return MAX_WBITS + 16;
    return coding == &weir__coding_deflate ? MAX_WBITS : 0;
}

int weir_content_encoder_init(weir_content_encoder *encoder, weir_slice coding,
                              const weir_content_encoder_options *options)
{
    static const weir_content_encoder_options DEFAULTS;
    struct encoder *e = inside(encoder);
    int format = format_of(coding);
    if (!options)
        options = &DEFAULTS;
    int level = options->level != 0 ? options->level : DEFAULT_LEVEL;
    if (format == 0)
        return WEIR_E_UNSUPPORTED;
    if (level < 1 || level > 9)
        return WEIR_E_INVALID;
    *e = (struct encoder){.allocator = options->allocator, .state = OPEN};
    weir__zlib_use(&e->zlib, &e->allocator);
    int rc = deflateInit2(&e->zlib, level, Z_DEFLATED, format, MEMORY_LEVEL,
                          Z_DEFAULT_STRATEGY);
    return rc == Z_OK ? WEIR_OK : WEIR_E_MEMORY;
}

/* One call of deflate. Returns zlib's result; `*written` is how much came out. */
static int deflate_some(struct encoder *e, int flush, weir_slice *input, char *space,
                        size_t size, size_t *written)
{
    z_stream *zlib = &e->zlib;
    uInt given = (uInt)(input->len < WEIR__ZLIB_BYTES ? input->len : WEIR__ZLIB_BYTES);
    uInt room = (uInt)(size < WEIR__ZLIB_BYTES ? size : WEIR__ZLIB_BYTES);
    zlib->next_in = (const Bytef *)input->data;
    zlib->avail_in = given;
    zlib->next_out = (Bytef *)space;
    zlib->avail_out = room;
    int rc = deflate(zlib, flush);
    *input = weir_slice_skip(*input, given - zlib->avail_in);
    *written = room - zlib->avail_out;
    return rc;
}

static int check(const struct encoder *e, enum state wanted, size_t size)
{
    if (e->state != wanted)
        return WEIR_E_MISUSE;
    return size < WEIR_CONTENT_MIN_SPACE ? WEIR_E_INVALID : WEIR_OK;
}

int weir_content_encode(weir_content_encoder *encoder, weir_slice *input, char *space,
                        size_t size, size_t *len)
{
    struct encoder *e = inside(encoder);
    size_t written = 0;
    int rc = check(e, OPEN, size);
    if (rc < 0)
        return rc;
    do
        deflate_some(e, Z_NO_FLUSH, input, space, size, &written);
    while (written == 0 && input->len > 0);
    if (written == 0)
        return WEIR_CONTENT_MORE;
    *len = written;
    return WEIR_CONTENT_DATA;
}

/* With less space than the minimum, zlib could write the mark of a flush anew in each
 * call, and never come to an end. */
int weir_content_encode_flush(weir_content_encoder *encoder, char *space, size_t size,
                              size_t *len)
{
    struct encoder *e = inside(encoder);
    weir_slice none = {NULL, 0};
    size_t written = 0;
    int rc = check(e, OPEN, size);
    if (rc < 0)
        return rc;
    deflate_some(e, Z_SYNC_FLUSH, &none, space, size, &written);
    if (written == 0)
        return WEIR_CONTENT_MORE;
    *len = written;
    return WEIR_CONTENT_DATA;
}

int weir_content_encode_end(weir_content_encoder *encoder, char *space, size_t size,
                            size_t *len)
{
    struct encoder *e = inside(encoder);
    weir_slice none = {NULL, 0};
    size_t written = 0;
    if (e->state == ENDED)
        return WEIR_CONTENT_END;
    int rc = check(e, e->state, size);
    if (rc < 0)
        return rc;
    e->state = ENDING;
    if (deflate_some(e, Z_FINISH, &none, space, size, &written) == Z_STREAM_END)
        e->state = ENDED;
    if (written == 0)
        return WEIR_CONTENT_END;
    *len = written;
    return WEIR_CONTENT_DATA;
}

void weir_content_encoder_reset(weir_content_encoder *encoder)
{
    struct encoder *e = inside(encoder);
    deflateReset(&e->zlib);
    e->state = OPEN;
}

void weir_content_encoder_clear(weir_content_encoder *encoder)
{
    deflateEnd(&inside(encoder)->zlib);
}
