/* OpenSSL's error queue, and the sentence of a call that failed outside connections.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_FAILURE_H
#define WEIR_TLS_FAILURE_H

#include <stdbool.h>

/* What the queue held. */
typedef struct weir__tls_errors {
    unsigned long first; /* the oldest error, which is the cause; 0: none */
    unsigned long ssl;   /* the oldest one of libssl itself; 0: none */
    bool memory;         /* one of them was a want of memory */
} weir__tls_errors;

/* Empties the queue of this thread. */
weir__tls_errors weir__tls_take_errors(void);

/* OpenSSL's words for an error, or the system's for an errno behind it. */
const char *weir__tls_reason(unsigned long error);

/* Fails with the sentence, ": " and the reason of the oldest error; empties the queue.
 * Returns WEIR_E_TLS, or WEIR_E_MEMORY when that was a reason. */
int weir__tls_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails for want of memory; empties the queue. Returns WEIR_E_MEMORY. */
int weir__tls_fail_memory(void);

#endif
