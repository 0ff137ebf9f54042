/* Request heads, written (RFC 9112 3).
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/status.h>

#include "encode.h"
#include "fields.h"

/* Said by other members of the head. */
static const char *const REFUSED[] = {"host", "content-length", "transfer-encoding",
                                      NULL};

/* The offset of the first byte that is not visible ASCII or that is one of `others`;
 * text.len when there is none. */
static size_t find_bad(weir_slice text, const char *others)
{
    size_t i = 0;
    while (i < text.len && text.data[i] > ' ' && text.data[i] <= '~' &&
           !strchr(others, text.data[i]))
        i++;
    return i;
}

static int check(const weir_http_request_head *head, weir_slice method,
                 weir_codec_error *error)
{
    if (!weir_http_is_token(method))
        return weir__encode_refuse(error, "a method is a token (RFC 9110 9.1)", 0);
    if (head->target.len == 0)
        return weir__encode_refuse(error, "no request target (RFC 9112 3.2)", 0);
    size_t bad = find_bad(head->target, "#");
    if (bad < head->target.len)
        return weir__encode_refuse(error, "bad byte in a request target (RFC 9112 3.2)",
                                   bad);
    if (!head->host.data)
        return weir__encode_refuse(error, "a request needs Host (RFC 9112 3.2)", 0);
    bad = find_bad(head->host, "/\\?#@");
    if (bad < head->host.len)
        return weir__encode_refuse(error, "bad byte in Host (RFC 9110 7.2)", bad);
    if (head->framing == WEIR_HTTP_UNTIL_CLOSE)
        return weir__encode_refuse(
            error, "the end of a request is not the connection's (RFC 9112 6.3)", 0);
    return WEIR_OK;
}

int weir_http_encode_request(const weir_http_request_head *head, char *space,
                             size_t size, size_t *len, weir_codec_error *error)
{
    weir__output output = {space, size, 0};
    weir_slice method = head->method.len > 0 ? head->method : WEIR_S("GET");
    int rc = check(head, method, error);
    if (rc < 0)
        return rc;
    weir__output_put(&output, method);
    weir__output_put(&output, WEIR_S(" "));
    weir__output_put(&output, head->target);
    weir__output_put(&output, WEIR_S(" HTTP/1.1\r\nHost: "));
    weir__output_put(&output, head->host);
    weir__output_put(&output, WEIR_S("\r\n"));
    weir__output_put_framing(&output, head->framing, head->content_length);
    rc = weir__output_put_fields(&output, head->fields, REFUSED, error);
    return rc < 0 ? rc : weir__output_finish(&output, len);
}

static int encode_request(const void *what, char *space, size_t size, size_t *len,
                          weir_codec_error *error)
{
    return weir_http_encode_request(what, space, size, len, error);
}

int weir__http_write_request(weir__buffer *buffer, const weir_http_request_head *head,
                             weir_codec_error *error)
{
    return weir__buffer_encode(buffer, encode_request, head, error);
}
