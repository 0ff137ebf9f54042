/* A reader of JSON, for test vectors: enough of it, and no more.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_JSON_H
#define WEIR_TESTS_JSON_H

#include <stdbool.h>
#include <weir/slice.h>

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json {
    enum json_type type;
    char *text; /* of strings, in UTF-8, and of numbers */
    size_t len;
    char *key;          /* of members of objects */
    struct json *first; /* of arrays and objects */
    struct json *next;  /* beside it */
};

/* The value in a file; NULL when there is no such file. Malformed JSON aborts. */
struct json *json_read(const char *path);

/* A file of the public conformance data (test_vectors). NULL when it is not there. */
struct json *json_read_vectors(const char *name);

void json_free(struct json *value);

/* The member of an object, or NULL. */
const struct json *json_member(const struct json *object, const char *key);

/* Its text; empty when there is none, or it is null. */
weir_slice json_text(const struct json *object, const char *key);

bool json_is_true(const struct json *object, const char *key);

long json_number(const struct json *object, const char *key);

/* The bytes of a member in base64, for json_free_bytes. */
weir_slice json_base64(const struct json *object, const char *key);

void json_free_bytes(weir_slice bytes);

#endif
