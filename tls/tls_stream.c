/* Going over to TLS on a live stream, and what is known of it then.
 *
 * SPDX-License-Identifier: MIT */
#include "stream.h"

#include "context.h"
#include "error.h"
#include "park.h"
#include "security.h"
#include "tls_transport.h"

static int check_idle(weir_stream *stream)
{
    int rc = weir__check_may_wait(stream->reader.loop, "start_tls");
    if (rc < 0)
        return rc;
    if (stream->reader.reading || stream->writing || stream->waiting > 0)
        return weir__fail(WEIR_E_MISUSE, "start_tls",
                          "start_tls: another task is reading or writing");
    return WEIR_OK;
}

/* Everything in the clear has left, and nothing in the clear was slipped in to be taken
 * for the server's secure answer (CVE-2011-0411). */
static int leave_the_clear(weir_stream *stream, bool is_server)
{
    int rc = weir_flush(&stream->writer);
    if (rc < 0)
        return rc;
    if (stream->reader.state == WEIR__READER_ENDED)
        return weir__fail(WEIR_E_CONNECTION, "start_tls",
                          "the peer closed the connection before the TLS handshake");
    size_t early = weir_reader_buffered(&stream->reader);
    if (early > 0 && !is_server)
        return weir__fail(WEIR_E_PROTOCOL, "start_tls",
                          "%zu bytes came in the clear before the TLS handshake, and "
                          "anybody may have sent them",
                          early);
    return WEIR_OK;
}

/* A client that does not wait for the server's word has begun its handshake already. */
static int hand_over(weir_stream *stream, weir_transport *upper)
{
    weir_slice early;
    int rc = weir_peek(&stream->reader, 0, &early);
    if (rc <= 0)
        return rc;
    rc = weir__tls_feed(upper, early);
    weir_consume(&stream->reader, early.len);
    return rc;
}

static int wrap(weir_stream *stream, weir_tls_context *context, const char *server_name)
{
    weir_transport *upper;
    int rc = weir_transport_start_tls(stream->transport, &upper, context, server_name,
                                      &weir__stream_protocol, stream);
    if (rc < 0)
        return rc;
    stream->transport = upper;
    stream->made = false;
    stream->reader.paused = false;
    rc = hand_over(stream, upper);
    return rc < 0 ? rc : weir__stream_wait_made(stream, "start_tls");
}

int weir_stream_start_tls(weir_stream *stream, weir_tls_context *context,
                          const char *server_name)
{
    int rc = check_idle(stream);
    if (rc < 0)
        return rc;
    rc = leave_the_clear(stream, weir__tls_context_is_server(context));
    if (rc == WEIR_OK)
        rc = wrap(stream, context, server_name);
    if (rc < 0 && rc != WEIR_E_INVALID && stream->transport)
        weir_transport_abort(stream->transport);
    return rc;
}

int weir_stream_tls_info(weir_stream *stream, weir_tls_info **info)
{
    if (!stream->transport)
        return weir__fail(WEIR_E_CONNECTION, "tls_info", "the connection is lost");
    return weir_transport_tls_info(stream->transport, info);
}

const struct weir__security weir__tls_security = {
    .start = weir_stream_start_tls,
    .wrap = weir_transport_start_tls,
};
