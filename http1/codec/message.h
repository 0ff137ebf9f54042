/* A head, or a trailer section, read by llhttp.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_MESSAGE_H
#define WEIR_HTTP1_CODEC_MESSAGE_H

#include "head.h"

/* Which span of llhttp's came last: a span cut in two comes in two calls. */
enum weir__span { WEIR__SPAN_NONE, WEIR__SPAN_NAME, WEIR__SPAN_VALUE };

/* All bytes of a section go to the text of `fields` in order, so that a place in it
 * is known before they are there. */
typedef struct weir__section {
    uint64_t parser[16]; /* llhttp_t */
    weir_http_fields *fields;
    weir_http_head *head; /* NULL for trailers */
    weir_http_role role;
    enum weir__span span;
    struct weir__field_place place; /* of the field that llhttp is in */
    const char *fed;                /* the bytes that llhttp is at */
    size_t fed_at;                  /* where they will be in the text */
    size_t start_line;              /* where the start line ends; 0: not seen */
    size_t line;                    /* where the next line to check begins */
    size_t checked;                 /* fields whose line was checked */
    int push_status;                /* why a callback stopped llhttp */
} weir__section;

/* Begins a head: `fields`, emptied, and the start line's members of `head`. */
void weir__section_begin_head(weir__section *section, weir_http_role role,
                              weir_http_fields *fields, weir_http_head *head);

/* Begins a trailer section: `fields`, emptied. WEIR_OK, or WEIR_E_MEMORY or
 * WEIR_E_TOO_BIG with the error. */
int weir__section_begin_trailers(weir__section *section, weir_http_fields *fields,
                                 weir_codec_error *error);

/* Reads from the front of *input up to and with the empty line.
 *
 * Returns 1 when the section is complete, 0 when all input is used, or a negative
 * status with the error, its offset counted from the start of the section. */
int weir__section_read(weir__section *section, weir_slice *input,
                       weir_codec_error *error);

#endif
