/* Response heads, written (RFC 9112 4).
 *
 * SPDX-License-Identifier: MIT */
#include <weir/status.h>

#include "encode.h"
#include "fields.h"

/* Said by other members of the head. */
static const char *const REFUSED[] = {"content-length", "transfer-encoding", NULL};

static int check(const weir_http_response_head *head, weir_slice reason,
                 weir_codec_error *error)
{
    int code = head->status_code;
    if (code < 100 || code > 999)
        return weir__encode_refuse(error, "a status code is three digits (RFC 9110 15)",
                                   0);
    if (!weir_http_is_field_value(reason))
        return weir__encode_refuse(error, "bad byte in a reason phrase (RFC 9112 4)",
                                   0);
    if ((code / 100 == 1 || code == 204) &&
        (head->framing == WEIR_HTTP_LENGTH || head->framing == WEIR_HTTP_CHUNKED))
        return weir__encode_refuse(error,
                                   "1xx and 204 have no body (RFC 9112 6.1, 6.3)", 0);
    return WEIR_OK;
}

int weir_http_encode_response(const weir_http_response_head *head, char *space,
                              size_t size, size_t *len, weir_codec_error *error)
{
    weir__output output = {space, size, 0};
    const char *phrase =
        head->reason ? head->reason : weir_http_status_reason(head->status_code);
    weir_slice reason = weir_slice_of(phrase);
    int rc = check(head, reason, error);
    if (rc < 0)
        return rc;
    char code[3] = {(char)('0' + head->status_code / 100),
                    (char)('0' + head->status_code / 10 % 10),
                    (char)('0' + head->status_code % 10)};
    weir__output_put(&output, WEIR_S("HTTP/1.1 "));
    weir__output_put(&output, (weir_slice){code, sizeof(code)});
    weir__output_put(&output, WEIR_S(" "));
    weir__output_put(&output, reason);
    weir__output_put(&output, WEIR_S("\r\n"));
    weir__output_put_framing(&output, head->framing, head->content_length);
    rc = weir__output_put_fields(&output, head->fields, REFUSED, error);
    return rc < 0 ? rc : weir__output_finish(&output, len);
}

static int encode_response(const void *what, char *space, size_t size, size_t *len,
                           weir_codec_error *error)
{
    return weir_http_encode_response(what, space, size, len, error);
}

int weir__http_write_response(weir__buffer *buffer, const weir_http_response_head *head,
                              weir_codec_error *error)
{
    return weir__buffer_encode(buffer, encode_response, head, error);
}
