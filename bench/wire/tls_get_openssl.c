/* Gets a response over TLS a number of times, a connection each, with blocking OpenSSL
 * and nothing else: the limit of the bench tls. Prints how many bytes there were.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "argument.h"
#include "loopback.h"

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "tls_get_openssl: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(EXIT_FAILURE);
}

static SSL_CTX *make_context(const char *ca_file, const char *suites)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context || SSL_CTX_load_verify_locations(context, ca_file, NULL) != 1 ||
        SSL_CTX_set_ciphersuites(context, suites) != 1)
        fail("the context");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return context;
}

static SSL *open_ssl(SSL_CTX *context, int fd, SSL_SESSION *session)
{
    SSL *ssl = SSL_new(context);
    if (!ssl || SSL_set_fd(ssl, fd) != 1 || SSL_set1_host(ssl, "localhost") != 1 ||
        SSL_set_tlsext_host_name(ssl, "localhost") != 1)
        fail("a connection");
    if (session)
        SSL_set_session(ssl, session);
    if (SSL_connect(ssl) != 1)
        fail("the handshake");
    return ssl;
}

/* Returns the session, when it is to be resumed. */
static SSL_SESSION *get(SSL_CTX *context, int port, SSL_SESSION *session, bool resume,
                        unsigned long long *total)
{
    static char bytes[16 * 1024];
    int fd = loopback_connect(port);
    int got;
    SSL *ssl = open_ssl(context, fd, session);
    if (session && !SSL_session_reused(ssl))
        fail("the session was not resumed");
    if (SSL_write(ssl, REQUEST, (int)strlen(REQUEST)) <= 0)
        fail("the request");
    while ((got = SSL_read(ssl, bytes, sizeof(bytes))) > 0)
        *total += (unsigned)got;
    SSL_SESSION_free(session);
    session = resume ? SSL_get1_session(ssl) : NULL;
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
    return session;
}

int main(int argc, char **argv)
{
    argument_count(argc, 5, "tls_get_openssl PORT CA_FILE SUITES COUNT full|resumed");
    int port = (int)argument_number(argv[1], 65535);
    SSL_CTX *context = make_context(argv[2], argv[3]);
    bool resume = strcmp(argv[5], "resumed") == 0;
    SSL_SESSION *session = NULL;
    unsigned long long total = 0;
    for (long long left = argument_number(argv[4], 1000000); left > 0; left--)
        session = get(context, port, session, resume, &total);
    SSL_SESSION_free(session);
    SSL_CTX_free(context);
    printf("%llu\n", total);
    return EXIT_SUCCESS;
}
