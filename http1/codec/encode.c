/* The parts that requests and responses are written of (RFC 9112 5, 6, 7.1).
 *
 * SPDX-License-Identifier: MIT */
#include "encode.h"

#include <string.h>
#include <weir/status.h>

#include "fields.h"

#define GUESSED_HEAD_BYTES 512

void weir__output_put(weir__output *output, weir_slice bytes)
{
    if (output->len <= output->size && bytes.len <= output->size - output->len &&
        bytes.len > 0)
        memcpy(output->space + output->len, bytes.data, bytes.len);
    output->len += bytes.len;
}

int weir__encode_refuse(weir_codec_error *error, const char *reason, size_t offset)
{
    if (error)
        *error = (weir_codec_error){WEIR_E_INVALID, reason, offset};
    return WEIR_E_INVALID;
}

int weir__output_finish(const weir__output *output, size_t *len)
{
    *len = output->len;
    return output->len <= output->size ? WEIR_OK : WEIR_E_TOO_BIG;
}

static void put_number(weir__output *output, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    weir__output_put(output, (weir_slice){digits + at, sizeof(digits) - at});
}

void weir__output_put_framing(weir__output *output, weir_http_framing framing,
                              uint64_t content_length)
{
    switch (framing) {
    case WEIR_HTTP_LENGTH:
        weir__output_put(output, WEIR_S("Content-Length: "));
        put_number(output, content_length);
        weir__output_put(output, WEIR_S("\r\n"));
        break;
    case WEIR_HTTP_CHUNKED:
        weir__output_put(output, WEIR_S("Transfer-Encoding: chunked\r\n"));
        break;
    case WEIR_HTTP_NO_BODY:
    case WEIR_HTTP_UNTIL_CLOSE:
        break;
    }
}

static bool is_refused(weir_slice name, const char *const *refused)
{
    for (; *refused; refused++) {
        if (weir__is_named(name, weir_slice_of(*refused)))
            return true;
    }
    return false;
}

int weir__output_put_fields(weir__output *output, const weir_http_fields *fields,
                            const char *const *refused, weir_codec_error *error)
{
    size_t count = fields ? weir_http_fields_count(fields) : 0;
    for (size_t i = 0; i < count; i++) {
        weir_http_field field = weir_http_fields_at(fields, i);
        if (is_refused(field.name, refused))
            return weir__encode_refuse(error, "a field that does not belong here", i);
        weir__output_put(output, field.name);
        weir__output_put(output, WEIR_S(": "));
        weir__output_put(output, field.value);
        weir__output_put(output, WEIR_S("\r\n"));
    }
    weir__output_put(output, WEIR_S("\r\n"));
    return WEIR_OK;
}

/* chunk-size CRLF, RFC 9112 7.1 */
size_t weir_http_encode_chunk(uint64_t chunk_bytes, char *space)
{
    size_t digits = 1;
    while (digits < 16 && chunk_bytes >> (4 * digits) != 0)
        digits++;
    for (size_t i = digits; i-- > 0; chunk_bytes >>= 4)
        space[i] = "0123456789abcdef"[chunk_bytes & 15];
    space[digits] = '\r';
    space[digits + 1] = '\n';
    return digits + 2;
}

int weir_http_encode_last_chunk(const weir_http_fields *trailers, char *space,
                                size_t size, size_t *len, weir_codec_error *error)
{
    /* RFC 9110 6.5.1: what a recipient must know before the body */
    static const char *const REFUSED[] = {"transfer-encoding",
                                          "content-length",
                                          "host",
                                          "connection",
                                          "trailer",
                                          "content-encoding",
                                          "content-type",
                                          "content-range",
                                          "authorization",
                                          "set-cookie",
                                          "cookie",
                                          "upgrade",
                                          NULL};
    weir__output output = {space, size, 0};
    weir__output_put(&output, WEIR_S("0\r\n"));
    int rc = weir__output_put_fields(&output, trailers, REFUSED, error);
    return rc < 0 ? rc : weir__output_finish(&output, len);
}

int weir__buffer_encode(weir__buffer *buffer, weir__encoder *encode, const void *what,
                        weir_codec_error *error)
{
    char *space;
    size_t left = buffer->limit - weir__buffer_len(buffer);
    size_t len = left < GUESSED_HEAD_BYTES ? left : GUESSED_HEAD_BYTES;
    int rc = WEIR_E_TOO_BIG;
    for (int tries = 0; rc == WEIR_E_TOO_BIG && tries < 2; tries++) {
        rc = weir__buffer_reserve(buffer, len, &space);
        if (rc < 0)
            return rc;
        rc = encode(what, space, buffer->capacity - buffer->end, &len, error);
    }
    if (rc == WEIR_OK)
        weir__buffer_commit(buffer, len);
    return rc;
}

int weir__http_write_chunk(weir__buffer *buffer, uint64_t chunk_bytes)
{
    char line[WEIR_HTTP_CHUNK_LINE_BYTES];
    size_t len = weir_http_encode_chunk(chunk_bytes, line);
    return weir__buffer_append(buffer, (weir_slice){line, len});
}

static int encode_last_chunk(const void *what, char *space, size_t size, size_t *len,
                             weir_codec_error *error)
{
    return weir_http_encode_last_chunk(what, space, size, len, error);
}

int weir__http_write_last_chunk(weir__buffer *buffer, const weir_http_fields *trailers,
                                weir_codec_error *error)
{
    return weir__buffer_encode(buffer, encode_last_chunk, trailers, error);
}
