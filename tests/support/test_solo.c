/* The test macros in one process: a list, a loop and a jump.
 *
 *   test_x            runs all of its tests
 *   test_x SENTENCE   runs those whose suite or name contains SENTENCE
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

void test_fail_current(void);

static struct test_case *first_case;
static struct test_case **last_case = &first_case;
static jmp_buf end_of_test;
static bool failed;
static bool skipped;

void test_register(struct test_case *test)
{
    *last_case = test;
    last_case = &test->next;
}

void test_fail_current(void)
{
    failed = true;
}

/* A jump from the stack of a task would confuse the sanitizers, and the stack
 * of the test's own thread is not known here, so a test that cannot go on ends
 * the program. */
void test_stop(void)
{
    fflush(stderr);
    _exit(1);
}

void test_skip(const char *why)
{
    fprintf(stderr, "SKIP %s\n", why);
    skipped = true;
    longjmp(end_of_test, 1);
}

static bool is_wanted(const struct test_case *test, const char *filter)
{
    return !filter || strstr(test->suite, filter) || strstr(test->name, filter);
}

static const char *run(const struct test_case *test)
{
    failed = false;
    skipped = false;
    if (setjmp(end_of_test) == 0)
        test->run();
    if (failed)
        return "FAIL";
    return skipped ? "SKIP" : "ok";
}

int main(int argc, char **argv)
{
    int failures = 0;
    for (struct test_case *test = first_case; test; test = test->next) {
        if (!is_wanted(test, argc > 1 ? argv[1] : NULL))
            continue;
        const char *result = run(test);
        printf("%-4s %s: %s\n", result, test->suite, test->name);
        fflush(stdout);
        failures += failed;
    }
    return failures > 0;
}
