/* gzip and deflate, decoded (RFC 1950, 1951, 1952).
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <weir/status.h>

#include "content_scene.h"

#define MIB ((uint64_t)1024 * 1024)

/* RFC 9110 8.4.1.3: x-gzip is gzip; names are without regard to case. */
TEST(content_zlib, decodes_gzip_however_it_comes)
{
    CHECK(content_check("gzip", WEIR_S(CONTENT_GZIP), CONTENT_LOG));
    CHECK(content_check("X-GZIP", WEIR_S(CONTENT_GZIP), CONTENT_LOG));
    CHECK(content_check("gzip", WEIR_S(CONTENT_GZIP_EMPTY), "end\n"));
}

/* RFC 1952 2.3: what FLG announces, in its order, and CRC16 over all of it. */
TEST(content_zlib, reads_all_that_a_member_may_begin_with)
{
    CHECK(content_check(
        "gzip",
        WEIR_S(
            "\x1f\x8b\x08\x01\x00\x00\x00\x00\x00\xff" CONTENT_BARE CONTENT_GZIP_TAIL),
        CONTENT_LOG));
    CHECK(content_check("gzip",
                        WEIR_S("\x1f\x8b\x08\x1f\x00\x00\x00\x00\x00\xff"
                               "\x08\x00"
                               "ab\x04\x00wxyz" /* FEXTRA: one subfield */
                               "name\0"
                               "comment\0"
                               "\xa8\xdb" /* FHCRC */
                               CONTENT_BARE CONTENT_GZIP_TAIL),
                        CONTENT_LOG));
    CHECK(content_check("gzip",
                        WEIR_S("\x1f\x8b\x08\x02\x00\x00\x00\x00\x00\xff\x12\x34"),
                        "failed WEIR_E_PROTOCOL at 12: header crc mismatch\n"));
    CHECK(content_check("gzip", WEIR_S("\x1f\x8b\x08\x20\x00\x00\x00\x00\x00\xff\x03"),
                        "failed WEIR_E_PROTOCOL at 4: unknown header flags set\n"));
    CHECK(content_check("gzip", WEIR_S("\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\xff\x03"),
                        "failed WEIR_E_PROTOCOL at 4: unknown compression method\n"));
    CHECK(content_check("gzip", WEIR_S("<html>"),
                        "failed WEIR_E_PROTOCOL at 2: incorrect header check\n"));
}

/* RFC 1952 2.2: members "appear one after another". */
TEST(content_zlib, decodes_all_members)
{
    CHECK(content_check("gzip", WEIR_S(CONTENT_GZIP CONTENT_GZIP_EMPTY CONTENT_GZIP),
                        "data \"" CONTENT_TEXT CONTENT_TEXT "\"\nend\n"));
    CHECK(content_check("gzip", WEIR_S(CONTENT_GZIP "\x1f\x8b\x08"),
                        "data \"" CONTENT_TEXT "\"\nfailed WEIR_E_INCOMPLETE at 69: "
                        "the data ends in the middle\n"));
    CHECK(content_check("gzip", WEIR_S(CONTENT_GZIP "\x1f\x8b\x09\x00"),
                        "data \"" CONTENT_TEXT "\"\nfailed WEIR_E_PROTOCOL at 70: "
                        "unknown compression method\n"));
}

/* As gzip(1) and browsers do: see content_inflate.c. */
TEST(content_zlib, ignores_what_is_no_member)
{
    static const char *const TAILS[] = {"\n",       "\x1f",    "\x1f\x1f\x8b\x08",
                                        "\x1f\x1f", "garbage", "PK\x03\x04"};
    for (size_t i = 0; i < sizeof(TAILS) / sizeof(TAILS[0]); i++) {
        char bytes[256];
        size_t len = sizeof(CONTENT_GZIP) - 1;
        memcpy(bytes, CONTENT_GZIP, len);
        memcpy(bytes + len, TAILS[i], strlen(TAILS[i]));
        CHECK(content_check("gzip", (weir_slice){bytes, len + strlen(TAILS[i])},
                            CONTENT_LOG));
    }
    CHECK(content_check("gzip", WEIR_S(CONTENT_GZIP "\0\0\0\0\0\0"), CONTENT_LOG));
    CHECK(content_check("deflate", WEIR_S(CONTENT_ZLIB "rest"), CONTENT_LOG));
    CHECK(content_check("deflate", WEIR_S(CONTENT_BARE "rest"), CONTENT_LOG));
}

/* RFC 9110 8.4.1.2: the zlib format, and the note that some send it without. */
TEST(content_zlib, decodes_deflate_with_and_without_a_wrapping)
{
    CHECK(content_check("deflate", WEIR_S(CONTENT_ZLIB), CONTENT_LOG));
    CHECK(content_check("deflate", WEIR_S(CONTENT_BARE), CONTENT_LOG));
    CHECK(content_check("deflate",
                        WEIR_S("\x01\x03\x00\xfc\xff"
                               "abc"),
                        "data \"abc\"\nend\n"));
    CHECK(
        content_check("deflate", WEIR_S("\x78\x9c\x03\x00\x00\x00\x00\x01"), "end\n"));
    CHECK(content_check("deflate", WEIR_S("\x03\x00"), "end\n"));
    CHECK(
        content_check("deflate", WEIR_S("\x03"),
                      "failed WEIR_E_INCOMPLETE at 1: the data ends in the middle\n"));
    CHECK(content_check("deflate", WEIR_S("\x07\x00"),
                        "failed WEIR_E_PROTOCOL at 2: invalid block type\n"));
    CHECK(content_check("deflate", WEIR_S("\x78\xf9\x1b\x94\x04\x73\x4b\x44"),
                        "failed WEIR_E_PROTOCOL at 6: "
                        "it needs a preset dictionary\n"));
}

/* RFC 1952 2.3.1, RFC 1950 2.2: CRC32, ISIZE and ADLER32. */
TEST(content_zlib, verifies_checksums_and_the_length)
{
#define DATA "data \"" CONTENT_TEXT "\"\n"
    CHECK(content_check(
        "gzip",
        WEIR_S(CONTENT_GZIP_HEAD CONTENT_BARE "\x51\xf1\xb0\x09\x3c\x00\x00\x00"),
        DATA "failed WEIR_E_PROTOCOL at 62: incorrect data check\n"));
    CHECK(content_check(
        "gzip",
        WEIR_S(CONTENT_GZIP_HEAD CONTENT_BARE "\x50\xf1\xb0\x09\x3d\x00\x00\x00"),
        DATA "failed WEIR_E_PROTOCOL at 66: incorrect length check\n"));
    CHECK(content_check("deflate", WEIR_S("\x78\xda" CONTENT_BARE "\x7c\xeb\x15\x4f"),
                        DATA "failed WEIR_E_PROTOCOL at 54: incorrect data check\n"));
#undef DATA
}

/* "Coded nothing" is 20 bytes, but many servers send nothing at all. */
TEST(content_zlib, takes_no_bytes_for_no_content)
{
    CHECK(content_check("gzip", WEIR_S(""), "end\n"));
    CHECK(content_check("deflate", WEIR_S(""), "end\n"));
    CHECK(content_check("gzip, deflate", WEIR_S(""), "end\n"));
    CHECK(content_check("gzip, deflate", WEIR_S("\x03\x00"), "end\n"));
}

TEST(content_zlib, tells_where_data_was_cut_off)
{
    CHECK(content_check_truncated("gzip", WEIR_S(CONTENT_GZIP)));
    CHECK(content_check_truncated("deflate", WEIR_S(CONTENT_ZLIB)));
    CHECK(content_check_truncated("deflate", WEIR_S(CONTENT_BARE)));
}

/* 56 bits of a gzip head say nothing that matters: FTEXT, MTIME, XFL and OS; nor does
 * the level in a zlib head, but it is checked. */
TEST(content_zlib, notices_each_bit_that_was_flipped)
{
    CHECK(content_check_corrupt("gzip", WEIR_S(CONTENT_GZIP), 49));
    CHECK(content_check_corrupt("deflate", WEIR_S(CONTENT_ZLIB), 0));
}

/* RFC 9110 8.4: "the content codings are listed in the order in which they were
 * applied". */
TEST(content_zlib, undoes_a_list_from_its_end)
{
    weir_slice inner = content_pack("gzip", WEIR_S(CONTENT_TEXT), 1);
    weir_slice outer = content_pack("deflate", inner, 1);
    weir_slice third = content_pack("x-gzip", outer, 1);
    CHECK(content_check("gzip, deflate", outer, CONTENT_LOG));
    CHECK(content_check("gzip,,identity , deflate,gzip", third, CONTENT_LOG));
    CHECK(content_check("deflate, gzip", outer,
                        "failed WEIR_E_PROTOCOL at 2: incorrect header check\n"));
    CHECK(content_check_truncated("gzip, deflate", outer));
    /* Between the data and its checksum there may be some bits of padding. */
    CHECK(content_check_corrupt("gzip, deflate", outer, 7));
    content_free(inner);
    content_free(outer);
    content_free(third);
}

/* As many field lines as there are make one list (RFC 9110 5.3). */
TEST(content_zlib, takes_a_list_in_several_lines)
{
    weir_slice inner = content_pack("gzip", WEIR_S("abc"), 1);
    weir_slice outer = content_pack("deflate", inner, 1);
    weir_slice input = outer;
    weir_content_decoder d;
    char space[64];
    size_t len;
    weir_content_decoder_init(&d, NULL);
    CHECK_INT(weir_content_decoder_add(&d, WEIR_S("gzip")), WEIR_OK);
    CHECK_INT(weir_content_decoder_add(&d, WEIR_S("deflate")), WEIR_OK);
    CHECK_INT(weir_content_decode(&d, &input, space, sizeof(space), &len),
              WEIR_CONTENT_DATA);
    CHECK_BYTES(((weir_slice){space, len}), WEIR_S("abc"));
    CHECK_INT(weir_content_decode(&d, &input, space, sizeof(space), &len),
              WEIR_CONTENT_MORE);
    CHECK_INT(weir_content_decode_end(&d), WEIR_OK);
    weir_content_decoder_clear(&d);
    content_free(inner);
    content_free(outer);
}

TEST(content_zlib, refuses_too_many_codings)
{
    static const struct {
        const char *codings;
        size_t most;
        int status;
    } CASES[] = {
        {"gzip,gzip,gzip,gzip,gzip", 0, WEIR_OK},
        {"gzip,gzip,gzip,gzip,gzip,identity", 0, WEIR_OK},
        {"gzip,gzip,gzip,gzip,gzip,gzip", 0, WEIR_E_TOO_BIG},
        {"gzip,deflate", 1, WEIR_E_TOO_BIG},
        {"gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip", 99, WEIR_OK},
        {"gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip", 99, WEIR_E_TOO_BIG},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir_content_decoder d;
        weir_content_decoder_options options = {.limits.max_codings = CASES[i].most};
        weir_content_decoder_init(&d, &options);
        CHECK_INT(weir_content_decoder_add(&d, weir_slice_of(CASES[i].codings)),
                  CASES[i].status);
        weir_content_decoder_clear(&d);
    }
}

TEST(content_zlib, delivers_what_was_decoded_before_a_failure)
{
    weir_slice inner = content_pack("gzip", WEIR_S(CONTENT_TEXT), 3000);
    content_memory(inner)[inner.len - 6] ^= 1;
    struct content_result result = content_count("gzip", inner, 'a', NULL);
    CHECK_INT(result.status, WEIR_E_PROTOCOL);
    CHECK_INT(result.len, 3000 * strlen(CONTENT_TEXT));
    CHECK_BYTES(result.coding, WEIR_S("gzip"));
    weir_slice outer = content_pack("deflate", inner, 1);
    result = content_count("gzip, deflate", outer, 'a', NULL);
    CHECK_INT(result.status, WEIR_E_PROTOCOL);
    CHECK_INT(result.len, 3000 * strlen(CONTENT_TEXT));
    CHECK_BYTES(result.coding, WEIR_S("gzip"));
    CHECK_INT(result.error.offset, inner.len - 4);
    result = content_count("gzip, deflate", (weir_slice){outer.data, outer.len / 2},
                           'a', NULL);
    CHECK_INT(result.status, WEIR_E_INCOMPLETE);
    CHECK_BYTES(result.coding, WEIR_S("deflate"));
    content_free(inner);
    content_free(outer);
}

TEST(content_zlib, stops_at_max_bytes_and_not_before)
{
    weir_content_limits exact = {.max_bytes = sizeof(CONTENT_TEXT) - 1};
    weir_content_limits less = {.max_bytes = 6};
    CHECK(content_check_brief("gzip", WEIR_S(CONTENT_GZIP), CONTENT_LOG, &exact));
    CHECK(content_check_brief("gzip", WEIR_S(CONTENT_GZIP),
                              "data \"a weir\"\nfailed WEIR_E_TOO_BIG\n", &less));
    CHECK(content_check_brief("gzip", WEIR_S(CONTENT_GZIP CONTENT_GZIP),
                              "data \"" CONTENT_TEXT "\"\nfailed WEIR_E_TOO_BIG\n",
                              &exact));
    CHECK(content_check_brief("deflate", WEIR_S(CONTENT_BARE), CONTENT_LOG, &exact));
}

/* 64 MiB of zeros are content like any other; more of them are a bomb. */
TEST(content_zlib, ends_a_bomb_by_default)
{
    static char zeros[64 * 1024];
    weir_slice piece = {zeros, sizeof(zeros)};
    weir_slice honest = content_pack("gzip", piece, 64 * MIB / sizeof(zeros));
    weir_slice bomb = content_pack("gzip", piece, 80 * MIB / sizeof(zeros));
    struct content_result result = content_count("gzip", honest, '\0', NULL);
    CHECK_INT(result.status, WEIR_OK);
    CHECK_INT(result.len, 64 * MIB);
    CHECK_INT(result.other, 0);
    result = content_count("gzip", bomb, '\0', NULL);
    CHECK_INT(result.status, WEIR_E_TOO_BIG);
    CHECK_INT(result.len, 64 * MIB);
    CHECK_BYTES(weir_slice_of(result.error.reason),
                WEIR_S("more decoded bytes than max_ratio allows: "
                       "it may be a decompression bomb"));
    result = content_count("gzip", bomb, '\0',
                           &(weir_content_limits){.max_ratio = WEIR_NO_LIMIT});
    CHECK_INT(result.status, WEIR_OK);
    CHECK_INT(result.len, 80 * MIB);
    content_free(honest);
    content_free(bomb);
}

/* 10 MB of zeros, gzipped twice, are some 100 bytes. */
TEST(content_zlib, ends_a_bomb_in_a_bomb)
{
    static char zeros[64 * 1024];
    weir_content_limits limits = {.unbounded_bytes = MIB};
    weir_slice once = content_pack("gzip", (weir_slice){zeros, sizeof(zeros)}, 160);
    weir_slice twice = content_pack("gzip", once, 1);
    CHECK(twice.len < 200);
    struct content_result result = content_count("gzip, gzip", twice, '\0', &limits);
    CHECK_INT(result.status, WEIR_E_TOO_BIG);
    CHECK_INT(result.len, MIB);
    CHECK_INT(content_count("gzip, gzip", twice, '\0', NULL).len, 160 * sizeof(zeros));
    /* It is what comes in at the front that counts: the middle is within the ratio. */
    limits.max_ratio = 1100;
    CHECK_INT(content_count("gzip, gzip", twice, '\0', &limits).len, MIB);
    CHECK_INT(content_count("gzip", once, '\0', &limits).status, WEIR_OK);
    content_free(once);
    content_free(twice);
}

/* A hundred thousand empty members: work without any output. */
TEST(content_zlib, ends_a_bomb_that_has_nothing_in_it)
{
    weir_content_limits limits = {.unbounded_bytes = 100000};
    weir_slice packed = content_pack("gzip", WEIR_S(CONTENT_GZIP_EMPTY), 100000);
    struct content_result result = content_count("gzip, gzip", packed, '\0', &limits);
    CHECK_INT(result.status, WEIR_E_TOO_BIG);
    CHECK_INT(result.len, 0);
    CHECK_INT(content_count("gzip, gzip", packed, '\0', NULL).status, WEIR_OK);
    content_free(packed);
}

TEST(content_zlib, goes_on_as_long_as_the_ratio_is_ordinary)
{
    weir_content_limits limits = {.max_ratio = 40, .unbounded_bytes = 1};
    char piece[4096];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof(piece); i++) {
        seed = seed * 1664525 + 1013904223;
        piece[i] = (char)('a' + (seed >> 24) % 2);
    }
    weir_slice packed = content_pack("gzip", (weir_slice){piece, sizeof(piece)}, 1);
    struct content_result result = content_count("gzip", packed, '\0', &limits);
    CHECK_INT(result.status, WEIR_OK);
    CHECK_INT(result.len, sizeof(piece));
    limits.max_ratio = 3;
    CHECK_INT(content_count("gzip", packed, '\0', &limits).status, WEIR_E_TOO_BIG);
    content_free(packed);
}
