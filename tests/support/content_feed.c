/* A content decoder that logs what it decodes.
 *
 * SPDX-License-Identifier: MIT */
#include "content_feed.h"

#include <stdlib.h>
#include <weir/status.h>

struct state {
    weir_content_decoder decoder;
    const struct content_feed *feed;
    char *space; /* of just that size, so that writing behind it is seen */
    size_t size;
    bool told;
};

static void *open_decoder(const weir_allocator *allocator, const void *arg)
{
    struct state *state = calloc(1, sizeof(*state));
    if (!state)
        abort();
    state->feed = arg;
    state->size = state->feed->space ? state->feed->space : 4096;
    state->space = malloc(state->size);
    if (!state->space)
        abort();
    weir_content_decoder_options options = {allocator, state->feed->limits};
    weir_content_decoder_init(&state->decoder, &options);
    weir_content_decoder_add(&state->decoder, weir_slice_of(state->feed->codings));
    return state;
}

static int tell(struct state *state, int status, struct feed_log *log)
{
    const weir_codec_error *error = weir_content_decoder_error(&state->decoder);
    if (error->status != status || !error->reason)
        abort();
    if (state->told)
        return status;
    state->told = true;
    if (state->feed->brief)
        feed_log_line(log, "failed %s\n", weir_status_name(status));
    else
        feed_log_line(log, "failed %s at %zu: %s\n", weir_status_name(status),
                      error->offset, error->reason);
    return status;
}

static int feed_decoder(void *opaque, weir_slice *input, struct feed_log *log)
{
    struct state *state = opaque;
    size_t len;
    int rc;
    while ((rc = weir_content_decode(&state->decoder, input, state->space, state->size,
                                     &len)) == WEIR_CONTENT_DATA) {
        if (len == 0 || len > state->size)
            abort();
        feed_log_data(log, (weir_slice){state->space, len});
    }
    if (rc == WEIR_CONTENT_MORE && input->len > 0)
        abort();
    return rc < 0 ? tell(state, rc, log) : 0;
}

static int end_decoder(void *opaque, struct feed_log *log)
{
    struct state *state = opaque;
    int rc = weir_content_decode_end(&state->decoder);
    if (rc < 0)
        return tell(state, rc, log);
    feed_log_line(log, "end\n");
    return 0;
}

static void close_decoder(void *opaque)
{
    struct state *state = opaque;
    weir_content_decoder_clear(&state->decoder);
    free(state->space);
    free(state);
}

const struct feed_codec CONTENT_FEED = {open_decoder, feed_decoder, end_decoder,
                                        close_decoder};
