/* Sentences about certificates: what is wrong, with the certificate's own data, and
 * where it helps, what to do.
 *
 * SPDX-License-Identifier: MIT */
#include "complaint.h"

#include <stdio.h>
#include <string.h>

#include "certificate.h"

/* What the sentence is about. */
struct scene {
    X509_STORE_CTX *store;
    const weir__tls_connection *connection;
    X509 *certificate; /* that is wrong, or whose issuer is */
    char whose[100];   /* "the server's certificate" */
    char *text;
    size_t size;
};

#define NAME_BYTES 72

__attribute__((format(printf, 2, 3))) static void say(struct scene *scene,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(scene->text, scene->size, format, arguments);
    va_end(arguments);
}

static const char *peer(const struct scene *scene)
{
    return SSL_is_server(scene->connection->ssl) ? "client" : "server";
}

static void name_certificate(struct scene *scene)
{
    char subject[NAME_BYTES];
    if (X509_STORE_CTX_get_error_depth(scene->store) == 0)
        snprintf(scene->whose, sizeof(scene->whose), "the %s's certificate",
                 peer(scene));
    else
        snprintf(scene->whose, sizeof(scene->whose), "the certificate of %s",
                 weir__tls_subject_text(X509_get_subject_name(scene->certificate),
                                        subject, sizeof(subject)));
}

static void say_expired(struct scene *scene)
{
    char date[WEIR__TLS_DATE_TEXT];
    char distance[32];
    const ASN1_TIME *end = X509_get0_notAfter(scene->certificate);
    say(scene, "%s expired on %s, %s ago", scene->whose,
        weir__tls_date_text(end, date, sizeof(date)),
        weir__tls_distance_text(end, distance, sizeof(distance)));
}

static void say_not_yet(struct scene *scene)
{
    char date[WEIR__TLS_DATE_TEXT];
    char distance[32];
    const ASN1_TIME *start = X509_get0_notBefore(scene->certificate);
    say(scene, "%s is not valid before %s, in %s (is the clock of this system right?)",
        scene->whose, weir__tls_date_text(start, date, sizeof(date)),
        weir__tls_distance_text(start, distance, sizeof(distance)));
}

/* RFC 9525 6.3: the common name does not count. */
static void say_nameless(struct scene *scene)
{
    char subject[NAME_BYTES];
    say(scene,
        "%s is for no host: it has no subjectAltName, and its subject %s does not "
        "count "
        "(RFC 9525 2)",
        scene->whose,
        weir__tls_subject_text(X509_get_subject_name(scene->certificate), subject,
                               sizeof(subject)));
}

static void say_wrong_name(struct scene *scene)
{
    char names[110];
    const weir__tls_connection *connection = scene->connection;
    weir__tls_names_text(scene->certificate, names, sizeof(names));
    if (names[0] == '\0')
        say_nameless(scene);
    else
        say(scene, "%s is for %s, not for %s%.90s", scene->whose, names,
            connection->is_address ? "the address " : "", connection->server_name);
}

static void say_self_signed(struct scene *scene)
{
    char subject[NAME_BYTES];
    say(scene, "%s is self-signed, and not trusted here: %s", scene->whose,
        weir__tls_subject_text(X509_get_subject_name(scene->certificate), subject,
                               sizeof(subject)));
}

static void say_unknown_root(struct scene *scene)
{
    char subject[NAME_BYTES];
    say(scene, "the %s's certificate comes from %s, who is not trusted here",
        peer(scene),
        weir__tls_subject_text(X509_get_subject_name(scene->certificate), subject,
                               sizeof(subject)));
}

/* The certificate at the end of the chain has an issuer that is neither trusted nor
 * sent along. Is it the peer's own, a missing intermediate is as likely. */
static void say_unknown_issuer(struct scene *scene)
{
    char issuer[NAME_BYTES];
    weir__tls_subject_text(X509_get_issuer_name(scene->certificate), issuer,
                           sizeof(issuer));
    if (X509_STORE_CTX_get_error_depth(scene->store) > 0)
        say(scene, "the %s's certificate comes from %s, who is not trusted here",
            peer(scene), issuer);
    else
        say(scene,
            "%s comes from %s, who is not trusted here and whose own certificate the "
            "%s "
            "did not send (a missing intermediate?)",
            scene->whose, issuer, peer(scene));
}

static void say_weak_key(struct scene *scene)
{
    char key[48];
    say(scene, "%s has a weak key: %s", scene->whose,
        weir__tls_key_text(scene->certificate, key, sizeof(key)));
}

static void say_weak_digest(struct scene *scene)
{
    char signature[64];
    say(scene, "%s has a weak signature: %s", scene->whose,
        weir__tls_signature_text(scene->certificate, signature, sizeof(signature)));
}

static void say_revoked(struct scene *scene)
{
    char date[WEIR__TLS_DATE_TEXT];
    X509_REVOKED *entry = NULL;
    X509_CRL *list = X509_STORE_CTX_get0_current_crl(scene->store);
    if (list && X509_CRL_get0_by_cert(list, &entry, scene->certificate) == 1 && entry)
        say(scene, "%s was revoked on %s", scene->whose,
            weir__tls_date_text(X509_REVOKED_get0_revocationDate(entry), date,
                                sizeof(date)));
    else
        say(scene, "%s was revoked", scene->whose);
}

static void say_no_list(struct scene *scene)
{
    char issuer[NAME_BYTES];
    say(scene, "whether %s was revoked is unknown: crl_file has no list of %s",
        scene->whose,
        weir__tls_subject_text(X509_get_issuer_name(scene->certificate), issuer,
                               sizeof(issuer)));
}

static void say_old_list(struct scene *scene)
{
    char date[WEIR__TLS_DATE_TEXT];
    char issuer[NAME_BYTES];
    const X509_CRL *list = X509_STORE_CTX_get0_current_crl(scene->store);
    const ASN1_TIME *due = list ? X509_CRL_get0_nextUpdate(list) : NULL;
    say(scene,
        "whether %s was revoked is unknown: the list of %s in crl_file was good until "
        "%s",
        scene->whose,
        weir__tls_subject_text(X509_get_issuer_name(scene->certificate), issuer,
                               sizeof(issuer)),
        due ? weir__tls_date_text(due, date, sizeof(date)) : "an unknown day");
}

static void say_wrong_purpose(struct scene *scene)
{
    say(scene, "%s is not for %ss (extendedKeyUsage, RFC 5280 4.2.1.12)", scene->whose,
        peer(scene));
}

static void say_no_authority(struct scene *scene)
{
    say(scene, "%s has signed another, and is that of no authority (RFC 5280 4.2.1.9)",
        scene->whose);
}

static void say_bad_signature(struct scene *scene)
{
    say(scene, "%s is forged or damaged: its signature is wrong", scene->whose);
}

static const struct {
    int error;
    void (*tell)(struct scene *scene);
} WORDS[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, say_expired},
    {X509_V_ERR_CERT_NOT_YET_VALID, say_not_yet},
    {X509_V_ERR_HOSTNAME_MISMATCH, say_wrong_name},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, say_wrong_name},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, say_self_signed},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, say_unknown_root},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, say_unknown_issuer},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, say_unknown_issuer},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, say_unknown_issuer},
    {X509_V_ERR_EE_KEY_TOO_SMALL, say_weak_key},
    {X509_V_ERR_CA_KEY_TOO_SMALL, say_weak_key},
    {X509_V_ERR_CA_MD_TOO_WEAK, say_weak_digest},
    {X509_V_ERR_CERT_REVOKED, say_revoked},
    {X509_V_ERR_UNABLE_TO_GET_CRL, say_no_list},
    {X509_V_ERR_CRL_HAS_EXPIRED, say_old_list},
    {X509_V_ERR_INVALID_PURPOSE, say_wrong_purpose},
    {X509_V_ERR_INVALID_CA, say_no_authority},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, say_bad_signature},
};

void weir__tls_complaint(X509_STORE_CTX *store, const weir__tls_connection *connection,
                         char *text, size_t size)
{
    int error = X509_STORE_CTX_get_error(store);
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    struct scene scene = {
        .store = store,
        .connection = connection,
        .certificate = certificate ? certificate : X509_STORE_CTX_get0_cert(store),
        .text = text,
        .size = size,
    };
    name_certificate(&scene);
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (WORDS[i].error == error) {
            WORDS[i].tell(&scene);
            return;
        }
    }
    say(&scene, "%s is not trusted: %s", scene.whose,
        X509_verify_cert_error_string(error));
}
