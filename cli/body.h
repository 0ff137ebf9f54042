/* What a request sends: bytes, a form, or a file as it is read.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_BODY_H
#define WEIR_CLI_BODY_H

#include <stdbool.h>
#include <weir/form.h>
#include <weir/request.h>
#include <weir/stream.h>

#include "command.h"

enum body_kind { BODY_NONE, BODY_DATA, BODY_JSON, BODY_FORM, BODY_FILE };

/* All zero is none. */
struct body {
    enum body_kind kind;
    char *bytes; /* BODY_DATA, BODY_JSON */
    size_t len;
    weir_form *form;     /* BODY_FORM */
    const char *path;    /* BODY_FILE; "-" is standard input */
    weir_stream *stream; /* of the file, while it is sent */
};

/* Each takes the value of an option; COMMAND_OK, or why the command ends, having
 * complained. A form's part is cut apart in place. */
enum exit_status body_take_data(const struct command *command, struct body *body,
                                const char *data);
enum exit_status body_take_json(const struct command *command, struct body *body,
                                const char *json);
enum exit_status body_take_part(const struct command *command, struct body *body,
                                char *part);
enum exit_status body_take_file(const struct command *command, struct body *body,
                                const char *path);

/* Says in `options` what to send. False, having complained, when a file cannot be
 * read. What it opens is closed by body_end(). */
bool body_begin(const struct command *command, struct body *body, weir_loop *loop,
                weir_request_options *options);
void body_end(struct body *body);

/* Whether it can be sent more than once. */
bool body_is_repeatable(const struct body *body);

void body_clear(struct body *body);

#endif
