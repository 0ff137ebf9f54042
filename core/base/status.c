/* The names of the statuses.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/status.h>

#define STATUSES(X)       \
    X(WEIR_OK)            \
    X(WEIR_E_AGAIN)       \
    X(WEIR_E_TIMEOUT)     \
    X(WEIR_E_CANCELLED)   \
    X(WEIR_E_TOO_BIG)     \
    X(WEIR_E_INCOMPLETE)  \
    X(WEIR_E_CLOSED)      \
    X(WEIR_E_CONNECTION)  \
    X(WEIR_E_RESOLVE)     \
    X(WEIR_E_TLS)         \
    X(WEIR_E_PROTOCOL)    \
    X(WEIR_E_STATUS)      \
    X(WEIR_E_TYPE)        \
    X(WEIR_E_INVALID)     \
    X(WEIR_E_MISUSE)      \
    X(WEIR_E_UNSUPPORTED) \
    X(WEIR_E_MEMORY)      \
    X(WEIR_E_SYSTEM)

const char *weir_status_name(int status)
{
    if (status > 0)
        return "WEIR_OK";
    switch ((weir_status)status) {
#define NAME(value) \
    case value:     \
        return #value;
        STATUSES(NAME)
#undef NAME
    }
    return "unknown status";
}
