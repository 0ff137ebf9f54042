/* Parameters, as many values of fields have them, and writing them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_CODEC_PARAM_H
#define WEIR_HTTP1_CODEC_PARAM_H

#include <weir/http_values.h>

#include "encode.h"

/* Takes a parameter off the front of *rest, up to but not with one of the bytes `ends`
 * that is not in quotes. Returns 1; 0 when there is nothing before it; or
 * WEIR_E_INVALID, having taken what is before it all the same. */
int weir__param_take(weir_slice *rest, const char *ends, weir_http_param *param);

/* Drops what is before the first of `ends` that is not in quotes. */
void weir__param_skip(weir_slice *rest, const char *ends);

/* Drops spaces and tabs from the front. */
void weir__skip_blanks(weir_slice *rest);

/* Takes a token off the front; empty when there is none. */
weir_slice weir__take_token(weir_slice *rest);

/* Writes `text`, field text, as a quoted-string (RFC 9110 5.6.4). */
void weir__output_put_quoted(weir__output *output, weir_slice text);

/* Writes the bytes, those that may not stand in an ext-value (RFC 8187 3.2.1)
 * percent-encoded. */
void weir__output_put_ext(weir__output *output, weir_slice text);

#endif
