/* The list of fields (RFC 9110 5): one text, and an array of places in it.
 *
 * SPDX-License-Identifier: MIT */
#include "fields.h"

#include <string.h>
#include <weir/status.h>

#include "allocator.h"
#include "ascii.h"
#include "checked.h"

#define DEFAULT_HEAD_BYTES  65536
#define DEFAULT_FIELDS      128
#define DEFAULT_FIELD_BYTES 16384
#define MOST_HEAD_BYTES     ((size_t)1 << 30) /* so that places fit in 32 bits */
#define FIRST_PLACES        16

/* clang-format off */
const unsigned char weir__byte_class[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    2, 3, 2, 3, 3, 3, 3, 3, 2, 2, 3, 3, 2, 3, 3, 2,
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2,
    2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 3, 3,
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3,
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 3, 2, 3, 0,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
};
/* clang-format on */

bool weir__is_token(const char *data, size_t len)
{
    bool ok = len > 0;
    for (size_t i = 0; i < len; i++)
        ok &= weir__is_token_byte(data[i]);
    return ok;
}

bool weir__is_field_text(const char *data, size_t len)
{
    bool ok = true;
    for (size_t i = 0; i < len; i++)
        ok &= weir__is_field_byte(data[i]);
    return ok;
}

bool weir_http_is_token(weir_slice text)
{
    return weir__is_token(text.data, text.len);
}

bool weir_http_is_field_value(weir_slice text)
{
    return weir__is_field_text(text.data, text.len);
}

void weir_http_fields_init(weir_http_fields *fields, const weir_allocator *allocator,
                           const weir_http_limits *limits)
{
    weir_http_limits l = limits ? *limits : (weir_http_limits){0};
    weir__fields *f = weir__fields_of(fields);
    if (l.max_head_bytes == 0)
        l.max_head_bytes = DEFAULT_HEAD_BYTES;
    if (l.max_head_bytes > MOST_HEAD_BYTES)
        l.max_head_bytes = MOST_HEAD_BYTES;
    *f = (weir__fields){
        .max_fields = l.max_fields ? l.max_fields : DEFAULT_FIELDS,
        .max_field_bytes = l.max_field_bytes ? l.max_field_bytes : DEFAULT_FIELD_BYTES,
    };
    weir__buffer_init(&f->text, allocator, l.max_head_bytes);
}

void weir_http_fields_reset(weir_http_fields *fields)
{
    weir__fields *f = weir__fields_of(fields);
    weir__buffer_consume(&f->text, weir__buffer_len(&f->text));
    f->count = 0;
    f->bytes = 0;
}

void weir_http_fields_clear(weir_http_fields *fields)
{
    weir__fields *f = weir__fields_of(fields);
    weir__free(f->text.allocator, f->places);
    weir__buffer_clear(&f->text);
    f->places = NULL;
    f->capacity = 0;
    f->count = 0;
    f->bytes = 0;
}

static int reserve_places(weir__fields *f, size_t capacity)
{
    size_t size;
    if (!weir__checked_multiply(capacity, sizeof(*f->places), &size))
        return WEIR_E_MEMORY;
    void *places = weir__realloc(f->text.allocator, f->places, size);
    if (!places)
        return WEIR_E_MEMORY;
    f->places = places;
    f->capacity = capacity;
    return WEIR_OK;
}

int weir__fields_grow(weir__fields *f)
{
    return reserve_places(f, f->capacity ? f->capacity * 2 : FIRST_PLACES);
}

/* Copies from outside, or from the same text before it may move. */
static void copy_into(char *to, const weir__fields *f, weir_slice from, size_t inside)
{
    if (inside != SIZE_MAX)
        from.data = f->text.memory + inside;
    if (from.len > 0)
        memcpy(to, from.data, from.len);
}

/* The offset of a slice that is part of the text; SIZE_MAX for any other. Compared
 * as integers, since pointers into different objects may not be. */
static size_t offset_inside(const weir__fields *f, weir_slice slice)
{
    uintptr_t start = (uintptr_t)f->text.memory;
    uintptr_t at = (uintptr_t)slice.data;
    bool inside = f->text.memory && at >= start && at - start < f->text.end;
    return inside ? (size_t)(at - start) : SIZE_MAX;
}

static int append(weir__fields *f, weir_slice name, weir_slice value)
{
    size_t name_at = offset_inside(f, name);
    size_t value_at = offset_inside(f, value);
    size_t size;
    size_t total;
    char *space;
    if (!weir__checked_add(name.len, value.len, &size) || size > f->max_field_bytes)
        return WEIR_E_TOO_BIG;
    if (!weir__checked_add(f->bytes + WEIR__FIELD_OVERHEAD, size, &total) ||
        total > f->text.limit)
        return WEIR_E_TOO_BIG;
    int rc = weir__buffer_reserve(&f->text, size, &space);
    if (rc < 0)
        return rc;
    uint32_t at = (uint32_t)f->text.end;
    rc = weir__fields_push(f, (struct weir__field_place){at, (uint32_t)name.len,
                                                         at + (uint32_t)name.len,
                                                         (uint32_t)value.len});
    if (rc < 0)
        return rc;
    copy_into(space, f, name, name_at);
    copy_into(space + name.len, f, value, value_at);
    weir__buffer_commit(&f->text, size);
    return WEIR_OK;
}

int weir_http_fields_add(weir_http_fields *fields, weir_slice name, weir_slice value)
{
    value = weir_slice_trim(value);
    if (!weir_http_is_token(name) || !weir_http_is_field_value(value))
        return WEIR_E_INVALID;
    return append(weir__fields_of(fields), name, value);
}

static weir_slice name_at(const weir__fields *f, size_t index)
{
    return weir__fields_text(f, f->places[index].name, f->places[index].name_len);
}

static weir_slice value_at(const weir__fields *f, size_t index)
{
    return weir__fields_text(f, f->places[index].value, f->places[index].value_len);
}

static size_t find(const weir__fields *f, size_t from, weir_slice name)
{
    while (from < f->count && !(f->places[from].name_len == name.len &&
                                weir_slice_equal_nocase(name_at(f, from), name)))
        from++;
    return from;
}

/* Takes a field out of text and places: what is behind it moves up, so that a list
 * that is changed for ever does not grow. */
static void remove_at(weir__fields *f, size_t index)
{
    struct weir__field_place place = f->places[index];
    uint32_t end = place.value + place.value_len;
    uint32_t size = end - place.name;
    memmove(f->text.memory + place.name, f->text.memory + end, f->text.end - end);
    f->text.end -= size;
    f->count--;
    for (size_t i = index; i < f->count; i++) {
        f->places[i] = f->places[i + 1];
        f->places[i].name -= size;
        f->places[i].value -= size;
    }
    f->bytes -= (size_t)place.name_len + place.value_len + WEIR__FIELD_OVERHEAD;
}

/* Removes the fields named like the one at `like`, of the first `count`, but not
 * that one itself. */
static void remove_older(weir__fields *f, size_t like)
{
    for (size_t i = like; i-- > 0;) {
        if (!weir_slice_equal_nocase(name_at(f, i), name_at(f, like)))
            continue;
        remove_at(f, i);
        like--;
    }
}

/* What is replaced does not count against the limits. */
int weir_http_fields_set(weir_http_fields *fields, weir_slice name, weir_slice value)
{
    weir__fields *f = weir__fields_of(fields);
    size_t max_fields = f->max_fields;
    size_t max_bytes = f->text.limit;
    for (size_t i = find(f, 0, name); i < f->count; i = find(f, i + 1, name)) {
        f->max_fields++;
        f->text.limit += (size_t)f->places[i].name_len + f->places[i].value_len +
                         WEIR__FIELD_OVERHEAD;
    }
    int rc = weir_http_fields_add(fields, name, value);
    f->max_fields = max_fields;
    f->text.limit = max_bytes;
    if (rc == WEIR_OK)
        remove_older(f, f->count - 1);
    return rc;
}

size_t weir_http_fields_remove(weir_http_fields *fields, weir_slice name)
{
    weir__fields *f = weir__fields_of(fields);
    size_t before = f->count;
    size_t last = f->count;
    /* The name may be a slice of the list, so what it names is found by the last
     * field that has it, and that one goes at the end. */
    for (size_t i = find(f, 0, name); i < f->count; i = find(f, i + 1, name))
        last = i;
    if (last == before)
        return 0;
    size_t after = f->count - last;
    remove_older(f, last);
    remove_at(f, f->count - after);
    return before - f->count;
}

size_t weir_http_fields_count(const weir_http_fields *fields)
{
    return weir__fields_of_const(fields)->count;
}

weir_http_field weir_http_fields_at(const weir_http_fields *fields, size_t index)
{
    const weir__fields *f = weir__fields_of_const(fields);
    if (index >= f->count)
        return (weir_http_field){{NULL, 0}, {NULL, 0}};
    return (weir_http_field){name_at(f, index), value_at(f, index)};
}

weir_slice weir_http_fields_value(const weir_http_fields *fields, weir_slice name)
{
    size_t cursor = 0;
    weir_slice value = {NULL, 0};
    weir_http_fields_next(fields, name, &cursor, &value);
    return value;
}

bool weir_http_fields_next(const weir_http_fields *fields, weir_slice name,
                           size_t *cursor, weir_slice *value)
{
    const weir__fields *f = weir__fields_of_const(fields);
    size_t index = find(f, *cursor, name);
    if (index >= f->count)
        return false;
    *value = value_at(f, index);
    *cursor = index + 1;
    return true;
}

bool weir_http_fields_has_token(const weir_http_fields *fields, weir_slice name,
                                weir_slice token)
{
    size_t cursor = 0;
    weir_slice rest;
    weir_slice element;
    while (weir_http_fields_next(fields, name, &cursor, &rest)) {
        while (weir_http_list_next(&rest, &element)) {
            if (weir_slice_equal_nocase(element, token))
                return true;
        }
    }
    return false;
}

int weir_http_fields_copy(weir_http_fields *to, const weir_http_fields *from)
{
    weir__fields *t = weir__fields_of(to);
    const weir__fields *f = weir__fields_of_const(from);
    weir_slice text = weir__buffer_slice(&f->text);
    char *space;
    if (t == f)
        return WEIR_OK;
    for (size_t i = 0; i < f->count; i++) {
        if ((size_t)f->places[i].name_len + f->places[i].value_len > t->max_field_bytes)
            return WEIR_E_TOO_BIG;
    }
    if (f->count > t->max_fields || text.len > t->text.limit)
        return WEIR_E_TOO_BIG;
    if (f->count > t->capacity && reserve_places(t, f->count) < 0)
        return WEIR_E_MEMORY;
    size_t more = text.len > t->text.end ? text.len - t->text.end : 0;
    if (more > 0 && weir__buffer_reserve(&t->text, more, &space) < 0)
        return WEIR_E_MEMORY;
    if (text.len > 0)
        memcpy(t->text.memory, text.data, text.len);
    if (f->count > 0)
        memcpy(t->places, f->places, f->count * sizeof(*f->places));
    t->text.end = text.len;
    t->count = f->count;
    t->bytes = f->bytes;
    return WEIR_OK;
}

void weir_http_fields_swap(weir_http_fields *a, weir_http_fields *b)
{
    weir__fields *first = weir__fields_of(a);
    weir__fields *second = weir__fields_of(b);
    weir__fields old = *first;
    *first = *second;
    *second = old;
    second->text.limit = first->text.limit;
    second->max_fields = first->max_fields;
    second->max_field_bytes = first->max_field_bytes;
    first->text.limit = old.text.limit;
    first->max_fields = old.max_fields;
    first->max_field_bytes = old.max_field_bytes;
}

/* The length of the element at the front: up to a comma outside of a quoted-string
 * (RFC 9110 5.6.4). */
static size_t element_len(weir_slice rest)
{
    bool quoted = false;
    for (size_t i = 0; i < rest.len; i++) {
        char c = rest.data[i];
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' && quoted)
            i++;
        else if (c == ',' && !quoted)
            return i;
    }
    return rest.len;
}

bool weir_http_list_next(weir_slice *rest, weir_slice *element)
{
    weir_slice left = *rest;
    while (left.len > 0) {
        size_t len = element_len(left);
        weir_slice part = weir_slice_trim((weir_slice){left.data, len});
        left = weir_slice_skip(left, len + 1);
        if (part.len == 0)
            continue; /* RFC 9110 5.6.1.2: a recipient ignores empty elements */
        *rest = left;
        *element = part;
        return true;
    }
    return false;
}
