/* Setting an SSL_CTX up. What OpenSSL's configuration file may have changed and what
 * must hold is set explicitly.
 *
 * SPDX-License-Identifier: MIT */
#include "settings.h"

#include "connection.h"
#include "error.h"
#include "failure.h"
#include "identity.h"
#include "server_hello.h"
#include "staple.h"
#include "trust.h"
#include "verify.h"

#define SECURITY_LEVEL 2  /* 112 bits: RSA 2048, SHA-224 */
#define MAX_CA_NAMES   64 /* that a server tells clients of */

static void set_basics(SSL_CTX *ssl)
{
    SSL_CTX_clear_options(ssl, SSL_OP_IGNORE_UNEXPECTED_EOF |
                                   SSL_OP_LEGACY_SERVER_CONNECT |
                                   SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION |
                                   SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_clear_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static int set_versions(SSL_CTX *ssl, const weir_tls_options *options)
{
    int least = options->min_version ? (int)options->min_version : TLS1_2_VERSION;
    if (SSL_CTX_set_min_proto_version(ssl, least) != 1 ||
        SSL_CTX_set_max_proto_version(ssl, (int)options->max_version) != 1)
        return weir__tls_fail("OpenSSL does not speak these versions of TLS");
    return WEIR_OK;
}

static int check_list(int result, const char *option, const char *list)
{
    char shown[120];
    if (result == 1)
        return WEIR_OK;
    weir__escape(weir_slice_of(list), shown, sizeof(shown));
    return weir__tls_fail("%s \"%s\" has something that OpenSSL does not know", option,
                          shown);
}

/* Two of OpenSSL's macros do not say const of what they only read. */
static char *lent(const char *list)
{
    return (char *)(uintptr_t)list;
}

static int set_lists(SSL_CTX *ssl, const weir_tls_options *options)
{
    int rc = WEIR_OK;
    if (options->ciphers)
        rc = check_list(SSL_CTX_set_cipher_list(ssl, options->ciphers), "ciphers",
                        options->ciphers);
    if (rc == WEIR_OK && options->cipher_suites)
        rc = check_list(SSL_CTX_set_ciphersuites(ssl, options->cipher_suites),
                        "cipher_suites", options->cipher_suites);
    if (rc == WEIR_OK && options->groups)
        rc = check_list((int)SSL_CTX_set1_groups_list(ssl, lent(options->groups)),
                        "groups", options->groups);
    if (rc == WEIR_OK && options->signature_algorithms)
        rc = check_list(
            (int)SSL_CTX_set1_sigalgs_list(ssl, lent(options->signature_algorithms)),
            "signature_algorithms", options->signature_algorithms);
    /* Not before the lists: "@SECLEVEL=0" in one of them is no way down. */
    SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
    return rc;
}

/* The names of the authorities, for clients to choose a certificate by (RFC 8446
 * 4.2.4). */
static int tell_authorities(SSL_CTX *ssl, X509_STORE *trust)
{
    STACK_OF(X509) *authorities = X509_STORE_get1_all_certs(trust);
    int rc = WEIR_OK;
    if (!authorities)
        return weir__tls_fail_memory();
    int count = sk_X509_num(authorities);
    for (int i = 0; i < count && i < MAX_CA_NAMES && rc == WEIR_OK; i++) {
        if (SSL_CTX_add1_to_CA_list(ssl, sk_X509_value(authorities, i)) != 1)
            rc = weir__tls_fail_memory();
    }
    sk_X509_pop_free(authorities, X509_free);
    return rc;
}

static int verify_mode(const weir__tls_context *context)
{
    if (!context->is_server)
        return SSL_VERIFY_PEER;
    switch (context->options.client_certificate) {
    case WEIR_TLS_CLIENT_CERTIFICATE_NONE:
        break;
    case WEIR_TLS_CLIENT_CERTIFICATE_OPTIONAL:
        return SSL_VERIFY_PEER;
    case WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED:
        return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    return SSL_VERIFY_NONE;
}

static int set_trust(const weir__tls_context *context, SSL_CTX *ssl, X509_STORE *trust)
{
    const weir_tls_options *options = &context->options;
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(ssl);
    unsigned long flags = 0;
    /* An intermediate authority may be trusted by itself, without its root. */
    if (weir__tls_has_own_trust(options))
        flags |= X509_V_FLAG_PARTIAL_CHAIN;
    if (options->crl_file)
        flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    SSL_CTX_set_verify(ssl, verify_mode(context), NULL);
    SSL_CTX_set_cert_verify_callback(ssl, weir__tls_verify, NULL);
    if (flags != 0 && X509_VERIFY_PARAM_set_flags(parameters, flags) != 1)
        return weir__tls_fail_memory();
    if (!trust)
        return WEIR_OK;
    SSL_CTX_set1_cert_store(ssl, trust);
    if (context->is_server && weir__tls_has_own_trust(options))
        return tell_authorities(ssl, trust);
    return WEIR_OK;
}

/* Servers trust nobody unless told whom. */
static bool needs_trust(const weir__tls_context *context)
{
    return !context->is_server || weir__tls_has_own_trust(&context->options);
}

static void on_key_log(const SSL *ssl, const char *line)
{
    const weir__tls_connection *connection = SSL_get_app_data(ssl);
    const weir__tls_context *context = weir__tls_context_inside(connection->context);
    weir__tls_key_log_write(&context->key_log, line);
    if (context->options.on_key_log)
        context->options.on_key_log(context->options.arg, line);
}

static int set_sessions(const weir__tls_context *context, SSL_CTX *ssl)
{
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    if (context->options.no_sessions) {
        SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(ssl, 0);
    } else if (!context->is_server) {
        SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_CLIENT |
                                                SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(ssl, weir__tls_connection_on_session);
    }
    /* A ticket of one server's name is not good for another's certificate rules. */
    if (SSL_CTX_set_session_id_context(ssl, context->session_id,
                                       sizeof(context->session_id)) != 1)
        return weir__tls_fail_memory();
    return WEIR_OK;
}

static int set_client(const weir__tls_context *context, SSL_CTX *ssl)
{
    const weir__tls_alpn *alpn = &context->alpn;
    if (alpn->names && SSL_CTX_set_alpn_protos(ssl, alpn->names, alpn->len) != 0)
        return weir__tls_fail_memory();
    SSL_CTX_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp);
    SSL_CTX_set_tlsext_status_cb(ssl, weir__tls_check_staple);
    return WEIR_OK;
}

static int set_server(const weir__tls_context *context, SSL_CTX *ssl)
{
    SSL_CTX_set_dh_auto(ssl, 1);
    SSL_CTX_set_client_hello_cb(ssl, weir__tls_on_client_hello, NULL);
    SSL_CTX_set_tlsext_servername_callback(ssl, weir__tls_on_server_name);
    if (context->alpn.names)
        SSL_CTX_set_alpn_select_cb(ssl, weir__tls_on_alpn, NULL);
    return WEIR_OK;
}

static int set_up(const weir__tls_context *context, SSL_CTX *ssl, X509_STORE *trust)
{
    const weir_tls_options *options = &context->options;
    set_basics(ssl);
    int rc = set_versions(ssl, options);
    if (rc == WEIR_OK)
        rc = set_lists(ssl, options);
    if (rc == WEIR_OK)
        rc = set_trust(context, ssl, trust);
    if (rc == WEIR_OK)
        rc = weir__tls_identity_load(ssl, options);
    if (rc == WEIR_OK)
        rc = set_sessions(context, ssl);
    if (rc == WEIR_OK)
        rc = context->is_server ? set_server(context, ssl) : set_client(context, ssl);
    if (options->key_log_file || options->on_key_log)
        SSL_CTX_set_keylog_callback(ssl, on_key_log);
    return rc;
}

/* Who talks to anybody needs no trust store, on a system that has none. */
static int open_trust(const weir_tls_options *options, bool fresh, X509_STORE **store)
{
    int rc = weir__tls_trust_open(options, fresh, store);
    bool needed = !options->insecure_skip_verify || options->crl_file ||
                  weir__tls_has_own_trust(options);
    return rc == WEIR_E_TLS && !needed ? WEIR_OK : rc;
}

int weir__tls_settings_make(const weir__tls_context *context, bool fresh,
                            SSL_CTX **made, X509_STORE **trust)
{
    X509_STORE *store = NULL;
    int rc = WEIR_OK;
    SSL_CTX *ssl =
        SSL_CTX_new(context->is_server ? TLS_server_method() : TLS_client_method());
    if (!ssl)
        return weir__tls_fail("OpenSSL cannot be used");
    if (needs_trust(context))
        rc = open_trust(&context->options, fresh, &store);
    if (rc == WEIR_OK)
        rc = set_up(context, ssl, store);
    if (rc < 0) {
        weir__tls_trust_close(&context->options, store);
        SSL_CTX_free(ssl);
        return rc;
    }
    *made = ssl;
    *trust = store;
    return WEIR_OK;
}
