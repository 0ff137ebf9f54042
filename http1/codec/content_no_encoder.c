/* The content encoder of a build without zlib: there is none.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/content_codec.h>
#include <weir/status.h>

int weir_content_encoder_init(weir_content_encoder *encoder, weir_slice coding,
                              const weir_content_encoder_options *options)
{
    (void)encoder;
    (void)coding;
    (void)options;
    return WEIR_E_UNSUPPORTED;
}

int weir_content_encode(weir_content_encoder *encoder, weir_slice *input, char *space,
                        size_t size, size_t *len)
{
    (void)input;
    return weir_content_encode_end(encoder, space, size, len);
}

int weir_content_encode_flush(weir_content_encoder *encoder, char *space, size_t size,
                              size_t *len)
{
    return weir_content_encode_end(encoder, space, size, len);
}

int weir_content_encode_end(weir_content_encoder *encoder, char *space, size_t size,
                            size_t *len)
{
    (void)encoder;
    (void)space;
    (void)size;
    (void)len;
    return WEIR_E_MISUSE;
}

void weir_content_encoder_reset(weir_content_encoder *encoder)
{
    (void)encoder;
}

void weir_content_encoder_clear(weir_content_encoder *encoder)
{
    (void)encoder;
}
