/* Media types (RFC 9110 8.3.1).
 *
 * SPDX-License-Identifier: MIT */
#include <weir/http_values.h>
#include <weir/status.h>

#include "param.h"

int weir_media_type_parse(weir_media_type *type, weir_slice text)
{
    weir_slice rest = text;
    weir__skip_blanks(&rest);
    weir_media_type found = {.type = weir__take_token(&rest)};
    if (found.type.len == 0 || rest.len == 0 || rest.data[0] != '/')
        return WEIR_E_INVALID;
    rest = weir_slice_skip(rest, 1);
    found.subtype = weir__take_token(&rest);
    weir__skip_blanks(&rest);
    if (found.subtype.len == 0 || (rest.len > 0 && rest.data[0] != ';'))
        return WEIR_E_INVALID;
    found.essence =
        (weir_slice){found.type.data, found.type.len + 1 + found.subtype.len};
    found.params = rest;
    *type = found;
    return WEIR_OK;
}

bool weir_media_type_is(const weir_media_type *type, weir_slice essence)
{
    return weir_slice_equal_nocase(type->essence, essence);
}

bool weir_media_type_is_json(const weir_media_type *type)
{
    weir_slice suffix = type->subtype;
    if (weir_media_type_is(type, WEIR_S("application/json")) ||
        weir_media_type_is(type, WEIR_S("text/json")))
        return true;
    return suffix.len > 5 &&
           weir_slice_equal_nocase(weir_slice_skip(suffix, suffix.len - 5),
                                   WEIR_S("+json"));
}

bool weir_media_type_param(const weir_media_type *type, weir_slice name,
                           weir_http_param *param)
{
    weir_slice rest = type->params;
    weir_http_param found;
    int rc;
    while ((rc = weir_http_param_next(&rest, &found)) != 0) {
        if (rc > 0 && found.value.data && weir_slice_equal_nocase(found.name, name)) {
            *param = found;
            return true;
        }
    }
    return false;
}
