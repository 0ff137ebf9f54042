/* The library's TLS, as the commands use it.
 *
 * SPDX-License-Identifier: MIT */
#include "secure.h"

#include <stdlib.h>
#include <string.h>
#include <weir/tls.h>

#include "certificate.h"
#include "terminal.h"

static weir_tls_version version_of(int number)
{
    if (number == 0)
        return WEIR_TLS_ANY;
    return number == 12 ? WEIR_TLS_1_2 : WEIR_TLS_1_3;
}

enum exit_status secure_open(const struct command *command,
                             const struct secure_options *options, bool needed,
                             weir_tls_context **context)
{
    const char *key_log_file = getenv("SSLKEYLOGFILE");
    bool logged = key_log_file && key_log_file[0] != '\0';
    *context = NULL;
    if (!needed && !options->given && !logged)
        return COMMAND_OK;
    weir_tls_options tls = {
        .ca_file = options->ca_file,
        .certificate_file = options->certificate_file,
        .key_file = options->key_file,
        .pins = options->pin_count > 0 ? options->pins : NULL,
        .alpn = options->alpn_count > 0 ? options->alpn : NULL,
        .min_version = version_of(options->min_version),
        .insecure_skip_verify = options->insecure || options->show_only,
        .key_log_file = logged ? key_log_file : NULL,
    };
    int rc = weir_tls_client_new(context, &tls);
    if (rc == WEIR_OK)
        return COMMAND_OK;
    command_complain_of_failure(command);
    return rc == WEIR_E_INVALID ? COMMAND_USAGE : COMMAND_FAILED;
}

int secure_open_client(weir_tls_context **context, weir_slice authority)
{
    return weir_tls_client_new(context, &(weir_tls_options){.ca_pem = authority});
}

int secure_open_server(weir_tls_context **context, weir_slice certificate,
                       weir_slice key)
{
    return weir_tls_server_new(
        context, &(weir_tls_options){.certificate_pem = certificate, .key_pem = key});
}

void secure_close(weir_tls_context *context)
{
    weir_tls_context_free(context);
}

int secure_start(weir_stream *stream, weir_tls_context *context,
                 const char *server_name)
{
    return weir_stream_start_tls(stream, context, server_name);
}

static void print_connection(FILE *file, const char *prefix, const weir_tls_info *info)
{
    fprintf(file, "%s%s, %s", prefix, info->version, info->cipher);
    if (info->group[0] != '\0')
        fprintf(file, ", %s", info->group);
    if (info->alpn[0] != '\0')
        fprintf(file, ", ALPN %s", info->alpn);
    fprintf(file, "%s%s\n", info->resumed ? ", resumed" : "",
            info->stapled ? ", OCSP stapled" : "");
}

static void print_verdict(FILE *file, const char *prefix, const weir_tls_info *info)
{
    enum colour colour = info->verified ? GREEN : RED;
    fputs(prefix, file);
    fputs(terminal_colour(file, colour), file);
    if (!info->verified)
        fputs("NOT trusted: ", file);
    terminal_print(file, weir_slice_of(info->verification));
    fputs(terminal_colour(file, PLAIN), file);
    fputc('\n', file);
}

bool secure_show(FILE *file, const char *prefix, enum secure_detail detail,
                 weir_stream *stream)
{
    weir_tls_info *info;
    if (weir_stream_tls_info(stream, &info) < 0)
        return false;
    bool trusted = info->verified;
    const char *gap = detail == SECURE_FULL ? "\n" : "";
    print_connection(file, prefix, info);
    for (size_t i = 0; i < info->certificate_count; i++) {
        fputs(gap, file);
        certificate_print(file, prefix, detail, i + 1, &info->certificates[i]);
    }
    fputs(gap, file);
    print_verdict(file, prefix, info);
    weir_tls_info_free(info);
    return trusted;
}

int secure_describe(weir_stream *stream, char *text, size_t size)
{
    weir_tls_info *info;
    int rc = weir_stream_tls_info(stream, &info);
    if (rc < 0)
        return rc;
    snprintf(text, size, "%s, %s%s", info->version,
             info->verified ? "" : "NOT trusted: ", info->verification);
    rc = info->verified ? WEIR_OK : WEIR_E_TLS;
    weir_tls_info_free(info);
    return rc;
}
