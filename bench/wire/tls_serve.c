/* A plain TLS server over blocking OpenSSL: answers each connection's request with a
 * number of bytes, and closes it or holds it. The other side of the bench tls.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "argument.h"
#include "loopback.h"

static SSL_CTX *make_context(const char *certificate, const char *key)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context || SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        exit(EXIT_FAILURE);
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    return context;
}

/* The request is whatever comes first. */
static bool answer(SSL *ssl, size_t size)
{
    static char bytes[16 * 1024];
    char request[4096];
    int len = snprintf(bytes, sizeof(bytes),
                       "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n"
                       "Connection: close\r\n\r\n",
                       size);
    if (SSL_read(ssl, request, sizeof(request)) <= 0)
        return false;
    size_t left = size + (size_t)len;
    while (left > 0) {
        size_t piece = left < sizeof(bytes) ? left : sizeof(bytes);
        if (SSL_write(ssl, bytes, (int)piece) <= 0)
            return false;
        left -= piece;
    }
    return true;
}

/* What is held is left to the end of the process. */
static void serve(SSL_CTX *context, int fd, size_t size, bool hold)
{
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    bool done = SSL_accept(ssl) == 1 && answer(ssl, size);
    ERR_clear_error();
    if (done && hold)
        return;
    if (done)
        SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
}

int main(int argc, char **argv)
{
    argument_count(argc, 5, "tls_serve PORT CERTIFICATE KEY SIZE close|hold");
    int listener = loopback_listen((int)argument_number(argv[1], 65535), 128);
    SSL_CTX *context = make_context(argv[2], argv[3]);
    size_t size = (size_t)argument_number(argv[4], 1LL << 40);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            return EXIT_FAILURE;
        serve(context, fd, size, strcmp(argv[5], "hold") == 0);
    }
}
