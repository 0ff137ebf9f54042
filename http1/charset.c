/* Labels of encodings (WHATWG Encoding 4.2), and the encodings that need no library:
 * UTF-8, UTF-16 and windows-1252.
 *
 * The list is closed, for it is a server that chooses: no name goes to iconv but those
 * below. UTF-7 is not among them, as in browsers.
 *
 * SPDX-License-Identifier: MIT */
#include "charset.h"

#include <string.h>

#include "code_point.h"
#include "error.h"

struct weir__charset {
    const char *label;
    const char *name; /* what iconv calls it; NULL: `decode` does it */
    int (*decode)(weir_slice bytes, weir__buffer *text);
};

/* RFC 3629 3. */
int weir__charset_put(weir__buffer *text, uint32_t code)
{
    static const unsigned char FIRST[] = {0, 0, 0xC0, 0xE0, 0xF0};
    char bytes[4];
    size_t len = 1u + (code >= 0x80) + (code >= 0x800) + (code >= 0x10000);
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(FIRST[len] | code);
    return weir__buffer_append(text, (weir_slice){bytes, len});
}

/* How many bytes that are no UTF-8 one U+FFFD stands for: what could have begun a
 * character (Unicode 3.9, "maximal subpart"). */
static size_t malformed_len(weir_slice text)
{
    unsigned char first = (unsigned char)text.data[0];
    unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    size_t more = (size_t)(first >= 0xC2) + (first >= 0xE0) + (first >= 0xF0);
    size_t len = 1;
    if (first > 0xF4)
        return len;
    while (len <= more && len < text.len && (unsigned char)text.data[len] >= least &&
           (unsigned char)text.data[len] <= most) {
        least = 0x80;
        most = 0xBF;
        len++;
    }
    return len;
}

static int decode_utf8(weir_slice bytes, weir__buffer *text)
{
    uint32_t code;
    int rc = WEIR_OK;
    while (bytes.len > 0 && rc == WEIR_OK) {
        size_t good = 0;
        size_t len;
        while (good < bytes.len &&
               (len = weir__code_point(weir_slice_skip(bytes, good), &code)) > 0)
            good += len;
        rc = weir__buffer_append(text, (weir_slice){bytes.data, good});
        bytes = weir_slice_skip(bytes, good);
        if (rc == WEIR_OK && bytes.len > 0) {
            rc = weir__charset_put(text, WEIR__REPLACEMENT_CHARACTER);
            bytes = weir_slice_skip(bytes, malformed_len(bytes));
        }
    }
    return rc;
}

static uint32_t unit_at(weir_slice bytes, size_t at, bool big)
{
    uint32_t first = (unsigned char)bytes.data[at];
    uint32_t second = (unsigned char)bytes.data[at + 1];
    return big ? first << 8 | second : second << 8 | first;
}

/* The character at `*at`, which moves behind it (RFC 2781 2.2). */
static uint32_t take_utf16(weir_slice bytes, size_t *at, bool big)
{
    uint32_t code = unit_at(bytes, *at, big);
    *at += 2;
    if (code < 0xD800 || code >= 0xE000)
        return code;
    uint32_t low = *at + 2 <= bytes.len ? unit_at(bytes, *at, big) : 0;
    if (code >= 0xDC00 || low < 0xDC00 || low >= 0xE000)
        return WEIR__REPLACEMENT_CHARACTER;
    *at += 2;
    return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
}

static int decode_utf16(weir_slice bytes, weir__buffer *text, bool big)
{
    int rc = WEIR_OK;
    size_t at = 0;
    while (at + 2 <= bytes.len && rc == WEIR_OK)
        rc = weir__charset_put(text, take_utf16(bytes, &at, big));
    if (at < bytes.len && rc == WEIR_OK)
        rc = weir__charset_put(text, WEIR__REPLACEMENT_CHARACTER);
    return rc;
}

static int decode_utf16le(weir_slice bytes, weir__buffer *text)
{
    return decode_utf16(bytes, text, false);
}

static int decode_utf16be(weir_slice bytes, weir__buffer *text)
{
    return decode_utf16(bytes, text, true);
}

/* What is called ISO-8859-1 or ASCII is this, which has characters where they have
 * control codes that nobody sends. */
static int decode_windows_1252(weir_slice bytes, weir__buffer *text)
{
    static const uint16_t FROM_80[] = {
        0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
        0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
        0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
    int rc = WEIR_OK;
    for (size_t i = 0; i < bytes.len && rc == WEIR_OK; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        bool odd = byte >= 0x80 && byte < 0xA0;
        rc = weir__charset_put(text, odd ? FROM_80[byte - 0x80] : byte);
    }
    return rc;
}

#define WINDOWS_1252(label)              \
    {                                    \
        label, NULL, decode_windows_1252 \
    }

static const weir__charset CHARSETS[] = {
    {"utf-8", NULL, decode_utf8},
    {"utf8", NULL, decode_utf8},
    {"unicode-1-1-utf-8", NULL, decode_utf8},
    {"utf-16", NULL, decode_utf16le},
    {"utf-16le", NULL, decode_utf16le},
    {"utf-16be", NULL, decode_utf16be},
    WINDOWS_1252("windows-1252"),
    WINDOWS_1252("cp1252"),
    WINDOWS_1252("x-cp1252"),
    WINDOWS_1252("iso-8859-1"),
    WINDOWS_1252("iso8859-1"),
    WINDOWS_1252("iso_8859-1"),
    WINDOWS_1252("latin1"),
    WINDOWS_1252("l1"),
    WINDOWS_1252("us-ascii"),
    WINDOWS_1252("ascii"),
    {"iso-8859-2", "ISO-8859-2", NULL},
    {"latin2", "ISO-8859-2", NULL},
    {"iso-8859-3", "ISO-8859-3", NULL},
    {"iso-8859-4", "ISO-8859-4", NULL},
    {"iso-8859-5", "ISO-8859-5", NULL},
    {"iso-8859-6", "ISO-8859-6", NULL},
    {"iso-8859-7", "ISO-8859-7", NULL},
    {"iso-8859-8", "ISO-8859-8", NULL},
    {"iso-8859-8-i", "ISO-8859-8", NULL},
    {"iso-8859-9", "CP1254", NULL},
    {"latin5", "CP1254", NULL},
    {"windows-1254", "CP1254", NULL},
    {"iso-8859-10", "ISO-8859-10", NULL},
    {"iso-8859-11", "CP874", NULL},
    {"tis-620", "CP874", NULL},
    {"windows-874", "CP874", NULL},
    {"iso-8859-13", "ISO-8859-13", NULL},
    {"iso-8859-14", "ISO-8859-14", NULL},
    {"iso-8859-15", "ISO-8859-15", NULL},
    {"latin9", "ISO-8859-15", NULL},
    {"iso-8859-16", "ISO-8859-16", NULL},
    {"koi8-r", "KOI8-R", NULL},
    {"koi8-u", "KOI8-U", NULL},
    {"ibm866", "CP866", NULL},
    {"cp866", "CP866", NULL},
    {"macintosh", "MACINTOSH", NULL},
    {"windows-1250", "CP1250", NULL},
    {"cp1250", "CP1250", NULL},
    {"windows-1251", "CP1251", NULL},
    {"cp1251", "CP1251", NULL},
    {"windows-1253", "CP1253", NULL},
    {"windows-1255", "CP1255", NULL},
    {"windows-1256", "CP1256", NULL},
    {"windows-1257", "CP1257", NULL},
    {"windows-1258", "CP1258", NULL},
    {"gb2312", "GB18030", NULL},
    {"gbk", "GB18030", NULL},
    {"gb18030", "GB18030", NULL},
    {"big5", "BIG5-HKSCS", NULL},
    {"big5-hkscs", "BIG5-HKSCS", NULL},
    {"euc-jp", "EUC-JP", NULL},
    {"iso-2022-jp", "ISO-2022-JP", NULL},
    {"shift_jis", "CP932", NULL},
    {"shift-jis", "CP932", NULL},
    {"sjis", "CP932", NULL},
    {"windows-31j", "CP932", NULL},
    {"euc-kr", "CP949", NULL},
    {"ks_c_5601-1987", "CP949", NULL},
};

const weir__charset *weir__charset_find(weir_slice label)
{
    label = weir_slice_trim(label);
    for (size_t i = 0; i < sizeof(CHARSETS) / sizeof(CHARSETS[0]); i++) {
        if (weir_slice_equal_nocase(label, weir_slice_of(CHARSETS[i].label)))
            return &CHARSETS[i];
    }
    return NULL;
}

const weir__charset *weir__charset_of_mark(weir_slice *bytes)
{
    static const struct {
        const char *mark;
        const char *label;
    } MARKS[] = {
        {"\xEF\xBB\xBF", "utf-8"}, {"\xFE\xFF", "utf-16be"}, {"\xFF\xFE", "utf-16le"}};
    for (size_t i = 0; i < sizeof(MARKS) / sizeof(MARKS[0]); i++) {
        size_t len = strlen(MARKS[i].mark);
        if (bytes->len >= len && memcmp(bytes->data, MARKS[i].mark, len) == 0) {
            *bytes = weir_slice_skip(*bytes, len);
            return weir__charset_find(weir_slice_of(MARKS[i].label));
        }
    }
    return NULL;
}

bool weir__charset_is_utf8(const weir__charset *charset)
{
    return charset->decode == decode_utf8;
}

int weir__charset_decode(const weir__charset *charset, weir_slice bytes,
                         weir__buffer *text)
{
    if (!charset->decode)
        return weir__charset_convert(charset->name, bytes, text);
    int rc = charset->decode(bytes, text);
    return rc < 0 ? weir__fail(rc, "text", "no memory for the text") : rc;
}
