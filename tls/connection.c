/* Connections: an SSL from a context, and what its callbacks keep.
 *
 * SPDX-License-Identifier: MIT */
#include "connection.h"

#include <openssl/err.h>
#include <string.h>

#include "allocator.h"
#include "context_inside.h"
#include "error.h"
#include "failure.h"
#include "server_name.h"

static weir__tls_context *context_of(const weir__tls_connection *connection)
{
    return weir__tls_context_inside(connection->context);
}

/* The key of sessions: whom they are with. What else must match is the context's. */
static void resume(weir__tls_connection *connection)
{
    weir__tls_context *context = context_of(connection);
    pthread_mutex_lock(&context->lock);
    SSL_SESSION *session = NULL;
    if (SSL_get_SSL_CTX(connection->ssl) == context->ssl)
        session = weir__tls_sessions_take(&context->sessions, connection->server_name,
                                          connection->port);
    pthread_mutex_unlock(&context->lock);
    if (session)
        SSL_set_session(connection->ssl, session);
    SSL_SESSION_free(session);
}

static int set_server_name(weir__tls_connection *connection)
{
    if (!connection->server_name)
        return WEIR_OK;
    /* RFC 6066 3: "Literal IPv4 and IPv6 addresses are not permitted". */
    if (!connection->is_address &&
        SSL_set_tlsext_host_name(connection->ssl, connection->server_name) != 1)
        return weir__tls_fail("the name of the server cannot be asked for");
    resume(connection);
    return WEIR_OK;
}

static int name_server(weir__tls_connection *connection, const char *server_name)
{
    const weir_tls_options *options = &context_of(connection)->options;
    if (server_name)
        return weir__tls_server_name_new(connection->allocator, server_name,
                                         &connection->server_name,
                                         &connection->is_address);
    if (options->insecure_skip_hostname || options->insecure_skip_verify)
        return WEIR_OK;
    return weir__fail(WEIR_E_INVALID, "TLS",
                      "there is no name that the server's certificate must be for");
}

static int make_ssl(weir__tls_connection *connection)
{
    weir__tls_context *context = context_of(connection);
    SSL_CTX *settings = weir__tls_context_ssl(context);
    connection->ssl = SSL_new(settings);
    SSL_CTX_free(settings);
    if (!connection->ssl)
        return weir__tls_fail_memory();
    if (SSL_set_app_data(connection->ssl, connection) != 1)
        return weir__tls_fail_memory();
    if (context->is_server) {
        SSL_set_accept_state(connection->ssl);
        return WEIR_OK;
    }
    SSL_set_connect_state(connection->ssl);
    return set_server_name(connection);
}

int weir__tls_connection_open(weir__tls_connection *connection,
                              weir_tls_context *context, const char *server_name)
{
    int rc = WEIR_OK;
    ERR_clear_error();
    *connection = (weir__tls_connection){
        .allocator = connection->allocator,
        .port = connection->port,
        .context = weir__tls_context_hold(context),
    };
    if (!context_of(connection)->is_server)
        rc = name_server(connection, server_name);
    if (rc == WEIR_OK)
        rc = make_ssl(connection);
    if (rc < 0)
        weir__tls_connection_close(connection);
    ERR_clear_error();
    return rc;
}

void weir__tls_connection_close(weir__tls_connection *connection)
{
    /* A session may be resumed though its connection ended without a goodbye (RFC 5246
     * 7.2.1); OpenSSL would drop it. */
    if (connection->established)
        SSL_set_shutdown(connection->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(connection->ssl);
    weir__free(connection->allocator, connection->server_name);
    weir__free(connection->allocator, connection->complaint);
    weir_tls_context_free(connection->context);
    *connection = (weir__tls_connection){.allocator = connection->allocator};
    ERR_clear_error();
}

void weir__tls_connection_complain(weir__tls_connection *connection,
                                   const char *sentence)
{
    if (connection->complaint)
        return;
    connection->complaint =
        weir__strndup(connection->allocator, sentence, strlen(sentence));
    if (!connection->complaint)
        connection->no_memory = true;
}

void weir__tls_connection_forgive(weir__tls_connection *connection)
{
    weir__free(connection->allocator, connection->complaint);
    connection->complaint = NULL;
}

void weir__tls_connection_refuse(weir__tls_connection *connection, const char *sentence)
{
    weir__tls_connection_forgive(connection);
    connection->refused = true;
    weir__tls_connection_complain(connection, sentence);
}

/* SSL_set_SSL_CTX takes the certificate along, and leaves the rules of before. */
static void copy_rules(SSL *ssl, SSL_CTX *settings)
{
    SSL_set_verify(ssl, SSL_CTX_get_verify_mode(settings), NULL);
    SSL_clear_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_options(ssl, SSL_CTX_get_options(settings));
    SSL_set_num_tickets(ssl, SSL_CTX_get_num_tickets(settings));
    SSL_set_min_proto_version(ssl, SSL_CTX_get_min_proto_version(settings));
    SSL_set_max_proto_version(ssl, SSL_CTX_get_max_proto_version(settings));
}

bool weir__tls_connection_adopt(weir__tls_connection *connection,
                                weir_tls_context *context)
{
    weir__tls_context *other = weir__tls_context_inside(context);
    SSL_CTX *settings = weir__tls_context_ssl(other);
    bool ok = SSL_set_SSL_CTX(connection->ssl, settings) &&
              X509_VERIFY_PARAM_set1(SSL_get0_param(connection->ssl),
                                     SSL_CTX_get0_param(settings)) == 1;
    if (ok) {
        copy_rules(connection->ssl, settings);
        weir_tls_context *before = connection->context;
        connection->context = weir__tls_context_hold(context);
        weir_tls_context_free(before);
    }
    SSL_CTX_free(settings);
    return ok;
}

int weir__tls_connection_on_session(SSL *ssl, SSL_SESSION *session)
{
    weir__tls_connection *connection = weir__tls_connection_of(ssl);
    weir__tls_context *context = context_of(connection);
    int kept = 0;
    /* Who is not trusted is looked at each time, and the words are found again. */
    if (!connection->server_name || connection->complaint)
        return kept;
    pthread_mutex_lock(&context->lock);
    if (SSL_get_SSL_CTX(ssl) == context->ssl)
        kept = weir__tls_sessions_put(&context->sessions, connection->server_name,
                                      connection->port, session);
    pthread_mutex_unlock(&context->lock);
    return kept;
}

/* What comes between application data, seen once the handshake is done: KeyUpdate and
 * NewSessionTicket (RFC 8446 4.6), HelloRequest and ClientHello (RFC 5246 7.4.1). */
/* NOLINTNEXTLINE(readability-function-size): the form that OpenSSL calls */
static void count_message(int is_written, int version, int content_type,
                          const void *bytes, size_t len, SSL *ssl, void *arg)
{
    (void)arg;
    bool is_record = content_type == SSL3_RT_HEADER;
    bool is_handshake = content_type == SSL3_RT_HANDSHAKE;
    if (is_record && version < TLS1_3_VERSION && len > 0)
        is_handshake = *(const unsigned char *)bytes == SSL3_RT_HANDSHAKE;
    if (!is_written && is_handshake)
        weir__tls_connection_of(ssl)->unsettled++;
}

/* RFC 7301 3.1: the server picks one of those that were offered. */
static int check_alpn(weir__tls_connection *connection)
{
    const weir__tls_context *context = context_of(connection);
    const unsigned char *name;
    unsigned len;
    char shown[80];
    SSL_get0_alpn_selected(connection->ssl, &name, &len);
    weir_slice picked = {(const char *)name, len};
    if (context->is_server || len == 0 || weir__tls_alpn_has(&context->alpn, picked))
        return WEIR_OK;
    return weir__fail(WEIR_E_TLS, "TLS",
                      "the server wants to speak \"%s\", which was not offered (ALPN)",
                      weir__escape(picked, shown, sizeof(shown)));
}

int weir__tls_connection_establish(weir__tls_connection *connection)
{
    connection->established = true;
    SSL_set_msg_callback(connection->ssl, count_message);
    SSL_set_tlsext_status_ocsp_resp(connection->ssl, NULL, 0);
    return check_alpn(connection);
}
