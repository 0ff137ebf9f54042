/* What the commands say in a build without TLS, in the place of secure.c.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/status.h>

#include "secure.h"

enum exit_status secure_open(const struct command *command,
                             const struct secure_options *options, bool needed,
                             weir_tls_context **context)
{
    *context = NULL;
    if (!needed && !options->given)
        return COMMAND_OK;
    command_complain(command, "this build of weir has no TLS");
    return COMMAND_FAILED;
}

int secure_open_client(weir_tls_context **context, weir_slice authority)
{
    (void)context;
    (void)authority;
    return WEIR_E_UNSUPPORTED;
}

int secure_open_server(weir_tls_context **context, weir_slice certificate,
                       weir_slice key)
{
    (void)context;
    (void)certificate;
    (void)key;
    return WEIR_E_UNSUPPORTED;
}

void secure_close(weir_tls_context *context)
{
    (void)context;
}

int secure_start(weir_stream *stream, weir_tls_context *context,
                 const char *server_name)
{
    (void)stream;
    (void)context;
    (void)server_name;
    return WEIR_E_UNSUPPORTED;
}

bool secure_show(FILE *file, const char *prefix, enum secure_detail detail,
                 weir_stream *stream)
{
    (void)file;
    (void)prefix;
    (void)detail;
    (void)stream;
    return false;
}

int secure_describe(weir_stream *stream, char *text, size_t size)
{
    (void)stream;
    (void)text;
    (void)size;
    return WEIR_E_UNSUPPORTED;
}
