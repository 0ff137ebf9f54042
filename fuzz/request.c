/* The encoders, against the decoder: decode(encode(x)) is x, or x is refused.
 *
 * - One head goes in and one comes out, with the same parts and nothing behind it,
 *   whatever bytes the parts are of: no injection. (Or none: llhttp has a list of
 *   methods, and of forms that targets have.)
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
    int rc = weir_http_decode(&d, &bytes, &event);
    if (rc == WEIR_HTTP_EVENT)
        check_head(sent, event.head);
    HOLDS(rc == WEIR_E_PROTOCOL || bytes.len == 0);
    weir_http_decoder_clear(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char space[8192];
    weir_slice rest = {(const char *)data, size}, name;
    weir_http_fields fields;
    weir_http_request_head head = {.fields = &fields, .content_length = 7};
    head.framing = (weir_http_framing)(take_byte(&rest) % 4);
    size_t len;
    weir_http_fields_init(&fields, NULL, &(weir_http_limits){4096, 100, 0});
    weir_slice_split(&rest, '\n', &head.method);
    weir_slice_split(&rest, '\n', &head.target);
    weir_slice_split(&rest, '\n', &head.host);
    for (weir_slice value; weir_slice_split(&rest, '\n', &value);)
        if (weir_slice_split(&value, ':', &name))
            weir_http_fields_add(&fields, name, value);
    int rc = weir_http_encode_request(&head, space, sizeof(space), &len, NULL);
    if (rc == WEIR_OK && head.method.len > 0)
        check(&head, (weir_slice){space, len});
    weir_http_fields_clear(&fields);
    return 0;
}
