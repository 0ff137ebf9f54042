/* Codecs alone: no loop, no socket, no clock. What a URL means, and what a response
 * is, that comes in pieces of any size from wherever you have it. Here it is three
 * bytes at a time, which makes no difference.
 *
 *   ./13_codec_alone 'http://a.example:80/x/../y?q'
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <weir/weir.h>

static void print(const char *what, weir_slice text)
{
    printf("%-8s %.*s\n", what, (int)text.len, text.data);
}

static int explain(const char *text)
{
    weir_url url;
    weir_codec_error error;
    if (weir_url_parse(&url, weir_slice_of(text), NULL, NULL, &error) < 0) {
        printf("%s at byte %zu\n", error.reason, error.offset);
        return 1;
    }
    print("url", weir_url_href(&url));
    print("host", weir_url_hostname(&url));
    print("target", weir_url_target(&url));
    weir_url_clear(&url);
    return 0;
}

static void use(const weir_http_event *event)
{
    if (event->type == WEIR_HTTP_HEAD) {
        printf("status   %d\n", event->head->status_code);
        print("type",
              weir_http_fields_value(event->head->fields, WEIR_S("content-type")));
    } else if (event->type == WEIR_HTTP_DATA) {
        print("data", event->data);
    } else {
        puts("end");
    }
}

static int decode(weir_slice message)
{
    weir_http_decoder decoder;
    weir_http_event event;
    int rc = WEIR_HTTP_MORE;
    weir_http_decoder_init(&decoder, WEIR_HTTP_RESPONSE, NULL);
    while (rc == WEIR_HTTP_MORE && message.len > 0) {
        weir_slice piece = {message.data, message.len < 3 ? message.len : 3};
        message = weir_slice_skip(message, piece.len);
        while ((rc = weir_http_decode(&decoder, &piece, &event)) == WEIR_HTTP_EVENT)
            use(&event);
    }
    if (rc < 0)
        printf("%s\n", weir_http_decoder_error(&decoder)->reason);
    weir_http_decoder_clear(&decoder);
    return rc < 0;
}

int main(int argc, char **argv)
{
    int failed = explain(argc > 1 ? argv[1] : "HTTP://a.example:80/x/../y?q");
    return decode(WEIR_S("HTTP/1.1 200 OK\r\n"
                         "Content-Type: text/plain\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n"
                         "5\r\nhello\r\n0\r\n\r\n")) ||
           failed;
}
