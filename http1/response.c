/* Responses: what they say of themselves, and their memory.
 *
 * SPDX-License-Identifier: MIT */
#include "response.h"

#include <stdio.h>
#include <string.h>
#include <weir/timeout.h>

#include "allocator.h"
#include "error.h"
#include "exchange.h"
#include "loop.h"

/* Freed responses that a session keeps. A task mostly frees one before it makes the
 * next, so few serve many tasks. */
#define MAX_SPARES 8

/* The longest path in a sentence. */
#define MAX_PATH_SHOWN 80

static bool same_limits(const weir_http_limits *a, const weir_http_limits *b)
{
    return a->max_head_bytes == b->max_head_bytes && a->max_fields == b->max_fields &&
           a->max_field_bytes == b->max_field_bytes;
}

static void set_limits(weir_response *response, const weir_http_limits *limits)
{
    weir_http_decoder_options options = {
        .allocator = response->session->loop->allocator,
        .limits = *limits,
    };
    response->limits = *limits;
    weir_http_decoder_init(&response->decoder, WEIR_HTTP_RESPONSE, &options);
}

static weir_response *new_response(weir_session *session)
{
    const weir_allocator *allocator = session->loop->allocator;
    weir_response *response = weir__malloc(allocator, sizeof(*response));
    if (!response)
        return NULL;
    response->session = session;
    weir__link_init(&response->link);
    weir__buffer_init(&response->converted, allocator, WEIR_NO_LIMIT);
    weir_http_fields_init(&response->fields, allocator, NULL);
    set_limits(response, &session->limits);
    return response;
}

static void destroy(weir_response *response)
{
    weir_http_decoder_clear(&response->decoder);
    weir_http_fields_clear(&response->fields);
    weir__free(response->session->loop->allocator, response);
}

static weir_response *take_spare(weir_session *session)
{
    weir__link *link = weir__link_shift(&session->spares);
    if (!link)
        return NULL;
    session->spare_count--;
    return WEIR__CONTAINER(link, weir_response, link);
}

void weir__responses_free_spares(weir_session *session)
{
    weir_response *spare;
    while ((spare = take_spare(session)))
        destroy(spare);
}

/* Sets what a request begins with. */
static void begin(weir_response *response, const weir_request_options *options)
{
    static const weir_http_limits NONE;
    static const weir_content_limits NO_LIMITS;
    weir_session *session = response->session;
    const weir_http_limits *limits =
        same_limits(&options->limits, &NONE) ? &session->limits : &options->limits;
    if (!same_limits(&response->limits, limits)) {
        weir_http_decoder_clear(&response->decoder);
        set_limits(response, limits);
    }
    response->connection = NULL;
    response->content = NULL;
    response->no_decoding = options->no_decoding || session->no_decoding;
    response->content_limits =
        memcmp(&options->content_limits, &NO_LIMITS, sizeof(NO_LIMITS)) == 0
            ? session->content_limits
            : options->content_limits;
    response->target = NULL;
    response->times.started = 0;
    response->proxy = NULL;
    response->previous = NULL;
    response->text = (weir_slice){NULL, 0};
    response->has_text = false;
    response->has_utf8 = false;
    response->close = false;
    response->method[0] = '\0';
    response->timeout_ms =
        options->timeout_ms ? options->timeout_ms : session->timeout_ms;
    response->first_byte_timeout_ms = options->first_byte_timeout_ms
                                          ? options->first_byte_timeout_ms
                                          : session->first_byte_timeout_ms;
    response->read_timeout_ms =
        options->read_timeout_ms ? options->read_timeout_ms : session->read_timeout_ms;
    response->max_text_bytes =
        options->max_text_bytes ? options->max_text_bytes : session->max_text_bytes;
    weir__body_init(response);
}

weir_response *weir__response_new(weir_session *session,
                                  const weir_request_options *options)
{
    weir_response *response = take_spare(session);
    if (!response)
        response = new_response(session);
    if (!response)
        return NULL;
    session->holders++;
    begin(response, options);
    return response;
}

static void free_one(weir_response *response)
{
    weir_session *session = response->session;
    weir_reader_free(response->content);
    weir__body_abandon(response);
    weir__reader_clear(&response->reader);
    weir__target_release(session, response->target);
    weir__buffer_clear(&response->converted);
    if (response->proxy)
        weir__proxy_release(response->proxy);
    if (session->client.closed || session->spare_count == MAX_SPARES) {
        destroy(response);
    } else {
        weir__link_push(&session->spares, &response->link);
        session->spare_count++;
    }
    weir__session_release(session);
}

static bool is_being_read(const weir_response *response)
{
    return response->reader.reading ||
           (response->content && response->content->reading);
}

void weir_response_free(weir_response *response)
{
    if (response && is_being_read(response)) {
        weir__exchange_abort(response);
        return;
    }
    while (response) {
        weir_response *previous = response->previous;
        free_one(response);
        response = previous;
    }
}

int weir__response_fail_prefix(const weir_response *response, const char *phase)
{
    const weir_url *url = &response->target->url;
    weir_slice scheme = weir_url_scheme(url);
    weir_slice authority = weir_url_authority(url);
    weir_slice path = weir_url_path(url);
    /* Without the query, in which secrets are sent. */
    bool cut = path.len > MAX_PATH_SHOWN;
    return weir__fail_prefix(
        "%s %.*s://%.*s%.*s%s%s%s%s%s", response->method, (int)scheme.len, scheme.data,
        (int)(authority.len < 100 ? authority.len : 100), authority.data,
        (int)(cut ? MAX_PATH_SHOWN : path.len), path.data, cut ? "..." : "",
        response->proxy ? " through " : "",
        response->proxy ? response->proxy->shown : "", phase ? ": " : "",
        phase ? phase : "");
}

int weir_response_status(const weir_response *response)
{
    return response->head->status_code;
}

bool weir_response_ok(const weir_response *response)
{
    return response->head->status_code < 400;
}

weir_slice weir_response_reason(const weir_response *response)
{
    return response->head->reason;
}

int weir_response_minor_version(const weir_response *response)
{
    return response->head->minor_version;
}

weir_slice weir_response_url(const weir_response *response)
{
    return weir_url_without_fragment(&response->target->url);
}

const weir_http_fields *weir_response_fields(const weir_response *response)
{
    return response->head->fields;
}

weir_slice weir_response_field(const weir_response *response, weir_slice name)
{
    return weir_http_fields_value(response->head->fields, name);
}

int64_t weir_response_content_length(const weir_response *response)
{
    const weir_http_head *head = response->head;
    if (!head->has_content_length || head->content_length > INT64_MAX)
        return -1;
    return (int64_t)head->content_length;
}

weir_reader *weir_response_body(weir_response *response)
{
    return response->content ? response->content : &response->reader;
}

const weir_http_fields *weir_response_trailers(const weir_response *response)
{
    return response->trailers;
}

int weir_response_text(weir_response *response, weir_slice *text)
{
    if (!response->has_text) {
        int rc = weir_readall(weir_response_body(response), response->max_text_bytes,
                              &response->text);
        if (rc == WEIR_E_TOO_BIG)
            return weir__response_fail_prefix(response, "reading the response body");
        if (rc < 0)
            return rc;
        response->has_text = true;
    }
    *text = response->text;
    return WEIR_OK;
}

size_t weir_response_history_count(const weir_response *response)
{
    size_t count = 0;
    while ((response = response->previous))
        count++;
    return count;
}

const weir_response *weir_response_history(const weir_response *response, size_t index)
{
    size_t count = weir_response_history_count(response);
    if (index >= count)
        return NULL;
    for (; count > index; count--)
        response = response->previous;
    return response;
}

/* What has come of the body, for whom it says what is wrong. */
static const char *beginning_of_body(weir_response *response, char *text, size_t size)
{
    weir_slice bytes = response->text;
    if (!response->has_text) {
        weir_timeout now = weir_timeout_start(response->session->loop, 0);
        if (weir_peek(weir_response_body(response), 1, &bytes) < 0)
            bytes = (weir_slice){NULL, 0};
        weir_timeout_end(&now);
    }
    return weir__escape(weir_slice_chomp(bytes), text, size);
}

int weir_response_raise_for_status(weir_response *response)
{
    char reason[64];
    char body[100];
    int status_code = response->head->status_code;
    if (status_code < 400)
        return WEIR_OK;
    weir_slice sent = response->head->reason;
    if (sent.len == 0)
        sent = weir_slice_of(weir_http_status_reason(status_code));
    beginning_of_body(response, body, sizeof(body));
    weir__fail(WEIR_E_STATUS, "status", "%d %s%s%s%s", status_code,
               weir__escape(sent, reason, sizeof(reason)), body[0] ? ": \"" : "", body,
               body[0] ? "\"" : "");
    return weir__response_fail_prefix(response, NULL);
}

weir_connection_info weir_response_connection_info(const weir_response *response)
{
    return response->connection_info;
}

void weir_response_connection_text(const weir_response *response, char *text,
                                   size_t size)
{
    const weir_connection_info *info = &response->connection_info;
    const weir_url *url = &response->target->url;
    weir_slice scheme = weir_url_scheme(url);
    weir_slice host = weir_url_host(url);
    switch (info->choice) {
    case WEIR_CONNECTION_REUSED:
        snprintf(text, size, "reused, idle for %llu ms, request %u on it",
                 (unsigned long long)info->idle_ms, (unsigned)info->request_number);
        break;
    case WEIR_CONNECTION_NONE_IDLE:
        snprintf(text, size, "opened: none idle to %.*s://%.*s:%d%s%s", (int)scheme.len,
                 scheme.data, (int)host.len, host.data, weir_url_port(url),
                 response->proxy ? " through " : "",
                 response->proxy ? response->proxy->shown : "");
        break;
    case WEIR_CONNECTION_WAS_CLOSED:
        snprintf(text, size, "opened: the server had closed the idle one");
        break;
    case WEIR_CONNECTION_NEVER_KEPT:
        snprintf(text, size, "opened: none is kept");
        break;
    }
}
