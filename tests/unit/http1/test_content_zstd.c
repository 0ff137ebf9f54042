/* zstd, decoded (RFC 8878, RFC 9659).
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <weir/features.h>
#include <weir/status.h>

#include "content_scene.h"
#include "nth.h"

#define FRAME "\x28\xb5\x2f\xfd"

/* "abc" in a frame without a checksum. */
#define ABC                      \
    FRAME "\x00\x58\x19\x00\x00" \
          "abc"

/* Five times "x", in a frame whose header has this window. */
#define WINDOW(descriptor) FRAME "\x00" descriptor "\x2b\x00\x00x"

TEST(content_zstd, decodes_however_it_comes)
{
    CHECK(content_check("zstd", WEIR_S(CONTENT_ZSTD), CONTENT_LOG));
    CHECK(content_check("Zstd", WEIR_S(""), "end\n"));
}

/* RFC 8878 3: frames one after another, those to be skipped among them (3.1.2). */
TEST(content_zstd, decodes_all_frames)
{
    CHECK(content_check("zstd", WEIR_S(ABC "\x53\x2a\x4d\x18\x04\x00\x00\x00skip" ABC),
                        "data \"abcabc\"\nend\n"));
    CHECK(content_check_brief("zstd", WEIR_S(ABC "\n"),
                              "data \"abc\"\nfailed WEIR_E_PROTOCOL\n", NULL));
    CHECK(content_check_brief("zstd", WEIR_S(ABC "\x28"),
                              "data \"abc\"\nfailed WEIR_E_INCOMPLETE\n", NULL));
}

/* Those of libzstd 0.1 to 0.7, some of which a build of it may know; also when the
 * first byte is that of the standard's. */
TEST(content_zstd, refuses_formats_from_before_the_standard)
{
    static const char FIRST[] = "\x1e\x22\x23\x24\x25\x26\x27";
    for (size_t i = 0; i < sizeof(FIRST) - 1; i++) {
        char bytes[] = "\x28?\xb5\x2f\xfd rest, with a byte more than is looked at";
        bytes[1] = FIRST[i];
        CHECK(content_check_brief("zstd", weir_slice_of(bytes),
                                  "failed WEIR_E_PROTOCOL\n", NULL));
        CHECK(content_check_brief("zstd", weir_slice_of(bytes + 1),
                                  "failed WEIR_E_PROTOCOL\n", NULL));
    }
}

/* RFC 9659 3: a decoder "MUST" take windows of 8 MB, and needs no larger ones. */
TEST(content_zstd, refuses_windows_over_8_mib)
{
    CHECK(content_check_brief("zstd", WEIR_S(WINDOW("\x68")), "data \"xxxxx\"\nend\n",
                              NULL));
    CHECK(content_check_brief("zstd", WEIR_S(WINDOW("\x69")),
                              "failed WEIR_E_PROTOCOL\n", NULL));
    struct content_result result =
        content_count("zstd", WEIR_S(WINDOW("\x70")), 'x', NULL);
    CHECK_BYTES(weir_slice_of(result.error.reason),
                WEIR_S("the window is over 8 MiB (RFC 9659 3)"));
    CHECK_BYTES(result.coding, WEIR_S("zstd"));
}

TEST(content_zstd, needs_no_more_memory_than_the_window)
{
    struct nth nth;
    weir_content_decoder d;
    weir_slice input = WEIR_S(WINDOW("\x68"));
    char space[64];
    size_t len;
    nth_init(&nth, 0);
    weir_content_decoder_init(
        &d, &(weir_content_decoder_options){.allocator = &nth.allocator});
    CHECK_INT(weir_content_decoder_add(&d, WEIR_S("zstd")), WEIR_OK);
    CHECK_INT(weir_content_decode(&d, &input, space, sizeof(space), &len),
              WEIR_CONTENT_DATA);
    CHECK(nth.most_bytes < 9 * 1024 * 1024);
    weir_content_decoder_clear(&d);
    CHECK_INT(nth.live, 0);
}

TEST(content_zstd, tells_where_data_was_cut_off)
{
    CHECK(content_check_truncated("zstd", WEIR_S(CONTENT_ZSTD)));
}

/* RFC 8878 3.1.1: the text has its checksum behind it. Three bits are reserved, which
 * libzstd does not look at, and one says in which of two ways the header goes on. */
TEST(content_zstd, notices_each_bit_that_was_flipped)
{
    CHECK(content_check_corrupt("zstd", WEIR_S(CONTENT_ZSTD), 4));
}

TEST(content_zstd, delivers_the_blocks_before_a_failure)
{
    /* A raw block that is not the last, and one of the reserved type. */
    CHECK(content_check_brief("zstd",
                              WEIR_S(FRAME "\x00\x58\x18\x00\x00"
                                           "abc\x07\x00\x00"),
                              "data \"abc\"\nfailed WEIR_E_PROTOCOL\n", NULL));
    /* 300 blocks of 128 KiB of "x", then that. */
    char bytes[6 + 300 * 4 + 3];
    size_t at = 6;
    memcpy(bytes, FRAME "\x00\x58", 6);
    for (int i = 0; i < 300; i++, at += 4)
        memcpy(bytes + at, "\x02\x00\x10x", 4);
    memcpy(bytes + at, "\x07\x00\x00", 3);
    struct content_result result =
        content_count("zstd", (weir_slice){bytes, sizeof(bytes)}, 'x', NULL);
    CHECK_INT(result.status, WEIR_E_PROTOCOL);
    CHECK_INT(result.other, 0);
    CHECK_INT(result.len, 300 * 128 * 1024);
}

TEST(content_zstd, keeps_to_the_limits)
{
    weir_content_limits exact = {.max_bytes = 5};
    weir_content_limits less = {.max_bytes = 4};
    CHECK(content_check_brief("zstd", WEIR_S(WINDOW("\x58")), "data \"xxxxx\"\nend\n",
                              &exact));
    CHECK(content_check_brief("zstd", WEIR_S(WINDOW("\x58")),
                              "data \"xxxx\"\nfailed WEIR_E_TOO_BIG\n", &less));
}

#if WEIR_HAS_ZLIB
TEST(content_zstd, is_one_of_a_list)
{
    weir_slice packed = content_pack("gzip", WEIR_S(CONTENT_ZSTD), 1);
    CHECK(content_check("zstd, gzip", packed, CONTENT_LOG));
    CHECK(content_check_truncated("zstd, gzip", packed));
    content_free(packed);
}
#endif
