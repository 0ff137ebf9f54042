/* The body as text: which encoding it is in, and what that is as UTF-8.
 *
 * SPDX-License-Identifier: MIT */
#include "charset.h"
#include "code_point.h"
#include "error.h"
#include "response.h"

/* What the response says of its encoding; NULL: nothing that is known. */
static const weir__charset *declared(const weir_response *response)
{
    weir_media_type type;
    weir_http_param param;
    if (!weir_response_media_type(response, &type))
        return NULL;
    if (weir_media_type_is_json(&type))
        return weir__charset_find(WEIR_S("utf-8"));
    if (!weir_media_type_param(&type, WEIR_S("charset"), &param))
        return NULL;
    return weir__charset_find(param.value);
}

static int convert(weir_response *response, const weir__charset *charset,
                   weir_slice bytes)
{
    weir__buffer *text = &response->converted;
    weir__buffer_clear(text); /* of an attempt that has failed */
    int rc = weir__charset_decode(charset, bytes, text);
    response->utf8 = weir__buffer_slice(text);
    return rc;
}

int weir_response_text_utf8(weir_response *response, const char *default_charset,
                            weir_slice *text)
{
    const weir__charset *otherwise =
        weir__charset_find(weir_slice_of(default_charset ? default_charset : "utf-8"));
    weir_slice bytes;
    if (!otherwise)
        return weir__fail(WEIR_E_INVALID, "text", "there is no encoding \"%s\"",
                          default_charset);
    int rc = weir_response_text(response, &bytes);
    if (rc == WEIR_OK && !response->has_utf8) {
        const weir__charset *charset = weir__charset_of_mark(&bytes);
        if (!charset)
            charset = declared(response);
        if (!charset)
            charset = otherwise;
        response->utf8 = bytes;
        if (!weir__charset_is_utf8(charset) || !weir__is_utf8(bytes))
            rc = convert(response, charset, bytes);
        response->has_utf8 = rc == WEIR_OK;
    }
    if (rc == WEIR_OK)
        *text = response->utf8;
    return rc;
}
