/* What is known of a connection, copied out of OpenSSL.
 *
 * All that an info points to hangs in one list of blocks, to be freed with it.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "allocator.h"
#include "certificate.h"
#include "connection.h"
#include "context_inside.h"
#include "failure.h"

struct block {
    struct block *next;
    max_align_t bytes[];
};

struct info {
    weir_tls_info known; /* first, as the caller has it */
    const weir_allocator *allocator;
    struct block *blocks;
    bool no_memory; /* something is missing */
};

/* --- memory and texts --- */

static void *take(struct info *info, size_t count, size_t size)
{
    struct block *block = NULL;
    if (count < (SIZE_MAX - sizeof(*block)) / size)
        block = weir__calloc(info->allocator, 1, sizeof(*block) + count * size);
    if (!block) {
        info->no_memory = true;
        return NULL;
    }
    block->next = info->blocks;
    info->blocks = block;
    return block->bytes;
}

/* A control character: of ASCII, or of UTF-8, U+0080 to U+009F. */
static bool is_control(weir_slice rest)
{
    unsigned char c = (unsigned char)rest.data[0];
    if (c == 0xc2 && rest.len >= 2)
        return (unsigned char)rest.data[1] < 0xa0;
    return c < ' ' || c == 0x7f;
}

static const char *keep(struct info *info, weir_slice bytes)
{
    char *text = take(info, bytes.len + 1, 4); /* "\x1b": four times as long */
    char *end = text;
    if (!text)
        return "";
    for (; bytes.len > 0; bytes = weir_slice_skip(bytes, 1)) {
        unsigned char c = (unsigned char)bytes.data[0];
        if (is_control(bytes))
            end += snprintf(end, 5, "\\x%02x", (unsigned)c);
        else
            *end++ = bytes.data[0];
    }
    *end = '\0';
    return text;
}

static const char *keep_text(struct info *info, const char *text)
{
    return text ? keep(info, weir_slice_of(text)) : "";
}

/* Keeps what was printed, if that went well, and frees it. */
static const char *keep_printed(struct info *info, BIO *printed, bool ok)
{
    char *data = NULL;
    const char *kept = "";
    long len = printed ? BIO_get_mem_data(printed, &data) : 0;
    info->no_memory |= !ok;
    if (ok && len > 0)
        kept = keep(info, (weir_slice){data, (size_t)len});
    BIO_free(printed);
    return kept;
}

/* --- certificates --- */

static const char *keep_subject(struct info *info, const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    return keep_printed(info, bio, bio && weir__tls_print_subject(bio, name));
}

static void fill_names(struct info *info, weir_tls_certificate *out, const X509 *from)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(from, NID_subject_alt_name, NULL, NULL);
    int count = sk_GENERAL_NAME_num(names);
    const char **texts = count > 0 ? take(info, (size_t)count, sizeof(*texts)) : NULL;
    for (int i = 0; texts && i < count; i++) {
        BIO *bio = BIO_new(BIO_s_mem());
        texts[i] = keep_printed(
            info, bio,
            bio && weir__tls_print_name(bio, sk_GENERAL_NAME_value(names, i)));
        out->name_count++;
    }
    out->names = texts;
    GENERAL_NAMES_free(names);
}

static const char *keep_serial(struct info *info, const X509 *from)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(from), NULL);
    char *digits = number ? BN_bn2hex(number) : NULL;
    const char *kept = keep_text(info, digits);
    info->no_memory |= !digits;
    OPENSSL_free(digits);
    BN_free(number);
    return kept;
}

static void fill_hashes(struct info *info, weir_tls_certificate *out, X509 *from)
{
    unsigned char hash[WEIR__TLS_PIN_BYTES];
    char text[WEIR__TLS_PIN_TEXT];
    if (!weir__tls_pin_hash(from, hash) ||
        X509_digest(from, EVP_sha256(), out->sha256, NULL) != 1) {
        info->no_memory = true;
        return;
    }
    weir__tls_pin_text(hash, text);
    out->pin = keep_text(info, text);
}

static void fill_certificate(struct info *info, weir_tls_certificate *out, X509 *from)
{
    char text[80];
    out->subject = keep_subject(info, X509_get_subject_name(from));
    out->issuer = keep_subject(info, X509_get_issuer_name(from));
    fill_names(info, out, from);
    out->not_before = weir__tls_time(X509_get0_notBefore(from));
    out->not_after = weir__tls_time(X509_get0_notAfter(from));
    out->key = keep_text(info, weir__tls_key_text(from, text, sizeof(text)));
    out->signature =
        keep_text(info, weir__tls_signature_text(from, text, sizeof(text)));
    out->serial = keep_serial(info, from);
    out->pin = "";
    fill_hashes(info, out, from);
    out->is_authority = X509_check_ca(from) == 1;
}

/* A server gets the client's own certificate apart from the chain. */
static void fill_certificates(struct info *info, SSL *ssl)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    X509 *own = SSL_is_server(ssl) ? SSL_get0_peer_certificate(ssl) : NULL;
    int sent = sk_X509_num(chain);
    size_t count = (sent > 0 ? (size_t)sent : 0) + (own ? 1 : 0);
    weir_tls_certificate *certificates =
        count > 0 ? take(info, count, sizeof(*certificates)) : NULL;
    if (!certificates)
        return;
    info->known.certificates = certificates;
    info->known.certificate_count = count;
    if (own)
        fill_certificate(info, certificates++, own);
    for (int i = 0; i < sent; i++)
        fill_certificate(info, certificates++, sk_X509_value(chain, i));
}

/* --- the connection --- */

/* Who stands behind the peer's certificate, when it was checked in this handshake. */
static const char *trusted_by(const SSL *ssl, char *text, size_t size)
{
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    int count = sk_X509_num(chain);
    if (count < 1)
        return NULL;
    return weir__tls_subject_text(
        X509_get_subject_name(sk_X509_value(chain, count - 1)), text, size);
}

/* A client knows whom it wants to talk to, unless it was told not to care. */
static bool is_nameless(const weir__tls_connection *connection)
{
    return !SSL_is_server(connection->ssl) && !connection->server_name;
}

static const char *name_words(const weir__tls_connection *connection)
{
    if (SSL_is_server(connection->ssl))
        return "";
    return is_nameless(connection) ? "; whom it is for was not checked"
                                   : "; the name is right";
}

static void fill_verification(struct info *info, const weir__tls_connection *connection)
{
    char root[96];
    char text[200];
    const SSL *ssl = connection->ssl;
    if (!SSL_get0_peer_certificate(ssl)) {
        info->known.verification = "the peer showed no certificate";
        return;
    }
    if (connection->complaint) {
        info->known.verification = keep_text(info, connection->complaint);
        return;
    }
    const char *by = trusted_by(ssl, root, sizeof(root));
    info->known.verified =
        SSL_get_verify_result(ssl) == X509_V_OK && !is_nameless(connection);
    if (by)
        snprintf(text, sizeof(text), "trusted by %s%s", by, name_words(connection));
    else
        snprintf(text, sizeof(text), "trusted when the session began%s",
                 name_words(connection));
    info->known.verification = keep_text(info, text);
}

static const char *keep_alpn(struct info *info, const SSL *ssl)
{
    const unsigned char *name;
    unsigned len;
    SSL_get0_alpn_selected(ssl, &name, &len);
    return len > 0 ? keep(info, (weir_slice){(const char *)name, len}) : "";
}

/* The name that people use, where OpenSSL has another. */
static const char *group_name(SSL *ssl)
{
    int nid = (int)SSL_get_negotiated_group(ssl);
    if (nid == NID_undef || (nid & TLSEXT_nid_unknown))
        return "";
    const char *nist = EC_curve_nid2nist(nid);
    const char *name = nist ? nist : OBJ_nid2sn(nid);
    return name ? name : "";
}

static void fill(struct info *info, const weir__tls_connection *connection)
{
    SSL *ssl = connection->ssl;
    weir_tls_info *known = &info->known;
    known->version = SSL_get_version(ssl); /* static */
    known->cipher = keep_text(info, SSL_get_cipher_name(ssl));
    known->group = keep_text(info, group_name(ssl));
    known->alpn = keep_alpn(info, ssl);
    known->server_name =
        keep_text(info, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
    known->resumed = SSL_session_reused(ssl) == 1;
    known->stapled = connection->stapled;
    known->closed = (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
    fill_verification(info, connection);
    fill_certificates(info, ssl);
}

int weir__tls_info_new(const weir__tls_connection *connection, weir_tls_info **info)
{
    struct info *made = weir__calloc(connection->allocator, 1, sizeof(*made));
    if (!made)
        return weir__tls_fail_memory();
    made->allocator = connection->allocator;
    fill(made, connection);
    ERR_clear_error();
    if (made->no_memory) {
        weir_tls_info_free(&made->known);
        return weir__tls_fail_memory();
    }
    *info = &made->known;
    return WEIR_OK;
}

void weir_tls_info_free(weir_tls_info *info)
{
    struct info *inside = (struct info *)info;
    if (!info)
        return;
    while (inside->blocks) {
        struct block *block = inside->blocks;
        inside->blocks = block->next;
        weir__free(inside->allocator, block);
    }
    weir__free(inside->allocator, inside);
}
