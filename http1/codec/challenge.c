/* Challenges (RFC 9110 11.3, 11.6.1): a scheme, then one token or parameters.
 *
 *   Newauth realm="apps", type=1, title="Login", Basic realm="simple"
 *
 * A name with "=" behind it is a parameter of the challenge before; any other begins
 * the next one.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/http_auth.h>
#include <weir/status.h>

#include "ascii.h"
#include "param.h"

static void skip_commas(weir_slice *rest)
{
    weir__skip_blanks(rest);
    while (rest->len > 0 && rest->data[0] == ',') {
        *rest = weir_slice_skip(*rest, 1);
        weir__skip_blanks(rest);
    }
}

static bool is_at_comma(weir_slice rest)
{
    return rest.len == 0 || rest.data[0] == ',';
}

/* token68: letters, digits and a few others, then "=" as padding (11.2). */
static bool take_token68(weir_slice *rest, weir_slice *token)
{
    weir_slice left = *rest;
    size_t len = 0;
    while (len < left.len &&
           (weir__ascii_is_alpha(left.data[len]) ||
            weir__ascii_is_digit(left.data[len]) ||
            (left.data[len] != '\0' && strchr("-._~+/", left.data[len]))))
        len++;
    if (len == 0)
        return false;
    while (len < left.len && left.data[len] == '=')
        len++;
    left = weir_slice_skip(left, len);
    weir__skip_blanks(&left);
    if (!is_at_comma(left))
        return false;
    *token = (weir_slice){rest->data, len};
    *rest = left;
    return true;
}

static bool begins_with_param(weir_slice rest)
{
    weir_slice name = weir__take_token(&rest);
    weir__skip_blanks(&rest);
    return name.len > 0 && rest.len > 0 && rest.data[0] == '=';
}

/* A bare value is a token, or near it: with a space in it, it is two things. */
static bool is_param(const weir_http_param *param)
{
    return param->value.data &&
           (param->quoted || (!memchr(param->value.data, ' ', param->value.len) &&
                              !memchr(param->value.data, '\t', param->value.len)));
}

/* Goes over the parameters; *params is set to all of them. */
static bool skip_params(weir_slice *rest, weir_slice *params)
{
    weir_http_param param;
    const char *start = rest->data;
    const char *end = start;
    bool ok = begins_with_param(*rest);
    if (!ok)
        weir__param_skip(rest, ",");
    while (begins_with_param(*rest)) {
        ok = weir__param_take(rest, ",", &param) > 0 && is_param(&param) && ok;
        end = rest->data;
        skip_commas(rest);
    }
    *params = (weir_slice){start, (size_t)(end - start)};
    return ok;
}

int weir_http_challenge_next(weir_slice *rest, weir_http_challenge *challenge)
{
    skip_commas(rest);
    if (rest->len == 0)
        return 0;
    weir_http_challenge found = {.scheme = weir__take_token(rest)};
    size_t left = rest->len;
    weir__skip_blanks(rest);
    bool ok = found.scheme.len > 0 && (rest->len < left || is_at_comma(*rest));
    if (!ok)
        weir__param_skip(rest, ",");
    else if (!is_at_comma(*rest))
        ok = take_token68(rest, &found.token68) || skip_params(rest, &found.params);
    if (ok)
        *challenge = found;
    return ok ? 1 : WEIR_E_INVALID;
}

bool weir_http_challenge_param(const weir_http_challenge *challenge, weir_slice name,
                               weir_http_param *param)
{
    weir_slice rest = challenge->params;
    weir_http_param found;
    for (skip_commas(&rest); rest.len > 0; skip_commas(&rest)) {
        if (weir__param_take(&rest, ",", &found) > 0 && found.value.data &&
            weir_slice_equal_nocase(found.name, name)) {
            *param = found;
            return true;
        }
    }
    return false;
}

/* The first challenge of a scheme in one value. */
static bool find_in(weir_slice value, weir_slice scheme, weir_http_challenge *challenge)
{
    weir_http_challenge found;
    int rc;
    while ((rc = weir_http_challenge_next(&value, &found)) != 0) {
        if (rc > 0 && weir_slice_equal_nocase(found.scheme, scheme)) {
            *challenge = found;
            return true;
        }
    }
    return false;
}

bool weir_http_challenge_find(const weir_http_fields *fields, weir_slice name,
                              weir_slice scheme, weir_http_challenge *challenge)
{
    size_t cursor = 0;
    weir_slice value;
    while (weir_http_fields_next(fields, name, &cursor, &value)) {
        if (find_in(value, scheme, challenge))
            return true;
    }
    return false;
}
