/* What goes between the bytes of the parts of a form (RFC 7578, RFC 2046 5.1).
 *
 *   --boundary CRLF fields CRLF CRLF bytes CRLF    for each part
 *   --boundary-- CRLF
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/form_codec.h>
#include <weir/http_values.h>

#include "ascii.h"
#include "encode.h"

#define PREFIX "----weir"

void weir_multipart_make_boundary(const unsigned char *random, char *boundary)
{
    char *to = boundary + sizeof(PREFIX) - 1;
    memcpy(boundary, PREFIX, sizeof(PREFIX) - 1);
    for (size_t i = 0; i < WEIR_MULTIPART_RANDOM_BYTES; i++) {
        *to++ = "0123456789abcdef"[random[i] >> 4];
        *to++ = "0123456789abcdef"[random[i] & 15];
    }
}

/* bchars */
bool weir_multipart_is_boundary(weir_slice boundary)
{
    if (boundary.len == 0 || boundary.len > WEIR_MULTIPART_BOUNDARY_MAX ||
        boundary.data[boundary.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < boundary.len; i++) {
        char c = boundary.data[i];
        if (!weir__ascii_is_alpha(c) && !weir__ascii_is_digit(c) &&
            (c == '\0' || !strchr("'()+_,-./:=? ", c)))
            return false;
    }
    return true;
}

/* WHATWG HTML 4.10.21.8: all that cannot stand in quotes, or on one line. */
static void put_name(weir__output *output, weir_slice name)
{
    weir__output_put(output, WEIR_S("\""));
    for (; name.len > 0; name = weir_slice_skip(name, 1)) {
        switch (name.data[0]) {
        case '"':
            weir__output_put(output, WEIR_S("%22"));
            break;
        case '\r':
            weir__output_put(output, WEIR_S("%0D"));
            break;
        case '\n':
            weir__output_put(output, WEIR_S("%0A"));
            break;
        default:
            weir__output_put(output, (weir_slice){name.data, 1});
        }
    }
    weir__output_put(output, WEIR_S("\""));
}

static const char *why_no_name(weir_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if ((c < ' ' && !strchr("\t\r\n", c)) || c == '\0' || c == 0x7F)
            return "a control character in a name";
    }
    return weir_slice_ends_with(name, WEIR_S("\\")) ? "a backslash at a name's end"
                                                    : NULL;
}

static const char *why_no_head(const weir_multipart_head *head)
{
    weir_media_type type;
    if (!weir_multipart_is_boundary(head->boundary))
        return "a boundary that cannot be sent (RFC 2046 5.1.1)";
    if (head->content_type.len > 0 &&
        (!weir_http_is_field_value(head->content_type) ||
         weir_media_type_parse(&type, head->content_type) < 0))
        return "a Content-Type that is none (RFC 9110 8.3.1)";
    const char *why = why_no_name(head->name);
    return why ? why : why_no_name(head->filename);
}

int weir_multipart_encode_head(const weir_multipart_head *head, char *space,
                               size_t size, size_t *len, weir_codec_error *error)
{
    weir__output output = {space, size, 0};
    const char *why = why_no_head(head);
    if (why)
        return weir__encode_refuse(error, why, 0);
    weir__output_put(&output, WEIR_S("--"));
    weir__output_put(&output, head->boundary);
    weir__output_put(&output, WEIR_S("\r\nContent-Disposition: form-data; name="));
    put_name(&output, head->name);
    if (head->filename.data) {
        weir__output_put(&output, WEIR_S("; filename="));
        put_name(&output, head->filename);
    }
    if (head->content_type.len > 0) {
        weir__output_put(&output, WEIR_S("\r\nContent-Type: "));
        weir__output_put(&output, head->content_type);
    }
    weir__output_put(&output, WEIR_S("\r\n\r\n"));
    return weir__output_finish(&output, len);
}

int weir_multipart_encode_end(weir_slice boundary, char *space, size_t size,
                              size_t *len)
{
    weir__output output = {space, size, 0};
    weir__output_put(&output, WEIR_S("--"));
    weir__output_put(&output, boundary);
    weir__output_put(&output, WEIR_S("--\r\n"));
    return weir__output_finish(&output, len);
}
