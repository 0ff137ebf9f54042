/* The fast way through a head: most come in one piece and hold nothing unusual.
 *
 * A line is scanned eight bytes at a time, and each byte is looked at once. What is
 * not plain is left to message.c: any error, anything folded, blanks other than
 * spaces around Content-Length, more than one field about framing, rare methods. So
 * a head that passes here passes there, with the same result; the tests, which cut
 * every input at every place, compare the two.
 *
 * SPDX-License-Identifier: MIT */
#include "plain.h"

#include <string.h>
#include <weir/status.h>

#define MOST_LENGTH_DIGITS 18 /* of Content-Length: no overflow to think about */

#define EACH_BYTE(value) (0x0101010101010101u * (uint64_t)(value))

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* How many bytes are before the first with its top bit in `marks`. */
static size_t bytes_before(uint64_t marks)
{
    return (size_t)__builtin_ctzll(marks) / 8;
}
#else
/* Borrows run towards the first byte, so that the marks there are not to be
 * trusted: the caller goes on byte by byte. */
static size_t bytes_before(uint64_t marks)
{
    (void)marks;
    return 0;
}
#endif

/* The end of the bytes that need no second look: printable ASCII and obs-text. With
 * x as eight bytes, the first term has the top bit of those below 0x20, the second
 * of those that are 0x7F (DEL); a borrow may add marks, but only above a true one. */
static const char *skip_text(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t x;
        memcpy(&x, at, sizeof(x));
        uint64_t y = x ^ EACH_BYTE(0x7F);
        uint64_t marks = (((x - EACH_BYTE(0x20)) & ~x) | ((y - EACH_BYTE(1)) & ~y)) &
                         EACH_BYTE(0x80);
        if (marks) {
            at += bytes_before(marks);
            break;
        }
        at += 8;
    }
    while (at < end && *at != '\t' && weir__is_field_byte(*at))
        at++;
    return at;
}

static unsigned class_of(char c)
{
    return weir__byte_class[(unsigned char)c];
}

static const char *skip_token(const char *at, const char *end)
{
    while (end - at >= 4 && (class_of(at[0]) & class_of(at[1]) & class_of(at[2]) &
                             class_of(at[3]) & WEIR__TOKEN_BYTE))
        at += 4;
    while (at < end && weir__is_token_byte(*at))
        at++;
    return at;
}

static const char *skip_spaces(const char *at, const char *end)
{
    while (at < end && *at == ' ')
        at++;
    return at;
}

static bool is_usual_method(weir_slice method)
{
    switch (method.len) {
    case 3:
        return memcmp(method.data, "GET", 3) == 0 || memcmp(method.data, "PUT", 3) == 0;
    case 4:
        return memcmp(method.data, "POST", 4) == 0 ||
               memcmp(method.data, "HEAD", 4) == 0;
    case 5:
        return memcmp(method.data, "PATCH", 5) == 0;
    case 6:
        return memcmp(method.data, "DELETE", 6) == 0;
    case 7:
        return memcmp(method.data, "OPTIONS", 7) == 0;
    }
    return false;
}

/* Whether llhttp would take the start line as head.c does. */
static bool is_usual_start(const weir_http_head *head, weir_http_role role)
{
    if (role == WEIR_HTTP_RESPONSE)
        return true;
    return is_usual_method(head->method) && head->target.data[0] == '/' &&
           !memchr(head->target.data, '#', head->target.len);
}

/* What a line is read with. */
struct scan {
    weir__fields *fields;
    weir__head_known *known;
    const char *start;
    const char *end;
};

/* Whether the fields about framing are in their plainest form, and only one. */
static bool is_usual_framing(const weir__head_known *known)
{
    weir_slice length = known->length;
    for (size_t i = 0; i < length.len; i++) {
        if (length.data[i] < '0' || length.data[i] > '9')
            return false;
    }
    if (known->encodings > 0)
        return known->encodings == 1 && known->lengths == 0 &&
               weir_slice_equal_nocase(known->encoding, WEIR_S("chunked"));
    return known->lengths == 0 ||
           (known->lengths == 1 && length.len > 0 && length.len <= MOST_LENGTH_DIGITS);
}

/* Reads one field line; NULL when it is not plain. There is room for its place. */
static const char *read_field(const struct scan *scan, const char *line)
{
    weir__fields *f = scan->fields;
    const char *colon = skip_token(line, scan->end);
    if (colon == line || colon == scan->end || *colon != ':')
        return NULL;
    const char *value = skip_spaces(colon + 1, scan->end);
    const char *at = skip_text(value, scan->end);
    if (scan->end - at < 2 || at[0] != '\r' || at[1] != '\n')
        return NULL;
    size_t name_len = (size_t)(colon - line);
    size_t value_len = (size_t)(at - value);
    while (value_len > 0 && value[value_len - 1] == ' ')
        value_len--;
    if (weir__head_may_be_known(name_len))
        weir__head_note(scan->known, (weir_slice){line, name_len},
                        (weir_slice){value, value_len});
    f->places[f->count++] = (struct weir__field_place){
        (uint32_t)(line - scan->start), (uint32_t)name_len,
        (uint32_t)(value - scan->start), (uint32_t)value_len};
    return at + 2;
}

/* Reads all field lines and the empty line. 1 with the end of the head in *after, 0
 * when they are not plain, or WEIR_E_MEMORY. */
static int read_fields(const struct scan *scan, const char *line, const char **after)
{
    weir__fields *f = scan->fields;
    while (line && line < scan->end && *line != '\r') {
        if (f->count == f->max_fields)
            return 0;
        if (f->count == f->capacity && weir__fields_grow(f) < 0)
            return WEIR_E_MEMORY;
        line = read_field(scan, line);
    }
    if (!line || scan->end - line < 2 || line[0] != '\r' || line[1] != '\n')
        return 0;
    *after = line + 2;
    return is_usual_framing(scan->known);
}

/* The same bytes in the copy. */
static void move_slice(weir_slice *slice, const char *from, const char *to)
{
    if (slice->data)
        slice->data = to + (slice->data - from);
}

int weir__plain_head(weir_http_head *head, weir_http_role role, weir_slice input,
                     weir__head_known *known)
{
    weir__fields *f = weir__fields_of(head->fields);
    weir_codec_error error;
    const char *start = input.data;
    const char *end;
    /* A head that is no longer than a field may be has none that is too long. */
    size_t limit =
        f->text.limit < f->max_field_bytes ? f->text.limit : f->max_field_bytes;
    if (input.len > limit)
        input.len = limit;
    const char *lf = memchr(start, '\n', input.len);
    size_t line_len = lf ? (size_t)(lf - start) + 1 : 0;
    if (!lf ||
        weir__head_start_line(head, role, (weir_slice){start, line_len}, &error) < 0 ||
        !is_usual_start(head, role))
        return 0;
    int rc =
        read_fields(&(struct scan){f, known, start, start + input.len}, lf + 1, &end);
    if (rc <= 0)
        return rc;
    size_t len = (size_t)(end - start);
    f->bytes = len - line_len;
    if (weir__buffer_append(&f->text, (weir_slice){start, len}) < 0)
        return WEIR_E_MEMORY;
    move_slice(&head->method, start, f->text.memory);
    move_slice(&head->target, start, f->text.memory);
    move_slice(&head->reason, start, f->text.memory);
    return (int)len;
}
