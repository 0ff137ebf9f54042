/* Decoding bodies of many parts into an event log.
 *
 * SPDX-License-Identifier: MIT */
#include "multipart_feed.h"

#include <stdlib.h>
#include <weir/status.h>

static void *open_decoder(const weir_allocator *allocator, const void *arg)
{
    const struct multipart_feed *feed = arg;
    weir_multipart_decoder *decoder = calloc(1, sizeof(*decoder));
    weir_multipart_decoder_options options = {allocator, feed->limits};
    if (!decoder || weir_multipart_decoder_init(decoder, feed->boundary, &options) < 0)
        abort();
    return decoder;
}

static void log_part(struct feed_log *log, const weir_http_fields *fields)
{
    feed_log_line(log, "part\n");
    for (size_t i = 0; i < weir_http_fields_count(fields); i++) {
        weir_http_field field = weir_http_fields_at(fields, i);
        feed_log_line(log, "field ");
        feed_log_quoted(log, field.name);
        feed_log_line(log, ": ");
        feed_log_quoted(log, field.value);
        feed_log_line(log, "\n");
    }
}

static void log_event(struct feed_log *log, const weir_multipart_event *event)
{
    switch (event->type) {
    case WEIR_MULTIPART_PART:
        log_part(log, event->fields);
        break;
    case WEIR_MULTIPART_DATA:
        if (event->data.len == 0)
            abort();
        feed_log_data(log, event->data);
        break;
    case WEIR_MULTIPART_PART_END:
        feed_log_line(log, "part end\n");
        break;
    case WEIR_MULTIPART_END:
        feed_log_line(log, "end\n");
        break;
    }
}

static int log_failure(weir_multipart_decoder *decoder, struct feed_log *log,
                       int status)
{
    const weir_codec_error *error = weir_multipart_decoder_error(decoder);
    if (error->status != status || !error->reason)
        abort();
    feed_log_line(log, "failed %s at %zu: %s\n", weir_status_name(status),
                  error->offset, error->reason);
    return status;
}

static int feed_decoder(void *state, weir_slice *input, struct feed_log *log)
{
    weir_multipart_decoder *decoder = state;
    weir_multipart_event event;
    bool failed = weir_multipart_decoder_error(decoder)->status != WEIR_OK;
    int rc;
    while ((rc = weir_multipart_decode(decoder, input, &event)) == WEIR_MULTIPART_EVENT)
        log_event(log, &event);
    if (rc < 0 && !failed)
        log_failure(decoder, log, rc);
    if (rc == WEIR_MULTIPART_MORE && input->len > 0)
        abort();
    return rc;
}

static int end_decoder(void *state, struct feed_log *log)
{
    weir_multipart_decoder *decoder = state;
    weir_multipart_event event;
    int rc;
    while ((rc = weir_multipart_decode_end(decoder, &event)) == WEIR_MULTIPART_EVENT)
        log_event(log, &event);
    return rc < 0 ? log_failure(decoder, log, rc) : rc;
}

static void close_decoder(void *state)
{
    weir_multipart_decoder_clear(state);
    free(state);
}

const struct feed_codec MULTIPART_FEED = {open_decoder, feed_decoder, end_decoder,
                                          close_decoder};
