/* Base64.
 *
 * SPDX-License-Identifier: MIT */
#include "base64.h"

#include <string.h>
#include <weir/status.h>

#include "test.h"

/* RFC 4648 10 */
static const char *const VECTORS[][2] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xFB\xEF\xBE", "++++"},
    {"\xFF\xFF\xFF", "////"},
};

TEST(base64, encodes_and_decodes_the_vectors)
{
    for (size_t i = 0; i < sizeof(VECTORS) / sizeof(VECTORS[0]); i++) {
        weir_slice bytes = weir_slice_of(VECTORS[i][0]);
        weir_slice text = weir_slice_of(VECTORS[i][1]);
        char space[16];
        size_t len = 99;
        CHECK_INT(WEIR__BASE64_LEN(bytes.len), text.len);
        CHECK_INT(weir__base64_encode(bytes, space), text.len);
        CHECK_BYTES(((weir_slice){space, text.len}), text);
        CHECK_INT(weir__base64_decode(text, space, &len), WEIR_OK);
        CHECK_BYTES(((weir_slice){space, len}), bytes);
    }
}

TEST(base64, decodes_what_it_encodes_whatever_the_bytes)
{
    char bytes[256];
    char text[WEIR__BASE64_LEN(sizeof(bytes))];
    char again[sizeof(bytes) + 3];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(unsigned char)(i * 167);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        size_t got = 0;
        size_t text_len = weir__base64_encode((weir_slice){bytes, len}, text);
        CHECK_INT(weir__base64_decode((weir_slice){text, text_len}, again, &got),
                  WEIR_OK);
        CHECK_BYTES(((weir_slice){again, got}), ((weir_slice){bytes, len}));
    }
}

/* RFC 4648 3.2, 3.3, 3.5 */
TEST(base64, refuses_what_no_encoder_gives)
{
    static const char *const BAD[] = {"Z",    "Zg",   "Zg=",      "Zg==Zg==",  "====",
                                      "Z===", "Zh==", "Zm9=",     "Zm 9",      "Zm9v\n",
                                      "-_-_", "Zg=a", "Zm9vZg\n", "\xC3\xA4gg"};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        char space[16];
        size_t len;
        CHECK_INT(weir__base64_decode(weir_slice_of(BAD[i]), space, &len),
                  WEIR_E_INVALID);
    }
}
