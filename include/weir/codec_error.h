/**
 * Why a codec refused something.
 *
 * Codecs have no task and so no weir_last_error(): they fill this struct, or
 * hold one (weir_http_decoder_error), and the layer above makes a sentence of it:
 *
 *   weir_codec_error error;
 *   if (weir_url_parse(&url, text, NULL, NULL, &error) < 0)
 *       printf("%s at byte %zu\n", error.reason, error.offset);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CODEC_ERROR_H
#define WEIR_CODEC_ERROR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** A failure in the bytes given to a codec. */
typedef struct weir_codec_error {
    int status;         /**< what the call returned, a weir_status; WEIR_OK: none */
    const char *reason; /**< half a sentence, static text, never NULL after a failure */
    size_t offset; /**< where: counted from the first byte of the text or message */
} weir_codec_error;

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
