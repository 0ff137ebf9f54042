/* How the library says that something failed: one place, one record a task.
 *
 * The lowest layer that knows the cause writes the sentence; a layer above may
 * put words before it, never replace it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_ERROR_H
#define WEIR_CORE_ERROR_H

#include <stddef.h>
#include <weir/loop.h>
#include <weir/slice.h>
#include <weir/status.h>

/* Fills in the record of the running task or thread. Returns `status`, so that
 * `return weir__fail(...)` reads well. `operation` is static text. */
int weir__fail(int status, const char *operation, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": " and the words of `os_error` (an errno) behind the sentence,
 * and the status that weir__status_of_errno() gives. */
int weir__fail_errno(int os_error, const char *operation, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same where the sentence says it all already. */
int weir__fail_system(int os_error, const char *operation, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For a codec's failure: its status and offset, with a sentence. */
int weir__fail_at(int status, size_t offset, const char *operation, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));

/* Puts words and ": " before the sentence of the latest failure; returns its status. */
int weir__fail_prefix(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes `error` the latest failure of the running task or thread: a failure that
 * happened in another task, or earlier. Returns its status. */
int weir__fail_again(const weir_error *error);

/* What a program can do about an errno. */
int weir__status_of_errno(int os_error);

/* Copies bytes of a peer as printable text: for sentences. What does not fit in
 * `size` (1 or more) is cut off, and dots say so. Returns `text`. */
const char *weir__escape(weir_slice bytes, char *text, size_t size);

/* The loop whose iteration runs on this thread, or NULL; decides whose record
 * weir_last_error() is. Returns the previous one. */
weir_loop *weir__thread_enter(weir_loop *loop);

#endif
