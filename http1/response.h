/* A response, from its request on: the exchange of one for the other.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_RESPONSE_H
#define WEIR_HTTP1_RESPONSE_H

#include <weir/http_codec.h>
#include <weir/response.h>

#include "buffer.h"
#include "reader.h"
#include "session.h"

enum weir__body_state {
    WEIR__BODY_READING, /* also: before the head */
    WEIR__BODY_ENDED,
    WEIR__BODY_FAILED
};

/* When things happened, in the loop's time, and how much went over the connection. */
struct weir__response_times {
    uint64_t started;
    uint64_t got_connection; /* or began to make one */
    uint64_t first_byte;     /* 0: not yet */
    uint64_t ended;          /* of the body; 0: not yet */
    uint64_t sent_bytes;
    uint64_t received_bytes;
    struct weir__connection_times connection; /* all 0: it was there */
    weir_address local;
    weir_address peer;
};

struct weir_response {
    weir_reader reader;   /* of the body */
    weir_reader *content; /* of what that decodes to; NULL: it is not coded */
    weir__link link;      /* in session->spares */
    weir_session *session;
    weir__connection *connection; /* NULL once it was given back */
    weir__target *target;
    weir__proxy *proxy; /* that it has come through; NULL: none */
    weir_connection_info connection_info;
    weir_response *previous;          /* the redirect that led here; NULL: none */
    const weir_http_head *head;       /* the decoder's; NULL until it is there */
    const weir_http_fields *trailers; /* the decoder's; NULL until the end */
    weir_slice input;                 /* received, not decoded yet */
    weir_slice piece;                 /* decoded, not yet in the reader */
    uint64_t body_len;                /* of what was decoded */
    uint64_t deadline;                /* of all, in the loop's time, or WEIR__NEVER */
    struct weir__response_times times;
    uint64_t trace_number;
    void *trace_arg;
    uint32_t timeout_ms;            /* from which that was made */
    uint32_t first_byte_timeout_ms; /* 0: read_timeout_ms */
    uint32_t read_timeout_ms;
    size_t max_text_bytes;
    weir_slice text; /* once has_text */
    bool has_text;
    weir_slice utf8; /* the text as UTF-8, once has_utf8 */
    bool has_utf8;
    weir__buffer converted; /* where that lies, unless it is the text */
    bool close;             /* the request asked for the connection to be closed */
    bool answered;          /* a byte of the response has come */
    enum weir__body_state state;
    char method[24];         /* for sentences, cut to fit */
    weir_http_limits limits; /* that the decoder has */
    bool no_decoding;
    weir_content_limits content_limits;
    weir_http_decoder decoder;
    weir_http_fields fields; /* of the request, when it has its own */
    weir_error error;        /* in state FAILED */
};

/* A response to a request of these options, without a connection. NULL without
 * memory. */
weir_response *weir__response_new(weir_session *session,
                                  const weir_request_options *options);

/* Frees what is kept for the next requests. */
void weir__responses_free_spares(weir_session *session);

/* Puts request and URL before the sentence of the latest failure. */
int weir__response_fail_prefix(const weir_response *response, const char *phase);

/* The body's reader, for a new response. */
void weir__body_init(weir_response *response);

/* Takes the end of the message if it is due already, as without a body; and puts the
 * reader of its content over it. WEIR_OK, or a status with its sentence. */
int weir__body_begin(weir_response *response);

/* Gives the connection back, for the body is not wanted any more; in state to be used
 * again if the rest of the body is here and short. */
void weir__body_abandon(weir_response *response);

#endif
