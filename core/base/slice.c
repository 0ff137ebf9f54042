/* Comparing, searching and cutting slices.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/slice.h>

#include <string.h>

#include "ascii.h"

weir_slice weir_slice_of(const char *text)
{
    return (weir_slice){text, text ? strlen(text) : 0};
}

bool weir_slice_equal(weir_slice a, weir_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool weir_slice_equal_nocase(weir_slice a, weir_slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (weir__ascii_lower(a.data[i]) != weir__ascii_lower(b.data[i]))
            return false;
    }
    return true;
}

bool weir_slice_starts_with(weir_slice slice, weir_slice prefix)
{
    return slice.len >= prefix.len &&
           weir_slice_equal((weir_slice){slice.data, prefix.len}, prefix);
}

bool weir_slice_ends_with(weir_slice slice, weir_slice suffix)
{
    return slice.len >= suffix.len &&
           weir_slice_equal(weir_slice_skip(slice, slice.len - suffix.len), suffix);
}

size_t weir_slice_find(weir_slice slice, weir_slice needle)
{
    size_t at = 0;
    if (needle.len == 0)
        return 0;
    while (slice.len - at >= needle.len) {
        size_t last = slice.len - needle.len + 1;
        const char *hit = memchr(slice.data + at, needle.data[0], last - at);
        if (!hit)
            break;
        at = (size_t)(hit - slice.data);
        if (memcmp(hit, needle.data, needle.len) == 0)
            return at;
        at++;
    }
    return slice.len;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

weir_slice weir_slice_trim(weir_slice slice)
{
    while (slice.len > 0 && is_blank(slice.data[0]))
        slice = weir_slice_skip(slice, 1);
    while (slice.len > 0 && is_blank(slice.data[slice.len - 1]))
        slice.len--;
    return slice;
}

weir_slice weir_slice_chomp(weir_slice slice)
{
    if (slice.len == 0 || slice.data[slice.len - 1] != '\n')
        return slice;
    slice.len--;
    if (slice.len > 0 && slice.data[slice.len - 1] == '\r')
        slice.len--;
    return slice;
}

weir_slice weir_slice_skip(weir_slice slice, size_t count)
{
    if (count > slice.len)
        count = slice.len;
    if (count == 0)
        return slice; /* NULL plus 0 is undefined in C */
    return (weir_slice){slice.data + count, slice.len - count};
}

bool weir_slice_split(weir_slice *rest, char separator, weir_slice *part)
{
    if (!rest->data)
        return false;
    const char *hit = rest->len > 0 ? memchr(rest->data, separator, rest->len) : NULL;
    if (!hit) {
        *part = *rest;
        *rest = (weir_slice){NULL, 0};
        return true;
    }
    size_t len = (size_t)(hit - rest->data);
    *part = (weir_slice){rest->data, len};
    *rest = weir_slice_skip(*rest, len + 1);
    return true;
}
