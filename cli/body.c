/* What a request sends.
 *
 * SPDX-License-Identifier: MIT */
#include "body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum exit_status fail(const struct command *command, const char *what)
{
    command_complain(command, "%s: %s", what, strerror(errno));
    return COMMAND_FAILED;
}

/* A request has one body; -d and -F alone may come more than once. */
static enum exit_status become(const struct command *command, struct body *body,
                               enum body_kind kind)
{
    bool again = body->kind == kind && (kind == BODY_DATA || kind == BODY_FORM);
    if (body->kind != BODY_NONE && !again)
        return command_refuse(command, "one of -d, --json, -F and -T is the body");
    body->kind = kind;
    return COMMAND_OK;
}

static bool append(struct body *body, const char *bytes, size_t len)
{
    char *grown = realloc(body->bytes, body->len + len + 1);
    if (!grown)
        return false;
    if (len > 0)
        memcpy(grown + body->len, bytes, len);
    body->bytes = grown;
    body->len += len;
    return true;
}

static bool append_all(struct body *body, FILE *file)
{
    char space[16384];
    size_t len;
    while ((len = fread(space, 1, sizeof(space), file)) > 0) {
        if (!append(body, space, len))
            return false;
    }
    return !ferror(file);
}

/* The bytes of a file, `-` being standard input. */
static enum exit_status append_file(const struct command *command, struct body *body,
                                    const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (!file)
        return fail(command, path);
    enum exit_status status = append_all(body, file) ? COMMAND_OK : fail(command, path);
    if (!is_stdin)
        fclose(file);
    return status;
}

static enum exit_status append_text_or_file(const struct command *command,
                                            struct body *body, const char *text)
{
    if (text[0] == '@')
        return append_file(command, body, text + 1);
    return append(body, text, strlen(text)) ? COMMAND_OK : fail(command, "the body");
}

enum exit_status body_take_data(const struct command *command, struct body *body,
                                const char *data)
{
    bool first = body->kind == BODY_NONE;
    enum exit_status status = become(command, body, BODY_DATA);
    if (status == COMMAND_OK && !first && !append(body, "&", 1))
        status = fail(command, "the body");
    return status == COMMAND_OK ? append_text_or_file(command, body, data) : status;
}

enum exit_status body_take_json(const struct command *command, struct body *body,
                                const char *json)
{
    enum exit_status status = become(command, body, BODY_JSON);
    return status == COMMAND_OK ? append_text_or_file(command, body, json) : status;
}

enum exit_status body_take_file(const struct command *command, struct body *body,
                                const char *path)
{
    body->path = path;
    return become(command, body, BODY_FILE);
}

/* Cuts `;type=...` and `;filename=...` off the end of the name of a file. */
static void take_attributes(char *text, weir_form_part *part)
{
    static const char TYPE[] = "type=";
    static const char NAME[] = "filename=";
    for (char *semicolon; (semicolon = strrchr(text, ';')) != NULL; *semicolon = '\0') {
        const char *attribute = semicolon + 1;
        if (strncmp(attribute, TYPE, sizeof(TYPE) - 1) == 0)
            part->content_type = attribute + sizeof(TYPE) - 1;
        else if (strncmp(attribute, NAME, sizeof(NAME) - 1) == 0)
            part->filename = attribute + sizeof(NAME) - 1;
        else
            return;
    }
}

/* Standard input is read now, for its length. */
static int add_standard_input(const struct command *command, weir_form *form,
                              const char *name, weir_form_part *part)
{
    struct body read = {.kind = BODY_DATA};
    if (append_file(command, &read, "-") != COMMAND_OK) {
        free(read.bytes);
        return 1;
    }
    if (!part->filename)
        part->filename = "-";
    if (!part->content_type)
        part->content_type = "application/octet-stream";
    int rc = weir_form_add(form, name, (weir_slice){read.bytes, read.len}, part);
    free(read.bytes);
    return rc;
}

/* 1 when it has complained itself. */
static int add_part(const struct command *command, weir_form *form, const char *name,
                    char *value)
{
    weir_form_part part = {NULL, NULL};
    if (value[0] != '@')
        return weir_form_add(form, name, weir_slice_of(value), NULL);
    take_attributes(++value, &part);
    if (strcmp(value, "-") == 0)
        return add_standard_input(command, form, name, &part);
    return weir_form_add_file(form, name, value, &part);
}

enum exit_status body_take_part(const struct command *command, struct body *body,
                                char *part)
{
    char *value = strchr(part, '=');
    if (!value)
        return command_refuse(command, "-F %s is not NAME=VALUE", part);
    enum exit_status status = become(command, body, BODY_FORM);
    if (status != COMMAND_OK)
        return status;
    *value++ = '\0';
    if (!body->form)
        body->form = weir_form_new(NULL);
    int rc = body->form ? add_part(command, body->form, part, value) : WEIR_E_MEMORY;
    if (rc < 0)
        command_complain_of_failure(command);
    if (rc == WEIR_E_INVALID)
        return COMMAND_USAGE;
    return rc == WEIR_OK ? COMMAND_OK : COMMAND_FAILED;
}

/* The length of an ordinary file is known, and sent. */
static bool begin_file(const struct command *command, struct body *body,
                       weir_loop *loop, weir_request_options *options)
{
    struct stat status;
    if (strcmp(body->path, "-") == 0) {
        if (weir_open_stdin(loop, &body->stream) < 0)
            command_complain_of_failure(command);
    } else {
        int fd = open(body->path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &status) < 0) {
            fail(command, body->path);
            if (fd >= 0)
                close(fd);
            return false;
        }
        options->body_length = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
        if (weir_stream_open(loop, &body->stream, fd, NULL) < 0)
            command_complain_of_failure(command);
    }
    options->body_reader = body->stream ? weir_stream_reader(body->stream) : NULL;
    return body->stream != NULL;
}

bool body_begin(const struct command *command, struct body *body, weir_loop *loop,
                weir_request_options *options)
{
    switch (body->kind) {
    case BODY_NONE:
        return true;
    case BODY_DATA:
    case BODY_JSON:
        options->body = (weir_slice){body->bytes, body->len};
        options->content_type = body->kind == BODY_JSON
                                    ? "application/json"
                                    : "application/x-www-form-urlencoded";
        return true;
    case BODY_FORM:
        options->multipart = body->form;
        return true;
    case BODY_FILE:
        return begin_file(command, body, loop, options);
    }
    return false;
}

void body_end(struct body *body)
{
    weir_stream_abort(body->stream);
    body->stream = NULL;
}

bool body_is_repeatable(const struct body *body)
{
    struct stat status;
    if (body->kind != BODY_FILE)
        return true;
    return strcmp(body->path, "-") != 0 && stat(body->path, &status) == 0 &&
           S_ISREG(status.st_mode);
}

void body_clear(struct body *body)
{
    weir_form_free(body->form);
    free(body->bytes);
    *body = (struct body){.kind = BODY_NONE};
}
