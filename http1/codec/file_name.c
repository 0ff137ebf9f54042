/* File names from outside, made safe to open (RFC 6266 4.3, 7).
 *
 * What is written is never longer than what was read up to there, so that it can be
 * done in place.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/http_values.h>

#include "ascii.h"
#include "code_point.h"

#define MAX_NAME   255 /* of most file systems, in bytes */
#define MAX_SUFFIX 20

static weir_slice last_component(weir_slice name)
{
    for (size_t i = name.len; i > 0; i--) {
        if (name.data[i - 1] == '/' || name.data[i - 1] == '\\')
            return weir_slice_skip(name, i);
    }
    return name;
}

/* Controls of ASCII and of Latin-1; marks that turn the direction of writing, by which
 * "exe.txt" can be shown for "txt.exe"; line and paragraph separators; the byte order
 * mark. */
static bool is_dropped(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C ||
           code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

static size_t copy_allowed(weir_slice name, char *space)
{
    size_t len = 0;
    while (name.len > 0) {
        uint32_t code = 0;
        size_t count = weir__code_point(name, &code);
        if (count == 0 || (count == 1 && code >= 0x20 && strchr("<>:\"|?*", (int)code)))
            space[len++] = '_';
        else if (!is_dropped(code)) {
            memmove(space + len, name.data, count);
            len += count;
        }
        name = weir_slice_skip(name, count > 0 ? count : 1);
    }
    return len;
}

static bool is_edge(char c)
{
    return c == '.' || c == ' ';
}

/* A leading dot hides a file; Windows drops dots and spaces at the end. */
static size_t trim(char *name, size_t len)
{
    size_t start = 0;
    while (len > 0 && is_edge(name[len - 1]))
        len--;
    while (start < len && is_edge(name[start]))
        start++;
    memmove(name, name + start, len - start);
    return len - start;
}

/* Cuts before the suffix, so that the type of the file stays known, and not within a
 * character. */
static size_t shorten(char *name, size_t len)
{
    size_t suffix = 0;
    if (len <= MAX_NAME)
        return len;
    for (size_t i = 1; i <= MAX_SUFFIX && suffix == 0; i++)
        suffix = name[len - i] == '.' ? i : 0;
    size_t end = MAX_NAME - suffix;
    while (end > 0 && ((unsigned char)name[end] & 0xC0) == 0x80)
        end--;
    memmove(name + end, name + len - suffix, suffix);
    return trim(name, end + suffix);
}

/* CON, PRN, AUX, NUL, COM1, LPT1 and so on, whatever follows their first dot. */
static bool is_device(weir_slice name)
{
    static const char DEVICES[] = "CON PRN AUX NUL COM LPT ";
    weir_slice stem;
    weir_slice devices = {DEVICES, sizeof(DEVICES) - 1};
    weir_slice device;
    weir_slice_split(&name, '.', &stem);
    stem = weir_slice_trim(stem);
    for (size_t i = 0; weir_slice_split(&devices, ' ', &device) && device.len > 0;
         i++) {
        bool numbered = i >= 4;
        if (stem.len != device.len + numbered ||
            (numbered && !weir__ascii_is_digit(stem.data[3])))
            continue;
        if (weir_slice_equal_nocase((weir_slice){stem.data, device.len}, device))
            return true;
    }
    return false;
}

size_t weir_safe_filename(weir_slice name, char *space)
{
    size_t len = trim(space, copy_allowed(last_component(name), space));
    if (is_device((weir_slice){space, len})) {
        memmove(space + 1, space, len);
        space[0] = '_';
        len++;
    }
    len = shorten(space, len);
    space[len] = '\0';
    return len;
}
