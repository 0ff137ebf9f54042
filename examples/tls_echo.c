/* An echo over TLS: the server and its client, here in one program.
 *
 *   ./tls_echo CERTIFICATE KEY CA
 *   ./tls_echo CERTIFICATE KEY CA CLIENT_CERTIFICATE CLIENT_KEY CLIENT_CA
 *
 * All of them are files in PEM. The server shows CERTIFICATE, which is for localhost;
 * the client trusts what CA has issued. With the second form the server asks for a
 * certificate too, and trusts what CLIENT_CA has issued: mutual TLS.
 *
 * A context is made once, and serves all connections.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <weir/weir.h>

/* At once: the words are those of the latest failure. */
static int complain(int rc)
{
    if (rc < 0)
        fprintf(stderr, "%s\n", weir_last_error()->message);
    return rc;
}

static int echo(weir_stream *stream, void *arg)
{
    weir_writer *writer = weir_stream_writer(stream);
    weir_tls_info *info;
    weir_slice line;
    int rc = weir_stream_tls_info(stream, &info);
    (void)arg;
    if (rc < 0)
        return rc;
    if (info->certificate_count > 0)
        printf("the client is %s\n", info->certificates[0].subject);
    weir_tls_info_free(info);
    while ((rc = weir_readline(weir_stream_reader(stream), &line)) > 0) {
        weir_write(writer, line);
        if ((rc = weir_drain(writer)) < 0)
            break;
    }
    return rc;
}

static int make_contexts(int argc, char **argv, weir_tls_context **server,
                         weir_tls_context **client)
{
    bool mutual = argc > 6;
    weir_tls_options theirs = {.certificate_file = argv[1], .key_file = argv[2]};
    weir_tls_options ours = {.ca_file = argv[3]};
    if (mutual) {
        theirs.ca_file = argv[6];
        theirs.client_certificate = WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED;
        ours.certificate_file = argv[4];
        ours.key_file = argv[5];
    }
    int rc = weir_tls_server_new(server, &theirs);
    return rc < 0 ? rc : weir_tls_client_new(client, &ours);
}

static int talk(weir_stream *stream)
{
    weir_tls_info *info;
    weir_slice line;
    int rc = weir_stream_tls_info(stream, &info);
    if (rc < 0)
        return rc;
    printf("%s, %s\n", info->version, info->verification);
    weir_tls_info_free(info);
    weir_write(weir_stream_writer(stream), WEIR_S("hello\n"));
    rc = weir_readline(weir_stream_reader(stream), &line);
    if (rc > 0)
        printf("%.*s", (int)line.len, line.data);
    return rc < 0 ? rc : WEIR_OK;
}

static int run(weir_loop *loop, weir_tls_context *theirs, weir_tls_context *ours)
{
    weir_server *server;
    weir_stream *stream;
    int rc = weir_start_server(loop, &server, "127.0.0.1", 0, .on_connect = echo,
                               .tls = theirs);
    if (rc < 0)
        return complain(rc);
    /* It must be localhost, whatever its address is. */
    rc = weir_open_connection(loop, &stream, "127.0.0.1", weir_server_port(server),
                              .tls = ours, .server_name = "localhost");
    complain(rc);
    if (rc == WEIR_OK) {
        rc = complain(talk(stream));
        weir_stream_close(stream); /* says goodbye (close_notify) */
    }
    weir_server_wait_closed(server, 1000);
    weir_server_free(server);
    return rc;
}

int main(int argc, char **argv)
{
    weir_tls_context *server = NULL;
    weir_tls_context *client = NULL;
    if (argc != 4 && argc != 7) {
        fprintf(stderr, "usage: %s CERTIFICATE KEY CA [CERTIFICATE KEY CA]\n", argv[0]);
        return 2;
    }
    weir_loop *loop = weir_loop_new(NULL);
    int rc = complain(make_contexts(argc, argv, &server, &client));
    if (rc == WEIR_OK)
        rc = run(loop, server, client);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    weir_loop_free(loop);
    return rc < 0;
}
