/* OpenSSL's error queue as the end of a sentence.
 *
 * The queue belongs to the thread: what is left in it would be taken for the reason of
 * the next failure, of any connection, so that each function here empties it.
 *
 * SPDX-License-Identifier: MIT */
#include "failure.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <weir/status.h>

#include "error.h"

weir__tls_errors weir__tls_take_errors(void)
{
    weir__tls_errors errors = {0, 0, false};
    unsigned long error = ERR_get_error();
    errors.first = error;
    for (; error != 0; error = ERR_get_error()) {
        if (errors.ssl == 0 && ERR_GET_LIB(error) == ERR_LIB_SSL)
            errors.ssl = error;
        errors.memory |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    }
    return errors;
}

const char *weir__tls_reason(unsigned long error)
{
    if (ERR_SYSTEM_ERROR(error))
        return strerror(ERR_GET_REASON(error));
    const char *reason = ERR_reason_error_string(error);
    return reason ? reason : "OpenSSL does not say why";
}

int weir__tls_fail_memory(void)
{
    ERR_clear_error();
    return weir__fail(WEIR_E_MEMORY, "TLS", "no memory for TLS");
}

int weir__tls_fail(const char *format, ...)
{
    char sentence[sizeof(((weir_error *)NULL)->message)];
    va_list arguments;
    weir__tls_errors errors = weir__tls_take_errors();
    if (errors.memory)
        return weir__tls_fail_memory();
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    if (errors.first == 0)
        return weir__fail(WEIR_E_TLS, "TLS", "%s", sentence);
    return weir__fail(WEIR_E_TLS, "TLS", "%s: %s", sentence,
                      weir__tls_reason(errors.first));
}
