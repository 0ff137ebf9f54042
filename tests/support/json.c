/* Recursive descent over a file in memory.
 *
 * SPDX-License-Identifier: MIT */
#include "json.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

struct reader {
    const char *at;
};

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static void skip_space(struct reader *r)
{
    while (*r->at && strchr(" \t\r\n", *r->at))
        r->at++;
}

static void expect(struct reader *r, const char *text)
{
    size_t len = strlen(text);
    if (strncmp(r->at, text, len) != 0)
        abort();
    r->at += len;
}

static uint32_t read_hex(struct reader *r)
{
    char digits[5] = {0};
    memcpy(digits, r->at, 4);
    r->at += 4;
    return (uint32_t)strtoul(digits, NULL, 16);
}

/* The code point of an escape; a surrogate without its other half is U+FFFD. */
static uint32_t read_unicode(struct reader *r)
{
    uint32_t c = read_hex(r);
    if (c >= 0xD800 && c < 0xDC00 && r->at[0] == '\\' && r->at[1] == 'u') {
        r->at += 2;
        return 0x10000 + ((c - 0xD800) << 10) + (read_hex(r) - 0xDC00);
    }
    return c >= 0xD800 && c < 0xE000 ? 0xFFFD : c;
}

static char *put_utf8(char *to, uint32_t c)
{
    int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char LEAD[] = {0x00, 0xC0, 0xE0, 0xF0};
    *to++ = (char)(unsigned char)(LEAD[more] | c >> (6 * more));
    while (more-- > 0)
        *to++ = (char)(unsigned char)(0x80 | (c >> (6 * more) & 0x3F));
    return to;
}

static char *read_string(struct reader *r, size_t *len)
{
    static const char NAMES[] = "bfnrt\"\\/", CODES[] = "\b\f\n\r\t\"\\/";
    expect(r, "\"");
    char *text = must(malloc(strlen(r->at) < 65536 ? strlen(r->at) + 4 : 65536));
    char *to = text;
    while (*r->at != '"') {
        if (to - text > 65000 || !*r->at)
            abort();
        if (*r->at != '\\') {
            *to++ = *r->at++;
        } else if (r->at[1] == 'u') {
            r->at += 2;
            to = put_utf8(to, read_unicode(r));
        } else {
            const char *name = must(strchr(NAMES, r->at[1]));
            *to++ = CODES[name - NAMES];
            r->at += 2;
        }
    }
    r->at++;
    *to = '\0';
    *len = (size_t)(to - text);
    return must(realloc(text, *len + 1));
}

static struct json *read_value(struct reader *r);

static void read_members(struct reader *r, struct json *value, const char *close)
{
    struct json **last = &value->first;
    r->at++;
    for (skip_space(r); *r->at != *close; skip_space(r)) {
        char *key = NULL;
        size_t len;
        if (value->type == JSON_OBJECT) {
            key = read_string(r, &len);
            skip_space(r);
            expect(r, ":");
        }
        *last = read_value(r);
        (*last)->key = key;
        last = &(*last)->next;
        skip_space(r);
        if (*r->at != *close)
            expect(r, ",");
    }
    r->at++;
}

static void read_word(struct reader *r, struct json *value)
{
    static const char *const WORDS[] = {"null", "false", "true"};
    for (int i = 0; i < 3; i++) {
        if (strncmp(r->at, WORDS[i], strlen(WORDS[i])) == 0) {
            r->at += strlen(WORDS[i]);
            value->type = (enum json_type)i;
            return;
        }
    }
    value->type = JSON_NUMBER;
    value->len = strspn(r->at, "+-.0123456789eE");
    value->text = must(strndup(r->at, value->len));
    if (value->len == 0)
        abort();
    r->at += value->len;
}

static struct json *read_value(struct reader *r)
{
    struct json *value = must(calloc(1, sizeof(*value)));
    skip_space(r);
    if (*r->at == '"') {
        value->type = JSON_STRING;
        value->text = read_string(r, &value->len);
    } else if (*r->at == '[' || *r->at == '{') {
        value->type = *r->at == '[' ? JSON_ARRAY : JSON_OBJECT;
        read_members(r, value, *r->at == '[' ? "]" : "}");
    } else {
        read_word(r, value);
    }
    return value;
}

struct json *json_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = must(calloc(1, (size_t)size + 1));
    if (fread(text, 1, (size_t)size, file) != (size_t)size)
        abort();
    fclose(file);
    struct reader reader = {text};
    struct json *value = read_value(&reader);
    free(text);
    return value;
}

struct json *json_read_vectors(const char *name)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", test_vectors(), name);
    return json_read(path);
}

void json_free(struct json *value)
{
    while (value) {
        struct json *next = value->next;
        json_free(value->first);
        free(value->text);
        free(value->key);
        free(value);
        value = next;
    }
}

const struct json *json_member(const struct json *object, const char *key)
{
    const struct json *member = object ? object->first : NULL;
    while (member && (!member->key || strcmp(member->key, key) != 0))
        member = member->next;
    return member;
}

weir_slice json_text(const struct json *object, const char *key)
{
    const struct json *member = json_member(object, key);
    if (!member || !member->text)
        return (weir_slice){"", 0};
    return (weir_slice){member->text, member->len};
}

bool json_is_true(const struct json *object, const char *key)
{
    const struct json *member = json_member(object, key);
    return member && member->type == JSON_TRUE;
}

long json_number(const struct json *object, const char *key)
{
    return strtol(json_text(object, key).data, NULL, 10);
}

static int base64_value(char c)
{
    static const char DIGITS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(DIGITS, c) : NULL;
    return at ? (int)(at - DIGITS) : -1;
}

weir_slice json_base64(const struct json *object, const char *key)
{
    weir_slice text = json_text(object, key);
    char *bytes = must(malloc(text.len + 1));
    size_t len = 0;
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < text.len && base64_value(text.data[i]) >= 0; i++) {
        bits = bits << 6 | (uint32_t)base64_value(text.data[i]);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes[len++] = (char)(unsigned char)(bits >> count & 255);
        }
    }
    return (weir_slice){bytes, len};
}

void json_free_bytes(weir_slice bytes)
{
    free((void *)(uintptr_t)bytes.data);
}
