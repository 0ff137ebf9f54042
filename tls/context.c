/* Contexts: made from options, shared, renewed.
 *
 * SPDX-License-Identifier: MIT */
#include "context.h"

#include <openssl/err.h>
#include <openssl/rand.h>

#include "allocator.h"
#include "context_inside.h"
#include "error.h"
#include "failure.h"
#include "identity.h"
#include "options.h"
#include "settings.h"
#include "trust.h"

#define DEFAULT_HANDSHAKE_TIMEOUT_MS 60000
#define TICKET_KEY_BYTES             80 /* of OpenSSL 3: a name and two keys */

static int check(const weir_tls_options *options, bool is_server)
{
    if (!is_server)
        return WEIR_OK;
    if (!weir__tls_has_identity(options) && !options->on_server_name)
        return weir__fail(WEIR_E_INVALID, "TLS",
                          "a server needs a certificate, or on_server_name");
    if (options->client_certificate != WEIR_TLS_CLIENT_CERTIFICATE_NONE &&
        !weir__tls_has_own_trust(options) && !options->insecure_skip_verify)
        return weir__fail(WEIR_E_INVALID, "TLS",
                          "client_certificate needs to know whom to trust: ca_file, "
                          "ca_directory or ca_pem");
    return WEIR_OK;
}

static int copy_options(weir__tls_context *context, const weir_tls_options *options)
{
    int rc = check(options, context->is_server);
    if (rc == WEIR_OK)
        rc = weir__tls_options_copy(&context->options, options);
    if (rc == WEIR_OK)
        rc = weir__tls_alpn_init(&context->alpn, options->alpn);
    if (rc == WEIR_OK)
        rc = weir__tls_pins_init(&context->pins, options->pins);
    if (rc == WEIR_OK)
        rc = weir__tls_key_log_open(&context->key_log, options->key_log_file);
    return rc;
}

static void destroy(weir__tls_context *context)
{
    weir__tls_sessions_clear(&context->sessions);
    SSL_CTX_free(context->ssl);
    weir__tls_trust_close(&context->options, context->trust);
    weir__tls_key_log_close(&context->key_log);
    weir__tls_pins_clear(&context->pins);
    weir__tls_alpn_clear(&context->alpn);
    weir__tls_options_clear(&context->options);
    pthread_mutex_destroy(&context->lock);
    weir__free(NULL, context);
    ERR_clear_error();
}

static int set_up(weir__tls_context *context, const weir_tls_options *options)
{
    int rc = copy_options(context, options);
    if (rc < 0)
        return rc;
    if (RAND_bytes(context->session_id, sizeof(context->session_id)) != 1)
        return weir__tls_fail("OpenSSL has no random bytes");
    return weir__tls_settings_make(context, false, &context->ssl, &context->trust);
}

static int make(weir_tls_context **context, const weir_tls_options *options,
                bool is_server)
{
    static const weir_tls_options DEFAULTS;
    ERR_clear_error();
    options = options ? options : &DEFAULTS;
    weir__tls_context *made = weir__calloc(NULL, 1, sizeof(*made));
    if (!made)
        return weir__tls_fail_memory();
    made->base.security = &weir__tls_security;
    made->is_server = is_server;
    made->holders = 1;
    made->key_log.fd = -1;
    weir__tls_sessions_init(&made->sessions, options->max_sessions);
    if (pthread_mutex_init(&made->lock, NULL) != 0) {
        weir__free(NULL, made);
        return weir__tls_fail_memory();
    }
    int rc = set_up(made, options);
    if (rc < 0)
        destroy(made);
    else
        *context = &made->base;
    return rc;
}

int weir_tls_client_new(weir_tls_context **context, const weir_tls_options *options)
{
    return make(context, options, false);
}

int weir_tls_server_new(weir_tls_context **context, const weir_tls_options *options)
{
    return make(context, options, true);
}

/* Tickets outlive a renewal, but not those that stand for a client's certificate: it
 * may not be trusted any more. */
static int keep_tickets(const weir__tls_context *context, SSL_CTX *renewed)
{
    unsigned char keys[TICKET_KEY_BYTES];
    if (!context->is_server ||
        context->options.client_certificate != WEIR_TLS_CLIENT_CERTIFICATE_NONE)
        return WEIR_OK;
    bool kept = SSL_CTX_get_tlsext_ticket_keys(context->ssl, keys, sizeof(keys)) == 1 &&
                SSL_CTX_set_tlsext_ticket_keys(renewed, keys, sizeof(keys)) == 1;
    OPENSSL_cleanse(keys, sizeof(keys));
    return kept ? WEIR_OK : weir__tls_fail("the keys of the tickets cannot be kept");
}

int weir_tls_context_reload(weir_tls_context *context)
{
    weir__tls_context *inside = weir__tls_context_inside(context);
    SSL_CTX *ssl;
    X509_STORE *trust;
    ERR_clear_error();
    int rc = weir__tls_settings_make(inside, true, &ssl, &trust);
    if (rc < 0)
        return rc;
    pthread_mutex_lock(&inside->lock);
    rc = keep_tickets(inside, ssl);
    if (rc == WEIR_OK) {
        SSL_CTX *old_ssl = inside->ssl;
        X509_STORE *old_trust = inside->trust;
        inside->ssl = ssl;
        inside->trust = trust;
        ssl = old_ssl;
        trust = old_trust;
        /* They stand for checks by the trust store of before. */
        weir__tls_sessions_clear(&inside->sessions);
    }
    pthread_mutex_unlock(&inside->lock);
    SSL_CTX_free(ssl);
    weir__tls_trust_close(&inside->options, trust);
    return rc;
}

weir_tls_context *weir__tls_context_hold(weir_tls_context *context)
{
    weir__tls_context *inside = weir__tls_context_inside(context);
    pthread_mutex_lock(&inside->lock);
    inside->holders++;
    pthread_mutex_unlock(&inside->lock);
    return context;
}

void weir_tls_context_free(weir_tls_context *context)
{
    weir__tls_context *inside = weir__tls_context_inside(context);
    if (!context)
        return;
    pthread_mutex_lock(&inside->lock);
    bool is_last = --inside->holders == 0;
    pthread_mutex_unlock(&inside->lock);
    if (is_last)
        destroy(inside);
}

SSL_CTX *weir__tls_context_ssl(weir__tls_context *context)
{
    pthread_mutex_lock(&context->lock);
    SSL_CTX *ssl = context->ssl;
    SSL_CTX_up_ref(ssl);
    pthread_mutex_unlock(&context->lock);
    return ssl;
}

static const weir__tls_context *inside_of(const weir_tls_context *context)
{
    return (const weir__tls_context *)context;
}

bool weir__tls_context_is_server(const weir_tls_context *context)
{
    return inside_of(context)->is_server;
}

uint32_t weir__tls_context_handshake_timeout_ms(const weir_tls_context *context)
{
    uint32_t timeout_ms = inside_of(context)->options.handshake_timeout_ms;
    return timeout_ms ? timeout_ms : DEFAULT_HANDSHAKE_TIMEOUT_MS;
}

uint32_t weir__tls_context_shutdown_timeout_ms(const weir_tls_context *context)
{
    return inside_of(context)->options.shutdown_timeout_ms;
}
