/**
 * Content codings to and from bytes, without a connection (RFC 9110 8.4): gzip,
 * deflate, br and zstd, as far as they are in the build (features.h).
 *
 * A decoder is fed what comes, in pieces of any size, and fills the caller's memory:
 *
 *   weir_content_decoder d;
 *   weir_content_decoder_init(&d, NULL);
 *   weir_content_decoder_add(&d, WEIR_S("gzip"));      // of the field Content-Encoding
 *   while ((rc = weir_content_decode(&d, &input, space, sizeof(space), &len)) ==
 *          WEIR_CONTENT_DATA)
 *       use(space, len);                 // WEIR_CONTENT_MORE: feed the next piece
 *   rc = weir_content_decode_end(&d);    // no more pieces: was that all?
 *
 * weir_content_reader_new() (content_reader.h) does it for what a reader reads.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CONTENT_CODEC_H
#define WEIR_CONTENT_CODEC_H

#include <stddef.h>
#include <stdint.h>
#include <weir/allocator.h>
#include <weir/codec_error.h>
#include <weir/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * The codings that this build can decode, as the value of a field Accept-Encoding:
 * "gzip, deflate, br, zstd". Empty when there are none: send no such field then.
 */
weir_slice weir_content_accept_encoding(void);

/** What coding functions return if not a negative status. */
typedef enum weir_content_progress {
    WEIR_CONTENT_MORE = 0, /**< all input is used, and all that it gives was written */
    WEIR_CONTENT_DATA = 1, /**< bytes were written; there may be more: call again */
    WEIR_CONTENT_END = 2   /**< of an encoder: that was all */
} weir_content_progress;

/**
 * How much may come out of a decoder. All zero, or NULL, is the default.
 *
 * Little coded data can decode to very much: a thousand times as much by deflate,
 * without a bound by br and zstd. So beyond .unbounded_bytes a decoder goes on only
 * while its output is at most .max_ratio times its input. Ordinary content is coded
 * to a third or a tenth, very dull logs to a hundredth; only what is all the same is
 * coded to a thousandth, and up to .unbounded_bytes even that is decoded. A bomb of
 * 10 MB that would be 10 GB ends there. In a list of codings the limit holds for what
 * each of them gives, compared with what came in at the front.
 */
typedef struct weir_content_limits {
    /** The most bytes to decode to. 0: as many as the ratio allows. */
    uint64_t max_bytes;

    /** The most bytes of output for a byte of input. 0: 200. WEIR_NO_LIMIT: any. */
    size_t max_ratio;

    /** How many bytes may come out whatever the ratio. 0: 64 MiB. */
    uint64_t unbounded_bytes;

    /** How many codings may be on top of each other. 0: 5. More than 8 counts as 8. */
    size_t max_codings;
} weir_content_limits;

/** Options of weir_content_decoder_init. All zero, or NULL, is the default. */
typedef struct weir_content_decoder_options {
    const weir_allocator *allocator; /**< kept. NULL: the C library */
    weir_content_limits limits;
} weir_content_decoder_options;

/** A decoder: the caller's object. It may not be copied or moved. */
typedef struct weir_content_decoder {
    uint64_t opaque[104]; /**< what is inside belongs to the functions below */
} weir_content_decoder;

/** Makes a decoder without a coding, which hands on what it gets; does not allocate. */
void weir_content_decoder_init(weir_content_decoder *decoder,
                               const weir_content_decoder_options *options);

/**
 * Adds the codings of a field Content-Encoding, before anything is decoded.
 *
 *   codings   a list in the order in which they were applied, as it stands in the
 *             field (RFC 9110 8.4), without regard to case: gzip or x-gzip, deflate,
 *             br, zstd, identity. Of several field lines add each in its order.
 *
 * Takes the memory that decoding needs: 10 KiB for gzip and deflate, and later their
 * window of 32 KiB; for br and zstd later a window of at most 16 and 8 MiB, by what
 * the data says. Returns WEIR_OK, or, for good:
 *
 *   WEIR_E_UNSUPPORTED  a coding that is unknown, or not in this build; the error's
 *                       offset is where it stands in the list
 *   WEIR_E_TOO_BIG      over .max_codings
 *   WEIR_E_MEMORY       no memory
 *   WEIR_E_MISUSE       something was decoded already; the decoder is as before
 */
int weir_content_decoder_add(weir_content_decoder *decoder, weir_slice codings);

/**
 * Decodes from the front of `*input`.
 *
 *   input   in: coded bytes; out: those not used
 *   space   where to write; of its bytes behind `*len` nothing is promised
 *   size    the space there is, at least 1
 *   len     out: on WEIR_CONTENT_DATA how many bytes were written, at least 1
 *
 * The bytes are the same however input and space are cut. What follows the end of the
 * coded data is ignored, as by browsers, but for what must be a part of it: further
 * members of gzip (RFC 1952 2.2), which begin with 1f 8b, and of zstd anything.
 * Returns:
 *
 *   WEIR_CONTENT_DATA   bytes were written; call again, also with empty input
 *   WEIR_CONTENT_MORE   all of the input is used, and nothing is held back
 *   WEIR_E_PROTOCOL     the data is corrupt, or a checksum is wrong
 *   WEIR_E_TOO_BIG      over a limit. As many bytes as .max_bytes have been written;
 *                       at which byte a ratio is noticed depends on the cuts
 *   WEIR_E_MEMORY       no memory for a window
 *   WEIR_E_INVALID      `size` is 0; the decoder is as before
 *
 * A failure comes after the data that was decoded before it (gzip and deflate: all;
 * br and zstd: all but their latest block), and is for good: every call returns it,
 * and uses nothing. weir_content_decoder_error has the reason.
 */
int weir_content_decode(weir_content_decoder *decoder, weir_slice *input, char *space,
                        size_t size, size_t *len);

/**
 * Tells the decoder, after WEIR_CONTENT_MORE, that there is no more input.
 *
 * No input at all is the empty content, whatever its codings: that is what servers
 * send. Returns WEIR_OK; WEIR_E_INCOMPLETE, for good, in the middle of the data; or
 * the failure that was.
 */
int weir_content_decode_end(weir_content_decoder *decoder);

/** Gives all memory back; the decoder is again without a coding, with its limits. */
void weir_content_decoder_clear(weir_content_decoder *decoder);

/**
 * The failure of the decoder; .status is WEIR_OK when there is none. Its offset counts
 * in the data of weir_content_decoder_coding(). Valid until the next call.
 */
const weir_codec_error *weir_content_decoder_error(const weir_content_decoder *decoder);

/** The coding in whose data the failure is: "gzip". Empty when it is of none. */
weir_slice weir_content_decoder_coding(const weir_content_decoder *decoder);

/** Options of weir_content_encoder_init. All zero, or NULL, is the default. */
typedef struct weir_content_encoder_options {
    const weir_allocator *allocator; /**< kept. NULL: the C library */
    int level; /**< from 1, the fastest, to 9, the smallest. 0: 6 */
} weir_content_encoder_options;

/** An encoder: the caller's object. It may not be copied or moved. */
typedef struct weir_content_encoder {
    uint64_t opaque[20]; /**< what is inside belongs to the functions below */
} weir_content_encoder;

/** The least space that an encoder can work with. */
enum { WEIR_CONTENT_MIN_SPACE = 16 };

/**
 * Makes an encoder, with all the memory that it will need: about 270 KiB.
 *
 *   coding   gzip, x-gzip or deflate, without regard to case
 *
 * Returns WEIR_OK; or, with nothing to clear, WEIR_E_UNSUPPORTED (another coding, or
 * not in this build), WEIR_E_INVALID (the level) or WEIR_E_MEMORY.
 */
int weir_content_encoder_init(weir_content_encoder *encoder, weir_slice coding,
                              const weir_content_encoder_options *options);

/**
 * Encodes from the front of `*input`.
 *
 *   input   in: bytes; out: those not used
 *   size    of the space, at least WEIR_CONTENT_MIN_SPACE
 *   len     out: on WEIR_CONTENT_DATA how many bytes were written, at least 1
 *
 * Returns WEIR_CONTENT_DATA: call again; WEIR_CONTENT_MORE: all of the input is used,
 * though much of it is held back; WEIR_E_INVALID: the space is too small; or
 * WEIR_E_MISUSE: after the end. The encoder is as before after either.
 */
int weir_content_encode(weir_content_encoder *encoder, weir_slice *input, char *space,
                        size_t size, size_t *len);

/**
 * Writes what is held back, so that the peer can decode all input so far: at the end
 * of an event, say. It costs some five bytes, and compression.
 *
 * Returns like weir_content_encode; WEIR_CONTENT_MORE when nothing is held back.
 */
int weir_content_encode_flush(weir_content_encoder *encoder, char *space, size_t size,
                              size_t *len);

/**
 * Writes the rest and the end. Returns like weir_content_encode, but WEIR_CONTENT_END
 * when all is written.
 */
int weir_content_encode_end(weir_content_encoder *encoder, char *space, size_t size,
                            size_t *len);

/** Ready for new content of the same coding; keeps memory. */
void weir_content_encoder_reset(weir_content_encoder *encoder);

/** Gives all memory back, after a successful weir_content_encoder_init. */
void weir_content_encoder_clear(weir_content_encoder *encoder);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
