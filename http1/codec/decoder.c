/* The message decoder: bytes in, head, body and end out (RFC 9112).
 *
 *   START -> HEAD -+-> LENGTH_DATA ------------------------------+-> ENDING
 *     ^            +-> CLOSE_DATA -------- end of input ---------+     |
 *     |            +-> CHUNK_LINE -> CHUNK_DATA -> _CR -> _LF    |     v
 *     |            |      |  ^-----------------------------+     |  BETWEEN
 *     |            |      +-> TRAILER_FIRST -+-> TRAILER_LF -----+  or SWITCHED
 *     |            |                         +-> TRAILERS -------+     |
 *     +-- (1xx) ---+--------------- START or CLOSED <------- next -----+
 *                                                any -> FAILED, for good
 *
 * START goes to FAILED by RECORD when the peer speaks TLS, which is worth a sentence.
 *
 * Heads and trailers come from message.c; the bodies are framed here, so that no
 * release of llhttp has a say in where a message ends.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/http_codec.h>
#include <weir/status.h>

#include "chunk.h"
#include "message.h"
#include "plain.h"

/* No event yet, but another step is possible; never leaves this file. */
#define GO_ON 3

enum state {
    START,  /* empty lines before a message are skipped (RFC 9112 2.2) */
    RECORD, /* the first byte was that of a TLS record */
    HEAD,
    LENGTH_DATA,
    CLOSE_DATA,
    CHUNK_LINE, /* RFC 9112 7.1 */
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    TRAILER_FIRST, /* RFC 9112 7.1.2 */
    TRAILER_LF,
    TRAILERS,
    ENDING,   /* the END event is due */
    BETWEEN,  /* until weir_http_decoder_next */
    SWITCHED, /* the connection has another protocol now */
    CLOSED,   /* after the last message of the connection */
    FAILED
};

struct decoder {
    enum state state;
    weir_http_role role;
    enum weir__http_question question;
    weir_http_fields fields;
    weir_http_fields trailers;
    weir_http_head head;
    weir__section section;
    weir__chunk_line chunk;
    uint64_t left;       /* bytes of the body or chunk still to come */
    size_t offset;       /* bytes used since the message began */
    size_t section_base; /* the offset at which the section's text begins */
    weir_codec_error error;
};

_Static_assert(sizeof(struct decoder) <= sizeof(weir_http_decoder),
               "opaque is too small");

static struct decoder *inside(weir_http_decoder *decoder)
{
    return (struct decoder *)(void *)decoder;
}

static int fail(struct decoder *d, int status, const char *reason, size_t offset)
{
    d->error = (weir_codec_error){status, reason, offset};
    d->state = FAILED;
    return status;
}

static void use(struct decoder *d, weir_slice *input, size_t len)
{
    *input = weir_slice_skip(*input, len);
    d->offset += len;
}

static int skip_empty_lines(struct decoder *d, weir_slice *input)
{
    size_t limit = weir__fields_of(&d->fields)->max_field_bytes;
    while (input->len > 0 && (input->data[0] == '\r' || input->data[0] == '\n')) {
        if (d->offset >= limit)
            return fail(d, WEIR_E_TOO_BIG, "too many empty lines before a message",
                        d->offset);
        use(d, input, 1);
    }
    return input->len > 0 ? GO_ON : WEIR_HTTP_MORE;
}

static int read_section(struct decoder *d, weir_slice *input)
{
    size_t before = input->len;
    if (before == 0)
        return WEIR_HTTP_MORE;
    int rc = weir__section_read(&d->section, input, &d->error);
    d->offset += before - input->len;
    return rc < 0 ? fail(d, rc, d->error.reason, d->section_base + d->error.offset)
                  : rc;
}

static enum state state_after_head(const struct decoder *d)
{
    if (d->head.informational)
        return START;
    switch (d->head.framing) {
    case WEIR_HTTP_LENGTH:
        return d->head.content_length > 0 ? LENGTH_DATA : ENDING;
    case WEIR_HTTP_CHUNKED:
        return CHUNK_LINE;
    case WEIR_HTTP_UNTIL_CLOSE:
        return CLOSE_DATA;
    case WEIR_HTTP_NO_BODY:
        break;
    }
    return ENDING;
}

static int finish_head(struct decoder *d, const weir__head_known *known,
                       weir_http_event *event)
{
    int rc = weir__head_frame(&d->head, d->role, d->question, known, &d->error);
    if (rc < 0)
        return fail(d, rc, d->error.reason, d->offset);
    d->left = d->head.content_length;
    d->state = state_after_head(d);
    if (d->head.informational)
        d->offset = 0;
    *event = (weir_http_event){.type = WEIR_HTTP_HEAD, .head = &d->head};
    return WEIR_HTTP_EVENT;
}

static int read_head(struct decoder *d, weir_slice *input, weir_http_event *event)
{
    weir__head_known known = {0};
    int rc = read_section(d, input);
    if (rc != 1)
        return rc;
    weir__head_note_all(&known, weir__fields_of(&d->fields));
    return finish_head(d, &known, event);
}

/* Whether a record of TLS may begin like this: a handshake, or the alert of a server
 * (RFC 8446 5.1). No message does. */
static bool begins_record(const struct decoder *d, char first)
{
    return first == 22 || (first == 21 && d->role == WEIR_HTTP_RESPONSE);
}

/* The second byte tells: all versions of TLS are 3.x on the wire. */
static int read_record(struct decoder *d, const weir_slice *input)
{
    if (input->len == 0)
        return WEIR_HTTP_MORE;
    bool response = d->role == WEIR_HTTP_RESPONSE;
    const char *reason =
        response ? "not HTTP/1.0 or 1.1 (RFC 9112 2.3)" : "bad method (RFC 9112 3.1)";
    if (input->data[0] == 3)
        reason = response ? "a TLS record instead of a response: the server speaks "
                            "TLS on this port, so use https"
                          : "a TLS handshake instead of a request: the client speaks "
                            "TLS on a plain port";
    return fail(d, WEIR_E_PROTOCOL, reason, d->offset - 1);
}

static int read_start(struct decoder *d, weir_slice *input, weir_http_event *event)
{
    weir__head_known known = {0};
    int rc = skip_empty_lines(d, input);
    if (rc != GO_ON)
        return rc;
    if (begins_record(d, input->data[0])) {
        use(d, input, 1);
        d->state = RECORD;
        return GO_ON;
    }
    d->head = (weir_http_head){.fields = &d->fields};
    d->chunk = (weir__chunk_line){0};
    weir_http_fields_reset(&d->trailers);
    weir_http_fields_reset(&d->fields);

    /* The usual head, in one piece: 3 times as fast as through llhttp. */
    rc = weir__plain_head(&d->head, d->role, *input, &known);
    if (rc < 0)
        return fail(d, rc, "no memory for the head", d->offset);
    if (rc > 0) {
        use(d, input, (size_t)rc);
        return finish_head(d, &known, event);
    }
    weir__section_begin_head(&d->section, d->role, &d->fields, &d->head);
    d->section_base = d->offset;
    d->state = HEAD;
    return GO_ON;
}

/* Hands out as much of the input as belongs to the body or chunk. */
static int read_data(struct decoder *d, weir_slice *input, weir_http_event *event,
                     enum state after)
{
    if (input->len == 0)
        return WEIR_HTTP_MORE;
    size_t len = input->len < d->left ? input->len : (size_t)d->left;
    *event = (weir_http_event){.type = WEIR_HTTP_DATA, .data = {input->data, len}};
    use(d, input, len);
    d->left -= len;
    if (d->left == 0)
        d->state = after;
    return WEIR_HTTP_EVENT;
}

static int read_close_data(struct decoder *d, weir_slice *input, weir_http_event *event)
{
    d->left = UINT64_MAX;
    return read_data(d, input, event, CLOSE_DATA);
}

static int read_chunk_line(struct decoder *d, weir_slice *input)
{
    const char *reason = NULL;
    size_t before = input->len;
    size_t limit = weir__fields_of(&d->fields)->max_field_bytes;
    int rc = weir__chunk_line_decode(&d->chunk, input, limit, &reason);
    d->offset += before - input->len;
    if (rc < 0)
        return fail(d, rc, reason, d->offset);
    if (rc == 0)
        return WEIR_HTTP_MORE;
    d->left = d->chunk.size;
    d->chunk = (weir__chunk_line){0};
    d->state = d->left > 0 ? CHUNK_DATA : TRAILER_FIRST;
    return GO_ON;
}

static int read_expected(struct decoder *d, weir_slice *input, char wanted,
                         enum state after)
{
    if (input->len == 0)
        return WEIR_HTTP_MORE;
    if (input->data[0] != wanted)
        return fail(d, WEIR_E_PROTOCOL, "no CRLF where a chunk ends (RFC 9112 7.1)",
                    d->offset);
    use(d, input, 1);
    d->state = after;
    return GO_ON;
}

static int read_trailer_first(struct decoder *d, weir_slice *input)
{
    if (input->len == 0)
        return WEIR_HTTP_MORE;
    if (input->data[0] == '\r')
        return read_expected(d, input, '\r', TRAILER_LF);
    int rc = weir__section_begin_trailers(&d->section, &d->trailers, &d->error);
    if (rc < 0)
        return fail(d, rc, d->error.reason, d->offset);
    d->section_base = d->offset - weir__fields_of(&d->trailers)->text.end;
    d->state = TRAILERS;
    return GO_ON;
}

static int read_trailers(struct decoder *d, weir_slice *input)
{
    int rc = read_section(d, input);
    if (rc <= 0)
        return rc;
    d->state = ENDING;
    return GO_ON;
}

static int end_message(struct decoder *d, weir_http_event *event)
{
    bool switched = d->role == WEIR_HTTP_RESPONSE && d->head.upgrade;
    d->state = switched ? SWITCHED : BETWEEN;
    *event = (weir_http_event){.type = WEIR_HTTP_END, .trailers = &d->trailers};
    return WEIR_HTTP_EVENT;
}

static int read_closed(struct decoder *d, weir_slice *input)
{
    int rc = skip_empty_lines(d, input);
    return rc != GO_ON ? rc
                       : fail(d, WEIR_E_PROTOCOL,
                              "data after the last message (RFC 9112 9.6)", d->offset);
}

/* One step from each state. */
static int step(struct decoder *d, weir_slice *input, weir_http_event *event)
{
    switch (d->state) {
    case START:
        return read_start(d, input, event);
    case RECORD:
        return read_record(d, input);
    case HEAD:
        return read_head(d, input, event);
    case LENGTH_DATA:
        return read_data(d, input, event, ENDING);
    case CLOSE_DATA:
        return read_close_data(d, input, event);
    case CHUNK_LINE:
        return read_chunk_line(d, input);
    case CHUNK_DATA:
        return read_data(d, input, event, CHUNK_DATA_CR);
    case CHUNK_DATA_CR:
        return read_expected(d, input, '\r', CHUNK_DATA_LF);
    case CHUNK_DATA_LF:
        return read_expected(d, input, '\n', CHUNK_LINE);
    case TRAILER_FIRST:
        return read_trailer_first(d, input);
    case TRAILER_LF:
        return read_expected(d, input, '\n', ENDING);
    case TRAILERS:
        return read_trailers(d, input);
    case ENDING:
        return end_message(d, event);
    case BETWEEN:
    case SWITCHED:
        return WEIR_HTTP_PAUSED;
    case CLOSED:
        return read_closed(d, input);
    case FAILED:
        return d->error.status;
    }
    return WEIR_E_MISUSE;
}

int weir_http_decode(weir_http_decoder *decoder, weir_slice *input,
                     weir_http_event *event)
{
    struct decoder *d = inside(decoder);
    int rc;
    do {
        rc = step(d, input, event);
    } while (rc == GO_ON);
    return rc;
}

/* What is missing when the input ends in a state; NULL: nothing. */
static const char *const MISSING[] = {
    [RECORD] = "the connection ended within a head",
    [HEAD] = "the connection ended within a head",
    [LENGTH_DATA] = "the connection ended before Content-Length bytes had come",
    [CHUNK_LINE] = "the connection ended before the last chunk",
    [CHUNK_DATA] = "the connection ended within a chunk",
    [CHUNK_DATA_CR] = "the connection ended within a chunk",
    [CHUNK_DATA_LF] = "the connection ended within a chunk",
    [TRAILER_FIRST] = "the connection ended before the trailers",
    [TRAILER_LF] = "the connection ended within the trailers",
    [TRAILERS] = "the connection ended within the trailers",
    [FAILED] = NULL,
};

int weir_http_decode_end(weir_http_decoder *decoder, weir_http_event *event)
{
    struct decoder *d = inside(decoder);
    if (MISSING[d->state])
        return fail(d, WEIR_E_INCOMPLETE, MISSING[d->state], d->offset);
    if (d->state == FAILED)
        return d->error.status;
    if (d->state == START || d->state == CLOSED)
        return WEIR_HTTP_MORE;
    if (d->state == BETWEEN || d->state == SWITCHED)
        return WEIR_HTTP_PAUSED;
    return end_message(d, event); /* CLOSE_DATA, ENDING */
}

void weir_http_decoder_init(weir_http_decoder *decoder, weir_http_role role,
                            const weir_http_decoder_options *options)
{
    struct decoder *d = inside(decoder);
    const weir_allocator *allocator = options ? options->allocator : NULL;
    const weir_http_limits *limits = options ? &options->limits : NULL;
    *d = (struct decoder){.role = role, .state = START};
    weir_http_fields_init(&d->fields, allocator, limits);
    weir_http_fields_init(&d->trailers, allocator, limits);
}

int weir_http_decoder_next(weir_http_decoder *decoder, weir_slice request_method)
{
    struct decoder *d = inside(decoder);
    if (d->state == BETWEEN) {
        d->state = d->head.keep_alive ? START : CLOSED;
        d->offset = 0;
    } else if (d->state != START && d->state != CLOSED) {
        return WEIR_E_MISUSE;
    }
    d->question = WEIR__HTTP_ANY;
    if (weir_slice_equal(request_method, WEIR_S("HEAD")))
        d->question = WEIR__HTTP_HEAD;
    else if (weir_slice_equal(request_method, WEIR_S("CONNECT")))
        d->question = WEIR__HTTP_CONNECT;
    return WEIR_OK;
}

void weir_http_decoder_reset(weir_http_decoder *decoder)
{
    struct decoder *d = inside(decoder);
    d->state = START;
    d->question = WEIR__HTTP_ANY;
    d->offset = 0;
    d->error = (weir_codec_error){0};
}

void weir_http_decoder_clear(weir_http_decoder *decoder)
{
    struct decoder *d = inside(decoder);
    weir_http_decoder_reset(decoder);
    weir_http_fields_clear(&d->fields);
    weir_http_fields_clear(&d->trailers);
}

const weir_codec_error *weir_http_decoder_error(const weir_http_decoder *decoder)
{
    return &((const struct decoder *)(const void *)decoder)->error;
}
