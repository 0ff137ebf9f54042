/* gzip and deflate, decoded by zlib (RFC 1950, 1951, 1952; RFC 9110 8.4.1).
 *
 *   gzip      INFLATING -> BETWEEN -> (1f) SECOND_BYTE -> (8b) INFLATING
 *                             +------------+-> AFTER
 *   deflate   FIRST_BYTE -> SECOND_BYTE -> INFLATING -> AFTER
 *
 * A gzip file is a series of members (RFC 1952 2.2), and some servers make one of each
 * piece that they send, so all are decoded. What does not begin like a member is
 * ignored, as gzip(1) does: there are servers that pad, or print something behind what
 * they have compressed, and where the content ends the message has said already.
 *
 * The coding deflate is the zlib format by the standard, but servers send bare deflate
 * data too, and clients take both (RFC 9110 8.4.1.2). The first two bytes tell: bare
 * data that looks like the header of zlib would begin with a stored block whose padding
 * is not zero, which no encoder writes.
 *
 * SPDX-License-Identifier: MIT */
#define ZLIB_CONST
#include <weir/status.h>
#include <zlib.h>

#include "allocator.h"
#include "content.h"
#include "content_zlib.h"

/* The first two bytes of a member (RFC 1952 2.3.1). */
#define ID1 0x1f
#define ID2 0x8b

#define GZIP_FORMAT (MAX_WBITS + 16)
#define ZLIB_FORMAT MAX_WBITS
#define BARE_FORMAT (-MAX_WBITS)

enum state { FIRST_BYTE, SECOND_BYTE, INFLATING, BETWEEN, AFTER };

struct inflater {
    z_stream zlib;
    const weir_allocator *allocator;
    enum state state;
    bool gzip;
    unsigned char first; /* the byte before SECOND_BYTE */
};

static void *open_inflater(const weir_allocator *allocator, bool gzip)
{
    struct inflater *in = weir__calloc(allocator, 1, sizeof(*in));
    if (!in)
        return NULL;
    in->allocator = allocator;
    in->gzip = gzip;
    in->state = gzip ? INFLATING : FIRST_BYTE;
    weir__zlib_use(&in->zlib, &in->allocator);
    if (inflateInit2(&in->zlib, gzip ? GZIP_FORMAT : ZLIB_FORMAT) == Z_OK)
        return in;
    weir__free(allocator, in);
    return NULL;
}

static void *open_gzip(const weir_allocator *allocator)
{
    return open_inflater(allocator, true);
}

static void *open_deflate(const weir_allocator *allocator)
{
    return open_inflater(allocator, false);
}

static void close_inflater(void *state)
{
    struct inflater *in = state;
    inflateEnd(&in->zlib);
    weir__free(in->allocator, in);
}

static int explain(const struct inflater *in, int rc, const char **reason)
{
    if (rc == Z_MEM_ERROR) {
        *reason = "no memory for the window";
        return WEIR_E_MEMORY;
    }
    *reason = in->zlib.msg ? in->zlib.msg : "it needs a preset dictionary";
    return WEIR_E_PROTOCOL;
}

/* The words of zlib for what is wrong are static text. */
static int inflate_some(struct inflater *in, weir_slice *input, char *space,
                        size_t *size, const char **reason)
{
    z_stream *zlib = &in->zlib;
    uInt given = (uInt)(input->len < WEIR__ZLIB_BYTES ? input->len : WEIR__ZLIB_BYTES);
    zlib->next_in = (const Bytef *)input->data;
    zlib->avail_in = given;
    zlib->next_out = (Bytef *)space;
    zlib->avail_out = (uInt)*size;
    int rc = inflate(zlib, Z_NO_FLUSH);
    *input = weir_slice_skip(*input, given - zlib->avail_in);
    *size -= zlib->avail_out;
    if (rc == Z_STREAM_END)
        in->state = in->gzip ? BETWEEN : AFTER;
    if (rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR)
        return WEIR_OK;
    return explain(in, rc, reason);
}

/* Inflates bytes that came before, and that no data can follow from yet. */
static int inflate_first(struct inflater *in, const unsigned char *bytes, size_t count,
                         char *space, const char **reason)
{
    size_t none = 0;
    weir_slice input = {(const char *)bytes, count};
    in->state = INFLATING;
    return inflate_some(in, &input, space, &none, reason);
}

/* CMF and FLG: method 8, a window of at most 32 KiB, and a check (RFC 1950 2.2). */
static bool is_zlib_header(unsigned first, unsigned second)
{
    return first % 16 == 8 && first / 16 <= 7 && (first * 256 + second) % 31 == 0;
}

static int read_second_byte(struct inflater *in, unsigned char second, char *space,
                            const char **reason)
{
    unsigned char bytes[] = {in->first, second};
    if (in->gzip && second != ID2) {
        in->state = AFTER;
        return WEIR_OK;
    }
    if (in->gzip)
        inflateReset(&in->zlib);
    else if (!is_zlib_header(in->first, second))
        inflateReset2(&in->zlib, BARE_FORMAT);
    return inflate_first(in, bytes, sizeof(bytes), space, reason);
}

/* Decodes one byte where the format is not known yet. */
static int read_byte(struct inflater *in, unsigned char byte, char *space,
                     const char **reason)
{
    if (in->state == SECOND_BYTE)
        return read_second_byte(in, byte, space, reason);
    in->first = byte;
    in->state = in->state == BETWEEN && byte != ID1 ? AFTER : SECOND_BYTE;
    return WEIR_OK;
}

static int decode(void *state, weir_slice *input, char *space, size_t *size,
                  const char **reason)
{
    struct inflater *in = state;
    if (in->state == INFLATING)
        return inflate_some(in, input, space, size, reason);
    *size = 0;
    if (in->state == AFTER) {
        *input = weir_slice_skip(*input, input->len);
    } else if (input->len > 0) {
        unsigned char byte = (unsigned char)input->data[0];
        *input = weir_slice_skip(*input, 1);
        return read_byte(in, byte, space, reason);
    }
    return WEIR_OK;
}

static bool may_end_gzip(const void *state)
{
    const struct inflater *in = state;
    return in->state != INFLATING;
}

static bool may_end_deflate(const void *state)
{
    const struct inflater *in = state;
    return in->state == AFTER;
}

const weir__coding weir__coding_gzip = {
    .name = "gzip",
    .other_name = "x-gzip", /* RFC 9110 8.4.1.3 */
    .open = open_gzip,
    .decode = decode,
    .may_end = may_end_gzip,
    .close = close_inflater,
};

const weir__coding weir__coding_deflate = {
    .name = "deflate",
    .open = open_deflate,
    .decode = decode,
    .may_end = may_end_deflate,
    .close = close_inflater,
};
