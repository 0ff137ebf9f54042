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

/* Whether a field about framing is in its plainest form. */
static bool is_usual_value(weir_slice name, weir_slice value, size_t *framing)
{
    if (name.len == 17 && weir_slice_equal_nocase(name, WEIR_S("transfer-encoding")))
        return ++*framing == 1 && weir_slice_equal_nocase(value, WEIR_S("chunked"));
    if (name.len != 14 || !weir_slice_equal_nocase(name, WEIR_S("content-length")))
        return true;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return false;
    }
    return ++*framing == 1 && value.len > 0 && value.len <= MOST_LENGTH_DIGITS;
}

/* Reads one field line; NULL when it is not plain. */
static const char *read_field(weir__fields *f, const char *start, const char *line,
                              const char *end, size_t *framing)
{
    const char *colon = skip_token(line, end);
    if (colon == line || colon == end || *colon != ':')
        return NULL;
    const char *value = skip_spaces(colon + 1, end);
    const char *at = skip_text(value, end);
    if (end - at < 2 || at[0] != '\r' || at[1] != '\n')
        return NULL;
    const char *after = at + 2;
    while (at > value && at[-1] == ' ')
        at--;
    size_t name_len = (size_t)(colon - line);
    size_t value_len = (size_t)(at - value);
    if ((name_len == 14 || name_len == 17) &&
        !is_usual_value((weir_slice){line, name_len}, (weir_slice){value, value_len},
                        framing))
        return NULL;
    struct weir__field_place place = {(uint32_t)(line - start), (uint32_t)name_len,
                                      (uint32_t)(value - start), (uint32_t)value_len};
    return weir__fields_push(f, place) == WEIR_OK ? after : NULL;
}

/* Reads all field lines and the empty line. 1 with the end of the head in *after, 0
 * when they are not plain, or WEIR_E_MEMORY. */
static int read_fields(weir__fields *f, const char *start, const char *line,
                       const char *end, const char **after)
{
    size_t framing = 0;
    while (line && line < end && *line != '\r') {
        if (f->count == f->capacity && weir__fields_grow(f) < 0)
            return WEIR_E_MEMORY;
        line = read_field(f, start, line, end, &framing);
    }
    if (!line || end - line < 2 || line[0] != '\r' || line[1] != '\n')
        return 0;
    *after = line + 2;
    return 1;
}

/* The same bytes in the copy. */
static void move_slice(weir_slice *slice, const char *from, const char *to)
{
    if (slice->data)
        slice->data = to + (slice->data - from);
}

int weir__plain_head(weir_http_head *head, weir_http_role role, weir_slice input)
{
    weir__fields *f = weir__fields_of(head->fields);
    weir_codec_error error;
    const char *start = input.data;
    if (input.len > f->text.limit)
        input.len = f->text.limit;
    const char *lf = memchr(start, '\n', input.len);
    size_t line_len = lf ? (size_t)(lf - start) + 1 : 0;
    if (!lf || line_len > f->max_field_bytes ||
        weir__head_start_line(head, role, (weir_slice){start, line_len}, &error) < 0 ||
        !is_usual_start(head, role))
        return 0;
    const char *end;
    int rc = read_fields(f, start, lf + 1, start + input.len, &end);
    if (rc <= 0)
        return rc;
    size_t len = (size_t)(end - start);
    if (weir__buffer_append(&f->text, (weir_slice){start, len}) < 0)
        return WEIR_E_MEMORY;
    move_slice(&head->method, start, f->text.memory);
    move_slice(&head->target, start, f->text.memory);
    move_slice(&head->reason, start, f->text.memory);
    return (int)len;
}
