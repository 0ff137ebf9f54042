/* Bodies of requests: bytes, readers, callbacks.
 *
 * SPDX-License-Identifier: MIT */
#include "upload.h"

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "session.h"

/* Of the body, between two looks at the clock and at what the server says. */
#define PIECE_BYTES ((size_t)64 * 1024)

static int count_sources(const weir_request_options *options)
{
    return (options->body.len > 0) + (options->form != NULL) + (options->json != NULL) +
           (options->multipart != NULL) + (options->body_reader != NULL) +
           (options->body_next != NULL);
}

static size_t count_fields(const weir_pair *pairs)
{
    size_t count = 0;
    while (pairs[count].name)
        count++;
    return count;
}

/* WHATWG URL 5.2, by its codec, which wants the fields as slices. */
static int encode_fields(weir__upload *upload, weir_form_field *fields, size_t count)
{
    const weir_pair *pairs = upload->options->form;
    size_t len;
    for (size_t i = 0; i < count; i++)
        fields[i] = (weir_form_field){weir_slice_of(pairs[i].name),
                                      weir_slice_of(pairs[i].value)};
    weir_urlencoded_encode(fields, count, NULL, 0, &len);
    upload->encoded = weir__malloc(upload->loop->allocator, len + 1);
    if (!upload->encoded)
        return WEIR_E_MEMORY;
    weir_urlencoded_encode(fields, count, upload->encoded, len, &len);
    upload->bytes = (weir_slice){upload->encoded, len};
    upload->length = len;
    return WEIR_OK;
}

static int open_fields(weir__upload *upload)
{
    const weir_allocator *allocator = upload->loop->allocator;
    size_t count = count_fields(upload->options->form);
    weir_form_field *fields = weir__calloc(allocator, count + 1, sizeof(*fields));
    int rc = fields ? encode_fields(upload, fields, count) : WEIR_E_MEMORY;
    weir__free(allocator, fields);
    if (!upload->content_type)
        upload->content_type = "application/x-www-form-urlencoded";
    upload->kind = WEIR__UPLOAD_BYTES;
    return rc < 0 ? weir__fail(rc, "request", "no memory for the form") : rc;
}

static int open_form(weir__upload *upload)
{
    weir_form *form = upload->options->multipart;
    int64_t length = weir_form_length(form);
    upload->kind = WEIR__UPLOAD_FORM;
    upload->has_length = length >= 0;
    upload->length = length >= 0 ? (uint64_t)length : 0;
    if (!upload->content_type)
        upload->content_type = weir_form_content_type(form);
    upload->reader = weir_form_reader_new(upload->loop, form);
    return upload->reader ? WEIR_OK : weir_last_error()->status;
}

static int open_json(weir__upload *upload, const weir_json_adapter *adapter)
{
    const void *value = upload->options->json;
    if (!adapter)
        return weir__fail(WEIR_E_INVALID, "request",
                          "the session has no .json_adapter to write .json with");
    size_t len = adapter->encode(value, NULL, 0);
    upload->encoded = len > 0 ? weir__malloc(upload->loop->allocator, len) : NULL;
    if (len > 0 && !upload->encoded)
        return weir__fail(WEIR_E_MEMORY, "request", "no memory for the JSON");
    if (len == 0 || adapter->encode(value, upload->encoded, len) != len)
        return weir__fail(WEIR_E_INVALID, "request", "the value is no JSON");
    upload->bytes = (weir_slice){upload->encoded, len};
    upload->length = len;
    upload->kind = WEIR__UPLOAD_BYTES;
    if (!upload->content_type)
        upload->content_type = "application/json";
    return WEIR_OK;
}

static int open_source(weir__upload *upload, const weir_session *session)
{
    const weir_request_options *options = upload->options;
    if (options->json)
        return open_json(upload, session->json_adapter);
    if (options->form)
        return open_fields(upload);
    if (options->multipart)
        return open_form(upload);
    if (options->body.len > 0) {
        upload->kind = WEIR__UPLOAD_BYTES;
        upload->bytes = options->body;
        upload->length = options->body.len;
    } else if (options->body_reader || options->body_next) {
        upload->kind =
            options->body_reader ? WEIR__UPLOAD_READER : WEIR__UPLOAD_CALLBACK;
        upload->reader = options->body_reader;
        upload->length = options->body_length;
        upload->has_length = options->body_length > 0;
    }
    return WEIR_OK;
}

int weir__upload_init(weir__upload *upload, weir_session *session,
                      const weir_request_options *options)
{
    *upload = (weir__upload){.loop = session->loop,
                             .options = options,
                             .content_type = options->content_type,
                             .has_length = true};
    if (count_sources(options) > 1)
        return weir__fail(WEIR_E_INVALID, "request", "the request has two bodies");
    return open_source(upload, session);
}

void weir__upload_clear(weir__upload *upload)
{
    weir__free(upload->loop->allocator, upload->encoded);
    if (upload->kind == WEIR__UPLOAD_FORM)
        weir_reader_free(upload->reader);
}

static int next_bytes(const weir__upload *upload, weir_slice *piece)
{
    *piece = weir_slice_skip(upload->bytes, (size_t)upload->taken);
    if (piece->len > PIECE_BYTES)
        piece->len = PIECE_BYTES;
    return piece->len > 0;
}

static int next_read(const weir__upload *upload, weir_slice *piece)
{
    int rc = weir_read(upload->reader, PIECE_BYTES, piece);
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
    case WEIR__UPLOAD_FORM:
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

static int reopen_form(weir__upload *upload)
{
    weir_form *form = upload->options->multipart;
    weir_reader_free(upload->reader);
    upload->reader = NULL;
    if (!weir_form_is_repeatable(form))
        return weir__fail(WEIR_E_UNSUPPORTED, "request",
                          "the form cannot be sent again: a part of it came from a "
                          "reader, which has been read");
    upload->reader = weir_form_reader_new(upload->loop, form);
    return upload->reader ? WEIR_OK : weir_last_error()->status;
}

int weir__upload_rewind(weir__upload *upload)
{
    bool begun = upload->taken > 0 || upload->ended;
    int rc = WEIR_OK;
    if (begun && upload->kind == WEIR__UPLOAD_FORM)
        rc = reopen_form(upload);
    if (begun &&
        (upload->kind == WEIR__UPLOAD_READER || upload->kind == WEIR__UPLOAD_CALLBACK))
        rc = weir__fail(WEIR_E_UNSUPPORTED, "request",
                        "the request body cannot be sent again: it came from a %s, "
                        "which has been read",
                        upload->reader ? "reader" : "callback");
    if (rc < 0)
        return rc;
    upload->taken = 0;
    upload->ended = false;
    return WEIR_OK;
}
