/* What request.c and response.c write heads with, and heads into buffers.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_ENCODE_H
#define WEIR_HTTP1_CODEC_ENCODE_H

#include <weir/http_codec.h>

#include "buffer.h"

/* Bytes written as far as there is space, and counted all the same. */
typedef struct weir__output {
    char *space;
    size_t size;
    size_t len;
} weir__output;

void weir__output_put(weir__output *output, weir_slice bytes);

/* WEIR_E_INVALID, said in *error when it is not NULL. */
int weir__encode_refuse(weir_codec_error *error, const char *reason, size_t offset);

/* Content-Length or Transfer-Encoding. */
void weir__output_put_framing(weir__output *output, weir_http_framing framing,
                              uint64_t content_length);

/* The fields, of which none may be named as one of `refused`, a NULL-terminated list
 * in lower case; then the empty line. */
int weir__output_put_fields(weir__output *output, const weir_http_fields *fields,
                            const char *const *refused, weir_codec_error *error);

/* What an encoder returns and sets when it is through. */
int weir__output_finish(const weir__output *output, size_t *len);

/* The encoders of <weir/http_codec.h>, appending to a buffer: WEIR_OK,
 * WEIR_E_INVALID with the error, WEIR_E_TOO_BIG when the buffer's limit forbids it, or
 * WEIR_E_MEMORY; the buffer's bytes are as before then. */
int weir__http_write_request(weir__buffer *buffer, const weir_http_request_head *head,
                             weir_codec_error *error);
int weir__http_write_response(weir__buffer *buffer, const weir_http_response_head *head,
                              weir_codec_error *error);
int weir__http_write_chunk(weir__buffer *buffer, uint64_t chunk_bytes);
int weir__http_write_last_chunk(weir__buffer *buffer, const weir_http_fields *trailers,
                                weir_codec_error *error);

/* An encoder with its argument behind a plain pointer. */
typedef int weir__encoder(const void *what, char *space, size_t size, size_t *len,
                          weir_codec_error *error);

/* Runs the encoder on the buffer's space, once more when that was too small. */
int weir__buffer_encode(weir__buffer *buffer, weir__encoder *encode, const void *what,
                        weir_codec_error *error);

#endif
