/* JSON, by the adapter of a library: what surrounds its reading.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/json_adapter.h>

#include "error.h"
#include "response.h"

static int check_type(const weir_response *response)
{
    char text[100];
    weir_media_type type;
    weir_slice value = weir_response_field(response, WEIR_S("Content-Type"));
    if (!value.data)
        return weir__fail(WEIR_E_TYPE, "response",
                          "the response does not say that it is JSON: it has no "
                          "Content-Type");
    if (weir_response_media_type(response, &type) && weir_media_type_is_json(&type))
        return WEIR_OK;
    return weir__fail(WEIR_E_TYPE, "response", "the response is \"%s\", not JSON",
                      weir__escape(value, text, sizeof(text)));
}

/* Where the nesting becomes too deep; else the length of the text. What a string is
 * ends at the next quote without a backslash (RFC 8259 7). */
static size_t find_too_deep(weir_slice text)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > WEIR_JSON_DEPTH)
                return i;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return text.len;
}

static int decode(const weir_json_adapter *adapter, weir_slice text, void **value)
{
    char reason[160];
    weir_json_error error = {0, 0, "bad JSON"};
    size_t deep = find_too_deep(text);
    if (text.len == 0)
        return weir__fail(WEIR_E_PROTOCOL, "response", "no JSON: the body is empty");
    if (deep < text.len)
        return weir__fail_at(WEIR_E_TOO_BIG, deep, "response",
                             "the JSON is nested deeper than %d", WEIR_JSON_DEPTH);
    int rc = adapter->decode(text, value, &error);
    if (rc == WEIR_E_MEMORY)
        return weir__fail(rc, "response", "no memory for the JSON");
    if (rc < 0)
        return weir__fail(
            rc, "response", "line %d, column %d: %s", error.line, error.column,
            weir__escape(weir_slice_of(error.reason), reason, sizeof(reason)));
    return WEIR_OK;
}

int weir_response_decode_json(weir_response *response, const weir_json_adapter *adapter,
                              bool any_type, void **value)
{
    weir_slice text;
    int rc = any_type ? WEIR_OK : check_type(response);
    if (rc < 0)
        return weir__response_fail_prefix(response, NULL);
    rc = weir_response_text(response, &text);
    if (rc < 0)
        return rc;
    if (weir_slice_starts_with(text, WEIR_S("\xEF\xBB\xBF")))
        text = weir_slice_skip(text, 3); /* RFC 8259 8.1: may be ignored */
    rc = decode(adapter, text, value);
    return rc < 0 ? weir__response_fail_prefix(response, "reading the JSON") : rc;
}
