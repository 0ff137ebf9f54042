/* What a head says, once llhttp has found its fields.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_HEAD_H
#define WEIR_HTTP1_CODEC_HEAD_H

#include <weir/codec_error.h>
#include <weir/http_codec.h>

#include "fields.h"

/* The request that a response answers, as far as its framing depends on it. */
enum weir__http_question { WEIR__HTTP_ANY, WEIR__HTTP_HEAD, WEIR__HTTP_CONNECT };

/* Reads the start line, given with the LF at its end, and sets the members of `head`
 * that come from it, as slices of it. WEIR_OK or WEIR_E_PROTOCOL with the error. */
int weir__head_start_line(weir_http_head *head, weir_http_role role, weir_slice line,
                          weir_codec_error *error);

/* Whether the field at `index` is one line of the text from `*line` on, as the
 * grammar has it, and moves *line behind it. WEIR_OK or WEIR_E_PROTOCOL. */
int weir__head_field_line(weir__fields *fields, size_t index, size_t *line,
                          weir_codec_error *error);

/* The fields of a head that have to do with framing and the connection. */
typedef struct weir__head_known {
    size_t lengths; /* how many Content-Length lines */
    size_t encodings;
    size_t connections;
    weir_slice length; /* of the last of each */
    weir_slice encoding;
    weir_slice connection;
    weir_slice keep_alive; /* the field of that name; data NULL: none */
    bool upgrade;
} weir__head_known;

/* Whether a name of that length may be one of theirs: 7, 10, 14 or 17. */
static inline bool weir__head_may_be_known(size_t name_len)
{
    return name_len < 32 &&
           (1u << name_len & (1u << 7 | 1u << 10 | 1u << 14 | 1u << 17));
}

/* Notes a field whose name may be known. */
void weir__head_note(weir__head_known *known, weir_slice name, weir_slice value);

/* Notes all fields of a complete head. */
void weir__head_note_all(weir__head_known *known, const weir__fields *fields);

/* Sets the members of a complete head that come from its fields: framing, length,
 * keep_alive, upgrade. WEIR_OK or WEIR_E_PROTOCOL. */
int weir__head_frame(weir_http_head *head, weir_http_role role,
                     enum weir__http_question question, const weir__head_known *known,
                     weir_codec_error *error);

#endif
