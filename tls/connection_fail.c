/* Why a connection has failed, in one sentence that says who did what, and where that
 * helps, what to do.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <stdio.h>

#include "alert.h"
#include "connection.h"
#include "error.h"
#include "failure.h"

#define SENTENCE_BYTES 256

static weir_slice first_bytes(const weir__tls_connection *connection)
{
    return (weir_slice){(const char *)connection->first, connection->first_len};
}

/* RFC 8446 5.1: a record begins with its type, 20 to 23, and a version 3.x. */
static bool is_not_tls(const weir__tls_connection *connection)
{
    const unsigned char *first = connection->first;
    if (connection->first_len == 0)
        return false;
    return first[0] < SSL3_RT_CHANGE_CIPHER_SPEC ||
           first[0] > SSL3_RT_APPLICATION_DATA ||
           (connection->first_len > 1 && first[1] != SSL3_VERSION_MAJOR);
}

static bool is_http(const weir__tls_connection *connection)
{
    static const char *const BEGINNINGS[] = {
        "HTTP/", "GET ",   "HEAD ",   "POST ",    "PUT ",
        "PATCH", "DELETE", "OPTIONS", "CONNECT ", "TRACE ",
    };
    weir_slice first = first_bytes(connection);
    for (size_t i = 0; i < sizeof(BEGINNINGS) / sizeof(BEGINNINGS[0]); i++) {
        if (weir_slice_starts_with(first, weir_slice_of(BEGINNINGS[i])))
            return true;
    }
    return false;
}

static int fail_not_tls(const weir__tls_connection *connection, const char *operation)
{
    char shown[48];
    if (is_http(connection))
        return weir__fail(
            WEIR_E_TLS, operation,
            SSL_is_server(connection->ssl)
                ? "the client speaks plain HTTP, where TLS is spoken"
                : "the server speaks plain HTTP on this port, not TLS (is "
                  "it http: rather than https:?)");
    return weir__fail(WEIR_E_TLS, operation,
                      "the %s does not speak TLS: it began with \"%s\"",
                      weir__tls_peer_text(connection),
                      weir__escape(first_bytes(connection), shown, sizeof(shown)));
}

/* RFC 8446 6.1: an end without close_notify is not the end of the data. */
static int fail_ended(const weir__tls_connection *connection, const char *operation)
{
    const char *peer = weir__tls_peer_text(connection);
    if (connection->established)
        return weir__fail(WEIR_E_INCOMPLETE, operation,
                          "the %s ended the connection without close_notify: what came "
                          "may be cut off",
                          peer);
    return weir__fail(WEIR_E_TLS, operation,
                      connection->first_len > 0
                          ? "the %s ended the connection in the middle of the handshake"
                          : "the %s ended the connection before it said anything (does "
                            "it speak TLS on this port?)",
                      peer);
}

static int fail_flooded(const weir__tls_connection *connection, const char *operation)
{
    return weir__fail(
        WEIR_E_TLS, operation,
        "the %s sent more than %d handshake messages in a row, and no data",
        weir__tls_peer_text(connection), WEIR__TLS_MAX_UNSETTLED);
}

static int fail_versions(const weir__tls_connection *connection, const char *operation)
{
    char offer[160];
    return weir__fail(WEIR_E_TLS, operation,
                      "no version of TLS in common with the %s: we have %s",
                      weir__tls_peer_text(connection),
                      weir__tls_offer_text(connection, offer, sizeof(offer)));
}

static int fail_nothing_shared(const weir__tls_connection *connection,
                               const char *operation, const char *what)
{
    char offer[160];
    return weir__fail(WEIR_E_TLS, operation, "no %s in common with the %s: we have %s",
                      what, weir__tls_peer_text(connection),
                      weir__tls_offer_text(connection, offer, sizeof(offer)));
}

static int fail_broken(const weir__tls_connection *connection, const char *operation,
                       unsigned long error)
{
    return weir__fail(WEIR_E_TLS, operation, "the %s broke the TLS protocol: %s",
                      weir__tls_peer_text(connection), weir__tls_reason(error));
}

/* What libssl says itself. */
static int fail_reason(const weir__tls_connection *connection, const char *operation,
                       unsigned long error)
{
    switch (ERR_GET_REASON(error)) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return fail_ended(connection, operation);
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_VERSION_TOO_LOW:
        return fail_versions(connection, operation);
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_WRONG_CIPHER_RETURNED:
        return fail_nothing_shared(connection, operation, "cipher");
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SHARED_GROUPS:
        return fail_nothing_shared(connection, operation, "group");
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
        return fail_nothing_shared(connection, operation, "signature algorithm");
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return weir__fail(WEIR_E_TLS, operation,
                          "the client showed no certificate, and it needs one here");
    case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
        return weir__fail(WEIR_E_TLS, operation,
                          "the %s does not know secure renegotiation (RFC 5746)",
                          weir__tls_peer_text(connection));
    case SSL_R_DH_KEY_TOO_SMALL:
        return weir__fail(WEIR_E_TLS, operation,
                          "the %s uses a Diffie-Hellman group that is too small",
                          weir__tls_peer_text(connection));
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_NO_CIPHERS_AVAILABLE:
        return weir__fail(WEIR_E_TLS, operation,
                          "the options leave nothing to offer: %s",
                          weir__tls_reason(error));
    default:
        return fail_broken(connection, operation, error);
    }
}

static int fail_alert(const weir__tls_connection *connection, const char *operation,
                      int alert)
{
    char text[SENTENCE_BYTES];
    return weir__fail(WEIR_E_TLS, operation, "%s",
                      weir__tls_alert_text(connection, alert, text, sizeof(text)));
}

static int fail_silent(const weir__tls_connection *connection, const char *operation,
                       int kind)
{
    if (kind == SSL_ERROR_ZERO_RETURN)
        return weir__fail(WEIR_E_TLS, operation,
                          "the %s ended the connection (close_notify)%s",
                          weir__tls_peer_text(connection),
                          connection->established ? "" : " during the handshake");
    return fail_ended(connection, operation);
}

/* The alert of the peer that OpenSSL tells of, or -1. Its reasons for what it could not
 * do itself are larger numbers still. */
static int alert_of(unsigned long error)
{
    int alert = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET;
    bool is_alert = ERR_GET_LIB(error) == ERR_LIB_SSL && !ERR_COMMON_ERROR(error);
    return is_alert && alert >= 0 && alert <= UINT8_MAX ? alert : -1;
}

int weir__tls_connection_fail(weir__tls_connection *connection, int result,
                              const char *operation)
{
    int kind = SSL_get_error(connection->ssl, result);
    weir__tls_errors errors = weir__tls_take_errors();
    unsigned long error = errors.ssl ? errors.ssl : errors.first;
    if (connection->no_memory || errors.memory)
        return weir__fail(WEIR_E_MEMORY, operation, "no memory for TLS");
    if (connection->refused && connection->complaint)
        return weir__fail(WEIR_E_TLS, operation, "%s", connection->complaint);
    if (weir__tls_connection_is_flooded(connection))
        return fail_flooded(connection, operation);
    if (!connection->established && is_not_tls(connection))
        return fail_not_tls(connection, operation);
    if (error == 0)
        return fail_silent(connection, operation, kind);
    if (alert_of(error) >= 0)
        return fail_alert(connection, operation, alert_of(error));
    if (ERR_COMMON_ERROR(error))
        return weir__fail(WEIR_E_TLS, operation, "OpenSSL cannot go on: %s",
                          weir__tls_reason(errors.first));
    return fail_reason(connection, operation, error);
}
