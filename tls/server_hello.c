/* A server's choices by the ClientHello: the context for the name that is asked for
 * (RFC 6066 3), and the application's protocol (RFC 7301).
 *
 * The context is chosen in the callback of the whole ClientHello, since that of the
 * name comes after a session was looked for: a ticket of one name would be good for
 * another, whose certificate rules may be stricter.
 *
 * SPDX-License-Identifier: MIT */
#include "server_hello.h"

#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "connection.h"
#include "context_inside.h"
#include "error.h"
#include "server_name.h"

#define MAX_NAME 256

/* Takes a number of two bytes off the front, which must be the length of what is left,
 * or less. */
static bool take_length(weir_slice *bytes)
{
    if (bytes->len < 2)
        return false;
    size_t len = (size_t)(unsigned char)bytes->data[0] << 8 |
                 (size_t)(unsigned char)bytes->data[1];
    *bytes = weir_slice_skip(*bytes, 2);
    if (len > bytes->len)
        return false;
    bytes->len = len;
    return true;
}

/* The name in the extension, in lower case; false when there is none to look for.
 * OpenSSL refuses what is malformed, later. */
static bool read_server_name(SSL *ssl, char name[MAX_NAME])
{
    const unsigned char *data;
    size_t len;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &len) != 1)
        return false;
    weir_slice bytes = {(const char *)data, len};
    if (!take_length(&bytes) || bytes.len == 0 ||
        bytes.data[0] != TLSEXT_NAMETYPE_host_name)
        return false;
    bytes = weir_slice_skip(bytes, 1);
    if (!take_length(&bytes) || !weir__tls_is_host_name(bytes))
        return false;
    for (size_t i = 0; i < bytes.len; i++)
        name[i] = weir__ascii_lower(bytes.data[i]);
    name[bytes.len] = '\0';
    return true;
}

static bool has_certificate(const SSL *ssl)
{
    return SSL_get_certificate(ssl);
}

static int refuse(SSL *ssl, int *alert, int code, const char *sentence)
{
    weir__tls_connection_refuse(weir__tls_connection_of(ssl), sentence);
    *alert = code;
    return SSL_CLIENT_HELLO_ERROR;
}

static int choose(SSL *ssl, int *alert, const char *name)
{
    weir__tls_connection *connection = weir__tls_connection_of(ssl);
    const weir_tls_options *options =
        &weir__tls_context_inside(connection->context)->options;
    weir_tls_context *chosen = options->on_server_name(options->arg, name);
    if (!chosen || chosen == connection->context)
        return SSL_CLIENT_HELLO_SUCCESS;
    if (!weir__tls_context_is_server(chosen))
        return refuse(ssl, alert, SSL_AD_INTERNAL_ERROR,
                      "on_server_name gave the context of a client");
    if (!weir__tls_connection_adopt(connection, chosen)) {
        connection->no_memory = true;
        return SSL_CLIENT_HELLO_ERROR;
    }
    return SSL_CLIENT_HELLO_SUCCESS;
}

int weir__tls_on_client_hello(SSL *ssl, int *alert, void *arg)
{
    char name[MAX_NAME];
    char sentence[sizeof(name) + 80];
    bool named = read_server_name(ssl, name);
    int rc = SSL_CLIENT_HELLO_SUCCESS;
    (void)arg;
    const weir__tls_context *context =
        weir__tls_context_inside(weir__tls_connection_of(ssl)->context);
    if (named && context->options.on_server_name)
        rc = choose(ssl, alert, name);
    if (rc != SSL_CLIENT_HELLO_SUCCESS || has_certificate(ssl))
        return rc;
    if (named)
        snprintf(sentence, sizeof(sentence),
                 "the client asked for %.150s, for which there is no certificate",
                 name);
    return refuse(ssl, alert, SSL_AD_UNRECOGNIZED_NAME,
                  named ? sentence
                        : "the client asked for no name, and there is no certificate "
                          "for that");
}

/* The name was looked at above: it is acknowledged (RFC 6066 3). */
int weir__tls_on_server_name(SSL *ssl, int *alert, void *arg)
{
    (void)alert;
    (void)arg;
    return SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) ? SSL_TLSEXT_ERR_OK
                                                              : SSL_TLSEXT_ERR_NOACK;
}

static void refuse_protocols(weir__tls_connection *connection, weir_slice offered)
{
    char own[80];
    char peers[80];
    char sentence[240];
    const weir__tls_alpn *alpn = &weir__tls_context_inside(connection->context)->alpn;
    weir_slice names = {(const char *)alpn->names, alpn->len};
    snprintf(sentence, sizeof(sentence),
             "the client speaks none of our protocols (ALPN): it offers %s, not %s",
             weir__tls_alpn_text(offered, peers, sizeof(peers)),
             weir__tls_alpn_text(names, own, sizeof(own)));
    weir__tls_connection_refuse(connection, sentence);
}

int weir__tls_on_alpn(SSL *ssl, const unsigned char **picked, unsigned char *picked_len,
                      const unsigned char *offered, unsigned offered_len, void *arg)
{
    weir__tls_connection *connection = weir__tls_connection_of(ssl);
    const weir__tls_context *context = weir__tls_context_inside(connection->context);
    weir_slice list = {(const char *)offered, offered_len};
    weir_slice name = weir__tls_alpn_pick(&context->alpn, list);
    (void)arg;
    if (name.len == 0) {
        refuse_protocols(connection, list);
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *picked = (const unsigned char *)name.data;
    *picked_len = (unsigned char)name.len;
    return SSL_TLSEXT_ERR_OK;
}
