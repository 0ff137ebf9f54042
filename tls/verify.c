/* The check of the peer's certificate.
 *
 * The sentence is made right here, where the certificate and what is wrong with it are
 * at hand. The check runs also where nobody heeds it (insecure_skip_verify), so that
 * weir_tls_info can tell what it said.
 *
 * SPDX-License-Identifier: MIT */
#include "verify.h"

#include <openssl/x509v3.h>
#include <stdio.h>

#include "complaint.h"
#include "connection.h"
#include "context_inside.h"
#include "failure.h"

/* Subject names do not count, nor do stars for a part of a label (RFC 9525 6.3). */
#define HOST_FLAGS \
    (X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)

static weir__tls_connection *connection_of(X509_STORE_CTX *store)
{
    return weir__tls_connection_of(
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

/* Whom the certificate must be for. It is said here and not to the SSL, which takes it
 * to this check without a look at whether memory sufficed: then any name would do. */
static bool expect_name(X509_STORE_CTX *store, const weir__tls_connection *connection)
{
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(store);
    const char *name = connection->server_name;
    if (!name)
        return true;
    X509_VERIFY_PARAM_set_hostflags(parameters, HOST_FLAGS);
    if (connection->is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1;
    return X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1;
}

static void complain(X509_STORE_CTX *store)
{
    char sentence[WEIR__TLS_COMPLAINT_BYTES];
    weir__tls_connection *connection = connection_of(store);
    weir__tls_complaint(store, connection, sentence, sizeof(sentence));
    weir__tls_connection_complain(connection, sentence);
}

/* insecure_skip_hostname: a wrong name is told, and nothing else. */
static bool is_skipped(X509_STORE_CTX *store)
{
    weir__tls_connection *connection = connection_of(store);
    const weir__tls_context *context = weir__tls_context_inside(connection->context);
    int error = X509_STORE_CTX_get_error(store);
    return context->options.insecure_skip_hostname &&
           (error == X509_V_ERR_HOSTNAME_MISMATCH ||
            error == X509_V_ERR_IP_ADDRESS_MISMATCH);
}

/* Called where something is wrong: afterwards the list of revocations is gone that the
 * sentence is about. */
static int on_step(int ok, X509_STORE_CTX *store)
{
    if (ok)
        return ok;
    bool skipped = is_skipped(store);
    if (!skipped)
        weir__tls_connection_forgive(connection_of(store));
    complain(store);
    return skipped;
}

static bool check_chain(X509_STORE_CTX *store, weir__tls_connection *connection)
{
    if (!expect_name(store, connection)) {
        connection->no_memory = true;
        return false;
    }
    X509_STORE_CTX_set_verify_cb(store, on_step);
    if (X509_verify_cert(store) == 1)
        return true;
    if (X509_STORE_CTX_get_error(store) == X509_V_ERR_OUT_OF_MEM)
        connection->no_memory = true;
    complain(store); /* unless that is done */
    return false;
}

static bool check_pins(X509_STORE_CTX *store, weir__tls_connection *connection,
                       const weir__tls_pins *pins)
{
    unsigned char hash[WEIR__TLS_PIN_BYTES];
    char text[WEIR__TLS_PIN_TEXT];
    char sentence[WEIR__TLS_COMPLAINT_BYTES];
    if (pins->count == 0)
        return true;
    if (!weir__tls_pin_hash(X509_STORE_CTX_get0_cert(store), hash)) {
        connection->no_memory = true;
        return false;
    }
    if (weir__tls_pins_have(pins, hash))
        return true;
    weir__tls_pin_text(hash, text);
    snprintf(sentence, sizeof(sentence),
             "the key of the %s's certificate is not one of the pins: it is %s",
             SSL_is_server(connection->ssl) ? "client" : "server", text);
    weir__tls_connection_refuse(connection, sentence);
    return false;
}

int weir__tls_verify(X509_STORE_CTX *store, void *arg)
{
    weir__tls_connection *connection = connection_of(store);
    const weir__tls_context *context = weir__tls_context_inside(connection->context);
    (void)arg;
    bool trusted = check_chain(store, connection);
    if (connection->no_memory) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
        return 0;
    }
    if (!trusted && !context->options.insecure_skip_verify) {
        connection->refused = true;
        return 0;
    }
    if (!check_pins(store, connection, &context->pins)) {
        /* For the alert: bad_certificate. */
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
        return 0;
    }
    (void)weir__tls_take_errors();
    return 1;
}
