/* Checking a stapled OCSP response: one that is there must be good; none is fine.
 *
 * SPDX-License-Identifier: MIT */
#include "staple.h"

#include <openssl/ocsp.h>
#include <stdio.h>

#include "certificate.h"
#include "connection.h"
#include "context_inside.h"
#include "failure.h"
#include "trust.h"

#define CLOCK_SKEW_SECONDS 300
#define NO_NEXT_SECONDS    86400 /* how old one may be that promises no next */

#define ACCEPT 1 /* what the callback returns */
#define REFUSE 0

/* What is looked at. */
struct staple {
    SSL *ssl;
    OCSP_BASICRESP *response;
    X509 *certificate;
    X509 *issuer;
    char sentence[200]; /* "": it is good */
};

static void complain(struct staple *staple, const char *what)
{
    snprintf(staple->sentence, sizeof(staple->sentence),
             "the OCSP response that the server sent along %s", what);
}

/* Whether one of the answers is about the certificate, whatever hash names it. */
static bool is_about(const OCSP_SINGLERESP *answer, const struct staple *staple)
{
    ASN1_OBJECT *hash = NULL;
    /* The older functions of OpenSSL do not say const. */
    OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(answer);
    if (OCSP_id_get0_info(NULL, &hash, NULL, NULL, id) != 1)
        return false;
    const EVP_MD *digest = EVP_get_digestbyobj(hash);
    OCSP_CERTID *wanted =
        digest ? OCSP_cert_to_id(digest, staple->certificate, staple->issuer) : NULL;
    bool same = wanted && OCSP_id_cmp(wanted, id) == 0;
    OCSP_CERTID_free(wanted);
    return same;
}

static OCSP_SINGLERESP *find_answer(const struct staple *staple)
{
    int count = OCSP_resp_count(staple->response);
    for (int i = 0; i < count; i++) {
        OCSP_SINGLERESP *answer = OCSP_resp_get0(staple->response, i);
        if (is_about(answer, staple))
            return answer;
    }
    return NULL;
}

static void check_answer(struct staple *staple)
{
    int reason;
    ASN1_GENERALIZEDTIME *revoked;
    ASN1_GENERALIZEDTIME *from;
    ASN1_GENERALIZEDTIME *until;
    char date[WEIR__TLS_DATE_TEXT];
    OCSP_SINGLERESP *answer = find_answer(staple);
    if (!answer) {
        complain(staple, "is about another certificate");
        return;
    }
    int status = OCSP_single_get0_status(answer, &reason, &revoked, &from, &until);
    if (OCSP_check_validity(from, until, CLOCK_SKEW_SECONDS,
                            until ? -1 : NO_NEXT_SECONDS) != 1)
        complain(staple, "is out of date");
    else if (status == V_OCSP_CERTSTATUS_REVOKED)
        snprintf(staple->sentence, sizeof(staple->sentence),
                 "the server's certificate was revoked on %s (OCSP)",
                 weir__tls_date_text(revoked, date, sizeof(date)));
    else if (status != V_OCSP_CERTSTATUS_GOOD)
        complain(staple, "does not know its certificate");
}

static void check_response(struct staple *staple, const weir__tls_context *context)
{
    unsigned long flags =
        weir__tls_has_own_trust(&context->options) ? OCSP_PARTIAL_CHAIN : 0;
    if (OCSP_basic_verify(staple->response, SSL_get_peer_cert_chain(staple->ssl),
                          SSL_CTX_get_cert_store(SSL_get_SSL_CTX(staple->ssl)),
                          flags) == 1)
        check_answer(staple);
    else
        complain(staple, "is not signed by who may");
}

/* The issuer of the certificate: next in the chain that was verified, or else in the
 * one that was sent. */
static X509 *find_issuer(const SSL *ssl)
{
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    if (sk_X509_num(chain) < 2)
        chain = SSL_get_peer_cert_chain(ssl);
    int last = sk_X509_num(chain) - 1;
    return last < 0 ? NULL : sk_X509_value(chain, last < 1 ? last : 1);
}

static void check(struct staple *staple, const unsigned char *bytes, long len)
{
    OCSP_RESPONSE *outer = d2i_OCSP_RESPONSE(NULL, &bytes, len);
    if (!outer) {
        complain(staple, "is malformed");
    } else if (OCSP_response_status(outer) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        complain(staple, "is a failure of who had to give it");
    } else {
        staple->response = OCSP_response_get1_basic(outer);
        if (staple->response && staple->certificate && staple->issuer)
            check_response(staple, weir__tls_context_inside(
                                       weir__tls_connection_of(staple->ssl)->context));
        else
            complain(staple, "is malformed");
    }
    OCSP_BASICRESP_free(staple->response);
    OCSP_RESPONSE_free(outer);
}

int weir__tls_check_staple(SSL *ssl, void *arg)
{
    weir__tls_connection *connection = weir__tls_connection_of(ssl);
    const unsigned char *bytes = NULL;
    long len = SSL_get_tlsext_status_ocsp_resp(ssl, &bytes);
    struct staple staple = {
        .ssl = ssl,
        .certificate = SSL_get0_peer_certificate(ssl),
        .issuer = find_issuer(ssl),
    };
    (void)arg;
    if (!bytes || len <= 0)
        return ACCEPT;
    check(&staple, bytes, len);
    connection->no_memory |= weir__tls_take_errors().memory;
    connection->stapled = staple.sentence[0] == '\0';
    if (connection->stapled)
        return ACCEPT;
    if (weir__tls_context_inside(connection->context)->options.insecure_skip_verify) {
        weir__tls_connection_complain(connection, staple.sentence);
        return ACCEPT;
    }
    weir__tls_connection_refuse(connection, staple.sentence);
    return REFUSE;
}
