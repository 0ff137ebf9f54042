/**
 * Forms with files: multipart/form-data, sent piece by piece (RFC 7578), and bodies of
 * many parts, read piece by piece (RFC 2046 5.1).
 *
 *   weir_form *form = weir_form_new(NULL);
 *   weir_form_add(form, "caption", WEIR_S("hello"), NULL);
 *   weir_form_add_file(form, "photo", "cat.png",
 *                      &(weir_form_part){.content_type = "image/png"});
 *   weir_post(session, &response, url, .multipart = form);
 *   weir_form_free(form);
 *
 * Forms without files are mostly sent as application/x-www-form-urlencoded: the option
 * .form of requests, or form_codec.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FORM_H
#define WEIR_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/allocator.h>
#include <weir/form_codec.h>
#include <weir/http.h>
#include <weir/loop.h>
#include <weir/reader.h>
#include <weir/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** What is to be sent: parts in their order. It has no connection and no loop. */
typedef struct weir_form weir_form;

/** Options of weir_form_new. All zero, or NULL, is the default. */
typedef struct weir_form_options {
    /** Where the form's memory comes from. Kept. NULL: the C library. */
    const weir_allocator *allocator;

    /** What parts are parted by; see weir_multipart_is_boundary. Copied. NULL: one of
     * random bytes, which is in nothing that is sent. */
    const char *boundary;
} weir_form_options;

/** Options of a part. All zero, or NULL, is the default. Copied. */
typedef struct weir_form_part {
    /** Its media type. NULL: none, which means text; of files application/octet-stream. */
    const char *content_type;

    /** The name of the file, UTF-8. NULL: none; of files the last component of the path. */
    const char *filename;
} weir_form_part;

/**
 * Makes a form without parts.
 *
 * Returns NULL without memory, without random bytes, or for a boundary that cannot be
 * sent; weir_last_error() says which.
 */
weir_form *weir_form_new(const weir_form_options *options);

/** Frees the form, not the readers that were added; after the readers of the form. NULL
 * is allowed. */
void weir_form_free(weir_form *form);

/**
 * Adds a field.
 *
 *   name    UTF-8
 *   value   any bytes; copied
 *   part    NULL: the defaults
 *
 * CR and LF in a name or file name are refused, as other control characters are, and a
 * backslash at its end; a quote is sent as `%22` (WHATWG HTML 4.10.21.8). Returns
 * WEIR_OK; or, the form being as before, WEIR_E_INVALID or WEIR_E_MEMORY.
 */
int weir_form_add(weir_form *form, const char *name, weir_slice value,
                  const weir_form_part *part);

/**
 * Adds a file, which is opened when its turn comes and read while it is sent. Reading
 * it may keep the loop waiting for the disk.
 *
 *   path   copied; of an ordinary file: what else there is, a pipe say, is a reader's
 *
 * The file's length is taken now, and is a promise: one that is longer or shorter when
 * it is sent breaks the sending off. Returns WEIR_OK; or, the form being as before,
 * WEIR_E_INVALID, WEIR_E_UNSUPPORTED (no ordinary file), WEIR_E_SYSTEM (it cannot be
 * read; see os_error) or WEIR_E_MEMORY.
 */
int weir_form_add_file(weir_form *form, const char *name, const char *path,
                       const weir_form_part *part);

/**
 * Adds what a reader will give, up to its end.
 *
 *   reader   stays the caller's, and must live as long as the form is sent; of the same
 *            loop. It can be sent once
 *   length   how many bytes that will be; another number breaks the sending off. -1: it
 *            is not known, and so is not that of the form
 *
 * Returns like weir_form_add.
 */
int weir_form_add_reader(weir_form *form, const char *name, weir_reader *reader,
                         int64_t length, const weir_form_part *part);

/** The value of the field Content-Type: `multipart/form-data; boundary=...`. Valid as
 * long as the form is. */
const char *weir_form_content_type(const weir_form *form);

/** How many bytes the form is, for the field Content-Length; -1 when not known. */
int64_t weir_form_length(const weir_form *form);

/** Whether it can be sent, or sent again (a redirect with 307 or 308, a new try): it has
 * no part of a reader that was begun with. */
bool weir_form_is_repeatable(const weir_form *form);

/**
 * A reader over the whole form, from its beginning.
 *
 *   form   must live as long as the reader, without parts being added
 *
 * To send a form once more, free its reader and make another. Besides what reader.h
 * lists and what the readers of parts return, reading returns
 *
 *   WEIR_E_INCOMPLETE   a file or a reader has less bytes than its length says
 *   WEIR_E_TOO_BIG      or more; no byte over the length is handed out
 *   WEIR_E_SYSTEM       a file cannot be opened or read; see os_error
 *
 * for good. Returns NULL without memory, or when the form is not repeatable;
 * weir_last_error() says which.
 */
weir_reader *weir_form_reader_new(weir_loop *loop, weir_form *form);

/** The parts of a body, one after the other. */
typedef struct weir_multipart_reader weir_multipart_reader;

/** A part. All of it is valid until the next weir_multipart_reader_next. */
typedef struct weir_multipart_part {
    const weir_http_fields *fields; /**< all fields of its head; never NULL */
    weir_slice name;     /**< of a field of a form, decoded. Data NULL: none */
    weir_slice filename; /**< as the sender gave it, decoded, and NUL-terminated. Data
                              NULL: none. Never open it: see weir_safe_filename */
    weir_reader *body;   /**< its bytes, to their end; not to be freed. What is not read
                              is skipped. Reading also returns what _next does */
} weir_multipart_part;

/**
 * Takes a body of many parts apart: of a form or any other type multipart.
 *
 *   parts          out: the caller's, until weir_multipart_reader_free
 *   body           stays the caller's, and must live as long as `parts`; not to be used
 *                  by others meanwhile
 *   content_type   the value of the field Content-Type, which has the boundary
 *   limits         copied. NULL: the defaults
 *
 * Returns WEIR_OK; WEIR_E_TYPE when it is no multipart; WEIR_E_PROTOCOL when it has no
 * boundary that may be one; or WEIR_E_MEMORY.
 */
int weir_multipart_reader_new(weir_multipart_reader **parts, weir_reader *body,
                              weir_slice content_type,
                              const weir_multipart_limits *limits);

/**
 * Waits for the head of the next part, skipping what is left of the one before.
 *
 * Returns 1; 0 when there are no more, and the body has been read to its end; or
 * what reading the body returns, of which WEIR_E_TIMEOUT and _CANCELLED leave all as it
 * was; or, for good,
 *
 *   WEIR_E_PROTOCOL     not as RFC 2046 5.1 has it
 *   WEIR_E_INCOMPLETE   the body ends before its last boundary
 *   WEIR_E_TOO_BIG      over a limit
 *   WEIR_E_MEMORY
 *   WEIR_E_MISUSE       another task reads the part's body; nothing has changed
 */
int weir_multipart_reader_next(weir_multipart_reader *parts, weir_multipart_part *part);

/** Frees it with the body of its part. NULL is allowed. */
void weir_multipart_reader_free(weir_multipart_reader *parts);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
