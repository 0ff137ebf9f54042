/* The client's side of SOCKS, of any version and with any answers.
 *
 * - It ends after seven messages at most, and asks for no more than 257 bytes at a time.
 * - What it sends fits, and is never empty at first.
 * - A failure has a status and a reason, and is for good.
 * - Nothing is sent after the end.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "harness.h"
#include "socks.h"

enum { MOST_ROUNDS = 7 };

static weir_slice take_text(weir_slice *input)
{
    size_t len = take_byte(input);
    len = len < input->len ? len : input->len;
    input->len -= len;
    return (weir_slice){input->data + input->len, len};
}

static void check_end(weir__socks *socks, int rc)
{
    char bytes[2] = {5, 0};
    HOLDS(rc <= 0 && socks->output_len == 0 && socks->wanted == 0);
    HOLDS(rc == 0 || (socks->error.status == rc && socks->error.reason));
    HOLDS(rc == 0 || weir__socks_take(socks, (weir_slice){bytes, 2}) == rc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_slice input = {(const char *)data, size};
    weir__socks socks;
    weir__socks_request request = {.version = take_byte(&input) % 2 ? 4 : 5,
                                   .ip_len =
                                       (size_t[]){0, 4, 16}[take_byte(&input) % 3],
                                   .port = take_byte(&input)};
    request.host = take_text(&input);
    if (take_byte(&input) % 2) {
        request.user = take_text(&input);
        request.password = take_text(&input);
    }
    int rc = weir__socks_begin(&socks, &request);
    HOLDS(rc != 1 || socks.output_len > 0);
    for (int i = 0; rc > 0 && input.len >= socks.wanted; i++) {
        HOLDS(i < MOST_ROUNDS && socks.wanted > 0 && socks.wanted <= 257);
        HOLDS(socks.output_len <= sizeof(socks.output));
        weir_slice piece = {input.data, socks.wanted};
        input = weir_slice_skip(input, socks.wanted);
        rc = weir__socks_take(&socks, piece);
    }
    if (rc <= 0)
        check_end(&socks, rc);
    weir__socks_clear(&socks);
    return 0;
}
