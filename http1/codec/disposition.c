/* Content dispositions: of responses (RFC 6266), and of the parts of forms (RFC 7578 4.2).
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/http_values.h>
#include <weir/status.h>

#include "code_point.h"
#include "fields.h"
#include "param.h"

static bool is_form(const weir_disposition *disposition)
{
    return weir_slice_equal_nocase(disposition->type, WEIR_S("form-data"));
}

/* The member that a parameter belongs in, or NULL. */
static weir_http_param *member_of(weir_disposition *disposition, weir_slice name)
{
    if (weir_slice_equal_nocase(name, WEIR_S("name")))
        return &disposition->name;
    if (weir_slice_equal_nocase(name, WEIR_S("filename")))
        return &disposition->filename;
    if (weir_slice_equal_nocase(name, WEIR_S("filename*")))
        return &disposition->filename_ext;
    return NULL;
}

/* What is no parameter is passed over in a response: a name that can be read is of
 * use. In a form two readers must not see two different fields. */
static int parse_params(weir_disposition *disposition)
{
    weir_slice rest = disposition->params;
    weir_http_param param;
    int rc;
    while ((rc = weir_http_param_next(&rest, &param)) != 0) {
        bool bad = rc < 0 || !param.value.data;
        if (bad && is_form(disposition))
            return WEIR_E_INVALID;
        weir_http_param *member = bad ? NULL : member_of(disposition, param.name);
        if (member && member->value.data)
            return WEIR_E_INVALID;
        if (member)
            *member = param;
    }
    return WEIR_OK;
}

int weir_disposition_parse(weir_disposition *disposition, weir_slice text)
{
    weir_slice rest = text;
    weir__skip_blanks(&rest);
    weir_disposition found = {.type = weir__take_token(&rest)};
    weir__skip_blanks(&rest);
    if (found.type.len == 0 || (rest.len > 0 && rest.data[0] != ';'))
        return WEIR_E_INVALID;
    found.params = rest;
    int rc = parse_params(&found);
    if (rc == WEIR_OK)
        *disposition = found;
    return rc;
}

/* What a name of a form has at its front: one byte, and how many that took. */
static size_t form_byte(weir_slice text, bool quoted, char *byte)
{
    *byte = text.data[0];
    if (quoted && weir_slice_starts_with(text, WEIR_S("\\\""))) {
        *byte = '"';
        return 2;
    }
    if (text.len < 3 || text.data[0] != '%')
        return 1;
    if (memcmp(text.data, "%22", 3) == 0)
        *byte = '"';
    else if (weir_slice_equal_nocase((weir_slice){text.data, 3}, WEIR_S("%0D")))
        *byte = '\r';
    else if (weir_slice_equal_nocase((weir_slice){text.data, 3}, WEIR_S("%0A")))
        *byte = '\n';
    else
        return 1;
    return 3;
}

static size_t form_text(const weir_http_param *param, char *space)
{
    size_t len = 0;
    weir_slice rest = param->value;
    while (rest.len > 0)
        rest = weir_slice_skip(rest, form_byte(rest, param->quoted, &space[len++]));
    return len;
}

size_t weir_disposition_name(const weir_disposition *disposition, char *space)
{
    return form_text(&disposition->name, space);
}

size_t weir_disposition_filename(const weir_disposition *disposition, char *space)
{
    size_t len;
    weir_slice ext = disposition->filename_ext.value;
    if (ext.data && weir_http_ext_value_decode(ext, space, &len) == WEIR_OK)
        return len;
    if (is_form(disposition))
        return form_text(&disposition->filename, space);
    return weir_http_param_text(&disposition->filename, space);
}

size_t weir_disposition_safe_filename(const weir_disposition *disposition, char *space)
{
    size_t len = weir_disposition_filename(disposition, space);
    return weir_safe_filename((weir_slice){space, len}, space);
}

/* The characters of `filename` that all receivers agree on; others are `_`. */
static void put_fallback(weir__output *output, weir_slice filename)
{
    uint32_t code = 0;
    weir__output_put(output, WEIR_S("\""));
    while (filename.len > 0) {
        size_t len = weir__code_point(filename, &code);
        bool plain = code < 0x7F && !strchr("\"\\%", (char)code);
        weir__output_put(output, plain ? (weir_slice){filename.data, 1} : WEIR_S("_"));
        filename = weir_slice_skip(filename, len);
    }
    weir__output_put(output, WEIR_S("\""));
}

static bool is_plain(weir_slice filename)
{
    for (size_t i = 0; i < filename.len; i++) {
        if ((unsigned char)filename.data[i] > '~' || strchr("\"\\%", filename.data[i]))
            return false;
    }
    return true;
}

int weir_disposition_encode(weir_slice type, weir_slice filename, char *space,
                            size_t size, size_t *len)
{
    weir__output output = {space, size, 0};
    if (!weir_http_is_token(type) || !weir_http_is_field_value(filename) ||
        !weir__is_utf8(filename))
        return WEIR_E_INVALID;
    weir__output_put(&output, type);
    weir__output_put(&output, WEIR_S("; filename="));
    put_fallback(&output, filename);
    if (!is_plain(filename)) {
        weir__output_put(&output, WEIR_S("; filename*=UTF-8''"));
        weir__output_put_ext(&output, filename);
    }
    return weir__output_finish(&output, len);
}
