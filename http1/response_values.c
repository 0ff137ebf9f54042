/* What the fields of a response mean: its media type, its name, its links.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "allocator.h"
#include "ascii.h"
#include "error.h"
#include "loop.h"
#include "response.h"

bool weir_response_media_type(const weir_response *response, weir_media_type *type)
{
    weir_media_type parsed;
    weir_slice value = weir_response_field(response, WEIR_S("Content-Type"));
    if (!value.data || weir_media_type_parse(&parsed, value) < 0)
        return false;
    *type = parsed;
    return true;
}

/* The last part of a path, without its percent-encoding (RFC 3986 2.1). */
static size_t last_of_path(weir_slice path, char *space)
{
    size_t start = path.len;
    size_t len = 0;
    while (start > 0 && path.data[start - 1] != '/')
        start--;
    for (size_t i = start; i < path.len; i++) {
        bool coded = path.data[i] == '%' && i + 2 < path.len;
        int high = coded ? weir__ascii_hex_value(path.data[i + 1]) : -1;
        int low = coded ? weir__ascii_hex_value(path.data[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            space[len++] = (char)(high << 4 | low);
            i += 2;
        } else {
            space[len++] = path.data[i];
        }
    }
    return weir_safe_filename((weir_slice){space, len}, space);
}

int weir_response_filename(const weir_response *response, char *space)
{
    const weir_allocator *allocator = response->session->loop->allocator;
    weir_slice path = weir_url_path(&response->target->url);
    weir_slice value = weir_response_field(response, WEIR_S("Content-Disposition"));
    weir_disposition disposition;
    size_t len = 0;
    char *name = weir__malloc(allocator, path.len + value.len + 4);
    if (!name)
        return weir__fail(WEIR_E_MEMORY, "response", "no memory for a file name");
    if (value.data && weir_disposition_parse(&disposition, value) == WEIR_OK)
        len = weir_disposition_safe_filename(&disposition, name);
    if (len == 0)
        len = last_of_path(path, name);
    if (len >= WEIR_FILENAME_BYTES) /* not of weir_safe_filename, but to be sure */
        len = 0;
    memcpy(space, name, len);
    space[len] = '\0';
    weir__free(allocator, name);
    return (int)len;
}

int weir_response_link(const weir_response *response, weir_slice rel, weir_url *url)
{
    weir_link link;
    weir_codec_error error;
    if (!weir_link_find(weir_response_fields(response), rel, &link))
        return 0;
    int rc = weir_url_parse(url, link.target, &response->target->url, NULL, &error);
    if (rc < 0)
        return weir__fail_at(rc, error.offset, "response", "the link: %s",
                             error.reason);
    return 1;
}
