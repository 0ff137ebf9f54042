/**
 * What is the same in every HTTP message: fields, methods, status codes.
 *
 *   weir_http_fields fields;
 *   weir_http_fields_init(&fields, NULL, NULL);
 *   weir_http_fields_add(&fields, WEIR_S("Accept"), WEIR_S("text/html"));
 *   weir_slice type = weir_http_fields_value(&fields, WEIR_S("content-type"));
 *   weir_http_fields_clear(&fields);
 *
 * "Field" is RFC 9110's word for what is often called a header.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_HTTP_H
#define WEIR_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/allocator.h>
#include <weir/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * A list of fields: ordered, names without regard to case, repeats kept.
 *
 * The caller's object; all of its text is in one block of memory. It may not be
 * copied by assignment; see weir_http_fields_copy and weir_http_fields_swap.
 */
typedef struct weir_http_fields {
    uint64_t opaque[16]; /**< what is inside belongs to the functions below */
} weir_http_fields;

/** One field line. Both slices are valid until the list is changed. */
typedef struct weir_http_field {
    weir_slice name;  /**< as it was written */
    weir_slice value; /**< without spaces and tabs at its ends; may be empty */
} weir_http_field;

/** How much a head may hold. All zero, or NULL, is the default. */
typedef struct weir_http_limits {
    /** A head in bytes: start line, fields, line ends. 0: 64 KiB. More than 1 GiB
     * counts as 1 GiB. */
    size_t max_head_bytes;

    /** The number of its fields. 0: 128. */
    size_t max_fields;

    /** Name and value of one field, or one start line, in bytes. 0: 16 KiB. */
    size_t max_field_bytes;
} weir_http_limits;

/**
 * Makes an empty list, without allocating.
 *
 *   allocator  kept. NULL: the C library
 *   limits     copied. NULL: the defaults
 */
void weir_http_fields_init(weir_http_fields *fields, const weir_allocator *allocator,
                           const weir_http_limits *limits);

/** Empties the list; keeps its memory. */
void weir_http_fields_reset(weir_http_fields *fields);

/** Empties the list and gives its memory back; it stays usable. */
void weir_http_fields_clear(weir_http_fields *fields);

/**
 * Adds a field behind the others.
 *
 *   name   a token (RFC 9110 5.6.2)
 *   value  no CR, LF, NUL or other control character but the tab (RFC 9110 5.5);
 *          spaces and tabs at its ends are left out
 *
 * Both may be slices of the same list. Returns WEIR_OK, or, the list being as
 * before, WEIR_E_INVALID, WEIR_E_TOO_BIG (over a limit) or WEIR_E_MEMORY.
 */
int weir_http_fields_add(weir_http_fields *fields, weir_slice name, weir_slice value);

/** The same, after removing all fields of that name; all or nothing. */
int weir_http_fields_set(weir_http_fields *fields, weir_slice name, weir_slice value);

/** Removes all fields of that name. Returns how many there were. */
size_t weir_http_fields_remove(weir_http_fields *fields, weir_slice name);

/** The number of fields. */
size_t weir_http_fields_count(const weir_http_fields *fields);

/** The field at `index`, from 0; empty slices when there are not so many. */
weir_http_field weir_http_fields_at(const weir_http_fields *fields, size_t index);

/**
 * The value of the first field of that name.
 *
 * Its data is NULL when there is none; a field with an empty value has data.
 */
weir_slice weir_http_fields_value(const weir_http_fields *fields, weir_slice name);

/**
 * Goes through the values of all fields of that name.
 *
 *   size_t cursor = 0;
 *   while (weir_http_fields_next(&fields, WEIR_S("Set-Cookie"), &cursor, &value))
 *
 * Returns false, leaving *value alone, when there are no more.
 */
bool weir_http_fields_next(const weir_http_fields *fields, weir_slice name,
                           size_t *cursor, weir_slice *value);

/**
 * Whether a list field names `token`, without regard to case and over all of its
 * lines: has_token(f, "Connection", "close").
 */
bool weir_http_fields_has_token(const weir_http_fields *fields, weir_slice name,
                                weir_slice token);

/**
 * Makes `to`, which is initialised, hold the fields of `from`, with to's own
 * allocator and limits. WEIR_OK; or WEIR_E_TOO_BIG or WEIR_E_MEMORY, `to` being
 * as before.
 */
int weir_http_fields_copy(weir_http_fields *to, const weir_http_fields *from);

/** Exchanges what two lists hold, with the memory and its allocator. Slices of the
 * one are then slices of the other; each keeps its limits. */
void weir_http_fields_swap(weir_http_fields *a, weir_http_fields *b);

/**
 * Takes the next element off the front of a comma-separated list (RFC 9110 5.6.1).
 *
 *   rest     in: a field value; out: what follows the element
 *   element  out: trimmed, never empty; commas within "quotes" do not part it
 *
 * Returns false when there are no more.
 */
bool weir_http_list_next(weir_slice *rest, weir_slice *element);

/** Whether the bytes are a token: a method, a name of a field (RFC 9110 5.6.2). */
bool weir_http_is_token(weir_slice text);

/** Whether the bytes may be the value of a field (RFC 9110 5.5). */
bool weir_http_is_field_value(weir_slice text);

/** Whether the method only reads: GET, HEAD, OPTIONS, TRACE, QUERY (RFC 9110 9.2.1). */
bool weir_http_method_is_safe(weir_slice method);

/** Whether twice is as good as once: the safe methods, PUT, DELETE (RFC 9110 9.2.2). */
bool weir_http_method_is_idempotent(weir_slice method);

/** The usual reason phrase of a status code: "Not Found"; "" for an unknown one. */
const char *weir_http_status_reason(int status_code);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
