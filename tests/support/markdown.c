/* Reading vectors line by line.
 *
 * SPDX-License-Identifier: MIT */
#include "markdown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    FILE *file;
    char line[4096];
};

struct text {
    char *bytes;
    size_t len;
};

static void put(struct text *text, const char *bytes, size_t len)
{
    text->bytes = realloc(text->bytes, text->len + len + 1);
    if (!text->bytes)
        abort();
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    text->bytes[text->len] = '\0';
}

static bool read_line(struct reader *r)
{
    if (!fgets(r->line, sizeof(r->line), r->file))
        return false;
    r->line[strcspn(r->line, "\n")] = '\0';
    return true;
}

/* One line of the bytes; false when its CRLF is left out. */
static bool put_unescaped(struct text *text, const char *line)
{
    for (; *line; line++) {
        char c = *line;
        if (c == '\\' && line[1] == '\0')
            return false;
        if (c == '\\') {
            c = *++line;
            if (c == 'x') {
                c = (char)strtol((char[]){line[1], line[2], '\0'}, NULL, 16);
                line += 2;
            } else if (c != '\\') {
                c = c == 'r' ? '\r' : c == 'n' ? '\n' : '\t';
            }
        }
        put(text, &c, 1);
    }
    return true;
}

static void read_input(struct reader *r, struct text *text)
{
    bool line_end = false;
    put(text, "", 0);
    while (read_line(r) && strcmp(r->line, "```") != 0) {
        if (line_end)
            put(text, "\r\n", 2);
        line_end = put_unescaped(text, r->line);
    }
}

static void read_log(struct reader *r, struct text *text)
{
    put(text, "", 0);
    while (read_line(r) && strcmp(r->line, "```") != 0) {
        put(text, r->line, strlen(r->line));
        put(text, "\n", 1);
    }
}

static char *copy(const char *text)
{
    char *copied = strdup(text);
    if (!copied)
        abort();
    return copied;
}

static void finish(struct markdown_case *test, struct text *input)
{
    free(test->name);
    free(test->meta);
    free(test->log);
    free(input->bytes);
    *input = (struct text){0};
    *test = (struct markdown_case){0};
}

int markdown_each(const char *path, void (*run)(const struct markdown_case *))
{
    char name[1024];
    struct markdown_case test = {0};
    struct text input = {0}, log = {0};
    struct reader r;
    int count = 0;
    snprintf(name, sizeof(name), "%s/%s", WEIR_SOURCE_DIR, path);
    r.file = fopen(name, "r");
    if (!r.file)
        return -1;
    while (read_line(&r)) {
        if (strncmp(r.line, "## ", 3) == 0) {
            finish(&test, &input);
            test.name = copy(r.line + 3);
            test.meta = copy("");
        } else if (strncmp(r.line, "<!-- meta=", 10) == 0) {
            free(test.meta);
            test.meta = copy(r.line + 10);
        } else if (strcmp(r.line, "```http") == 0) {
            read_input(&r, &input);
        } else if (strcmp(r.line, "```log") == 0) {
            read_log(&r, &log);
            test.log = log.bytes;
            test.input = (weir_slice){input.bytes, input.len};
            run(&test);
            count++;
            log = (struct text){0};
        }
    }
    finish(&test, &input);
    fclose(r.file);
    return count;
}

bool markdown_meta(const struct markdown_case *test, const char *key, char *value,
                   size_t size)
{
    char quoted[64];
    snprintf(quoted, sizeof(quoted), "\"%s\": ", key);
    const char *at = strstr(test->meta, quoted);
    if (!at)
        return false;
    at += strlen(quoted);
    at += *at == '"';
    size_t len = strcspn(at, "\",}");
    if (len >= size)
        abort();
    memcpy(value, at, len);
    value[len] = '\0';
    return true;
}
