/* weir connect: standard input and output over a stream.
 *
 * Two tasks, one for each direction. Each waits in its drain while its other end does
 * not take more, and reads no further meanwhile.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>
#include <weir/stream.h>
#include <weir/task.h>

#include "command.h"
#include "peer.h"
#include "secure.h"
#include "starttls.h"

enum { SERVER_NAME = 1, STARTTLS, TLS };

static const char HELP[] =
    "Connects to a port of a host. What comes in on standard input is sent, what the\n"
    "peer sends goes to standard output, byte by byte as it is.\n"
    "\n"
    "  -v                say on standard error to which address, how it is secured, "
    "and\n"
    "                    what was sent and received\n"
    "  --tls             speak TLS\n"
    "  --starttls PROTOCOL\n"
    "                    speak " STARTTLS_PROTOCOLS ", in the clear,\n"
    "                    up to where TLS begins\n"
    "\n"
    "With either of them:\n"
    "\n"
    "  --server-name NAME\n"
    "                    ask for this name, and check it, instead of the "
    "host's\n" SECURE_CLIENT_HELP SECURE_ALPN_HELP "\n"
    "The end of the input is sent on as such (a half-close), and the answer is still\n"
    "waited for:  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | weir connect example.com 80\n"
    "When the peer has sent its end, the command ends, too. TLS 1.2 has no "
    "half-close:\n"
    "there the end of the input is not sent, and the peer's end is waited for.\n"
    "\n" SECURE_ENVIRONMENT_HELP "\n"
    "Exit status: 0; 1 when there is no connection, or it breaks off; 2 when the\n"
    "command line is wrong.\n";

struct direction {
    weir_stream *from;
    weir_stream *to;
    size_t bytes;
    bool write_failed;
    weir_error error;
};

struct conversation {
    struct direction out; /* standard input to the peer */
    struct direction in;  /* the peer to standard output */
    weir_task *receiver;
    bool input_failed; /* not the connection, but what was to be sent */
};

static int copy(struct direction *d)
{
    weir_writer *to = weir_stream_writer(d->to);
    weir_slice bytes;
    int rc;
    while ((rc = weir_read(weir_stream_reader(d->from), WEIR_NO_LIMIT, &bytes)) > 0) {
        d->bytes += bytes.len;
        rc = weir_write(to, bytes);
        if (rc == WEIR_OK)
            rc = weir_drain(to);
        d->write_failed = rc < 0;
        if (rc < 0)
            return rc;
    }
    return rc;
}

/* A connection that breaks while sending is the receiver's to report: it may still
 * have bytes that came before. */
static int send_input(void *arg)
{
    struct conversation *c = arg;
    int rc = copy(&c->out);
    if (rc == WEIR_OK)
        return weir_write_eof(weir_stream_writer(c->out.to)); /* not with TLS 1.2 */
    if (rc != WEIR_E_CANCELLED && !c->out.write_failed) {
        c->out.error = *weir_last_error();
        c->input_failed = true;
        weir_cancel(c->receiver);
    }
    return rc;
}

static int receive_output(void *arg)
{
    struct conversation *c = arg;
    int rc = copy(&c->in);
    if (rc == WEIR_OK) {
        rc = weir_flush(weir_stream_writer(c->in.to));
        c->in.write_failed = rc < 0;
    }
    if (rc < 0)
        c->in.error = *weir_last_error();
    return rc;
}

static enum exit_status fail(const struct direction *d)
{
    /* A reader that has left, as of `weir connect ... | head`, wants no words. */
    if (!(d->write_failed && d->error.os_error == EPIPE))
        command_complain(&CONNECT_COMMAND, "%s", d->error.message);
    return COMMAND_FAILED;
}

static enum exit_status converse(weir_loop *loop, struct conversation *c)
{
    c->receiver = weir_spawn(loop, receive_output, c);
    weir_task *sender = c->receiver ? weir_spawn(loop, send_input, c) : NULL;
    if (!sender) {
        command_complain_of_failure(&CONNECT_COMMAND);
        weir_cancel(c->receiver);
        weir_join(c->receiver);
        return COMMAND_FAILED;
    }
    int rc = weir_join(c->receiver);
    weir_cancel(sender);
    weir_join(sender);
    if (c->input_failed)
        return fail(&c->out);
    return rc < 0 ? fail(&c->in) : COMMAND_OK;
}

static enum exit_status open_and_converse(weir_loop *loop, weir_stream *peer,
                                          bool verbose)
{
    struct conversation c = {.out = {.to = peer}, .in = {.from = peer}};
    enum exit_status status = COMMAND_FAILED;
    if (weir_open_stdin(loop, &c.out.from) == WEIR_OK &&
        weir_open_stdout(loop, &c.in.to) == WEIR_OK)
        status = converse(loop, &c);
    else
        command_complain_of_failure(&CONNECT_COMMAND);
    if (verbose)
        fprintf(stderr, "* sent %zu bytes, received %zu\n", c.out.bytes, c.in.bytes);
    weir_stream_abort(c.out.from);
    weir_stream_abort(c.in.to); /* what could be written was */
    return status;
}

static enum exit_status talk(weir_loop *loop, const struct peer *peer, bool verbose)
{
    char address[WEIR_ADDRESS_TEXT_BYTES];
    weir_stream *stream = peer_open(&CONNECT_COMMAND, loop, peer);
    if (!stream)
        return COMMAND_FAILED;
    if (verbose) {
        fprintf(stderr, "* connected to %s\n", peer_address(stream, address));
        secure_show(stderr, "* ", SECURE_BRIEF, stream);
    }
    enum exit_status status = open_and_converse(loop, stream, verbose);
    weir_stream_close(stream);
    return status;
}

/* The command line */

struct request {
    struct peer peer;
    struct secure_options secure;
    bool tls;
    bool verbose;
};

static enum exit_status connect_to(struct request *request)
{
    weir_tls_context *context;
    enum exit_status status =
        request->tls ? secure_open(&CONNECT_COMMAND, &request->secure, true, &context)
                     : COMMAND_OK;
    if (status != COMMAND_OK)
        return status;
    request->peer.tls = request->tls ? context : NULL;
    weir_loop *loop = weir_loop_new(NULL);
    if (loop) {
        status = talk(loop, &request->peer, request->verbose);
    } else {
        command_complain_of_failure(&CONNECT_COMMAND);
        status = COMMAND_FAILED;
    }
    weir_loop_free(loop);
    secure_close(request->peer.tls);
    return status;
}

static enum exit_status take_option(struct request *request, int option, char **argv)
{
    switch (option) {
    case 'v':
        request->verbose = true;
        return COMMAND_OK;
    case TLS:
        request->tls = true;
        return COMMAND_OK;
    case SERVER_NAME:
        request->peer.server_name = optarg;
        return COMMAND_OK;
    case STARTTLS:
        request->tls = true;
        request->peer.starttls = optarg;
        return starttls_knows(optarg)
                   ? COMMAND_OK
                   : command_refuse(&CONNECT_COMMAND,
                                    "--starttls takes " STARTTLS_PROTOCOLS);
    default:
        return secure_take(&CONNECT_COMMAND, &request->secure, option, argv);
    }
}

static enum exit_status run(const struct command *command, int argc, char **argv)
{
    static const struct option LONG[] = {
        {"help", no_argument, NULL, 'h'},
        {"server-name", required_argument, NULL, SERVER_NAME},
        {"starttls", required_argument, NULL, STARTTLS},
        {"tls", no_argument, NULL, TLS},
        {"verbose", no_argument, NULL, 'v'},
        SECURE_CLIENT_OPTIONS,
        SECURE_ALPN_OPTIONS,
        {NULL, 0, NULL, 0},
    };
    struct request request = {.tls = false};
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":hv", LONG, NULL)) != -1) {
        enum exit_status status = take_option(&request, option, argv);
        if (status != COMMAND_OK || option == 'h')
            return status;
    }
    if (argc - optind != 2)
        return command_refuse(command, "it takes a host and a port");
    if (!request.tls && (request.secure.given || request.peer.server_name))
        return command_refuse(command, "options of TLS, but no --tls");
    request.peer.host = argv[optind];
    request.peer.port = command_port(argv[optind + 1]);
    if (request.peer.port < 0)
        return command_refuse(command, "%s is not a port", argv[optind + 1]);
    return connect_to(&request);
}

const struct command CONNECT_COMMAND = {
    .name = "connect",
    .summary = "standard input and output over a connection",
    .usage = "[-v] [--tls | --starttls PROTOCOL] [OPTION]... HOST PORT",
    .help = HELP,
    .run = run,
};
