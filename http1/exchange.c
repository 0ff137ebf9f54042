/* An exchange: take a connection, send, read the head of the response.
 *
 *   take -> send -> head -> (the body: body.c)
 *     ^-------------+ once more, when an idle connection was closed by the server
 *
 * SPDX-License-Identifier: MIT */
#include "exchange.h"

#include <weir/timeout.h>

#include "error.h"
#include "loop.h"
#include "stream.h"

/* Of a request's body, between two looks at the clock. */
#define PIECE_BYTES ((size_t)64 * 1024)

/* Interim responses that are skipped: more are a server that has lost its way. */
#define MAX_INFORMATIONAL 100

void weir__exchange_release(weir_response *response, bool reusable)
{
    weir__connection *connection = response->connection;
    response->connection = NULL;
    response->input = (weir_slice){NULL, 0};
    response->piece = response->input;
    if (connection)
        weir__pool_give(connection, reusable);
}

void weir__exchange_abort(weir_response *response)
{
    weir__connection *connection = response->connection;
    if (!connection)
        return;
    weir_stream_abort(connection->stream);
    connection->stream = NULL;
}

int weir__exchange_fail(const weir_response *response)
{
    const weir_codec_error *error = weir_http_decoder_error(&response->decoder);
    return weir__fail_at(error->status, error->offset, "response", "%s", error->reason);
}

static int fail_closed(void)
{
    return weir__fail(WEIR_E_CLOSED, "request", "the session was freed");
}

/* Whether a wait may last no longer than the whole: `*ms` is what is left of it. */
static bool is_last_wait(const weir_response *response, uint64_t *ms)
{
    weir_sys *sys = response->session->loop->sys;
    *ms = response->read_timeout_ms;
    if (response->deadline == WEIR__NEVER)
        return false;
    uint64_t now = sys->now(sys);
    uint64_t left = response->deadline > now ? response->deadline - now : 0;
    if (left / 1000000 >= *ms)
        return false;
    *ms = (left + 999999) / 1000000;
    return true;
}

static int fail_slow(const weir_response *response, bool last, const char *silence)
{
    if (last)
        return weir__fail(WEIR_E_TIMEOUT, "request", "not over within %u ms",
                          (unsigned)response->timeout_ms);
    return weir__fail(WEIR_E_TIMEOUT, "request", "%s for %u ms", silence,
                      (unsigned)response->read_timeout_ms);
}

/* weir_read, within the time limits if it may have to wait. */
static int read_in_time(weir_response *response, weir_reader *reader, weir_slice *bytes)
{
    uint64_t ms;
    if (weir_reader_buffered(reader) > 0)
        return weir_read(reader, WEIR_NO_LIMIT, bytes);
    bool last = is_last_wait(response, &ms);
    if (ms == WEIR_NO_TIMEOUT && !last)
        return weir_read(reader, WEIR_NO_LIMIT, bytes);
    weir_timeout timeout = weir_timeout_start(response->session->loop, ms);
    int rc = weir_read(reader, WEIR_NO_LIMIT, bytes);
    if (weir_timeout_end(&timeout) && rc == WEIR_E_TIMEOUT)
        return fail_slow(response, last, "nothing came");
    return rc;
}

int weir__exchange_receive(weir_response *response)
{
    const weir__connection *connection = response->connection;
    if (!connection->stream)
        return fail_closed();
    int rc = read_in_time(response, &connection->stream->reader, &response->input);
    if (rc > 0)
        response->answered = true;
    if (!connection->stream)
        return fail_closed();
    return rc > 0 ? 1 : rc;
}

static int drain_in_time(weir_response *response, weir_writer *writer)
{
    uint64_t ms;
    bool last = is_last_wait(response, &ms);
    weir_timeout timeout = weir_timeout_start(response->session->loop, ms);
    int rc = weir_drain(writer);
    if (weir_timeout_end(&timeout) && rc == WEIR_E_TIMEOUT)
        return fail_slow(response, last, "the server took nothing");
    return rc;
}

/* Writes, and waits until the server has taken most of it. */
static int write_piece(weir_response *response, const weir_slice *slices, size_t count)
{
    const weir__connection *connection = response->connection;
    weir_writer *writer = &connection->stream->writer;
    int rc = weir_writelines(writer, slices, count);
    if (rc == WEIR_OK && weir_writer_queued(writer) > 0)
        rc = drain_in_time(response, writer);
    return connection->stream ? rc : fail_closed();
}

static weir_slice take_piece(weir_slice *rest)
{
    weir_slice piece = *rest;
    if (piece.len > PIECE_BYTES)
        piece.len = PIECE_BYTES;
    *rest = weir_slice_skip(*rest, piece.len);
    return piece;
}

static int send_request(weir_response *response, const weir__request *request)
{
    weir_slice rest = request->body;
    weir_slice slices[2] = {request->head, take_piece(&rest)};
    int rc = write_piece(response, slices, slices[1].len > 0 ? 2 : 1);
    while (rc == WEIR_OK && rest.len > 0) {
        slices[0] = take_piece(&rest);
        rc = write_piece(response, slices, 1);
    }
    return rc;
}

/* The connection has ended where the head should be. */
static int fail_ended(weir_response *response)
{
    weir_http_event event;
    int rc = weir_http_decode_end(&response->decoder, &event);
    if (rc < 0)
        return weir__exchange_fail(response);
    return weir__fail(WEIR_E_CONNECTION, "response",
                      "the server closed the connection without an answer");
}

/* Whether the failure is that of a connection which has gone before the server said
 * anything. TLS, where the end of a connection can be forged, has a status of its own
 * for that (RFC 8446 6.1); but nothing was there to be cut off. */
static bool is_gone(const weir_response *response, int rc)
{
    return rc == WEIR_E_CONNECTION || (rc == WEIR_E_INCOMPLETE && !response->answered);
}

/* The next head, whatever its status code. */
static int next_head(weir_response *response, const weir_http_head **head)
{
    weir_http_event event;
    int rc;
    while ((rc = weir_http_decode(&response->decoder, &response->input, &event)) ==
           WEIR_HTTP_MORE) {
        rc = weir__exchange_receive(response);
        if (rc == 0 || (rc == WEIR_E_INCOMPLETE && !response->answered))
            return fail_ended(response);
        if (rc < 0)
            return rc;
    }
    if (rc < 0)
        return weir__exchange_fail(response);
    *head = event.head;
    return WEIR_OK;
}

static int read_head(weir_response *response, weir_slice method)
{
    const weir_http_head *head = NULL;
    weir_http_decoder_reset(&response->decoder);
    weir_http_decoder_next(&response->decoder, method);
    for (int skipped = 0; skipped <= MAX_INFORMATIONAL; skipped++) {
        int rc = next_head(response, &head);
        if (rc < 0)
            return rc;
        if (!head->informational) {
            response->head = head;
            return WEIR_OK;
        }
    }
    return weir__fail(WEIR_E_PROTOCOL, "response",
                      "more than %d interim responses (RFC 9110 15.2)",
                      MAX_INFORMATIONAL);
}

/* Sends and reads on the connection that there is. */
static int converse(weir_response *response, const weir__request *request)
{
    int rc = send_request(response, request);
    if (rc == WEIR_OK) {
        rc = read_head(response, request->method);
        return rc < 0
                   ? weir__response_fail_prefix(response, "reading the response head")
                   : rc;
    }
    weir__response_fail_prefix(response, "sending the request");
    if (!is_gone(response, rc))
        return rc;
    /* A server may answer before it has read all, and close. */
    weir_error error = *weir_last_error();
    if (read_head(response, request->method) < 0)
        return weir__fail_again(&error);
    response->close = true;
    return WEIR_OK;
}

static int try_once(weir_response *response, const weir__request *request, bool fresh)
{
    struct weir__pool_wish wish = {
        .url = &response->target->url,
        .tls =
            weir_url_is_secure(&response->target->url) ? response->session->tls : NULL,
        .connect_timeout_ms = request->connect_timeout_ms,
        .fresh = fresh,
    };
    response->answered = false;
    response->input = (weir_slice){NULL, 0};
    int rc = weir__pool_take(&response->session->pool, &wish, &response->connection);
    return rc < 0 ? weir__response_fail_prefix(response, NULL)
                  : converse(response, request);
}

/* Whether the failure is that of an idle connection which the server has closed at
 * the moment that it was used (RFC 9110 9.2.2, RFC 9112 9.3.1). */
static bool is_worth_retrying(const weir_response *response, int rc, bool idempotent)
{
    const weir__connection *connection = response->connection;
    return is_gone(response, rc) && idempotent && connection && connection->reused &&
           !response->answered;
}

static int run(weir_response *response, const weir__request *request)
{
    weir_loop *loop = response->session->loop;
    bool idempotent = weir_http_method_is_idempotent(request->method);
    /* A loop that does not run has not seen what became of the idle connections. */
    if (!idempotent && loop->phase == WEIR__LOOP_OUTSIDE)
        weir_loop_run_once(loop, 0);
    int rc = try_once(response, request, false);
    if (is_worth_retrying(response, rc, idempotent)) {
        weir__exchange_release(response, false);
        rc = try_once(response, request, true);
    }
    if (rc == WEIR_OK)
        weir__body_begin(response);
    else
        weir__exchange_release(response, false);
    return rc;
}

int weir__exchange_run(weir_response *response, const weir__request *request)
{
    weir_loop *loop = response->session->loop;
    response->deadline = WEIR__NEVER;
    if (response->timeout_ms == 0 || response->timeout_ms == WEIR_NO_TIMEOUT)
        return run(response, request);
    response->deadline =
        weir__deadline_after(loop->sys->now(loop->sys), response->timeout_ms);
    weir_timeout timeout = weir_timeout_start(loop, response->timeout_ms);
    int rc = run(response, request);
    if (!weir_timeout_end(&timeout) || rc != WEIR_E_TIMEOUT)
        return rc;
    fail_slow(response, true, NULL);
    return weir__response_fail_prefix(response, NULL);
}
