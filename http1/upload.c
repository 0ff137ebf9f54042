/* Bodies of requests: bytes, readers, callbacks.
 *
 * SPDX-License-Identifier: MIT */
#include "upload.h"

#include "error.h"

/* Of the body, between two looks at the clock and at what the server says. */
#define PIECE_BYTES ((size_t)64 * 1024)

int weir__upload_init(weir__upload *upload, const weir_request_options *options)
{
    int sources = (options->body.len > 0) + (options->body_reader != NULL) +
                  (options->body_next != NULL);
    *upload = (weir__upload){.options = options, .has_length = true};
    if (sources > 1)
        return weir__fail(WEIR_E_INVALID, "request", "the request has two bodies");
    if (sources == 0)
        return WEIR_OK;
    if (options->body.len > 0) {
        upload->kind = WEIR__UPLOAD_BYTES;
        upload->length = options->body.len;
        return WEIR_OK;
    }
    upload->kind = options->body_reader ? WEIR__UPLOAD_READER : WEIR__UPLOAD_CALLBACK;
    upload->length = options->body_length;
    upload->has_length = options->body_length > 0;
    return WEIR_OK;
}

static int next_bytes(const weir__upload *upload, weir_slice *piece)
{
    *piece = weir_slice_skip(upload->options->body, (size_t)upload->taken);
    if (piece->len > PIECE_BYTES)
        piece->len = PIECE_BYTES;
    return piece->len > 0;
}

static int next_read(const weir__upload *upload, weir_slice *piece)
{
    int rc = weir_read(upload->options->body_reader, PIECE_BYTES, piece);
    if (rc < 0)
        weir__fail_prefix("reading the request body");
    return rc > 0 ? 1 : rc;
}

static int next_called(const weir__upload *upload, weir_slice *piece)
{
    const weir_request_options *options = upload->options;
    int rc;
    do
        rc = options->body_next(options->body_arg, piece);
    while (rc > 0 && piece->len == 0); /* no bytes would end a chunked body */
    if (rc < 0 && weir_last_error()->status != rc)
        weir__fail(rc, "request", "body_next has given up: %s", weir_status_name(rc));
    return rc > 0 ? 1 : rc;
}

static int next_of_kind(const weir__upload *upload, weir_slice *piece)
{
    switch (upload->kind) {
    case WEIR__UPLOAD_BYTES:
        return next_bytes(upload, piece);
    case WEIR__UPLOAD_READER:
        return next_read(upload, piece);
    case WEIR__UPLOAD_CALLBACK:
        return next_called(upload, piece);
    case WEIR__UPLOAD_NONE:
        break;
    }
    return 0;
}

/* What has been promised as Content-Length is what must be sent. */
static int check_length(const weir__upload *upload, bool ended)
{
    if (!upload->has_length || (!ended && upload->taken <= upload->length) ||
        upload->taken == upload->length)
        return WEIR_OK;
    return weir__fail(ended ? WEIR_E_INCOMPLETE : WEIR_E_INVALID, "request",
                      "the request body has %s the %llu bytes of .body_length",
                      ended ? "less than" : "more than",
                      (unsigned long long)upload->length);
}

int weir__upload_next(weir__upload *upload, weir_slice *piece)
{
    int rc = upload->ended ? 0 : next_of_kind(upload, piece);
    upload->ended = rc == 0;
    if (rc > 0)
        upload->taken += piece->len;
    if (rc >= 0 && check_length(upload, upload->ended) < 0)
        rc = weir_last_error()->status;
    upload->failed = rc < 0;
    return rc;
}

int weir__upload_rewind(weir__upload *upload)
{
    bool kept = upload->kind == WEIR__UPLOAD_NONE || upload->kind == WEIR__UPLOAD_BYTES;
    if (!kept && (upload->taken > 0 || upload->ended))
        return weir__fail(WEIR_E_UNSUPPORTED, "request",
                          "the request body cannot be sent again: it came from a %s, "
                          "which has been read",
                          upload->kind == WEIR__UPLOAD_READER ? "reader" : "callback");
    upload->taken = 0;
    upload->ended = false;
    return WEIR_OK;
}
