/* A reader of the content of a message, over one of its body.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CONTENT_READER_H
#define WEIR_HTTP1_CONTENT_READER_H

#include <weir/content_reader.h>
#include <weir/http.h>

/* weir_content_reader_new, with the codings of all fields Content-Encoding. When these
 * name none, *reader is NULL: `inner` itself reads the content. */
int weir__content_reader_new(weir_reader *inner, const weir_http_fields *fields,
                             const weir_content_limits *limits, weir_reader **reader);

/* How many bytes such a reader has decoded. */
uint64_t weir__content_reader_len(const weir_reader *reader);

#endif
