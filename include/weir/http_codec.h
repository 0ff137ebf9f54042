/**
 * HTTP/1.1 messages to and from bytes, without a connection (RFC 9112).
 *
 * A decoder is fed what comes, in pieces of any size, and tells what it is:
 *
 *   weir_http_decoder d;
 *   weir_http_decoder_init(&d, WEIR_HTTP_RESPONSE, NULL);
 *   weir_http_decoder_next(&d, WEIR_S("GET"));
 *   while ((rc = weir_http_decode(&d, &input, &event)) == WEIR_HTTP_EVENT)
 *       ...                              // WEIR_HTTP_MORE: feed the next piece
 *
 * A message is HEAD, DATA as often as needed, END; before the HEAD of a response
 * there may be others with .informational set (100 Continue), which stand alone.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_HTTP_CODEC_H
#define WEIR_HTTP_CODEC_H

#include <weir/codec_error.h>
#include <weir/http.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** How the end of a body is found (RFC 9112 6.3). */
typedef enum weir_http_framing {
    WEIR_HTTP_NO_BODY = 0, /**< there is none; encoding: no field says so */
    WEIR_HTTP_LENGTH,      /**< Content-Length */
    WEIR_HTTP_CHUNKED,     /**< Transfer-Encoding: chunked */
    WEIR_HTTP_UNTIL_CLOSE  /**< the end of the connection (responses only) */
} weir_http_framing;

/** Which messages a decoder reads. */
typedef enum weir_http_role {
    WEIR_HTTP_RESPONSE, /**< responses: a client's decoder */
    WEIR_HTTP_REQUEST   /**< requests: a server's */
} weir_http_role;

/** What weir_http_decode and weir_http_decode_end return if not a negative status. */
typedef enum weir_http_progress {
    WEIR_HTTP_MORE = 0,  /**< all input is used, and more is needed */
    WEIR_HTTP_EVENT = 1, /**< there is an event; input may be left */
    WEIR_HTTP_PAUSED = 2 /**< the message is over: the rest is not for it */
} weir_http_progress;

/** The kinds of events. */
typedef enum weir_http_event_type {
    WEIR_HTTP_HEAD = 1, /**< start line and fields: .head */
    WEIR_HTTP_DATA,     /**< a piece of the body: .data */
    WEIR_HTTP_END       /**< the end of the message: .trailers */
} weir_http_event_type;

/**
 * A start line with its fields, as decoded.
 *
 * All of it is memory of the decoder, valid until weir_http_decoder_next, _reset or
 * _clear, and when .informational until the next weir_http_decode. To keep it
 * without copying, weir_http_fields_swap(&mine, head->fields): `method`, `target`
 * and `reason` are then memory of `mine`, and the decoder goes on with mine's.
 */
typedef struct weir_http_head {
    weir_slice method;         /**< requests: a token, as sent */
    weir_slice target;         /**< requests: the request target, as sent */
    weir_slice reason;         /**< responses: the reason phrase; may be empty */
    int status_code;           /**< responses: 100 to 999; requests: 0 */
    int minor_version;         /**< 1 for HTTP/1.1, 0 for HTTP/1.0 */
    weir_http_framing framing; /**< how the body is delimited */
    bool informational;        /**< a 1xx but 101: another HEAD follows, no END */
    bool keep_alive;           /**< the connection may be used again after END */
    bool upgrade;              /**< response: what follows END is another protocol
                                   (101, or 2xx to CONNECT); request: asks for that */
    uint32_t keep_alive_s;     /**< response: for how long the server keeps an idle
                                   connection (Keep-Alive: timeout=); 0: not said */
    bool has_content_length;   /**< with or without a body: HEAD and 304 have it too */
    uint64_t content_length;   /**< when has_content_length */
    weir_http_fields *fields;  /**< never NULL */
} weir_http_head;

/** What the decoder found. No event owns memory. */
typedef struct weir_http_event {
    weir_http_event_type type;
    const weir_http_head *head; /**< HEAD: not NULL */
    weir_slice data;            /**< DATA: not empty; a part of the input itself */
    weir_http_fields *trailers; /**< END: not NULL, mostly empty; valid like a head */
} weir_http_event;

/** Options of weir_http_decoder_init. All zero, or NULL, is the default. */
typedef struct weir_http_decoder_options {
    const weir_allocator *allocator; /**< kept. NULL: the C library */
    weir_http_limits limits;         /**< for the head, and again for the trailers */
} weir_http_decoder_options;

/** A decoder: the caller's object. It may not be copied or moved. */
typedef struct weir_http_decoder {
    uint64_t opaque[96]; /**< what is inside belongs to the functions below */
} weir_http_decoder;

/**
 * Makes a decoder that is ready for a message; does not allocate.
 *
 * Of requests, those with a method that llhttp does not know are refused. Whether one
 * has the field Host that it must have is left to the server (RFC 9112 3.2).
 */
void weir_http_decoder_init(weir_http_decoder *decoder, weir_http_role role,
                            const weir_http_decoder_options *options);

/**
 * Gets ready for the next message on the same connection.
 *
 *   request_method  the method of the request that the response answers: those to
 *                   HEAD have no body, 2xx to CONNECT open a tunnel. Empty: any
 *                   other. Not looked at when decoding requests.
 *
 * Call it before each message; before the first only the method needs it. Returns
 * WEIR_OK, or WEIR_E_MISUSE while a message is not at its END, after an upgrade, and
 * after a failure.
 */
int weir_http_decoder_next(weir_http_decoder *decoder, weir_slice request_method);

/**
 * Decodes from the front of `*input` up to the next event.
 *
 *   input  in: bytes as received; out: those not used
 *   event  out: on WEIR_HTTP_EVENT
 *
 * The events are the same however the input is cut, but that a body may come in
 * other pieces. Bytes of DATA are those of the input: they may be moved or dropped
 * once they are used. Returns:
 *
 *   WEIR_HTTP_EVENT   an event, also with empty input: call again
 *   WEIR_HTTP_MORE    all of the input is used
 *   WEIR_HTTP_PAUSED  after END, always and with the input as it was: call
 *                     weir_http_decoder_next, or read it as the other protocol
 *   WEIR_E_PROTOCOL   the peer broke RFC 9112 or 9110
 *   WEIR_E_TOO_BIG    over a limit
 *   WEIR_E_MEMORY     no memory for the head
 *
 * A failure is for good: every call returns it, and uses nothing, until
 * weir_http_decoder_reset. weir_http_decoder_error has the reason.
 */
int weir_http_decode(weir_http_decoder *decoder, weir_slice *input,
                     weir_http_event *event);

/**
 * Tells the decoder that the peer has closed: there will be no more input.
 *
 * Returns WEIR_HTTP_EVENT with the END of a body that ends so, or that was due;
 * WEIR_HTTP_MORE when no message had begun; WEIR_HTTP_PAUSED when the message was
 * over; WEIR_E_INCOMPLETE, for good, in the middle of one; or the failure that was.
 */
int weir_http_decode_end(weir_http_decoder *decoder, weir_http_event *event);

/** Ready for a new connection, after anything; keeps memory. */
void weir_http_decoder_reset(weir_http_decoder *decoder);

/** The same, and gives the memory back: for an idle connection, and at the end. */
void weir_http_decoder_clear(weir_http_decoder *decoder);

/**
 * The failure of the decoder, its offset counted from the first byte of the
 * message; .status is WEIR_OK when there is none. Valid until the next call.
 */
const weir_codec_error *weir_http_decoder_error(const weir_http_decoder *decoder);

/** A request head to encode. */
typedef struct weir_http_request_head {
    weir_slice method; /**< a token, sent as it is. Empty: GET */

    /** What is asked for (RFC 9112 3.2): `/path?query` in general, `host:port` for
     * CONNECT, `*` for OPTIONS, `http://host/path` to a proxy. */
    weir_slice target;

    weir_slice host; /**< the field Host, which is sent first: `a.example:8080` */
    weir_http_framing framing;      /**< not WEIR_HTTP_UNTIL_CLOSE */
    uint64_t content_length;        /**< for WEIR_HTTP_LENGTH */
    const weir_http_fields *fields; /**< the others, without Host, Content-Length and
                                         Transfer-Encoding. NULL: none */
} weir_http_request_head;

/** A response head to encode. */
typedef struct weir_http_response_head {
    int status_code;                /**< 100 to 999 */
    const char *reason;             /**< NULL: the usual one for the status code */
    weir_http_framing framing;      /**< WEIR_HTTP_UNTIL_CLOSE: no field, and
                                         `Connection: close` is in `fields` */
    uint64_t content_length;        /**< for WEIR_HTTP_LENGTH */
    const weir_http_fields *fields; /**< without Content-Length and
                                         Transfer-Encoding. NULL: none */
} weir_http_response_head;

/**
 * Writes a request head, up to and with its empty line.
 *
 *   space   where to write; NULL is allowed when size is 0
 *   size    the space there is
 *   len     out: the length of the head, also when it does not fit
 *   error   out: why, on WEIR_E_INVALID. NULL: not wanted
 *
 * Nothing that could end a line early passes: control characters and spaces in the
 * method, target or host are refused, as are fields that contradict the framing.
 * Returns WEIR_OK; WEIR_E_TOO_BIG, having written nothing, when len > size; or
 * WEIR_E_INVALID.
 */
int weir_http_encode_request(const weir_http_request_head *head, char *space,
                             size_t size, size_t *len, weir_codec_error *error);

/** Writes a response head; like weir_http_encode_request. */
int weir_http_encode_response(const weir_http_response_head *head, char *space,
                              size_t size, size_t *len, weir_codec_error *error);

/** The most bytes of a chunk's first line as weir_http_encode_chunk writes it. */
enum { WEIR_HTTP_CHUNK_LINE_BYTES = 18 };

/**
 * Writes the line that goes before the data of a chunk; CRLF goes after the data.
 *
 *   chunk_bytes  the length of the data, at least 1: 0 would end the body
 *   space        at least WEIR_HTTP_CHUNK_LINE_BYTES
 *
 * Returns the length of the line.
 */
size_t weir_http_encode_chunk(uint64_t chunk_bytes, char *space);

/**
 * Writes the end of a chunked body: the last chunk, trailers, the empty line.
 *
 *   trailers  NULL: none. Fields of framing, routing and authentication are refused
 *             (RFC 9110 6.5.1).
 *
 * Else like weir_http_encode_request.
 */
int weir_http_encode_last_chunk(const weir_http_fields *trailers, char *space,
                                size_t size, size_t *len, weir_codec_error *error);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
