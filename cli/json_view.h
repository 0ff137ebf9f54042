/* JSON as a person reads it: a member a line, with colours.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_JSON_VIEW_H
#define WEIR_CLI_JSON_VIEW_H

#include <stdbool.h>
#include <stdio.h>
#include <weir/slice.h>

enum json_place { JSON_BETWEEN, JSON_IN_STRING, JSON_IN_WORD };

/* All zero is ready for a text, but for colours. */
struct json_view {
    enum json_place place;
    bool coloured;
    bool escaped;       /* behind a backslash in a string */
    bool opened;        /* behind `{` or `[` */
    unsigned char last; /* byte of a string */
    unsigned depth;
    unsigned long long objects; /* which of the innermost 64 are objects, as bits */
    bool at_value;              /* behind a colon */
};

/* Writes the next piece of the text to `file`. Only spaces between the tokens differ;
 * what is no JSON goes through as it comes, with control characters made visible. */
void json_view_write(struct json_view *view, weir_slice text, FILE *file);

/* Ends the last line. */
void json_view_end(struct json_view *view, FILE *file);

#endif
