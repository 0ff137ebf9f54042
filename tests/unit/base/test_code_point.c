/* UTF-8, one character at a time.
 *
 * SPDX-License-Identifier: MIT */
#include "code_point.h"

#include "test.h"

static void check(weir_slice text, size_t len, uint32_t wanted)
{
    uint32_t code = 0;
    CHECK_INT(weir__code_point(text, &code), len);
    CHECK_INT(code, wanted);
}

/* RFC 3629 3, 7 */
TEST(code_point, reads_each_length)
{
    check(WEIR_S("\0"), 1, 0);
    check(WEIR_S("Az"), 1, 'A');
    check(WEIR_S("\x7F"), 1, 0x7F);
    check(WEIR_S("\xC2\x80"), 2, 0x80);
    check(WEIR_S("\xDF\xBF"), 2, 0x7FF);
    check(WEIR_S("\xE0\xA0\x80"), 3, 0x800);
    check(WEIR_S("\xE2\x82\xAC rates"), 3, 0x20AC);
    check(WEIR_S("\xEF\xBF\xBF"), 3, 0xFFFF);
    check(WEIR_S("\xF0\x90\x80\x80"), 4, 0x10000);
    check(WEIR_S("\xF4\x8F\xBF\xBF"), 4, 0x10FFFF);
}

/* RFC 3629 4, 10: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
TEST(code_point, refuses_what_is_no_utf8)
{
    static const char *const BAD[] = {
        "\x80",         "\xBF",         "\xC0\x80",         "\xC1\xBF",
        "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",     "\xF0\x8F\xBF\xBF",
        "\xFE",         "\xF5\x80",     "\xF4\x90\x80\x80", "\xFF",
        "\xC3",         "\xE2\x82",     "\xF0\x90\x80",     "\xC3(",
        "\xE2\x82(",    "\xE2(\xAC",
    };
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        check(weir_slice_of(BAD[i]), 0, 0);
        CHECK(!weir__is_utf8(weir_slice_of(BAD[i])));
    }
    CHECK(weir__is_utf8(WEIR_S("")));
    CHECK(weir__is_utf8(WEIR_S("a\xC3\xA4\xE2\x82\xAC")));
    CHECK(!weir__is_utf8(WEIR_S("a\xC3\xA4\xE2\x82")));
}
