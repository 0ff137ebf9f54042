/**
 * JSON of any library, as bodies of requests and responses.
 *
 * For jansson the adapter is there: json.h. For another, two functions are to be
 * written, and weir_session_options.json_adapter names them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_JSON_ADAPTER_H
#define WEIR_JSON_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <weir/response.h>
#include <weir/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** The deepest nesting of arrays and objects that is decoded: a library that calls itself
 * for each needs the stack of a task for it. */
#define WEIR_JSON_DEPTH 200

/** What is wrong with a text. */
typedef struct weir_json_error {
    int line;         /**< from 1; 0: unknown */
    int column;       /**< the same */
    char reason[120]; /**< NUL-terminated */
} weir_json_error;

/** What a library does for weir. */
typedef struct weir_json_adapter {
    /** Writes a value as UTF-8 text. Returns its length also when that is more than
     * `size`, and then may have written anything; 0: it cannot be written. Called twice
     * for a value. */
    size_t (*encode)(const void *value, char *space, size_t size);

    /** Reads a text, which is not empty. Returns WEIR_OK, or WEIR_E_PROTOCOL with
     * *error filled in, or WEIR_E_MEMORY. */
    int (*decode)(weir_slice text, void **value, weir_json_error *error);
} weir_json_adapter;

/**
 * Reads the body as JSON.
 *
 *   any_type   also when the media type is not JSON (weir_media_type_is_json)
 *   value      out: the adapter's, to be freed as its library says
 *
 * Returns WEIR_OK; what weir_response_text returns; or
 *
 *   WEIR_E_TYPE      the media type is not JSON, or there is none
 *   WEIR_E_PROTOCOL  the text is not JSON; the sentence says where
 *   WEIR_E_TOO_BIG   also: nested deeper than WEIR_JSON_DEPTH
 *
 * after which weir_response_text has the body still.
 */
int weir_response_decode_json(weir_response *response, const weir_json_adapter *adapter,
                              bool any_type, void **value);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
