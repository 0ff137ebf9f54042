/* Links (RFC 8288 3): `<target>; rel="next"; title="...", <target>...`.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/http_values.h>
#include <weir/status.h>

#include "fields.h"
#include "param.h"

/* Drops the rest of what is no link. A target may have commas, too. */
static int refuse(weir_slice *rest)
{
    const char *end = NULL;
    if (rest->len > 0 && rest->data[0] == '<')
        end = memchr(rest->data, '>', rest->len);
    if (end)
        *rest = weir_slice_skip(*rest, (size_t)(end - rest->data));
    weir__param_skip(rest, ",");
    return WEIR_E_INVALID;
}

/* Goes over the parameters to the comma that ends the link. */
static int skip_params(weir_slice *rest)
{
    weir_http_param param;
    while (rest->len > 0 && rest->data[0] == ';') {
        *rest = weir_slice_skip(*rest, 1);
        weir__param_take(rest, ";,", &param);
    }
    return rest->len == 0 || rest->data[0] == ',' ? 1 : WEIR_E_INVALID;
}

int weir_link_next(weir_slice *rest, weir_link *link)
{
    weir__skip_blanks(rest);
    while (rest->len > 0 && rest->data[0] == ',') {
        *rest = weir_slice_skip(*rest, 1);
        weir__skip_blanks(rest);
    }
    if (rest->len == 0)
        return 0;
    const char *end = rest->data[0] == '<' ? memchr(rest->data, '>', rest->len) : NULL;
    if (!end)
        return refuse(rest);
    weir_slice target = {rest->data + 1, (size_t)(end - rest->data) - 1};
    weir_slice left = weir_slice_skip(*rest, target.len + 2);
    weir__skip_blanks(&left);
    weir_slice params = left;
    if (skip_params(&left) < 0 || !weir__is_field_text(target.data, target.len))
        return refuse(rest);
    params.len -= left.len;
    *link = (weir_link){target, params};
    *rest = left;
    return 1;
}

bool weir_link_param(const weir_link *link, weir_slice name, weir_http_param *param)
{
    weir_slice rest = link->params;
    weir_http_param found;
    int rc;
    while ((rc = weir_http_param_next(&rest, &found)) != 0) {
        if (rc > 0 && weir_slice_equal_nocase(found.name, name)) {
            *param = found;
            return true;
        }
    }
    return false;
}

/* 3.3: the first `rel` counts, and has relations with spaces between them. */
bool weir_link_has_rel(const weir_link *link, weir_slice rel)
{
    weir_http_param param;
    weir_slice relation;
    if (!weir_link_param(link, WEIR_S("rel"), &param))
        return false;
    while (weir_slice_split(&param.value, ' ', &relation)) {
        if (relation.len > 0 && weir_slice_equal_nocase(relation, rel))
            return true;
    }
    return false;
}

bool weir_link_find(const weir_http_fields *fields, weir_slice rel, weir_link *link)
{
    size_t cursor = 0;
    weir_slice rest;
    weir_link found;
    weir_http_param anchor;
    while (weir_http_fields_next(fields, WEIR_S("Link"), &cursor, &rest)) {
        int rc;
        while ((rc = weir_link_next(&rest, &found)) != 0) {
            if (rc < 0 || !weir_link_has_rel(&found, rel) ||
                weir_link_param(&found, WEIR_S("anchor"), &anchor))
                continue;
            *link = found;
            return true;
        }
    }
    return false;
}
