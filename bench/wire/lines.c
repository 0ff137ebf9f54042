/* Bytes as they come, cut into whole lines.
 *
 * SPDX-License-Identifier: MIT */
#include "lines.h"

#include <stdlib.h>
#include <string.h>

#define MAX_LINE 65536

/* Line by line, as a server that looks at its lines would. */
static size_t whole_lines(const char *bytes, size_t len)
{
    size_t whole = 0;
    const char *end;
    while (whole < len && (end = memchr(bytes + whole, '\n', len - whole)) != NULL)
        whole = (size_t)(end - bytes) + 1;
    return whole;
}

static bool keep(struct lines *lines, const char *bytes, size_t len)
{
    if (len == 0)
        return true;
    if (lines->kept_len + len > MAX_LINE)
        return false;
    char *kept = realloc(lines->kept, lines->kept_len + len);
    if (!kept)
        return false;
    memcpy(kept + lines->kept_len, bytes, len);
    lines->kept = kept;
    lines->kept_len += len;
    return true;
}

bool lines_feed(struct lines *lines, const char *bytes, size_t len, lines_sink *sink,
                void *self)
{
    size_t whole = whole_lines(bytes, len);
    if (whole > 0) {
        if (lines->kept_len > 0 && !sink(self, lines->kept, lines->kept_len))
            return false;
        lines_clear(lines);
        if (!sink(self, bytes, whole))
            return false;
    }
    return keep(lines, bytes + whole, len - whole);
}

void lines_clear(struct lines *lines)
{
    if (!lines->kept)
        return;
    free(lines->kept);
    *lines = (struct lines){0};
}
