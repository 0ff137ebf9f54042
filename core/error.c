/* The error record of the running task.
 *
 * SPDX-License-Identifier: MIT */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "loop.h"

static _Thread_local weir_loop *running_loop;
static _Thread_local weir_error thread_error = {.operation = "", .message = ""};

weir_loop *weir__thread_enter(weir_loop *loop)
{
    weir_loop *previous = running_loop;
    running_loop = loop;
    return previous;
}

/* A callback's failures are nobody's who waits meanwhile, be it for another thing. */
static weir_error *record(void)
{
    if (running_loop && running_loop->current != &running_loop->main)
        return &running_loop->current->error;
    if (running_loop && running_loop->phase == WEIR__LOOP_CALLBACKS)
        return &running_loop->callback_error;
    return &thread_error;
}

const weir_error *weir_last_error(void)
{
    static const weir_error NONE = {.operation = ""};
    const weir_error *error = record();
    /* A task's record is not written until its first failure. */
    return error->operation ? error : &NONE;
}

__attribute__((format(printf, 4, 0))) static void
describe(weir_error *error, int status, const char *operation, const char *format,
         va_list arguments)
{
    /* The arguments may point into the record, so that is written last. */
    char message[sizeof(error->message)];
    vsnprintf(message, sizeof(message), format, arguments);
    memcpy(error->message, message, strlen(message) + 1);
    error->status = status;
    error->os_error = 0;
    error->offset = 0;
    error->operation = operation;
}

static void append(weir_error *error, const char *text)
{
    size_t len = strlen(error->message);
    snprintf(error->message + len, sizeof(error->message) - len, ": %s", text);
}

int weir__fail(int status, const char *operation, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    describe(record(), status, operation, format, arguments);
    va_end(arguments);
    return status;
}

int weir__fail_errno(int os_error, const char *operation, const char *format, ...)
{
    weir_error *error = record();
    va_list arguments;
    va_start(arguments, format);
    describe(error, weir__status_of_errno(os_error), operation, format, arguments);
    va_end(arguments);
    error->os_error = os_error;
    append(error, strerror(os_error));
    return error->status;
}

int weir__fail_system(int os_error, const char *operation, const char *format, ...)
{
    weir_error *error = record();
    va_list arguments;
    va_start(arguments, format);
    describe(error, weir__status_of_errno(os_error), operation, format, arguments);
    va_end(arguments);
    error->os_error = os_error;
    return error->status;
}

int weir__fail_at(int status, size_t offset, const char *operation, const char *format,
                  ...)
{
    weir_error *error = record();
    va_list arguments;
    va_start(arguments, format);
    describe(error, status, operation, format, arguments);
    va_end(arguments);
    error->offset = offset;
    return status;
}

int weir__fail_prefix(const char *format, ...)
{
    weir_error *error = record();
    char sentence[sizeof(error->message)];
    char prefix[sizeof(error->message)];
    va_list arguments;
    memcpy(sentence, error->message, strlen(error->message) + 1);
    va_start(arguments, format);
    vsnprintf(prefix, sizeof(prefix), format, arguments);
    va_end(arguments);
    memcpy(error->message, prefix, strlen(prefix) + 1);
    append(error, sentence);
    return error->status;
}

int weir__fail_again(const weir_error *error)
{
    weir_error *latest = record();
    if (latest != error)
        *latest = *error;
    return error->status;
}

int weir__status_of_errno(int os_error)
{
    switch (os_error) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case ENOTCONN:
        return WEIR_E_CONNECTION;
    case ENOMEM:
    case ENOBUFS:
        return WEIR_E_MEMORY;
    default:
        return WEIR_E_SYSTEM;
    }
}

#define DOTS ((size_t)3)

static bool is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '\\' && c != '"';
}

static char short_escape(char c)
{
    if (c == '\n')
        return 'n';
    return c == '\r' ? 'r' : 'x';
}

static size_t escape_byte(char c, char *out)
{
    static const char HEX[] = "0123456789abcdef";
    if (is_plain(c)) {
        out[0] = c;
        return 1;
    }
    out[0] = '\\';
    out[1] = short_escape(c);
    if (out[1] != 'x')
        return 2;
    out[2] = HEX[(unsigned char)c >> 4];
    out[3] = HEX[(unsigned char)c & 15];
    return 4;
}

const char *weir__escape(weir_slice bytes, char *text, size_t size)
{
    char piece[4];
    size_t len = 0;
    size_t cut = 0; /* where the dots begin if not all fits */
    for (size_t i = 0; i < bytes.len; i++) {
        size_t piece_len = escape_byte(bytes.data[i], piece);
        if (len + piece_len >= size) {
            len = size - 1 - cut < DOTS ? size - 1 : cut + DOTS;
            memset(text + cut, '.', len - cut);
            break;
        }
        memcpy(text + len, piece, piece_len);
        len += piece_len;
        if (len + DOTS < size)
            cut = len;
    }
    text[len] = '\0';
    return text;
}
