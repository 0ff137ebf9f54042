/* The first line of a chunk (RFC 9112 7.1): bytes in, a size out.
 *
 *   FIRST_DIGIT -> DIGITS -+----------------------------------+-> LF -> DONE
 *                          +-> NAME_FIRST -> NAME -+----------+
 *                                ^   VALUE_FIRST <-+          |
 *                                |     +-> VALUE -------------+
 *                                |     +-> QUOTED -> QUOTED_END
 *                                +--- ";" after any of the three
 *
 * Extensions are checked and dropped. Blanks around ";" and "=" are refused: no
 * sender needs them, and parsers that disagree about them have been used to
 * smuggle requests.
 *
 * SPDX-License-Identifier: MIT */
#include "chunk.h"

#include <weir/status.h>

#include "ascii.h"
#include "fields.h"

static const char NOT_HEX[] = "a chunk size is not hexadecimal (RFC 9112 7.1)";
static const char BAD_NAME[] = "bad name of a chunk extension (RFC 9112 7.1.1)";
static const char BAD_VALUE[] = "bad value of a chunk extension (RFC 9112 7.1.1)";
static const char NO_LF[] = "CR without LF after a chunk size (RFC 9112 2.2)";

static const char *read_digit(weir__chunk_line *line, char c)
{
    int digit = weir__ascii_hex_value(c);
    if (digit < 0)
        return NOT_HEX;
    if (line->size > (UINT64_MAX >> 5))
        return "a chunk size is too large (RFC 9112 7.1)";
    line->size = line->size << 4 | (uint64_t)digit;
    line->state = WEIR__CHUNK_DIGITS;
    return NULL;
}

/* What may follow a size, a name or a value. */
static const char *read_separator(weir__chunk_line *line, char c, const char *otherwise)
{
    if (c == '\r')
        line->state = WEIR__CHUNK_LF;
    else if (c == ';')
        line->state = WEIR__CHUNK_NAME_FIRST;
    else
        return otherwise;
    return NULL;
}

static const char *read_name(weir__chunk_line *line, char c)
{
    if (weir__is_token_byte(c)) {
        line->state = WEIR__CHUNK_NAME;
        return NULL;
    }
    if (line->state == WEIR__CHUNK_NAME_FIRST)
        return BAD_NAME;
    if (c == '=') {
        line->state = WEIR__CHUNK_VALUE_FIRST;
        return NULL;
    }
    return read_separator(line, c, BAD_NAME);
}

static const char *read_value(weir__chunk_line *line, char c)
{
    if (c == '"' && line->state == WEIR__CHUNK_VALUE_FIRST) {
        line->state = WEIR__CHUNK_QUOTED;
        return NULL;
    }
    if (weir__is_token_byte(c)) {
        line->state = WEIR__CHUNK_VALUE;
        return NULL;
    }
    if (line->state == WEIR__CHUNK_VALUE_FIRST)
        return BAD_VALUE;
    return read_separator(line, c, BAD_VALUE);
}

/* quoted-string, RFC 9110 5.6.4 */
static const char *read_quoted(weir__chunk_line *line, char c)
{
    if (!weir__is_field_byte(c))
        return BAD_VALUE;
    if (line->state == WEIR__CHUNK_QUOTED_PAIR)
        line->state = WEIR__CHUNK_QUOTED;
    else if (c == '\\')
        line->state = WEIR__CHUNK_QUOTED_PAIR;
    else if (c == '"')
        line->state = WEIR__CHUNK_QUOTED_END;
    return NULL;
}

static const char *read_byte(weir__chunk_line *line, char c)
{
    switch (line->state) {
    case WEIR__CHUNK_DIGITS:
        if (c == '\r' || c == ';')
            return read_separator(line, c, NOT_HEX);
        return read_digit(line, c);
    case WEIR__CHUNK_FIRST_DIGIT:
        return read_digit(line, c);
    case WEIR__CHUNK_NAME_FIRST:
    case WEIR__CHUNK_NAME:
        return read_name(line, c);
    case WEIR__CHUNK_VALUE_FIRST:
    case WEIR__CHUNK_VALUE:
        return read_value(line, c);
    case WEIR__CHUNK_QUOTED:
    case WEIR__CHUNK_QUOTED_PAIR:
        return read_quoted(line, c);
    case WEIR__CHUNK_QUOTED_END:
        return read_separator(line, c, BAD_VALUE);
    case WEIR__CHUNK_LF:
        line->state = WEIR__CHUNK_DONE;
        return c == '\n' ? NULL : NO_LF;
    case WEIR__CHUNK_DONE:
        break;
    }
    return NO_LF;
}

int weir__chunk_line_decode(weir__chunk_line *line, weir_slice *input, size_t max_bytes,
                            const char **reason)
{
    while (input->len > 0 && line->state != WEIR__CHUNK_DONE) {
        *reason = read_byte(line, input->data[0]);
        if (*reason)
            return WEIR_E_PROTOCOL;
        if (++line->bytes > max_bytes) {
            *reason = "the first line of a chunk is over the limit";
            return WEIR_E_TOO_BIG;
        }
        *input = weir_slice_skip(*input, 1);
    }
    return line->state == WEIR__CHUNK_DONE;
}
