/* A decoder of HTTP messages that logs its events.
 *
 * SPDX-License-Identifier: MIT */
#include "http_feed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <weir/status.h>

struct state {
    weir_http_decoder decoder;
    const struct http_feed *feed;
    struct feed_log *log;
};

static void *open_decoder(const weir_allocator *allocator, const void *arg)
{
    struct state *state = calloc(1, sizeof(*state));
    if (!state)
        abort();
    state->feed = arg;
    weir_http_decoder_options options = {allocator, state->feed->limits};
    weir_http_decoder_init(&state->decoder, state->feed->role, &options);
    weir_http_decoder_next(&state->decoder, weir_slice_of(state->feed->method));
    return state;
}

static void log_fields(struct feed_log *log, const char *label,
                       const weir_http_fields *fields)
{
    for (size_t i = 0; i < weir_http_fields_count(fields); i++) {
        weir_http_field field = weir_http_fields_at(fields, i);
        feed_log_line(log, "%s ", label);
        feed_log_quoted(log, field.name);
        feed_log_line(log, ": ");
        feed_log_quoted(log, field.value);
        feed_log_line(log, "\n");
    }
}

static void log_start_line(struct feed_log *log, const weir_http_head *head)
{
    if (head->status_code) {
        feed_log_line(log, "head %d ", head->status_code);
        feed_log_quoted(log, head->reason);
    } else {
        feed_log_line(log, "head ");
        feed_log_quoted(log, head->method);
        feed_log_line(log, " ");
        feed_log_quoted(log, head->target);
    }
}

static void log_facts(struct feed_log *log, const weir_http_head *head)
{
    feed_log_line(log, " HTTP/1.%d", head->minor_version);
    if (head->framing == WEIR_HTTP_CHUNKED)
        feed_log_line(log, " chunked");
    if (head->framing == WEIR_HTTP_UNTIL_CLOSE)
        feed_log_line(log, " until-close");
    if (head->has_content_length)
        feed_log_line(log, " %s=%" PRIu64,
                      head->framing == WEIR_HTTP_LENGTH ? "length" : "no-body-length",
                      head->content_length);
    feed_log_line(log, "%s%s%s", head->keep_alive ? " keep-alive" : "",
                  head->upgrade ? " upgrade" : "",
                  head->informational ? " informational" : "");
}

static void log_data(struct state *state, weir_slice data)
{
    for (size_t i = 0; state->feed->brief && i < data.len; i++) {
        if (data.data[i] != '\r' && data.data[i] != '\n')
            feed_log_data(state->log, (weir_slice){data.data + i, 1});
    }
    if (!state->feed->brief)
        feed_log_data(state->log, data);
}

static void log_event(struct state *state, const weir_http_event *event)
{
    switch (event->type) {
    case WEIR_HTTP_HEAD:
        log_start_line(state->log, event->head);
        if (!state->feed->brief)
            log_facts(state->log, event->head);
        feed_log_line(state->log, "\n");
        log_fields(state->log, "field", event->head->fields);
        if (state->feed->brief && event->head->informational)
            feed_log_line(state->log, "end\n");
        break;
    case WEIR_HTTP_DATA:
        log_data(state, event->data);
        break;
    case WEIR_HTTP_END:
        log_fields(state->log, state->feed->brief ? "field" : "trailer",
                   event->trailers);
        feed_log_line(state->log, "end\n");
        if (!state->feed->one)
            weir_http_decoder_next(&state->decoder, weir_slice_of(state->feed->method));
        break;
    }
}

static int log_failure(struct state *state, int status)
{
    const weir_codec_error *error = weir_http_decoder_error(&state->decoder);
    if (error->status != status || !error->reason)
        abort();
    if (state->feed->brief)
        feed_log_line(state->log, "failed\n");
    else
        feed_log_line(state->log, "failed %s at %zu: %s\n", weir_status_name(status),
                      error->offset, error->reason);
    return status;
}

static int feed_decoder(void *opaque, weir_slice *input, struct feed_log *log)
{
    struct state *state = opaque;
    weir_http_event event;
    int rc;
    bool failed = weir_http_decoder_error(&state->decoder)->status != WEIR_OK;
    state->log = log;
    while ((rc = weir_http_decode(&state->decoder, input, &event)) == WEIR_HTTP_EVENT)
        log_event(state, &event);
    if (rc < 0 && !failed)
        log_failure(state, rc);
    if (rc == WEIR_HTTP_MORE && input->len > 0)
        abort();
    return rc == WEIR_HTTP_PAUSED && input->len == 0 ? 0 : rc;
}

static int end_decoder(void *opaque, struct feed_log *log)
{
    struct state *state = opaque;
    weir_http_event event;
    int rc;
    state->log = log;
    while ((rc = weir_http_decode_end(&state->decoder, &event)) == WEIR_HTTP_EVENT)
        log_event(state, &event);
    if (rc < 0)
        log_failure(state, rc);
    return rc < 0 ? rc : 0;
}

static void close_decoder(void *opaque)
{
    struct state *state = opaque;
    weir_http_decoder_clear(&state->decoder);
    free(state);
}

const struct feed_codec HTTP_FEED = {open_decoder, feed_decoder, end_decoder,
                                     close_decoder};
