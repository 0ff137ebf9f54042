/* The test macros over Criterion.
 *
 * SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "test.h"

void test_fail_current(void);

void test_fail_current(void)
{
    cr_expect(false, "see above");
}

void test_stop(void)
{
    cr_assert(false, "the test cannot go on");
    _exit(1); /* not reached */
}

void test_skip(const char *why)
{
    fprintf(stderr, "SKIP %s\n", why);
    cr_skip_test("%s", why);
    _exit(1); /* not reached */
}
