/* Alerts in words: it was the peer who refused, and what there is to do about it.
 *
 * SPDX-License-Identifier: MIT */
#include "alert.h"

#include <stdio.h>
#include <string.h>

#include "context_inside.h"
#include "error.h"
#include "identity.h"

struct scene {
    const weir__tls_connection *connection;
    const weir__tls_context *context;
    const char *peer;
    const char *name; /* of the alert */
    char *text;
    size_t size;
};

const char *weir__tls_peer_text(const weir__tls_connection *connection)
{
    return SSL_is_server(connection->ssl) ? "client" : "server";
}

static const char *versions(const weir_tls_options *options)
{
    if (options->max_version == WEIR_TLS_1_2)
        return "TLS 1.2";
    return options->min_version == WEIR_TLS_1_3 ? "TLS 1.3" : "TLS 1.2 and 1.3";
}

static void append_option(char *text, size_t size, const char *option,
                          const char *value)
{
    char shown[48];
    size_t len = strlen(text);
    if (value)
        snprintf(text + len, size - len, ", %s \"%s\"", option,
                 weir__escape(weir_slice_of(value), shown, sizeof(shown)));
}

const char *weir__tls_offer_text(const weir__tls_connection *connection, char *text,
                                 size_t size)
{
    const weir_tls_options *options =
        &weir__tls_context_inside(connection->context)->options;
    snprintf(text, size, "%s", versions(options));
    append_option(text, size, "ciphers", options->ciphers);
    append_option(text, size, "cipher_suites", options->cipher_suites);
    append_option(text, size, "groups", options->groups);
    append_option(text, size, "signature_algorithms", options->signature_algorithms);
    return text;
}

static void say_versions(struct scene *scene)
{
    snprintf(scene->text, scene->size,
             "the %s speaks no version of TLS that we do: we speak %s (its alert: %s)",
             scene->peer, versions(&scene->context->options), scene->name);
}

static void say_certificate(struct scene *scene)
{
    bool has_one = weir__tls_has_identity(&scene->context->options);
    if (SSL_is_server(scene->connection->ssl))
        snprintf(scene->text, scene->size,
                 "the client does not trust our certificate (its alert: %s)",
                 scene->name);
    else
        snprintf(scene->text, scene->size,
                 has_one ? "the server does not accept our certificate (its alert: %s)"
                         : "the server wants a certificate of ours, and we have none "
                           "(its alert: %s)",
                 scene->name);
}

/* Before TLS 1.3 a server had no better word for it (RFC 5246 7.4.6). The list of whom it
 * trusts is there when it has asked, be the list empty. */
static bool lacks_certificate(const struct scene *scene)
{
    const SSL *ssl = scene->connection->ssl;
    return !SSL_is_server(ssl) && SSL_get0_peer_CA_list(ssl) &&
           !weir__tls_has_identity(&scene->context->options);
}

static void say_nothing_shared(struct scene *scene)
{
    char offer[160];
    if (lacks_certificate(scene)) {
        say_certificate(scene);
        return;
    }
    snprintf(scene->text, scene->size,
             "the %s finds nothing to agree on (its alert: %s); we have %s",
             scene->peer, scene->name,
             weir__tls_offer_text(scene->connection, offer, sizeof(offer)));
}

static void say_name(struct scene *scene)
{
    const char *name = scene->connection->server_name;
    snprintf(scene->text, scene->size,
             "the server has no certificate for the name %.120s (its alert: %s)",
             name ? name : "\"\"", scene->name);
}

static void say_protocols(struct scene *scene)
{
    char names[120];
    weir_slice own = {(const char *)scene->context->alpn.names,
                      scene->context->alpn.len};
    snprintf(scene->text, scene->size,
             "the %s speaks none of our protocols (ALPN): %s (its alert: %s)",
             scene->peer, weir__tls_alpn_text(own, names, sizeof(names)), scene->name);
}

static void say_staple(struct scene *scene)
{
    snprintf(scene->text, scene->size,
             "the %s does not accept our OCSP response (its alert: %s)", scene->peer,
             scene->name);
}

static void say_access(struct scene *scene)
{
    snprintf(scene->text, scene->size, "the %s denies us access (its alert: %s)",
             scene->peer, scene->name);
}

static void say_own_failure(struct scene *scene)
{
    snprintf(scene->text, scene->size, "the %s has failed by itself (its alert: %s)",
             scene->peer, scene->name);
}

static void say_cancelled(struct scene *scene)
{
    snprintf(scene->text, scene->size,
             "the %s has cancelled the handshake (its alert: %s)", scene->peer,
             scene->name);
}

static void say_broken(struct scene *scene)
{
    snprintf(scene->text, scene->size,
             "the %s cannot make sense of what we sent (its alert: %s)", scene->peer,
             scene->name);
}

static const struct {
    int alert;
    const char *name;
    void (*tell)(struct scene *scene);
} ALERTS[] = {
    {SSL_AD_UNEXPECTED_MESSAGE, "unexpected_message", say_broken},
    {SSL_AD_BAD_RECORD_MAC, "bad_record_mac", say_broken},
    {SSL_AD_RECORD_OVERFLOW, "record_overflow", say_broken},
    {SSL_AD_HANDSHAKE_FAILURE, "handshake_failure", say_nothing_shared},
    {SSL_AD_BAD_CERTIFICATE, "bad_certificate", say_certificate},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, "unsupported_certificate", say_certificate},
    {SSL_AD_CERTIFICATE_REVOKED, "certificate_revoked", say_certificate},
    {SSL_AD_CERTIFICATE_EXPIRED, "certificate_expired", say_certificate},
    {SSL_AD_CERTIFICATE_UNKNOWN, "certificate_unknown", say_certificate},
    {SSL_AD_ILLEGAL_PARAMETER, "illegal_parameter", say_broken},
    {SSL_AD_UNKNOWN_CA, "unknown_ca", say_certificate},
    {SSL_AD_ACCESS_DENIED, "access_denied", say_access},
    {SSL_AD_DECODE_ERROR, "decode_error", say_broken},
    {SSL_AD_DECRYPT_ERROR, "decrypt_error", say_broken},
    {SSL_AD_PROTOCOL_VERSION, "protocol_version", say_versions},
    {SSL_AD_INSUFFICIENT_SECURITY, "insufficient_security", say_nothing_shared},
    {SSL_AD_INTERNAL_ERROR, "internal_error", say_own_failure},
    {SSL_AD_INAPPROPRIATE_FALLBACK, "inappropriate_fallback", say_versions},
    {SSL_AD_USER_CANCELLED, "user_canceled", say_cancelled},
    {SSL_AD_MISSING_EXTENSION, "missing_extension", say_broken},
    {SSL_AD_UNSUPPORTED_EXTENSION, "unsupported_extension", say_broken},
    {SSL_AD_UNRECOGNIZED_NAME, "unrecognized_name", say_name},
    {SSL_AD_BAD_CERTIFICATE_STATUS_RESPONSE, "bad_certificate_status_response",
     say_staple},
    {SSL_AD_CERTIFICATE_REQUIRED, "certificate_required", say_certificate},
    {SSL_AD_NO_APPLICATION_PROTOCOL, "no_application_protocol", say_protocols},
};

const char *weir__tls_alert_text(const weir__tls_connection *connection, int alert,
                                 char *text, size_t size)
{
    struct scene scene = {
        .connection = connection,
        .context = weir__tls_context_inside(connection->context),
        .peer = weir__tls_peer_text(connection),
        .text = text,
        .size = size,
    };
    snprintf(text, size, "the %s refuses to go on (its alert: %d)", scene.peer, alert);
    for (size_t i = 0; i < sizeof(ALERTS) / sizeof(ALERTS[0]); i++) {
        if (ALERTS[i].alert == alert) {
            scene.name = ALERTS[i].name;
            ALERTS[i].tell(&scene);
            break;
        }
    }
    return text;
}
