/* application/x-www-form-urlencoded.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/form_codec.h>
#include <weir/status.h>

#include "test.h"

/* "name=value;" of each field, decoded. */
static void check(weir_slice text, weir_slice wanted)
{
    char log[256];
    size_t len = 0;
    weir_form_field field;
    while (weir_urlencoded_next(&text, &field)) {
        len += weir_urlencoded_decode(field.name, log + len);
        log[len++] = '=';
        len += weir_urlencoded_decode(field.value, log + len);
        log[len++] = ';';
    }
    CHECK_BYTES(((weir_slice){log, len}), wanted);
}

/* WHATWG URL 5.1 */
TEST(urlencoded, is_taken_apart)
{
    check(WEIR_S(""), WEIR_S(""));
    check(WEIR_S("a=1&b=2"), WEIR_S("a=1;b=2;"));
    check(WEIR_S("a&b="), WEIR_S("a=;b=;"));
    check(WEIR_S("&&a=1&&"), WEIR_S("a=1;"));
    check(WEIR_S("=&==a=b"), WEIR_S("=;==a=b;"));
    check(WEIR_S("a+b=c+d%20e%2B"), WEIR_S("a b=c d e+;"));
    check(WEIR_S("%61%zz%4=%&%%41%"), WEIR_S("a%zz%4=%;%A%=;"));
    check(WEIR_S("%00=%FF%26%3d"), WEIR_S("\0=\xFF&=;"));
    check(WEIR_S("a=1;b=2"), WEIR_S("a=1;b=2;"));
}

/* WHATWG URL 5.2 */
TEST(urlencoded, is_put_together)
{
    weir_form_field fields[] = {
        {WEIR_S("a b"), WEIR_S("*-._~!'()")},
        {WEIR_S(""), WEIR_S("")},
        {WEIR_S("\xC3\xA4&="), WEIR_S("\r\n+%\0")},
    };
    weir_slice wanted = WEIR_S("a+b=*-._%7E%21%27%28%29&=&"
                               "%C3%A4%26%3D=%0D%0A%2B%25%00");
    char space[128];
    size_t len;
    CHECK_INT(weir_urlencoded_encode(fields, 3, space, sizeof(space), &len), WEIR_OK);
    CHECK_BYTES(((weir_slice){space, len}), wanted);
    CHECK_INT(weir_urlencoded_encode(fields, 3, space, wanted.len - 1, &len),
              WEIR_E_TOO_BIG);
    CHECK_INT(len, wanted.len);
    CHECK_INT(weir_urlencoded_encode(NULL, 0, NULL, 0, &len), WEIR_OK);
    CHECK_INT(len, 0);
}

TEST(urlencoded, decodes_what_it_encodes_in_place)
{
    char bytes[256];
    char space[3 * 2 * 256 + 1];
    size_t len;
    weir_form_field field;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(unsigned char)i;
    weir_form_field all = {{bytes, 256}, {bytes, 256}};
    CHECK_INT(weir_urlencoded_encode(&all, 1, space, sizeof(space), &len), WEIR_OK);
    weir_slice rest = {space, len};
    CHECK(weir_urlencoded_next(&rest, &field));
    char *name = space;
    char *value = space + field.name.len + 1;
    CHECK_BYTES(((weir_slice){name, weir_urlencoded_decode(field.name, name)}),
                all.name);
    CHECK_BYTES(((weir_slice){value, weir_urlencoded_decode(field.value, value)}),
                all.value);
    CHECK(!weir_urlencoded_next(&rest, &field));
}
