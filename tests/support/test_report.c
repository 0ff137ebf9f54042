/* What the test macros print, the same over Criterion and alone.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "test.h"

void test_fail_current(void);

static void print_where(const char *file, int line, const char *text)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, text);
}

static bool outcome(bool ok)
{
    if (!ok)
        test_fail_current();
    return ok;
}

bool test_check(bool ok, const char *file, int line, const char *text)
{
    if (!ok)
        print_where(file, line, text);
    return outcome(ok);
}

bool test_check_int(int64_t got, int64_t wanted, const char *file, int line,
                    const char *text)
{
    if (got != wanted) {
        print_where(file, line, text);
        fprintf(stderr, "    got %" PRId64 ", wanted %" PRId64 "\n", got, wanted);
    }
    return outcome(got == wanted);
}

static void print_bytes(const char *label, weir_slice bytes)
{
    fprintf(stderr, "    %s %zu bytes: \"", label, bytes.len);
    for (size_t i = 0; i < bytes.len && i < 2000; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        if (c == '\n')
            fputs("\\n", stderr);
        else if (c < ' ' || c > '~')
            fprintf(stderr, "\\x%02x", c);
        else
            fputc(c, stderr);
    }
    fputs("\"\n", stderr);
}

bool test_check_bytes(weir_slice got, weir_slice wanted, const char *file, int line,
                      const char *text)
{
    bool ok = weir_slice_equal(got, wanted);
    if (!ok) {
        print_where(file, line, text);
        print_bytes("got   ", got);
        print_bytes("wanted", wanted);
    }
    return outcome(ok);
}

void test_fail(void)
{
    test_fail_current();
    test_stop();
}

const char *test_vectors(void)
{
    const char *folder = getenv("WEIR_VECTORS");
    return folder ? folder : WEIR_SOURCE_DIR "/../shared/vectors";
}

bool test_peers_required(void)
{
    const char *value = getenv("WEIR_REQUIRE_PEERS");
    return value && value[0] == '1';
}
