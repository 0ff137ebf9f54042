/**
 * Forms to and from bytes, without a connection: application/x-www-form-urlencoded
 * (WHATWG URL 5) and multipart (RFC 2046 5.1, RFC 7578).
 *
 *   weir_multipart_decoder d;
 *   weir_multipart_decoder_init(&d, WEIR_S("the boundary"), NULL);
 *   while ((rc = weir_multipart_decode(&d, &input, &event)) == WEIR_MULTIPART_EVENT)
 *       ...                          // WEIR_MULTIPART_MORE: feed the next piece
 *
 * Programs that have a connection use form.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FORM_CODEC_H
#define WEIR_FORM_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/codec_error.h>
#include <weir/http.h>
#include <weir/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** A field of a form. */
typedef struct weir_form_field {
    weir_slice name;
    weir_slice value;
} weir_form_field;

/**
 * Writes `name=value&name=value`, as browsers send forms without files.
 *
 *   fields   any bytes, UTF-8 by custom
 *   space    where to write; NULL is allowed when size is 0
 *   len      out: the length, also when it does not fit
 *
 * Returns WEIR_OK; or WEIR_E_TOO_BIG when len > size: what is in `space` is no use then.
 */
int weir_urlencoded_encode(const weir_form_field *fields, size_t count, char *space,
                           size_t size, size_t *len);

/**
 * Takes the next field off the front, still encoded.
 *
 *   rest    in: a form, or the query of a URL; out: what follows the field
 *   field   out: a name without `=` has the empty value
 *
 * Returns false, leaving *field alone, when there are no more.
 */
bool weir_urlencoded_next(weir_slice *rest, weir_form_field *field);

/**
 * Decodes a name or a value: `+` is a space; a `%` without two digits stands for itself.
 *
 *   space   at least text.len bytes; may be where `text` is
 *
 * Returns how many bytes it wrote, of any value.
 */
size_t weir_urlencoded_decode(weir_slice text, char *space);

enum {
    WEIR_MULTIPART_BOUNDARY_MAX = 70,   /**< the most bytes of a boundary (RFC 2046) */
    WEIR_MULTIPART_BOUNDARY_BYTES = 40, /**< of one that is made here */
    WEIR_MULTIPART_RANDOM_BYTES = 16    /**< of what it is made from */
};

/**
 * Makes a boundary.
 *
 *   random     WEIR_MULTIPART_RANDOM_BYTES of them, unpredictable: nobody can put the
 *              boundary into what is sent
 *   boundary   out: WEIR_MULTIPART_BOUNDARY_BYTES, without a NUL
 */
void weir_multipart_make_boundary(const unsigned char *random, char *boundary);

/** Whether it can be sent: 1 to 70 of certain characters, no space at the end
 * (RFC 2046 5.1.1). */
bool weir_multipart_is_boundary(weir_slice boundary);

/** What is written before the bytes of a part of a form. */
typedef struct weir_multipart_head {
    weir_slice boundary; /**< see weir_multipart_is_boundary */

    /** The name of the field, UTF-8. Quotes and line ends in it, and in the name of the
     * file, are sent as `%22`, `%0D`, `%0A` (WHATWG HTML 4.10.21.8). NUL and a backslash
     * at the end are refused: no two receivers agree on these. */
    weir_slice name;

    weir_slice filename;     /**< data NULL: none */
    weir_slice content_type; /**< a media type. Empty: none */
} weir_multipart_head;

/**
 * Writes the boundary's line and the head of a part, up to and with its empty line.
 * Then go the bytes of the part, and CRLF.
 *
 *   space, size, len   as with weir_urlencoded_encode
 *   error              out: why, on WEIR_E_INVALID. NULL: not wanted
 */
int weir_multipart_encode_head(const weir_multipart_head *head, char *space,
                               size_t size, size_t *len, weir_codec_error *error);

/** Writes what goes behind the last part, or is all of a form without parts. */
int weir_multipart_encode_end(weir_slice boundary, char *space, size_t size,
                              size_t *len);

/** How much a body of many parts may hold. All zero, or NULL, is the default. */
typedef struct weir_multipart_limits {
    /** The number of parts. 0: 1,000. */
    size_t max_parts;

    /** The fields of one part, in bytes, line ends included. 0: 16 KiB. More than 1 GiB
     * counts as 1 GiB. */
    size_t max_head_bytes;

    /** Their number. 0: 128. */
    size_t max_fields;
} weir_multipart_limits;

/** Options of weir_multipart_decoder_init. All zero, or NULL, is the default. */
typedef struct weir_multipart_decoder_options {
    const weir_allocator *allocator; /**< kept. NULL: the C library */
    weir_multipart_limits limits;
} weir_multipart_decoder_options;

/** What weir_multipart_decode and _decode_end return if not a negative status. */
typedef enum weir_multipart_progress {
    WEIR_MULTIPART_MORE = 0, /**< all input is used; more is needed, or is to come */
    WEIR_MULTIPART_EVENT = 1 /**< there is an event; input may be left */
} weir_multipart_progress;

/** The kinds of events. */
typedef enum weir_multipart_event_type {
    WEIR_MULTIPART_PART = 1, /**< a part begins: .fields */
    WEIR_MULTIPART_DATA,     /**< some of its bytes: .data */
    WEIR_MULTIPART_PART_END, /**< it ends */
    WEIR_MULTIPART_END       /**< there are no more parts; what follows is skipped */
} weir_multipart_event_type;

/** What the decoder found. No event owns memory. */
typedef struct weir_multipart_event {
    weir_multipart_event_type type;

    /** PART: not NULL; may be empty. Valid until the next PART, _reset or _clear. */
    weir_http_fields *fields;

    /** DATA: not empty; a part of the input, or bytes of the decoder that stay as long
     * as it does. */
    weir_slice data;
} weir_multipart_event;

/** A decoder: the caller's object. It may not be copied or moved. */
typedef struct weir_multipart_decoder {
    uint64_t opaque[56]; /**< what is inside belongs to the functions below */
} weir_multipart_decoder;

/**
 * Makes a decoder that is ready for a body; does not allocate.
 *
 *   boundary   copied; the parameter of that name of the field Content-Type
 *
 * Returns WEIR_OK, or WEIR_E_INVALID for a boundary that is empty, has more than 70
 * bytes, or others than printable ASCII.
 */
int weir_multipart_decoder_init(weir_multipart_decoder *decoder, weir_slice boundary,
                                const weir_multipart_decoder_options *options);

/**
 * Decodes from the front of `*input` up to the next event.
 *
 *   input  in: bytes as received; out: those not used
 *   event  out: on WEIR_MULTIPART_EVENT
 *
 * What comes before the first boundary and behind the last is skipped. The events are
 * the same however the input is cut, but that the bytes of a part may come in other
 * pieces. Only PART allocates. Returns:
 *
 *   WEIR_MULTIPART_EVENT   an event: call again
 *   WEIR_MULTIPART_MORE    all of the input is used
 *   WEIR_E_PROTOCOL        not as RFC 2046 5.1 has it: lines end with CRLF, and behind
 *                          a boundary there are but spaces. A delimiter within a part
 *                          that goes on in other ways is refused, not guessed at
 *   WEIR_E_TOO_BIG         over a limit
 *   WEIR_E_MEMORY          no memory for the fields
 *
 * A failure is for good: every call returns it, and uses nothing, until
 * weir_multipart_decoder_reset. weir_multipart_decoder_error has the reason.
 */
int weir_multipart_decode(weir_multipart_decoder *decoder, weir_slice *input,
                          weir_multipart_event *event);

/**
 * Tells the decoder that there will be no more input.
 *
 * Returns WEIR_MULTIPART_EVENT with bytes that might have been a boundary, and are
 * none; WEIR_MULTIPART_MORE when the last boundary had come; WEIR_E_INCOMPLETE, for
 * good, when not; or the failure that was.
 */
int weir_multipart_decode_end(weir_multipart_decoder *decoder,
                              weir_multipart_event *event);

/** Ready for another body with the same boundary, after anything; keeps memory. */
void weir_multipart_decoder_reset(weir_multipart_decoder *decoder);

/** The same, and gives the memory back: at the end. */
void weir_multipart_decoder_clear(weir_multipart_decoder *decoder);

/** The failure of the decoder, its offset counted from the first byte of the body;
 * .status is WEIR_OK when there is none. Valid until the next call. */
const weir_codec_error *
weir_multipart_decoder_error(const weir_multipart_decoder *decoder);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
