/**
 * What a call returns, and the words for it.
 *
 * Functions that can fail return an `int`: WEIR_OK or a count when they
 * succeed, else one of the negative statuses below. The status is what a
 * program can act on; the sentence for a person is in weir_last_error():
 *
 *   if (weir_open_connection(loop, &stream, "example.com", 80) < 0)
 *       fprintf(stderr, "%s\n", weir_last_error()->message);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STATUS_H
#define WEIR_STATUS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * The statuses, each with what a program does about it.
 *
 * After the first three the object of the call is as it was before; after the
 * others it is as the header of the call says, and closed if it says nothing.
 */
typedef enum weir_status {
    WEIR_OK = 0,
    WEIR_E_AGAIN = -1,     /**< would wait, and may not: try later */
    WEIR_E_TIMEOUT = -2,   /**< a deadline passed: retry, or give up */
    WEIR_E_CANCELLED = -3, /**< the task was cancelled: clean up and return */

    WEIR_E_TOO_BIG = -10,     /**< over a limit: raise the limit, or refuse */
    WEIR_E_INCOMPLETE = -11,  /**< the data ended in the middle of something */
    WEIR_E_CLOSED = -12,      /**< closed on this side: stop using the object */
    WEIR_E_CONNECTION = -13,  /**< refused, reset, unreachable: connect again */
    WEIR_E_RESOLVE = -14,     /**< the name has no address: check the name */
    WEIR_E_TLS = -15,         /**< no secure connection: do not trust the peer */
    WEIR_E_PROTOCOL = -16,    /**< the peer broke a standard: report it */
    WEIR_E_STATUS = -17,      /**< an HTTP status of 400 or more, when asked for */
    WEIR_E_TYPE = -18,        /**< a message of another type than asked for */
    WEIR_E_INVALID = -19,     /**< an argument is malformed: mend the call */
    WEIR_E_MISUSE = -20,      /**< a call that is never right here: mend the program */
    WEIR_E_UNSUPPORTED = -21, /**< not in this build, or not on this system */
    WEIR_E_MEMORY = -22,      /**< no memory: free some */
    WEIR_E_SYSTEM = -23       /**< the operating system refused: see os_error */
} weir_status;

/** A failure, as weir_last_error() tells it. */
typedef struct weir_error {
    int status;            /**< what the failed call returned */
    int os_error;          /**< errno, an EAI_ code, or 0 */
    size_t offset;         /**< where in the input, for codecs; else 0 */
    const char *operation; /**< "connect", "read": static text, never NULL */
    char message[256];     /**< a whole sentence: what, where, why */
} weir_error;

/**
 * The latest failure of the calling task, or of the calling thread when it is
 * not in a task. What a loop calls (a protocol, a timer) has a record apart, one
 * for each loop, so that what fails there does not cover what failed elsewhere.
 *
 * Never NULL. The record stays until the next failure of the same task, thread or
 * loop; a success does not clear it, so read it only after a failure. Bytes
 * of a peer in the message are escaped, and secrets are left out.
 */
const weir_error *weir_last_error(void);

/**
 * The name of a status: "WEIR_E_TIMEOUT" for WEIR_E_TIMEOUT.
 *
 *   status   any number; a positive one is a count and so "WEIR_OK"
 *
 * Static text; "unknown status" for a number that is no status.
 */
const char *weir_status_name(int status);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
