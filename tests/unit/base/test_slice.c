/* Slices, and the classes of ASCII.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/slice.h>

#include "ascii.h"
#include "test.h"

static const weir_slice NOTHING = {NULL, 0};

TEST(slice, compares)
{
    CHECK_INT(weir_slice_of(NULL).len, 0);
    CHECK_INT(weir_slice_of("abc").len, 3);
    CHECK(weir_slice_equal(WEIR_S(""), NOTHING));
    CHECK(weir_slice_equal(WEIR_S("a\0b"), WEIR_S("a\0b")));
    CHECK(!weir_slice_equal(WEIR_S("a"), WEIR_S("b")));
    CHECK(!weir_slice_equal(WEIR_S("a"), WEIR_S("ab")));
    CHECK(weir_slice_equal_nocase(WEIR_S("Content-LENGTH"), WEIR_S("content-length")));
    CHECK(!weir_slice_equal_nocase(WEIR_S("a"), WEIR_S("ab")));
    /* "@" and "`", "[" and "{" differ in the same bit as letters do */
    CHECK(!weir_slice_equal_nocase(WEIR_S("@["), WEIR_S("`{")));
    CHECK(!weir_slice_equal_nocase(WEIR_S("\xC9"), WEIR_S("\xE9")));
    CHECK(weir_slice_starts_with(WEIR_S("abc"), WEIR_S("ab")));
    CHECK(weir_slice_starts_with(WEIR_S("abc"), NOTHING));
    CHECK(!weir_slice_starts_with(WEIR_S("a"), WEIR_S("ab")));
    CHECK(weir_slice_ends_with(WEIR_S("abc"), WEIR_S("bc")));
    CHECK(weir_slice_ends_with(NOTHING, NOTHING));
    CHECK(!weir_slice_ends_with(WEIR_S("c"), WEIR_S("bc")));
}

TEST(slice, finds)
{
    static const struct {
        const char *slice, *needle;
        size_t at;
    } CASES[] = {{"", "", 0},       {"abc", "", 0},   {"abc", "c", 2},
                 {"abc", "d", 3},   {"aab", "ab", 1}, {"ababac", "abac", 2},
                 {"ab", "abc", 2},  {"", "a", 0},     {"aaa", "aaaa", 3},
                 {"abab", "ba", 1}, {"xxab", "ab", 2}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++)
        CHECK_INT(weir_slice_find(weir_slice_of(CASES[i].slice),
                                  weir_slice_of(CASES[i].needle)),
                  CASES[i].at);
}

TEST(slice, trims_and_cuts)
{
    CHECK_BYTES(weir_slice_trim(WEIR_S(" \t a b\t ")), WEIR_S("a b"));
    CHECK_BYTES(weir_slice_trim(WEIR_S(" \t")), WEIR_S(""));
    CHECK_BYTES(weir_slice_trim(WEIR_S("\r\na")), WEIR_S("\r\na"));
    CHECK_BYTES(weir_slice_chomp(WEIR_S("a\r\n")), WEIR_S("a"));
    CHECK_BYTES(weir_slice_chomp(WEIR_S("a\n\n")), WEIR_S("a\n"));
    CHECK_BYTES(weir_slice_chomp(WEIR_S("a\r")), WEIR_S("a\r"));
    CHECK_BYTES(weir_slice_chomp(WEIR_S("\n")), WEIR_S(""));
    CHECK_BYTES(weir_slice_chomp(NOTHING), NOTHING);
    CHECK_BYTES(weir_slice_skip(WEIR_S("abc"), 2), WEIR_S("c"));
    CHECK_BYTES(weir_slice_skip(WEIR_S("abc"), 4), WEIR_S(""));
    CHECK_BYTES(weir_slice_skip(NOTHING, 0), NOTHING);
    CHECK_BYTES(weir_slice_skip(NOTHING, 5), NOTHING);
}

TEST(slice, splits)
{
    weir_slice rest = WEIR_S("a,,b,");
    weir_slice part = WEIR_S("untouched");
    static const char *const PARTS[] = {"a", "", "b", ""};
    for (size_t i = 0; i < 4; i++) {
        CHECK(weir_slice_split(&rest, ',', &part));
        CHECK_BYTES(part, weir_slice_of(PARTS[i]));
    }
    part = WEIR_S("untouched");
    CHECK(!weir_slice_split(&rest, ',', &part));
    CHECK_BYTES(part, WEIR_S("untouched"));
    rest = WEIR_S("");
    CHECK(weir_slice_split(&rest, ',', &part));
    CHECK_INT(part.len, 0);
    CHECK(!weir_slice_split(&rest, ',', &part));
}

/* RFC 9110 5.6.2, and no locale. */
TEST(slice, knows_ascii)
{
    for (int i = 0; i < 256; i++) {
        char c = (char)(unsigned char)i;
        bool upper = i >= 'A' && i <= 'Z', lower = i >= 'a' && i <= 'z';
        bool digit = i >= '0' && i <= '9';
        CHECK_INT(weir__ascii_lower(c), upper ? (char)(i + 32) : c);
        CHECK_INT(weir__ascii_upper(c), lower ? (char)(i - 32) : c);
        CHECK_INT(weir__ascii_is_alpha(c), upper || lower);
        CHECK_INT(weir__ascii_is_digit(c), digit);
        bool mark = i != 0 && strchr("!#$%&'*+-.^_`|~", i);
        CHECK_INT(weir__ascii_is_token(c), upper || lower || digit || mark);
        const char *hex =
            i ? strchr("0123456789abcdef", i >= 'A' && i <= 'F' ? i + 32 : i) : NULL;
        CHECK_INT(weir__ascii_hex_value(c),
                  hex ? hex - strchr("0123456789abcdef", '0') : -1);
    }
}
