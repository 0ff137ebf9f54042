/* The macros that tests are written in, over Criterion or over nothing.
 *
 *   TEST(suite, sentence) { ... }   a test; its name is the sentence it shows
 *   CHECK(condition)                goes on when it does not hold
 *   REQUIRE(condition)              ends the test when it does not hold
 *   CHECK_INT(got, wanted)          integers, printed when they differ
 *   CHECK_BYTES(got, wanted)        slices, printed when they differ
 *   SKIP(why)                       ends the test: what it needs is missing
 *
 * With Criterion every test is a process. With WEIR_TEST_SOLO a program runs
 * its tests in one process, for ThreadSanitizer and Valgrind, which Criterion's
 * own process model defeats.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_TEST_H
#define WEIR_TESTS_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/slice.h>

/* The outcome of a check: prints where and what when `ok` is false; returns ok. */
bool test_check(bool ok, const char *file, int line, const char *text);

bool test_check_int(int64_t got, int64_t wanted, const char *file, int line,
                    const char *text);

bool test_check_bytes(weir_slice got, weir_slice wanted, const char *file, int line,
                      const char *text);

/* Ends the test that is running, as failed after a check that said so, as failed, or
 * as skipped. */
_Noreturn void test_stop(void);
_Noreturn void test_fail(void);
_Noreturn void test_skip(const char *why);

/* The folder of public conformance data: WEIR_VECTORS, or that beside the checkout. */
const char *test_vectors(void);

/* Whether a missing peer fails the test (CI) rather than skipping it. */
bool test_peers_required(void);

#define CHECK(condition) test_check((condition), __FILE__, __LINE__, #condition)
#define CHECK_INT(got, wanted)                                            \
    test_check_int((int64_t)(got), (int64_t)(wanted), __FILE__, __LINE__, \
                   #got " == " #wanted)
#define CHECK_BYTES(got, wanted) \
    test_check_bytes((got), (wanted), __FILE__, __LINE__, #got " == " #wanted)
#define REQUIRE(condition) \
    (test_check((condition), __FILE__, __LINE__, #condition) ? (void)0 : test_stop())
#define SKIP(why) test_skip(why)

#ifdef WEIR_TEST_SOLO

struct test_case {
    const char *suite;
    const char *name;
    void (*run)(void);
    struct test_case *next;
};

void test_register(struct test_case *test);

#define TEST(suite_name, test_name)                                                    \
    static void suite_name##_##test_name(void);                                        \
    static struct test_case suite_name##_##test_name##_case = {                        \
        #suite_name, #test_name, suite_name##_##test_name, NULL};                      \
    __attribute__((constructor)) static void suite_name##_##test_name##_register(void) \
    {                                                                                  \
        test_register(&suite_name##_##test_name##_case);                               \
    }                                                                                  \
    static void suite_name##_##test_name(void)

#else

#include <criterion/criterion.h>

#define TEST(suite_name, test_name) Test(suite_name, test_name, .timeout = 120)

#endif

#endif
