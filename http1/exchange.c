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
#include "trace.h"

/* How long a server may think about whether it wants the body, as curl has it. */
#define CONTINUE_TIMEOUT_MS 1000

/* Interim responses that are skipped: more are a server that has lost its way. */
#define MAX_INFORMATIONAL 100

void weir__exchange_release(weir_response *response, bool reusable)
{
    weir__connection *connection = response->connection;
    response->connection = NULL;
    response->input = (weir_slice){NULL, 0};
    response->piece = response->input;
    if (!connection)
        return;
    if (reusable)
        connection->keep_alive_s = response->head->keep_alive_s;
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

/* Whether a wait of `*ms` may last no longer than the whole: `*ms` becomes what is left
 * of it. */
static bool is_last_wait(const weir_response *response, uint64_t *ms)
{
    weir_sys *sys = response->session->loop->sys;
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
        return weir__fail(WEIR_E_TIMEOUT, "request",
                          "not over within %u ms (.timeout_ms)",
                          (unsigned)response->timeout_ms);
    return weir__fail(WEIR_E_TIMEOUT, "request", "%s for %u ms (.read_timeout_ms)",
                      silence, (unsigned)response->read_timeout_ms);
}

/* Whether the next byte is the first, and has a limit of its own. */
static bool is_first_byte(const weir_response *response)
{
    return !response->answered && response->first_byte_timeout_ms > 0;
}

static int fail_silent(const weir_response *response, bool last, bool first_byte)
{
    if (last || !first_byte)
        return fail_slow(response, last, "nothing came");
    return weir__fail(WEIR_E_TIMEOUT, "request",
                      "no answer within %u ms (.first_byte_timeout_ms)",
                      (unsigned)response->first_byte_timeout_ms);
}

/* weir_read, within the time limits if it may have to wait. */
static int read_in_time(weir_response *response, weir_reader *reader, weir_slice *bytes)
{
    bool first_byte = is_first_byte(response);
    uint64_t ms =
        first_byte ? response->first_byte_timeout_ms : response->read_timeout_ms;
    if (weir_reader_buffered(reader) > 0)
        return weir_read(reader, WEIR_NO_LIMIT, bytes);
    bool last = is_last_wait(response, &ms);
    if (ms == WEIR_NO_TIMEOUT && !last)
        return weir_read(reader, WEIR_NO_LIMIT, bytes);
    weir_timeout timeout = weir_timeout_start(response->session->loop, ms);
    int rc = weir_read(reader, WEIR_NO_LIMIT, bytes);
    if (weir_timeout_end(&timeout) && rc == WEIR_E_TIMEOUT)
        return fail_silent(response, last, first_byte);
    return rc;
}

int weir__exchange_receive(weir_response *response)
{
    const weir__connection *connection = response->connection;
    if (!connection->stream)
        return fail_closed();
    int rc = read_in_time(response, &connection->stream->reader, &response->input);
    if (rc > 0) {
        if (!response->answered)
            response->times.first_byte = response->session->loop->now;
        response->answered = true;
        response->times.received_bytes += response->input.len;
    }
    if (!connection->stream)
        return fail_closed();
    return rc > 0 ? 1 : rc;
}

static int drain_in_time(weir_response *response, weir_writer *writer)
{
    uint64_t ms = response->read_timeout_ms;
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
    for (size_t i = 0; i < count; i++)
        response->times.sent_bytes += slices[i].len;
    if (rc == WEIR_OK && weir_writer_queued(writer) > 0)
        rc = drain_in_time(response, writer);
    return connection->stream ? rc : fail_closed();
}

static int write_head(weir_response *response, weir_slice head)
{
    int rc = write_piece(response, &head, 1);
    if (rc == WEIR_OK)
        weir__trace_bytes(response, WEIR_TRACE_HEAD_SENT, head.len);
    return rc;
}

/* Whether the server has something to say already: mostly that it does not want the
 * body, and it may not read the rest. */
static bool has_answer(const weir_response *response)
{
    const weir_stream *stream = response->connection->stream;
    return stream && (weir_reader_buffered(&stream->reader) > 0 ||
                      stream->reader.state != WEIR__READER_OPEN);
}

/* A piece of the body, as a chunk where its length was not said before. */
static int write_body(weir_response *response, const weir__request *request,
                      weir_slice head, weir_slice piece)
{
    char line[WEIR_HTTP_CHUNK_LINE_BYTES];
    weir_slice slices[4] = {head, {NULL, 0}, piece, {NULL, 0}};
    if (!request->upload.has_length) {
        slices[1] = (weir_slice){line, weir_http_encode_chunk(piece.len, line)};
        slices[3] = WEIR_S("\r\n");
    }
    int rc = write_piece(response, slices, 4);
    if (head.len > 0)
        weir__trace_bytes(response, WEIR_TRACE_HEAD_SENT, head.len);
    weir__trace_bytes(response, WEIR_TRACE_BODY_SENT, piece.len);
    if (rc == WEIR_OK && request->options->on_progress)
        request->options->on_progress(request->options->progress_arg,
                                      request->upload.taken);
    return rc;
}

static int make_trailers(weir_http_fields *trailers, const weir_pair *pairs)
{
    int rc = WEIR_OK;
    for (; pairs && pairs->name && rc == WEIR_OK; pairs++)
        rc = weir_http_fields_add(trailers, weir_slice_of(pairs->name),
                                  weir_slice_of(pairs->value));
    return rc;
}

/* The end of a body in chunks, and its trailers. */
static int write_end(weir_response *response, const weir__request *request)
{
    char space[2048];
    weir_codec_error error = {0, "cannot be sent", 0};
    weir_http_fields trailers;
    size_t len = 0;
    if (request->upload.has_length)
        return WEIR_OK;
    weir_http_fields_init(&trailers, response->session->loop->allocator, NULL);
    int rc = make_trailers(&trailers, request->options->trailers);
    if (rc == WEIR_OK)
        rc = weir_http_encode_last_chunk(&trailers, space, sizeof(space), &len, &error);
    weir_http_fields_clear(&trailers);
    if (rc < 0)
        return weir__fail(rc, "request", "the trailers: %s",
                          rc == WEIR_E_TOO_BIG ? "they are too long" : error.reason);
    return write_piece(response, &(weir_slice){space, len}, 1);
}

/* Bytes that are there leave with the head; what has to be waited for does not keep it
 * back. 1 when the server answers before all has left. */
static int send_body(weir_response *response, weir__request *request, weir_slice head)
{
    weir_slice piece;
    int rc = WEIR_OK;
    if (request->upload.kind != WEIR__UPLOAD_BYTES && head.len > 0) {
        rc = write_head(response, head);
        head.len = 0;
    }
    while (rc == WEIR_OK && (rc = weir__upload_next(&request->upload, &piece)) > 0) {
        if (!response->connection->stream)
            return fail_closed();
        if (head.len == 0 && has_answer(response))
            return 1;
        rc = write_body(response, request, head, piece);
        head.len = 0;
    }
    return rc < 0 ? rc : write_end(response, request);
}

/* A server that answers may not read the rest: who waits for it to read must hear. */
static int send_body_and_listen(weir_response *response, weir__request *request,
                                weir_slice head)
{
    response->connection->stream->heeds_reader = true;
    int rc = send_body(response, request, head);
    if (response->connection->stream)
        response->connection->stream->heeds_reader = false;
    return rc;
}

static bool sends_body(const weir__request *request)
{
    return request->has_body && request->upload.kind != WEIR__UPLOAD_NONE;
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

static int fail_interim(void)
{
    return weir__fail(WEIR_E_PROTOCOL, "response",
                      "more than %d interim responses (RFC 9110 15.2)",
                      MAX_INFORMATIONAL);
}

/* Reads on to the final head, or to `100 Continue` where that is waited for. 1 for the
 * latter. */
static int read_head(weir_response *response, bool to_continue)
{
    const weir_http_head *head = NULL;
    for (int skipped = 0; skipped <= MAX_INFORMATIONAL; skipped++) {
        int rc = next_head(response, &head);
        if (rc < 0 || !head) /* the one with the other */
            return rc;
        if (to_continue && head->status_code == 100)
            return 1;
        if (!head->informational) {
            response->head = head;
            return WEIR_OK;
        }
    }
    return fail_interim();
}

/* Waits for the server to want the body (RFC 9110 10.1.1): 1 when it does, or has said
 * nothing for a second; 0 when it has answered already. */
static int wait_to_continue(weir_response *response)
{
    weir_timeout timeout =
        weir_timeout_start(response->session->loop, CONTINUE_TIMEOUT_MS);
    int rc = read_head(response, true);
    if (weir_timeout_end(&timeout) && rc == WEIR_E_TIMEOUT)
        return 1;
    return rc;
}

/* Sends all of it, or as much as the server wants. 1 when its answer is there, or on its
 * way, before that. */
static int send_request(weir_response *response, weir__request *request)
{
    if (!sends_body(request))
        return write_head(response, request->head);
    if (!request->options->expect_continue)
        return send_body_and_listen(response, request, request->head);
    int rc = write_head(response, request->head);
    if (rc == WEIR_OK)
        rc = wait_to_continue(response);
    if (rc == 0)
        return 1;
    return rc < 0 ? rc : send_body_and_listen(response, request, (weir_slice){NULL, 0});
}

static int finish_head(weir_response *response)
{
    int rc = response->head ? WEIR_OK : read_head(response, false);
    return rc < 0 ? weir__response_fail_prefix(response, "reading the response head")
                  : rc;
}

/* Whether sending has failed for what the server or the network did. */
static bool may_have_answered(const weir_response *response,
                              const weir__request *request, int rc)
{
    return is_gone(response, rc) && !request->upload.failed &&
           response->connection->stream;
}

/* Sends and reads on the connection that there is. */
static int converse(weir_response *response, weir__request *request)
{
    weir_http_decoder_reset(&response->decoder);
    weir_http_decoder_next(&response->decoder, request->method);
    int rc = send_request(response, request);
    if (rc == WEIR_OK)
        return finish_head(response);
    response->close = true; /* the request was not sent to its end */
    if (rc > 0)
        return finish_head(response);
    weir__response_fail_prefix(response, "sending the request");
    if (!may_have_answered(response, request, rc))
        return rc;
    /* A server may answer before it has read all, and close. */
    weir_error error = *weir_last_error();
    return read_head(response, false) < 0 ? weir__fail_again(&error) : WEIR_OK;
}

/* What is told of the connection, which will have been given back by then. */
static void note_connection(weir_response *response)
{
    static const struct weir__connection_times THERE;
    const weir__connection *connection = response->connection;
    struct weir__response_times *times = &response->times;
    times->connection = connection->reused ? THERE : connection->times;
    times->got_connection =
        connection->reused ? response->session->loop->now : connection->times.begun;
    times->local = connection->local;
    times->peer = connection->peer;
    times->sent_bytes = 0; /* of another attempt */
    times->received_bytes = 0;
}

static void trace_wait(void *arg)
{
    weir__trace_type(arg, WEIR_TRACE_WAITING);
}

static void trace_step(weir_connect_step step, void *arg)
{
    static const weir_trace_type TYPES[] = {
        [WEIR_CONNECT_RESOLVED] = WEIR_TRACE_RESOLVED,
        [WEIR_CONNECT_CONNECTED] = WEIR_TRACE_CONNECTED,
        [WEIR_CONNECT_SECURED] = WEIR_TRACE_SECURED,
    };
    weir__trace_type(arg, TYPES[step]);
}

static void trace_connection(const weir_response *response)
{
    weir_trace_event event = {.type = WEIR_TRACE_CONNECTION,
                              .connection = &response->connection_info};
    if (weir__trace_on(response))
        weir__trace_tell(response, &event);
}

static int try_once(weir_response *response, weir__request *request, bool fresh)
{
    struct weir__pool_wish wish = {
        .url = &response->target->url,
        .tls =
            weir_url_is_secure(&response->target->url) ? response->session->tls : NULL,
        .dialer = response->session->dialer,
        .proxy = response->proxy,
        .forward = request->for_proxy != NULL,
        .connect_timeout_ms = request->connect_timeout_ms,
        .wait_timeout_ms = request->wait_timeout_ms,
        .fresh = fresh,
    };
    if (weir__trace_on(response)) {
        wish.on_wait = trace_wait;
        wish.on_step = trace_step;
        wish.arg = response;
    }
    if (wish.proxy)
        wish.user_agent =
            weir_http_fields_value(&response->session->fields, WEIR_S("User-Agent"));
    response->answered = false;
    response->input = (weir_slice){NULL, 0};
    int rc = weir__pool_take(&response->session->client, &wish, &response->connection);
    if (rc < 0)
        return weir__response_fail_prefix(response, NULL);
    response->connection_info = response->connection->info;
    note_connection(response);
    trace_connection(response);
    return converse(response, request);
}

/* Whether the failure is that of an idle connection which the server has closed at
 * the moment that it was used (RFC 9110 9.2.2, RFC 9112 9.3.1). */
static bool is_worth_retrying(const weir_response *response, int rc, bool idempotent)
{
    const weir__connection *connection = response->connection;
    return is_gone(response, rc) && idempotent && connection && connection->reused &&
           !response->answered;
}

int weir__exchange_run(weir_response *response, weir__request *request)
{
    weir_loop *loop = response->session->loop;
    bool idempotent = weir_http_method_is_idempotent(request->method);
    response->times.started = loop->sys->now(loop->sys);
    response->times.first_byte = 0;
    response->times.ended = 0;
    /* A loop that does not run has not seen what became of the idle connections. */
    if (!idempotent && loop->phase == WEIR__LOOP_OUTSIDE)
        weir_loop_run_once(loop, 0);
    int rc = try_once(response, request, false);
    if (is_worth_retrying(response, rc, idempotent) && !request->upload.failed &&
        weir__upload_rewind(&request->upload) == WEIR_OK) {
        weir__trace_failure(response, WEIR_TRACE_RETRY);
        weir__exchange_release(response, false);
        response->close = false;
        rc = try_once(response, request, true);
    }
    if (rc == WEIR_OK) {
        weir__trace_response(response, WEIR_TRACE_HEAD_RECEIVED);
        rc = weir__body_begin(response);
    }
    if (rc < 0)
        weir__exchange_release(response, false);
    return rc;
}
