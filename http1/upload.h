/* The body of a request, wherever it comes from, piece by piece.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_UPLOAD_H
#define WEIR_HTTP1_UPLOAD_H

#include <weir/request.h>

enum weir__upload_kind {
    WEIR__UPLOAD_NONE,
    WEIR__UPLOAD_BYTES,
    WEIR__UPLOAD_READER,
    WEIR__UPLOAD_CALLBACK
};

typedef struct weir__upload {
    enum weir__upload_kind kind;
    const weir_request_options *options;
    bool has_length;
    uint64_t length;
    uint64_t taken; /* bytes, of which the last piece may be with the caller still */
    bool ended;
    bool failed; /* the request has broken off by itself */
} weir__upload;

/* WEIR_OK, or WEIR_E_INVALID when the options name two bodies. */
int weir__upload_init(weir__upload *upload, const weir_request_options *options);

/* The next piece, waiting if it must: 1, 0 at the end, or a status with its sentence. */
int weir__upload_next(weir__upload *upload, weir_slice *piece);

/* From the beginning once more. WEIR_OK, or WEIR_E_UNSUPPORTED with a sentence. */
int weir__upload_rewind(weir__upload *upload);

#endif
