/* The inside of a form, which its readers go through.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_FORM_H
#define WEIR_HTTP1_FORM_H

#include <weir/form.h>

#include "list.h"

enum weir__form_source { WEIR__FORM_BYTES, WEIR__FORM_FILE, WEIR__FORM_READER };

/* A part, in one block with its texts. */
typedef struct weir__form_part {
    weir__link link;
    enum weir__form_source source;
    weir_slice head;     /* with the line end of the part before */
    weir_slice bytes;    /* of WEIR__FORM_BYTES */
    const char *path;    /* of WEIR__FORM_FILE */
    weir_reader *reader; /* of WEIR__FORM_READER */
    int64_t length;      /* of what comes between; -1: not known */
    bool used;           /* the reader was begun with */
} weir__form_part;

struct weir_form {
    const weir_allocator *allocator;
    weir__link parts;
    int64_t length; /* without the end; -1: not known */
    weir_slice boundary;
    char content_type[sizeof("multipart/form-data; boundary=\"\"") +
                      WEIR_MULTIPART_BOUNDARY_MAX];
    char end[sizeof("\r\n----\r\n") + WEIR_MULTIPART_BOUNDARY_MAX];
    size_t end_len;
};

/* What goes behind the last part. */
weir_slice weir__form_end(const weir_form *form);

#endif
