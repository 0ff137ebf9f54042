/* Parameters (RFC 9110 5.6.6): a name, and a value that is bare or in quotes.
 *
 * SPDX-License-Identifier: MIT */
#include "param.h"

#include <string.h>
#include <weir/status.h>

#include "ascii.h"
#include "fields.h"

void weir__skip_blanks(weir_slice *rest)
{
    while (rest->len > 0 && (rest->data[0] == ' ' || rest->data[0] == '\t'))
        *rest = weir_slice_skip(*rest, 1);
}

weir_slice weir__take_token(weir_slice *rest)
{
    size_t len = 0;
    while (len < rest->len && weir__is_token_byte(rest->data[len]))
        len++;
    weir_slice token = {rest->data, len};
    *rest = weir_slice_skip(*rest, len);
    return token;
}

static bool is_end(weir_slice rest, const char *ends)
{
    return rest.len == 0 || (rest.data[0] != '\0' && strchr(ends, rest.data[0]));
}

/* The length of a quoted-string with its quotes; 0 when it has no end. */
static size_t quoted_len(weir_slice text)
{
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] == '"')
            return i + 1;
        if (text.data[i] == '\\')
            i++;
    }
    return 0;
}

void weir__param_skip(weir_slice *rest, const char *ends)
{
    while (!is_end(*rest, ends)) {
        size_t len = 1;
        if (rest->data[0] == '"')
            len = quoted_len(*rest);
        *rest = weir_slice_skip(*rest, len > 0 ? len : rest->len);
    }
}

static int take_quoted(weir_slice *rest, const char *ends, weir_http_param *param)
{
    size_t len = quoted_len(*rest);
    if (len == 0)
        return WEIR_E_INVALID;
    param->value = (weir_slice){rest->data + 1, len - 2};
    param->quoted = true;
    *rest = weir_slice_skip(*rest, len);
    weir__skip_blanks(rest);
    bool ok =
        is_end(*rest, ends) && weir__is_field_text(param->value.data, param->value.len);
    return ok ? 1 : WEIR_E_INVALID;
}

static int take_bare(weir_slice *rest, const char *ends, weir_http_param *param)
{
    size_t len = 0;
    while (!is_end(weir_slice_skip(*rest, len), ends))
        len++;
    param->value = weir_slice_trim((weir_slice){rest->data, len});
    *rest = weir_slice_skip(*rest, len);
    bool ok = param->value.len > 0 &&
              weir__is_field_text(param->value.data, param->value.len) &&
              !memchr(param->value.data, '"', param->value.len);
    return ok ? 1 : WEIR_E_INVALID;
}

static int take_value(weir_slice *rest, const char *ends, weir_http_param *param)
{
    if (is_end(*rest, ends))
        return 1;
    if (rest->data[0] != '=')
        return WEIR_E_INVALID;
    *rest = weir_slice_skip(*rest, 1);
    weir__skip_blanks(rest);
    if (rest->len > 0 && rest->data[0] == '"')
        return take_quoted(rest, ends, param);
    return take_bare(rest, ends, param);
}

int weir__param_take(weir_slice *rest, const char *ends, weir_http_param *param)
{
    weir_slice left = *rest;
    weir__skip_blanks(&left);
    if (is_end(left, ends)) {
        *rest = left;
        return 0;
    }
    weir_http_param found = {.name = weir__take_token(&left)};
    weir__skip_blanks(&left);
    int rc = found.name.len > 0 ? take_value(&left, ends, &found) : WEIR_E_INVALID;
    if (rc < 0)
        weir__param_skip(rest, ends);
    else
        *rest = left;
    if (rc > 0)
        *param = found;
    return rc;
}

int weir_http_param_next(weir_slice *rest, weir_http_param *param)
{
    for (;;) {
        int rc = weir__param_take(rest, ";", param);
        if (rc != 0 || rest->len == 0)
            return rc;
        *rest = weir_slice_skip(*rest, 1); /* the semicolon; "; ;" is allowed */
    }
}

size_t weir_http_param_text(const weir_http_param *param, char *space)
{
    size_t len = 0;
    for (size_t i = 0; i < param->value.len; i++) {
        if (param->quoted && param->value.data[i] == '\\' && i + 1 < param->value.len)
            i++;
        space[len++] = param->value.data[i];
    }
    return len;
}

bool weir_http_param_is(const weir_http_param *param, weir_slice text)
{
    size_t at = 0;
    for (size_t i = 0; i < param->value.len; i++, at++) {
        if (param->quoted && param->value.data[i] == '\\' && i + 1 < param->value.len)
            i++;
        if (at == text.len ||
            weir__ascii_lower(param->value.data[i]) != weir__ascii_lower(text.data[at]))
            return false;
    }
    return param->value.data && at == text.len;
}

void weir__output_put_quoted(weir__output *output, weir_slice text)
{
    weir__output_put(output, WEIR_S("\""));
    for (; text.len > 0; text = weir_slice_skip(text, 1)) {
        if (text.data[0] == '"' || text.data[0] == '\\')
            weir__output_put(output, WEIR_S("\\"));
        weir__output_put(output, (weir_slice){text.data, 1});
    }
    weir__output_put(output, WEIR_S("\""));
}
