/* The body of a request, wherever it comes from, piece by piece.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_UPLOAD_H
#define WEIR_HTTP1_UPLOAD_H

#include <weir/request.h>

enum weir__upload_kind {
    WEIR__UPLOAD_NONE,
    WEIR__UPLOAD_BYTES, /* also a form without files, encoded */
    WEIR__UPLOAD_READER,
    WEIR__UPLOAD_FORM,
    WEIR__UPLOAD_CALLBACK
};

typedef struct weir__upload {
    enum weir__upload_kind kind;
    weir_loop *loop;
    const weir_request_options *options;
    const char *content_type; /* NULL: none */
    weir_slice bytes;
    char *encoded;       /* where they lie, when that is the upload's own */
    weir_reader *reader; /* the caller's, or of the form, or NULL */
    bool has_length;
    uint64_t length;
    uint64_t taken; /* bytes, of which the last piece may be with the caller still */
    bool ended;
    bool failed; /* the request has broken off by itself */
} weir__upload;

/* WEIR_OK, or a status with its sentence; to be cleared in any case. */
int weir__upload_init(weir__upload *upload, weir_session *session,
                      const weir_request_options *options);

/* The next piece, waiting if it must: 1, 0 at the end, or a status with its sentence. */
int weir__upload_next(weir__upload *upload, weir_slice *piece);

/* From the beginning once more. WEIR_OK, or WEIR_E_UNSUPPORTED with a sentence. */
int weir__upload_rewind(weir__upload *upload);

void weir__upload_clear(weir__upload *upload);

#endif
