/* br, decoded (RFC 7932).
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <weir/features.h>
#include <weir/status.h>

#include "content_scene.h"

TEST(content_brotli, decodes_however_it_comes)
{
    CHECK(content_check("br", WEIR_S(CONTENT_BR), CONTENT_LOG));
    CHECK(content_check("br", WEIR_S("\x06"), "end\n"));
    CHECK(content_check("BR", WEIR_S(""), "end\n"));
}

TEST(content_brotli, ignores_what_follows)
{
    CHECK(content_check("br", WEIR_S(CONTENT_BR "garbage"), CONTENT_LOG));
    CHECK(content_check("br", WEIR_S("\x06\n"), "end\n"));
}

TEST(content_brotli, tells_where_data_was_cut_off)
{
    CHECK(content_check_truncated("br", WEIR_S(CONTENT_BR)));
}

/* RFC 7932 has no checksum: nobody crashes, or loops, and that is all. */
TEST(content_brotli, survives_each_bit_that_was_flipped)
{
    char bytes[sizeof(CONTENT_BR) - 1];
    weir_content_limits limits = {.max_bytes = 100000};
    for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++) {
        memcpy(bytes, CONTENT_BR, sizeof(bytes));
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
        struct content_result result =
            content_count("br", (weir_slice){bytes, sizeof(bytes)}, 'a', &limits);
        CHECK(result.status == WEIR_OK || result.status == WEIR_E_PROTOCOL ||
              result.status == WEIR_E_INCOMPLETE || result.status == WEIR_E_TOO_BIG);
        CHECK(result.len <= limits.max_bytes);
    }
}

TEST(content_brotli, says_what_is_wrong)
{
    struct content_result result =
        content_count("br", WEIR_S("\xff\xff\xff\xff\xff\xff\xff\xff"), 'a', NULL);
    CHECK_INT(result.status, WEIR_E_PROTOCOL);
    CHECK(weir_slice_of(result.error.reason).len > 0);
    CHECK_BYTES(result.coding, WEIR_S("br"));
}

TEST(content_brotli, keeps_to_the_limits)
{
    weir_content_limits exact = {.max_bytes = sizeof(CONTENT_TEXT) - 1};
    weir_content_limits less = {.max_bytes = 6};
    CHECK(content_check_brief("br", WEIR_S(CONTENT_BR), CONTENT_LOG, &exact));
    CHECK(content_check_brief("br", WEIR_S(CONTENT_BR),
                              "data \"a weir\"\nfailed WEIR_E_TOO_BIG\n", &less));
}

#if WEIR_HAS_ZLIB
TEST(content_brotli, is_one_of_a_list)
{
    weir_slice packed = content_pack("gzip", WEIR_S(CONTENT_BR), 1);
    CHECK(content_check("br, gzip", packed, CONTENT_LOG));
    CHECK(content_check_truncated("br, gzip", packed));
    content_free(packed);
}
#endif
