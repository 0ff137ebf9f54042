/* CONNECT: the one request after which a connection is no HTTP any more.
 *
 * What is sent is for the proxy alone: no field of the request that the tunnel is for
 * goes with it, and in the tunnel no field for the proxy.
 *
 * SPDX-License-Identifier: MIT */
#include "tunnel.h"

#include <stdio.h>
#include <weir/http_codec.h>
#include <weir/timeout.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"

/* Interim answers that are skipped. */
#define MAX_INFORMATIONAL 100

/* How long to wait for the body of a refusal, which is only for people. */
#define BODY_TIMEOUT_MS 100

/* Of a host's name and a port. */
#define TARGET_BYTES 300

struct talk {
    weir__connection *connection;
    const struct weir__pool_wish *wish;
    char target[TARGET_BYTES]; /* "host:443" */
    weir_slice input;
    weir_slice reason; /* phrase of the answer */
    weir_http_decoder decoder;
};

static int fail_closed(void)
{
    return weir__fail(WEIR_E_CLOSED, "request", "the session was freed");
}

static int make_target(struct talk *talk)
{
    weir_slice host = weir_url_host(talk->wish->url);
    int len = snprintf(talk->target, sizeof(talk->target), "%.*s:%d", (int)host.len,
                       host.data, weir_url_port(talk->wish->url));
    return len > 0 && (size_t)len < sizeof(talk->target)
               ? WEIR_OK
               : weir__fail(WEIR_E_INVALID, "proxy",
                            "the name of the host is too long for a proxy");
}

static int make_fields(const struct talk *talk, weir_http_fields *fields)
{
    const weir_http_fields *given = &talk->wish->proxy->fields;
    int rc = WEIR_OK;
    for (size_t i = 0; i < weir_http_fields_count(given) && rc == WEIR_OK; i++) {
        weir_http_field field = weir_http_fields_at(given, i);
        rc = weir_http_fields_add(fields, field.name, field.value);
    }
    if (rc == WEIR_OK && talk->wish->user_agent.len > 0 &&
        !weir_http_fields_value(fields, WEIR_S("User-Agent")).data)
        rc = weir_http_fields_add(fields, WEIR_S("User-Agent"), talk->wish->user_agent);
    return rc;
}

static int write_head(struct talk *talk, weir_slice head)
{
    weir_stream *stream = talk->connection->stream;
    int rc = weir_write(weir_stream_writer(stream), head);
    if (rc == WEIR_OK)
        rc = weir_drain(weir_stream_writer(stream));
    return talk->connection->stream ? rc : fail_closed();
}

static int encode_and_write(struct talk *talk, const weir_http_fields *fields)
{
    const weir_allocator *allocator = talk->connection->pool->loop->allocator;
    weir_codec_error error = {0, "it is too long", 0};
    char space[1000];
    char *head = space;
    size_t len = 0;
    weir_http_request_head parts = {.method = WEIR_S("CONNECT"),
                                    .target = weir_slice_of(talk->target),
                                    .host = weir_slice_of(talk->target),
                                    .fields = fields};
    int rc = weir_http_encode_request(&parts, space, sizeof(space), &len, &error);
    if (rc == WEIR_E_TOO_BIG) {
        head = weir__malloc(allocator, len);
        if (!head)
            return weir__fail(WEIR_E_MEMORY, "proxy", "no memory for CONNECT");
        rc = weir_http_encode_request(&parts, head, len, &len, &error);
    }
    rc = rc < 0 ? weir__fail(rc, "proxy", "CONNECT cannot be sent: %s", error.reason)
                : write_head(talk, (weir_slice){head, len});
    if (head != space)
        weir__free(allocator, head);
    return rc;
}

static int send_connect(struct talk *talk)
{
    weir_http_fields fields;
    weir_http_fields_init(&fields, talk->connection->pool->loop->allocator, NULL);
    int rc = make_fields(talk, &fields);
    rc = rc < 0 ? weir__fail(rc, "proxy", "no memory for CONNECT")
                : encode_and_write(talk, &fields);
    weir_http_fields_clear(&fields);
    return rc;
}

static int fail_decoding(struct talk *talk)
{
    const weir_codec_error *error = weir_http_decoder_error(&talk->decoder);
    return weir__fail_at(error->status, error->offset, "proxy",
                         "the proxy's answer to CONNECT: %s", error->reason);
}

static int fail_ended(struct talk *talk)
{
    weir_http_event event;
    if (weir_http_decode_end(&talk->decoder, &event) < 0)
        return fail_decoding(talk);
    return weir__fail(WEIR_E_CONNECTION, "proxy",
                      "the proxy closed the connection without an answer to CONNECT");
}

/* The next event, or why there is none. */
static int next_event(struct talk *talk, weir_http_event *event)
{
    int rc;
    while ((rc = weir_http_decode(&talk->decoder, &talk->input, event)) ==
           WEIR_HTTP_MORE) {
        rc = weir_read(weir_stream_reader(talk->connection->stream), WEIR_NO_LIMIT,
                       &talk->input);
        if (!talk->connection->stream)
            return fail_closed();
        if (rc <= 0)
            return rc == 0 ? fail_ended(talk)
                           : weir__fail_prefix("the proxy's answer to CONNECT");
    }
    return rc < 0 ? fail_decoding(talk) : WEIR_OK;
}

/* The status code of the answer, or a status. */
static int read_head(struct talk *talk)
{
    weir_http_event event;
    for (int skipped = 0; skipped <= MAX_INFORMATIONAL; skipped++) {
        int rc = next_event(talk, &event);
        if (rc < 0)
            return rc;
        if (!event.head->informational) {
            talk->reason = event.head->reason;
            return event.head->status_code;
        }
    }
    return weir__fail(WEIR_E_PROTOCOL, "proxy",
                      "more than %d interim answers of the proxy (RFC 9110 15.2)",
                      MAX_INFORMATIONAL);
}

/* What has come of the body, or comes at once; its lack is no failure, but to be
 * cancelled is. */
static int beginning_of_body(struct talk *talk, weir_slice *body)
{
    weir_http_event event;
    weir_timeout timeout =
        weir_timeout_start(talk->connection->pool->loop, BODY_TIMEOUT_MS);
    int rc = next_event(talk, &event);
    weir_timeout_end(&timeout);
    if (rc == WEIR_OK && event.type == WEIR_HTTP_DATA)
        *body = event.data;
    return rc == WEIR_E_CANCELLED || rc == WEIR_E_CLOSED ? rc : WEIR_OK;
}

static int fail_refused(struct talk *talk, int status_code)
{
    char reason[64];
    char text[80];
    weir_slice sent = talk->reason;
    if (sent.len == 0)
        sent = weir_slice_of(weir_http_status_reason(status_code));
    weir__escape(sent, reason, sizeof(reason));
    weir_slice body = {NULL, 0};
    int rc = beginning_of_body(talk, &body);
    if (rc < 0)
        return rc;
    weir__escape(weir_slice_chomp(body), text, sizeof(text));
    return weir__fail(WEIR_E_CONNECTION, "proxy",
                      "the proxy answered CONNECT %s with %d %s%s%s%s", talk->target,
                      status_code, reason, text[0] ? ": \"" : "", text,
                      text[0] ? "\"" : "");
}

/* What comes behind the head is the host's; but the host has been told nothing yet, so
 * it is the proxy's, and would be taken for the host's answer. */
static int check_silence(struct talk *talk)
{
    weir_http_event event;
    int rc = next_event(talk, &event); /* the end of a message without a body */
    if (rc < 0)
        return rc;
    if (talk->input.len == 0 &&
        weir_reader_buffered(weir_stream_reader(talk->connection->stream)) == 0)
        return WEIR_OK;
    return weir__fail(WEIR_E_PROTOCOL, "proxy",
                      "the proxy sent more than its answer to CONNECT, before anything "
                      "was asked of the host");
}

static int speak(struct talk *talk)
{
    int rc = make_target(talk);
    if (rc == WEIR_OK)
        rc = send_connect(talk);
    if (rc == WEIR_OK)
        rc = read_head(talk);
    if (rc < 0)
        return rc;
    return rc / 100 == 2 ? check_silence(talk) : fail_refused(talk, rc);
}

int weir__tunnel_connect(weir__connection *connection,
                         const struct weir__pool_wish *wish)
{
    struct talk talk = {.connection = connection, .wish = wish};
    weir_http_decoder_options options = {.allocator =
                                             connection->pool->loop->allocator};
    weir_http_decoder_init(&talk.decoder, WEIR_HTTP_RESPONSE, &options);
    weir_http_decoder_next(&talk.decoder, WEIR_S("CONNECT"));
    int rc = speak(&talk);
    weir_http_decoder_clear(&talk.decoder);
    return rc;
}
