/* weir tls: who a server is, and whether it is to be trusted.
 *
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/loop.h>
#include <weir/status.h>

#include "command.h"
#include "peer.h"
#include "secure.h"
#include "starttls.h"

enum { DEFAULT_PORT = 443, SERVER_NAME = 1, STARTTLS };

static const char HELP[] =
    "Shakes hands with a server, port 443 unless told otherwise, and prints what was\n"
    "agreed on, the certificates that it shows, and whether it is to be trusted.\n"
    "\n" SECURE_TRUST_HELP "  --server-name NAME\n"
    "                    ask for this name, and check it, instead of the host's\n"
    "  --starttls PROTOCOL\n"
    "                    begin in the clear, with " STARTTLS_PROTOCOLS
    "\n" SECURE_ALPN_HELP "\n"
    "An IPv6 address with a port is written [::1]:443. Nothing is sent but the\n"
    "handshake.\n"
    "\n" SECURE_ENVIRONMENT_HELP "\n"
    "Exit status: 0 when the server is trusted; 1 when it is not, or there is no\n"
    "connection; 2 when the command line is wrong.\n";

struct request {
    struct secure_options secure;
    struct peer peer;
    char host[256];
};

/* Where the port begins, with its colon; NULL: there is none. An IPv6 address has
 * colons of its own, and brackets around it when a port follows. */
static const char *find_port(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (!colon)
        return NULL;
    if (text[0] == '[')
        return colon[-1] == ']' ? colon : NULL;
    return strchr(text, ':') == colon ? colon : NULL;
}

/* HOST, HOST:PORT, an IPv6 address, or that in brackets, with a port or without. */
static bool read_address(struct request *request, const char *text)
{
    const char *port = find_port(text);
    size_t len = port ? (size_t)(port - text) : strlen(text);
    request->peer.port = port ? command_port(port + 1) : DEFAULT_PORT;
    if (text[0] == '[') {
        if (len < 2 || text[len - 1] != ']')
            return false;
        text++;
        len -= 2;
    }
    snprintf(request->host, sizeof(request->host), "%.*s", (int)len, text);
    request->peer.host = request->host;
    return len > 0 && len < sizeof(request->host) && request->peer.port > 0;
}

static enum exit_status show(const struct request *request, weir_loop *loop)
{
    char address[WEIR_ADDRESS_TEXT_BYTES];
    weir_stream *stream = peer_open(&TLS_COMMAND, loop, &request->peer);
    if (!stream)
        return COMMAND_FAILED;
    printf("%s is %s\n", request->host, peer_address(stream, address));
    bool trusted = secure_show(stdout, "", SECURE_FULL, stream);
    weir_stream_close(stream);
    bool printed = fflush(stdout) == 0 && !ferror(stdout);
    return trusted && printed ? COMMAND_OK : COMMAND_FAILED;
}

static enum exit_status connect_and_show(struct request *request)
{
    weir_tls_context *context;
    request->secure.show_only = true;
    enum exit_status status =
        secure_open(&TLS_COMMAND, &request->secure, true, &context);
    if (status != COMMAND_OK)
        return status;
    request->peer.tls = context;
    weir_loop *loop = weir_loop_new(NULL);
    if (loop) {
        status = show(request, loop);
    } else {
        command_complain_of_failure(&TLS_COMMAND);
        status = COMMAND_FAILED;
    }
    weir_loop_free(loop);
    secure_close(context);
    return status;
}

static enum exit_status take_option(struct request *request, int option, char **argv)
{
    if (option == SERVER_NAME) {
        request->peer.server_name = optarg;
        return COMMAND_OK;
    }
    if (option != STARTTLS)
        return secure_take(&TLS_COMMAND, &request->secure, option, argv);
    request->peer.starttls = optarg;
    if (starttls_knows(optarg))
        return COMMAND_OK;
    return command_refuse(&TLS_COMMAND, "--starttls takes " STARTTLS_PROTOCOLS);
}

static enum exit_status run(const struct command *command, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"help", no_argument, NULL, 'h'},
        {"server-name", required_argument, NULL, SERVER_NAME},
        {"starttls", required_argument, NULL, STARTTLS},
        SECURE_TRUST_OPTIONS,
        SECURE_ALPN_OPTIONS,
        {NULL, 0, NULL, 0},
    };
    struct request request = {.host = ""};
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", LONG, NULL)) != -1) {
        enum exit_status status = take_option(&request, option, argv);
        if (status != COMMAND_OK || option == 'h')
            return status;
    }
    if (argc - optind != 1)
        return command_refuse(command, "it takes a host");
    if (!read_address(&request, argv[optind]))
        return command_refuse(command, "%s is not HOST or HOST:PORT", argv[optind]);
    return connect_and_show(&request);
}

const struct command TLS_COMMAND = {
    .name = "tls",
    .summary = "who a server is, and whether it is to be trusted",
    .usage = "[OPTION]... HOST[:PORT]",
    .help = HELP,
    .run = run,
};
