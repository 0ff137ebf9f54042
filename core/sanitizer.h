/* What AddressSanitizer, ThreadSanitizer and Valgrind must be told about stacks
 * that are not the thread's own. In a build without them all of this is nothing.
 *
 *   WEIR__ASAN, WEIR__TSAN   defined when this build has that sanitizer
 *   WEIR__POISON(p, len)     touching these bytes is an error from now on
 *   WEIR__UNPOISON(p, len)   and from now on it is not
 *
 * What each wants to know of a switch is told in switch.h; of a stack, in
 * stack.c. Valgrind is told when its header is installed where weir is built;
 * without Valgrind underneath each request is half a dozen instructions that do
 * nothing, and -DNVALGRIND leaves out even these.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_SANITIZER_H
#define WEIR_CORE_SANITIZER_H

#include <stddef.h>

/* gcc says it with macros, clang with a feature test. */
#if defined(__SANITIZE_ADDRESS__)
#define WEIR__ASAN
#endif
#if defined(__SANITIZE_THREAD__)
#define WEIR__TSAN
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(WEIR__ASAN)
#define WEIR__ASAN
#endif
#if __has_feature(thread_sanitizer) && !defined(WEIR__TSAN)
#define WEIR__TSAN
#endif
#endif

#ifdef WEIR__ASAN
#include <sanitizer/asan_interface.h>
#define WEIR__POISON(pointer, len)   __asan_poison_memory_region((pointer), (len))
#define WEIR__UNPOISON(pointer, len) __asan_unpoison_memory_region((pointer), (len))
#else
#define WEIR__POISON(pointer, len)   ((void)(pointer), (void)(len))
#define WEIR__UNPOISON(pointer, len) ((void)(pointer), (void)(len))
#endif

#ifdef WEIR__TSAN
#include <sanitizer/tsan_interface.h>
#endif

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

#ifndef VALGRIND_STACK_REGISTER
#define VALGRIND_STACK_REGISTER(low, end) ((void)(low), (void)(end), 0u)
#define VALGRIND_STACK_DEREGISTER(number) ((void)(number))
#endif

/* Valgrind takes a large move of the stack pointer for a switch only between
 * stacks that it knows. Returns the number under which it knows this one. */
static inline unsigned weir__valgrind_register(const void *low, size_t size)
{
    return VALGRIND_STACK_REGISTER(low, (const char *)low + size);
}

static inline void weir__valgrind_deregister(unsigned number)
{
    VALGRIND_STACK_DEREGISTER(number);
}

#endif
