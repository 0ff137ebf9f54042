/* The encoders, against the decoder: decode(encode(x)) is x, or x is refused.
 *
 * - One head goes in and one comes out, with the same parts and nothing behind it,
 *   whatever bytes the parts are of: no injection.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/http_codec.h>
#include <weir/status.h>

#include "harness.h"

static void check_head(const weir_http_request_head *sent, const weir_http_head *got)
{
    size_t extra = 1 + (sent->framing != WEIR_HTTP_NO_BODY); /* Host, and that */
    size_t count = weir_http_fields_count(sent->fields);
    HOLDS(weir_slice_equal(got->method, sent->method));
    HOLDS(weir_slice_equal(got->target, sent->target));
    HOLDS(weir_slice_equal(weir_http_fields_at(got->fields, 0).value, sent->host));
    HOLDS(got->content_length == (sent->framing == WEIR_HTTP_LENGTH ? 7 : 0));
    HOLDS(weir_http_fields_count(got->fields) == count + extra);
    for (size_t i = 0; i < count; i++) {
        weir_http_field a = weir_http_fields_at(sent->fields, i);
        weir_http_field b = weir_http_fields_at(got->fields, i + extra);
        HOLDS(weir_slice_equal(a.name, b.name) && weir_slice_equal(a.value, b.value));
    }
}

static void check(const weir_http_request_head *sent, weir_slice bytes)
{
    weir_http_decoder d;
    weir_http_event event;
    weir_http_decoder_init(&d, WEIR_HTTP_REQUEST, NULL);
    if (weir_http_decode(&d, &bytes, &event) == WEIR_HTTP_EVENT) {
        HOLDS(bytes.len == 0);
        check_head(sent, event.head);
    } else { /* llhttp has a list of methods, and of forms that targets have */
        HOLDS(weir_http_decoder_error(&d)->status == WEIR_E_PROTOCOL);
    }
    weir_http_decoder_clear(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char space[8192];
    weir_slice rest = {(const char *)data, size}, name;
    weir_http_request_head head = {.framing =
                                       (weir_http_framing)(take_byte(&rest) % 4)};
    weir_http_fields fields;
    size_t len;
    weir_http_fields_init(&fields, NULL, &(weir_http_limits){4096, 100, 0});
    head.content_length = 7;
    head.fields = &fields;
    weir_slice_split(&rest, '\n', &head.method);
    weir_slice_split(&rest, '\n', &head.target);
    weir_slice_split(&rest, '\n', &head.host);
    for (weir_slice value; weir_slice_split(&rest, '\n', &value);) {
        if (weir_slice_split(&value, ':', &name))
            weir_http_fields_add(&fields, name, value);
    }
    if (weir_http_encode_request(&head, space, sizeof(space), &len, NULL) == 0 &&
        head.method.len > 0)
        check(&head, (weir_slice){space, len});
    weir_http_fields_clear(&fields);
    return 0;
}
