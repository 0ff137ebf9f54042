/* Test vectors in Markdown, in the form of llhttp's: a heading, why, the bytes, the
 * event log.
 *
 *   ## A sentence that says what is shown
 *
 *   <!-- meta={"mode": "response", "method": "HEAD"} -->
 *   ```http
 *   HTTP/1.1 200 OK
 *   Content-Length: 5
 *
 *
 *   ```
 *
 *   ```log
 *   head 200 "OK" HTTP/1.1 no-body-length=5 keep-alive
 *   ```
 *
 * In the bytes, each line end is CRLF and the last one is left out; a backslash
 * escapes r, n, t, xHH and itself, and at the end of a line leaves its CRLF out.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_MARKDOWN_H
#define WEIR_TESTS_MARKDOWN_H

#include <stdbool.h>
#include <weir/slice.h>

struct markdown_case {
    char *name;
    char *meta;       /* what is within the braces; "" for none */
    weir_slice input; /* memory of the case */
    char *log;
};

/* Calls `run` with each case of a file below the source folder. Returns how many
 * there were; -1 when the file cannot be read. */
int markdown_each(const char *path, void (*run)(const struct markdown_case *));

/* The text of a "key": "value" or the digits of a "key": number of the meta data,
 * copied to `value`; false when there is none. */
bool markdown_meta(const struct markdown_case *test, const char *key, char *value,
                   size_t size);

#endif
