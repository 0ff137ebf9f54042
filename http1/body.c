/* The body of a response as a reader: its window is lent from the connection's, so
 * that no byte is copied which is read as it comes.
 *
 *   READING -> ENDED       READING -> FAILED
 *
 * The connection is given back at either end, unless the window is still a part of
 * its buffer and too long to copy: then when the response is freed.
 *
 * SPDX-License-Identifier: MIT */
#include "content_reader.h"
#include "error.h"
#include "exchange.h"
#include "loop.h"
#include "stream.h"
#include "trace.h"

/* The longest rest of a body that is copied, or skipped, for the sake of its
 * connection. */
#define MAX_REST ((size_t)64 * 1024)

/* Whether the connection may serve another request when the message has ended. */
static bool is_reusable(const weir_response *response)
{
    return response->state == WEIR__BODY_ENDED && response->head->keep_alive &&
           !response->head->upgrade && !response->close && response->input.len == 0;
}

/* Gives the connection back unless the window is a part of its buffer. */
static void try_release(weir_response *response)
{
    weir_reader *reader = &response->reader;
    if (weir__reader_len(reader) <= MAX_REST && weir__reader_keep(reader) == WEIR_OK)
        weir__exchange_release(response, is_reusable(response));
}

/* A failure with its sentence. All but those that leave a reader as it was are for
 * good. */
static int fail(weir_response *response, int rc)
{
    weir__response_fail_prefix(response, "reading the response body");
    if (rc == WEIR_E_TIMEOUT || rc == WEIR_E_CANCELLED || rc == WEIR_E_MEMORY ||
        rc == WEIR_E_MISUSE)
        return rc;
    weir__trace_failure(response, WEIR_TRACE_FAILED);
    response->error = *weir_last_error();
    response->state = WEIR__BODY_FAILED;
    try_release(response);
    return weir__fail_again(&response->error);
}

static int end_body(weir_response *response, const weir_http_event *event)
{
    response->trailers = event->trailers;
    response->times.ended = response->session->loop->now;
    response->state = WEIR__BODY_ENDED;
    weir__trace_type(response, WEIR_TRACE_BODY_ENDED);
    try_release(response);
    return 0;
}

static int break_off(weir_response *response)
{
    return fail(response, weir__fail_prefix("the body breaks off after %llu bytes",
                                            (unsigned long long)response->body_len));
}

/* The connection has ended: so has the body, or it has not. */
static int end_input(weir_response *response)
{
    weir_http_event event;
    if (weir_http_decode_end(&response->decoder, &event) == WEIR_HTTP_EVENT)
        return end_body(response, &event);
    weir__exchange_fail(response);
    return break_off(response);
}

/* Puts what was decoded into the window. */
static int hand_on(weir_response *response)
{
    int rc = weir__reader_lend(&response->reader, response->piece);
    if (rc < 0)
        return fail(response, rc);
    response->piece = (weir_slice){NULL, 0};
    return 1;
}

/* Waits for more of the connection, which may use its buffer for that. */
static int receive(weir_response *response)
{
    int rc = weir__reader_keep(&response->reader);
    if (rc == WEIR_OK)
        rc = weir__exchange_receive(response);
    if (rc == 0)
        return end_input(response);
    if (rc == WEIR_E_INCOMPLETE) /* of TLS: without close_notify it may be no end */
        return break_off(response);
    return rc < 0 ? fail(response, rc) : rc;
}

static int pull(void *self, weir_reader *reader)
{
    weir_response *response = self;
    weir_http_event event;
    (void)reader;
    if (response->state == WEIR__BODY_ENDED)
        return 0;
    if (response->state == WEIR__BODY_FAILED)
        return weir__fail_again(&response->error);
    if (response->piece.len > 0)
        return hand_on(response);
    for (;;) {
        int rc = weir_http_decode(&response->decoder, &response->input, &event);
        if (rc < 0)
            return fail(response, weir__exchange_fail(response));
        if (rc == WEIR_HTTP_EVENT && event.type == WEIR_HTTP_END)
            return end_body(response, &event);
        if (rc == WEIR_HTTP_EVENT) {
            response->piece = event.data;
            response->body_len += event.data.len;
            weir__trace_bytes(response, WEIR_TRACE_BODY_RECEIVED, event.data.len);
            return hand_on(response);
        }
        rc = receive(response);
        if (rc <= 0)
            return rc;
    }
}

static const struct weir__source SOURCE = {.pull = pull};

void weir__body_init(weir_response *response)
{
    response->head = NULL;
    response->trailers = NULL;
    response->input = (weir_slice){NULL, 0};
    response->piece = response->input;
    response->body_len = 0;
    response->state = WEIR__BODY_READING;
    weir__reader_init(&response->reader, response->session->loop, &SOURCE, response, 0);
}

static int open_content(weir_response *response)
{
    const weir_http_head *head = response->head;
    if (response->no_decoding || head->framing == WEIR_HTTP_NO_BODY)
        return WEIR_OK;
    int rc = weir__content_reader_new(&response->reader, head->fields,
                                      &response->content_limits, &response->content);
    return rc < 0 ? weir__response_fail_prefix(response, NULL) : rc;
}

int weir__body_begin(weir_response *response)
{
    const weir_http_head *head = response->head;
    weir_http_event event;
    bool none = head->framing == WEIR_HTTP_NO_BODY ||
                (head->framing == WEIR_HTTP_LENGTH && head->content_length == 0);
    if (!none || weir_http_decode(&response->decoder, &response->input, &event) !=
                     WEIR_HTTP_EVENT)
        return open_content(response);
    end_body(response, &event);
    weir__reader_end(&response->reader);
    return WEIR_OK;
}

/* Reads on through what has come already; whether that was all of the rest. */
static bool skip_rest(weir_response *response)
{
    weir_http_event event;
    size_t skipped = 0;
    while (response->connection->stream && skipped <= MAX_REST) {
        weir_reader *reader = &response->connection->stream->reader;
        int rc = weir_http_decode(&response->decoder, &response->input, &event);
        if (rc < 0)
            return false;
        if (rc == WEIR_HTTP_EVENT && event.type == WEIR_HTTP_END)
            return true;
        if (rc == WEIR_HTTP_EVENT)
            skipped += event.data.len;
        else if (weir_reader_buffered(reader) == 0 ||
                 weir_read(reader, MAX_REST, &response->input) < 0)
            return false;
    }
    return false;
}

void weir__body_abandon(weir_response *response)
{
    if (!response->connection)
        return;
    if (response->state == WEIR__BODY_READING && response->head && skip_rest(response))
        response->state = WEIR__BODY_ENDED;
    weir__exchange_release(response, is_reusable(response));
}
