/**
 * Reading what is coded: a reader over another one, that decodes as it is read.
 *
 *   weir_reader *text;
 *   if (weir_content_reader_new(file, WEIR_S("gzip"), NULL, &text) < 0) ...
 *   while ((rc = weir_readline(text, &line)) > 0)
 *       use(line);
 *   weir_reader_free(text);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CONTENT_READER_H
#define WEIR_CONTENT_READER_H

#include <weir/content_codec.h>
#include <weir/reader.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * Makes a reader of what the rest of another one decodes to.
 *
 *   inner             not to be used before this reader is freed, and not after it
 *                     for what this one has read of it
 *   content_encoding  the codings, as weir_content_decoder_add takes them
 *   limits            copied. NULL: the defaults
 *   reader            out: to be freed by weir_reader_free, before `inner`
 *
 * It reads from `inner` only when it is read itself, so who reads slowly holds the
 * sender back, and decodes at most 256 KiB at a time. Its end is that of `inner`.
 * Reading returns, besides what reader.h lists and what `inner` returns:
 *
 *   WEIR_E_PROTOCOL    the data is corrupt, or a checksum is wrong
 *   WEIR_E_INCOMPLETE  the data ends in the middle
 *   WEIR_E_TOO_BIG     it decodes to more than the limits allow
 *   WEIR_E_MEMORY      also, and then for good: no memory for the window of a coding
 *
 * Each comes behind all that was decoded before, and further reads return the same.
 * Returns WEIR_OK; WEIR_E_UNSUPPORTED: a coding that is unknown, or not in this build;
 * WEIR_E_TOO_BIG: too many of them; or WEIR_E_MEMORY.
 */
int weir_content_reader_new(weir_reader *inner, weir_slice content_encoding,
                            const weir_content_limits *limits, weir_reader **reader);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
