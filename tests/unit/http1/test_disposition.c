/* Content dispositions, and names of files made safe.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/http_values.h>
#include <weir/status.h>

#include "test.h"

#define ROWS_OF(table) (sizeof(table) / sizeof((table)[0]))

/* RFC 6266 5, and the cases of greenbytes' test suite for it. NULL: refused. */
TEST(disposition, has_the_name_of_a_file)
{
    static const char *const ROWS[][2] = {
        {"Attachment; filename=example.html", "example.html"},
        {"INLINE; FILENAME= \"an example.html\"", "an example.html"},
        {"attachment; filename*= UTF-8''%e2%82%ac%20rates", "\xE2\x82\xAC rates"},
        {"attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates",
         "\xE2\x82\xAC rates"},
        {"attachment; filename*=UTF-8''a; filename=b", "a"},
        {"attachment", ""},
        {"attachment; filename=\"f\\oo.html\"", "foo.html"},
        {"attachment; filename=\"\\\"quoting\\\" tested.html\"",
         "\"quoting\" tested.html"},
        {"attachment; filename=\"Here's a semicolon;.html\"",
         "Here's a semicolon;.html"},
        {"attachment; foo=\"\\\"\\\\\";filename=\"foo.html\"", "foo.html"},
        {"attachment; filename='foo.bar'", "'foo.bar'"},
        {"attachment; filename=foo[1](2).html", "foo[1](2).html"},
        {"attachment; filename=foo bar.html", "foo bar.html"},
        {"attachment; filename=\"foo-%41.html\"", "foo-%41.html"},
        {"attachment; filename=\"foo-\xC3\xA4.html\"", "foo-\xC3\xA4.html"},
        {"attachment; filename*=iso-8859-1''foo-%E4.html", "foo-\xC3\xA4.html"},
        {"attachment; filename*=UTF-8''foo-%e4.html; filename=x", "x"},
        {"attachment; filename*=UTF-8''foo-%; filename=x", "x"},
        {"attachment; filename*=UTF-8''foo-%4; filename=x", "x"},
        {"attachment; filename*=UTF-8'foo; filename=x", "x"},
        {"attachment; filename*=KOI8-R''foo; filename=x", "x"},
        {"attachment; filename*=\"UTF-8''foo-%c3%a4.html\"", "foo-\xC3\xA4.html"},
        {"attachment; filename*=UTF-8''a'b", "a'b"},
        {"attachment; filename=\"foo.html\" ;", "foo.html"},
        {"attachment; filename=; xfilename=foo", ""},
        {"attachment; \"x\"; filename=y", "y"},
        {"attachment; filename=\"foo.html\"; filename=\"bar.html\"", NULL},
        {"attachment; filename*=UTF-8''a; filename*=UTF-8''b", NULL},
        {"filename=foo.html", NULL},
        {"\"attachment\"; filename=foo", NULL},
        {"attachment foo", NULL},
        {"; filename=foo.html", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < ROWS_OF(ROWS); i++) {
        weir_disposition d;
        char space[128];
        int rc = weir_disposition_parse(&d, weir_slice_of(ROWS[i][0]));
        if (!CHECK_INT(rc, ROWS[i][1] ? WEIR_OK : WEIR_E_INVALID) || rc < 0)
            continue;
        size_t len = weir_disposition_filename(&d, space);
        CHECK_BYTES(((weir_slice){space, len}), weir_slice_of(ROWS[i][1]));
    }
}

/* RFC 7578 4.2, WHATWG HTML 4.10.21.8; name, then the name of the file; a name of "-"
 * is none, NULL: refused. As browsers, curl, Python's requests and others send them. */
TEST(disposition, of_a_form_has_a_name)
{
    static const char *const ROWS[][3] = {
        {"form-data; name=\"a\"", "a", "-"},
        {"form-data; name=a; filename=b.txt", "a", "b.txt"},
        {"Form-Data; NAME=\"a\"; FileName=\"\"", "a", ""},
        {"form-data; name=\"a%22b\"; filename=\"%0d%0A%22%25%41.txt\"", "a\"b",
         "\r\n\"%25%41.txt"},
        {"form-data; name=\"a\\\"b\"; filename=\"C:\\dir\\x.txt\"", "a\"b",
         "C:\\dir\\x.txt"},
        {"form-data; name=\"\xC3\xA4\"; filename=\"\xE2\x82\xAC.txt\"", "\xC3\xA4",
         "\xE2\x82\xAC.txt"},
        {"form-data; name=\"f\"; filename=\"x\"; filename*=utf-8''%e2%82%ac", "f",
         "\xE2\x82\xAC"},
        {"form-data", "-", "-"},
        {"form-data; name=\"a\"; filename=\"x", NULL, NULL},
        {"form-data; name=\"a\"; name=\"b\"", NULL, NULL},
        {"form-data; name", NULL, NULL},
        {"form-data; name=\"a\"b", NULL, NULL},
    };
    for (size_t i = 0; i < ROWS_OF(ROWS); i++) {
        weir_disposition d;
        char space[128];
        int rc = weir_disposition_parse(&d, weir_slice_of(ROWS[i][0]));
        if (!CHECK_INT(rc, ROWS[i][1] ? WEIR_OK : WEIR_E_INVALID) || rc < 0)
            continue;
        bool none = strcmp(ROWS[i][1], "-") == 0;
        CHECK(none == (d.name.value.data == NULL));
        size_t len = weir_disposition_name(&d, space);
        CHECK_BYTES(((weir_slice){space, len}), weir_slice_of(none ? "" : ROWS[i][1]));
        none = strcmp(ROWS[i][2], "-") == 0;
        CHECK(none == (d.filename.value.data == NULL));
        len = weir_disposition_filename(&d, space);
        CHECK_BYTES(((weir_slice){space, len}), weir_slice_of(none ? "" : ROWS[i][2]));
    }
}

/* RFC 6266 4.3, 7: no path, nothing that deceives, nothing that a system forbids. */
TEST(file_name, is_made_safe)
{
    static const char *const ROWS[][2] = {
        {"cat.png", "cat.png"},
        {"/etc/passwd", "passwd"},
        {"../../x", "x"},
        {"..\\..\\x.exe", "x.exe"},
        {"C:\\dir\\x.txt", "x.txt"},
        {"a/b\\c", "c"},
        {"dir/", ""},
        {"", ""},
        {".", ""},
        {"..", ""},
        {" . . ", ""},
        {".bashrc", "bashrc"},
        {" a b .", "a b"},
        {"a\r\nb\tc\x7F.txt", "abc.txt"},
        {"a\xC2\x85"
         "b",
         "ab"},
        {"a<b>:\"|?*c", "a_b______c"},
        {"x\xE2\x80\xAEtxt.exe", "xtxt.exe"},
        {"\xEF\xBB\xBFx", "x"},
        {"\xE2\x82\xAC.txt", "\xE2\x82\xAC.txt"},
        {"\xE4.txt", "_.txt"},
        {"NUL", "_NUL"},
        {"nul.txt", "_nul.txt"},
        {"con .a.b", "_con .a.b"},
        {"COM1", "_COM1"},
        {"lpt9.x", "_lpt9.x"},
        {"COM", "COM"},
        {"COMX", "COMX"},
        {"NULL", "NULL"},
        {"-rf", "-rf"},
    };
    for (size_t i = 0; i < ROWS_OF(ROWS); i++) {
        char space[64];
        weir_slice name = weir_slice_of(ROWS[i][0]);
        size_t len = weir_safe_filename(name, space);
        CHECK_BYTES(((weir_slice){space, len}), weir_slice_of(ROWS[i][1]));
        CHECK_INT(space[len], '\0');
        if (name.len > 0)
            memcpy(space, name.data, name.len);
        len = weir_safe_filename((weir_slice){space, name.len}, space);
        CHECK_BYTES(((weir_slice){space, len}), weir_slice_of(ROWS[i][1]));
    }
}

TEST(file_name, that_is_too_long_keeps_its_suffix)
{
    char name[400];
    char space[402];
    memset(name, 'x', sizeof(name));
    memcpy(name + 396, ".png", 4);
    CHECK_INT(weir_safe_filename((weir_slice){name, 400}, space), 255);
    CHECK(memcmp(space + 250, "x.png", 5) == 0);
    for (size_t i = 0; i < 396; i += 3) /* not in the middle of a character */
        memcpy(name + i, "\xE2\x82\xAC", 3);
    CHECK_INT(weir_safe_filename((weir_slice){name, 400}, space), 83 * 3 + 4);
    CHECK(memcmp(space + 246, "\xE2\x82\xAC.png", 7) == 0);
    memset(name, 'x', sizeof(name));
    CHECK_INT(weir_safe_filename((weir_slice){name, 400}, space), 255);
    memcpy(name, "NUL.", 4);
    CHECK_INT(weir_safe_filename((weir_slice){name, 255}, space), 255);
    CHECK(memcmp(space, "_NUL.x", 6) == 0);
}

TEST(disposition, gives_a_safe_name_of_a_file)
{
    weir_disposition d;
    char space[64];
    REQUIRE(weir_disposition_parse(
                &d, WEIR_S("attachment; filename*=UTF-8''..%2F..%2Fetc%00%2Fa%0d.b")) ==
            WEIR_OK);
    REQUIRE(WEIR_DISPOSITION_FILENAME_BYTES(&d) <= sizeof(space));
    CHECK_INT(weir_disposition_safe_filename(&d, space), 3);
    CHECK(strcmp(space, "a.b") == 0);
}

/* RFC 6266 D: who does not know `filename*` gets a name all the same. */
TEST(disposition, is_written_for_all_receivers)
{
    static const char *const ROWS[][2] = {
        {"cat.png", "attachment; filename=\"cat.png\""},
        {"a b", "attachment; filename=\"a b\""},
        {"", "attachment; filename=\"\""},
        {"\xE2\x82\xAC rates",
         "attachment; filename=\"_ rates\"; filename*=UTF-8''%E2%82%AC%20rates"},
        {"50%\"\\", "attachment; filename=\"50___\"; filename*=UTF-8''50%25%22%5C"},
    };
    char space[128];
    size_t len;
    for (size_t i = 0; i < ROWS_OF(ROWS); i++) {
        weir_slice name = weir_slice_of(ROWS[i][0]);
        weir_slice wanted = weir_slice_of(ROWS[i][1]);
        weir_slice type = WEIR_S("attachment");
        weir_disposition d;
        char again[128];
        CHECK_INT(weir_disposition_encode(type, name, space, sizeof(space), &len), 0);
        CHECK_BYTES(((weir_slice){space, len}), wanted);
        CHECK_INT(weir_disposition_encode(type, name, space, wanted.len, &len), 0);
        CHECK_INT(weir_disposition_encode(type, name, space, wanted.len - 1, &len),
                  WEIR_E_TOO_BIG);
        CHECK_INT(len, wanted.len);
        CHECK_INT(weir_disposition_parse(&d, wanted), WEIR_OK);
        CHECK_BYTES(((weir_slice){again, weir_disposition_filename(&d, again)}), name);
    }
    CHECK_INT(weir_disposition_encode(WEIR_S("a"), WEIR_S("a\r\nb"), space, 99, &len),
              WEIR_E_INVALID);
    CHECK_INT(weir_disposition_encode(WEIR_S("a"), WEIR_S("\xE4"), space, 99, &len),
              WEIR_E_INVALID);
    CHECK_INT(weir_disposition_encode(WEIR_S("a;"), WEIR_S("b"), space, 99, &len),
              WEIR_E_INVALID);
}
