/* The inside of a weir_http_fields, for the codecs that fill it in place.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_FIELDS_H
#define WEIR_HTTP1_CODEC_FIELDS_H

#include <string.h>
#include <weir/http.h>
#include <weir/status.h>

#include "buffer.h"

#define WEIR__FIELD_OVERHEAD 4 /* ": " and CRLF */

/* Where a field is in the text. The name begins it and the value ends it; between
 * them is nothing, or ": " as it was received. The order is that of the text. */
struct weir__field_place {
    uint32_t name;
    uint32_t name_len;
    uint32_t value;
    uint32_t value_len;
};

typedef struct weir__fields {
    weir__buffer text; /* added fields, or a whole head as received */
    struct weir__field_place *places;
    size_t count;
    size_t capacity; /* of places */
    size_t bytes;    /* of all lines, as received, or as they would be sent */
    size_t max_fields;
    size_t max_field_bytes;
} weir__fields;

_Static_assert(sizeof(weir__fields) <= sizeof(weir_http_fields), "opaque is too small");

static inline weir__fields *weir__fields_of(weir_http_fields *fields)
{
    return (weir__fields *)(void *)fields;
}

static inline const weir__fields *weir__fields_of_const(const weir_http_fields *fields)
{
    return (const weir__fields *)(const void *)fields;
}

/* Bytes of the text. */
static inline weir_slice weir__fields_text(const weir__fields *fields, size_t offset,
                                           size_t len)
{
    return (weir_slice){fields->text.memory + offset, len};
}

/* Whether a name, a token, is the one that is given in lower case. Of the bytes of
 * tokens only letters, "-" and digits are the same with the bit of lower case. */
static inline bool weir__is_named(weir_slice name, weir_slice lower)
{
    const uint64_t bit = 0x2020202020202020u;
    size_t i = 0;
    if (name.len != lower.len)
        return false;
    for (; lower.len - i >= 8; i += 8) {
        uint64_t a;
        uint64_t b;
        memcpy(&a, name.data + i, sizeof(a));
        memcpy(&b, lower.data + i, sizeof(b));
        if ((a | bit) != b)
            return false;
    }
    for (; i < lower.len; i++) {
        if ((name.data[i] | 0x20) != lower.data[i])
            return false;
    }
    return true;
}

/* Makes room for another place. WEIR_OK or WEIR_E_MEMORY. */
int weir__fields_grow(weir__fields *fields);

/* Adds the place of a field whose text is, or will be, in the buffer.
 * WEIR_OK, WEIR_E_TOO_BIG or WEIR_E_MEMORY. */
static inline int weir__fields_push(weir__fields *fields,
                                    struct weir__field_place place)
{
    size_t size = (size_t)place.name_len + place.value_len;
    if (fields->count >= fields->max_fields || size > fields->max_field_bytes)
        return WEIR_E_TOO_BIG;
    if (fields->count == fields->capacity && weir__fields_grow(fields) < 0)
        return WEIR_E_MEMORY;
    fields->places[fields->count++] = place;
    fields->bytes += size + WEIR__FIELD_OVERHEAD;
    return WEIR_OK;
}

enum { WEIR__TOKEN_BYTE = 1, WEIR__TEXT_BYTE = 2 };

/* Of each byte, whether it may be in a token (RFC 9110 5.6.2), and in a field value:
 * HTAB, SP, VCHAR, obs-text (RFC 9110 5.5). */
extern const unsigned char weir__byte_class[256];

static inline bool weir__is_token_byte(char c)
{
    return weir__byte_class[(unsigned char)c] & WEIR__TOKEN_BYTE;
}

static inline bool weir__is_field_byte(char c)
{
    return weir__byte_class[(unsigned char)c] & WEIR__TEXT_BYTE;
}

/* Whether all bytes are so; a token has at least one. */
bool weir__is_token(const char *data, size_t len);
bool weir__is_field_text(const char *data, size_t len);

#endif
