/* Idle TLS connections of a client, with OpenSSL and nothing else: the limit of the
 * bench tls. Each has got a response; buffers are released.
 *
 * Prints by how many bytes of resident memory the process grew for each connection,
 * counted from after a few first ones, which pay for what is there only once.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "argument.h"
#include "loopback.h"
#include "process_cost.h"

#define FIRST_ONES 16

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "tls_hold_openssl: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(EXIT_FAILURE);
}

static SSL_CTX *make_context(const char *ca_file)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context || SSL_CTX_load_verify_locations(context, ca_file, NULL) != 1)
        fail("the context");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    return context;
}

static void get_and_hold(SSL_CTX *context, int port)
{
    static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char bytes[4096];
    int fd = loopback_connect(port);
    SSL *ssl = SSL_new(context);
    if (!ssl || SSL_set_fd(ssl, fd) != 1 || SSL_set1_host(ssl, "localhost") != 1 ||
        SSL_set_tlsext_host_name(ssl, "localhost") != 1 || SSL_connect(ssl) != 1)
        fail("a connection");
    if (SSL_write(ssl, REQUEST, (int)strlen(REQUEST)) <= 0 ||
        SSL_read(ssl, bytes, sizeof(bytes)) <= 0)
        fail("a response");
}

int main(int argc, char **argv)
{
    argument_count(argc, 3, "tls_hold_openssl PORT CA_FILE CONNECTIONS");
    int port = (int)argument_number(argv[1], 65535);
    SSL_CTX *context = make_context(argv[2]);
    int count = (int)argument_number(argv[3], 100000);
    long long before = 0;
    for (int i = 0; i < count + FIRST_ONES; i++) {
        if (i == FIRST_ONES)
            before = process_resident_bytes(getpid());
        get_and_hold(context, port);
    }
    printf("%.1f\n", (double)(process_resident_bytes(getpid()) - before) / count);
    return EXIT_SUCCESS;
}
