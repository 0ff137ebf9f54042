/* TLS in the commands: the options that they share, and all that is done with the
 * library's TLS. secure.c does it; in a build without TLS, no_tls.c says that there is
 * none.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_SECURE_H
#define WEIR_CLI_SECURE_H

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <weir/stream.h>

#include "command.h"

enum { SECURE_MOST_PINS = 16, SECURE_MOST_PROTOCOLS = 16 };

/* What the options say. */
struct secure_options {
    bool given; /* any of them */
    const char *ca_file;
    const char *certificate_file;
    const char *key_file;
    const char *pins[SECURE_MOST_PINS + 1];
    const char *alpn[SECURE_MOST_PROTOCOLS + 1];
    size_t pin_count;
    size_t alpn_count;
    int min_version; /* 12 or 13; 0: the default */
    bool insecure;
    bool show_only; /* do not care who the server is, but find out (weir tls) */
};

/* The values of the long options, for getopt_long. */
enum secure_option {
    SECURE_CACERT = 1000,
    SECURE_CERT,
    SECURE_KEY,
    SECURE_PIN,
    SECURE_ALPN,
    SECURE_TLS_MIN,
    SECURE_INSECURE
};

/* clang-format off */
#define SECURE_TRUST_OPTIONS                               \
    {"cacert", required_argument, NULL, SECURE_CACERT},    \
    {"tls-min", required_argument, NULL, SECURE_TLS_MIN}

#define SECURE_ALPN_OPTIONS                                \
    {"alpn", required_argument, NULL, SECURE_ALPN}

#define SECURE_CLIENT_OPTIONS                              \
    SECURE_TRUST_OPTIONS,                                  \
    {"cert", required_argument, NULL, SECURE_CERT},        \
    {"key", required_argument, NULL, SECURE_KEY},          \
    {"pin", required_argument, NULL, SECURE_PIN},          \
    {"insecure", no_argument, NULL, SECURE_INSECURE}
/* clang-format on */

/* Their part of a help page. */
#define SECURE_TRUST_HELP                                                       \
    "  --cacert FILE     trust the certificates in FILE (PEM) instead of the\n" \
    "                    system's store\n"                                      \
    "  --tls-min 1.2|1.3 the oldest version of TLS to speak; 1.2 is the default\n"

#define SECURE_ALPN_HELP \
    "  --alpn NAME,...   offer these protocols (ALPN), as http/1.1\n"

#define SECURE_CLIENT_HELP                                                        \
    SECURE_TRUST_HELP                                                             \
    "  --cert FILE       show the certificate in FILE (PEM) to the server,\n"     \
    "  --key FILE        whose key is in FILE; else in that of --cert\n"          \
    "  --pin sha256//... the server's key must be this one, or another --pin's\n" \
    "  --insecure        talk to anybody: do not check who the server is\n"

#define SECURE_ENVIRONMENT_HELP                                                   \
    "SSLKEYLOGFILE in the environment names a file to which the secrets of the\n" \
    "connections are appended, for Wireshark.\n"

/* Takes an option with its argument in optarg. COMMAND_USAGE, having complained, when
 * it is wrong; what is no option of TLS, and what getopt_long found to be wrong, are
 * command_other_option()'s. */
enum exit_status secure_take(const struct command *command,
                             struct secure_options *options, int option, char **argv);

/* The context that the options ask for; NULL for none, when there are no options and
 * `needed` is false. Complains, and returns why the command ends. */
enum exit_status secure_open(const struct command *command,
                             const struct secure_options *options, bool needed,
                             weir_tls_context **context);

/* A context of certificates in memory. WEIR_OK or a negative status. */
int secure_open_client(weir_tls_context **context, weir_slice authority);
int secure_open_server(weir_tls_context **context, weir_slice certificate,
                       weir_slice key);

/* NULL is allowed. */
void secure_close(weir_tls_context *context);

/* Goes over to TLS on a stream. WEIR_OK or a negative status. */
int secure_start(weir_stream *stream, weir_tls_context *context,
                 const char *server_name);

/* How much of a connection secure_show() shows. */
enum secure_detail {
    SECURE_BRIEF, /* beside something else (-v) */
    SECURE_FULL
};

/* Prints what is known of a stream's security, if it has any, each line behind the
 * prefix; at last whether its peer is trusted, which it returns. */
bool secure_show(FILE *file, const char *prefix, enum secure_detail detail,
                 weir_stream *stream);

/* What was verified, as "TLSv1.3, trusted by ...". WEIR_OK or a negative status. */
int secure_describe(weir_stream *stream, char *text, size_t size);

#endif
