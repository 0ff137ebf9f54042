/**
 * JSON by jansson (2.10 or later), which the program links: weir does not.
 *
 *   weir_session *session = weir_session_new(
 *       loop, &(weir_session_options){.json_adapter = &weir_jansson});
 *   json_t *question = json_pack("{s:s}", "name", "x");
 *   json_t *answer;
 *   if (weir_post(session, &response, url, .json = question) == WEIR_OK &&
 *       weir_response_json(response, &answer) == WEIR_OK) {
 *       ...
 *       json_decref(answer);
 *   }
 *   json_decref(question);
 *
 * weir.h does not include this header. Any value is read, not only arrays and objects;
 * a string with a NUL in it is refused, as jansson does by default.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_JSON_H
#define WEIR_JSON_H

#include <jansson.h>
#include <weir/json_adapter.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
#define WEIR__JSON_CAST(type, pointer) static_cast<type>(pointer)
#else
#define WEIR__JSON_CAST(type, pointer) (pointer)
#endif

static inline size_t weir__jansson_encode(const void *value, char *space, size_t size)
{
    return json_dumpb(WEIR__JSON_CAST(const json_t *, value), space, size,
                      JSON_COMPACT | JSON_ENCODE_ANY);
}

static inline int weir__jansson_decode(weir_slice text, void **value,
                                       weir_json_error *error)
{
    json_error_t failure;
    json_t *json = json_loadb(text.data, text.len, JSON_DECODE_ANY, &failure);
    if (json) {
        *value = json;
        return WEIR_OK;
    }
    size_t len = 0;
    while (len + 1 < sizeof(error->reason) && failure.text[len] != '\0') {
        error->reason[len] = failure.text[len];
        len++;
    }
    error->reason[len] = '\0';
    error->line = failure.line > 0 ? failure.line : 0;
    error->column = failure.column > 0 ? failure.column : 0;
    return json_error_code(&failure) == json_error_out_of_memory ? WEIR_E_MEMORY
                                                                 : WEIR_E_PROTOCOL;
}

/** For weir_session_options.json_adapter: `.json` of requests is a `json_t *` then. */
static const weir_json_adapter weir_jansson
    __attribute__((unused)) = {weir__jansson_encode, weir__jansson_decode};

/**
 * Reads the body as JSON: weir_response_decode_json, where the errors are.
 *
 *   json   out: the caller's, until json_decref()
 */
static inline int weir_response_json(weir_response *response, json_t **json)
{
    void *value;
    int rc = weir_response_decode_json(response, &weir_jansson, false, &value);
    if (rc == WEIR_OK)
        *json = WEIR__JSON_CAST(json_t *, value);
    return rc;
}

/** The same, whatever the media type is. */
static inline int weir_response_json_of_any_type(weir_response *response, json_t **json)
{
    void *value;
    int rc = weir_response_decode_json(response, &weir_jansson, true, &value);
    if (rc == WEIR_OK)
        *json = WEIR__JSON_CAST(json_t *, value);
    return rc;
}

#ifdef __cplusplus
}
#endif

#endif
