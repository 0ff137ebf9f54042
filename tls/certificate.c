/* Names, dates and keys of certificates as text.
 *
 * SPDX-License-Identifier: MIT */
#include "certificate.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <weir/slice.h>

#include "error.h"
#include "ip_text.h"

/* The most specific first, as RFC 4514 2.1 has it; in UTF-8, and what is below a blank
 * escaped. */
#define SUBJECT_FLAGS \
    ((XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) | ASN1_STRFLGS_ESC_CTRL)

/* The same without the backslashes, for a text that is escaped as a whole. */
#define PLAIN_SUBJECT_FLAGS                                    \
    (XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_DN_REV | XN_FLAG_FN_SN | \
     ASN1_STRFLGS_UTF8_CONVERT)

#define DAY_SECONDS  86400
#define HOUR_SECONDS 3600

static weir_slice bytes_of(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    return (weir_slice){data, len > 0 ? (size_t)len : 0};
}

bool weir__tls_print_subject(BIO *out, const X509_NAME *name)
{
    return X509_NAME_print_ex(out, name, 0, SUBJECT_FLAGS) >= 0;
}

const char *weir__tls_subject_text(const X509_NAME *name, char *text, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    text[0] = '\0';
    if (bio && X509_NAME_print_ex(bio, name, 0, PLAIN_SUBJECT_FLAGS) >= 0)
        weir__escape(bytes_of(bio), text, size);
    BIO_free(bio);
    return text;
}

static bool print_string(BIO *out, const char *prefix, const ASN1_STRING *string)
{
    int len = ASN1_STRING_length(string);
    return BIO_puts(out, prefix) >= 0 &&
           (len <= 0 || BIO_write(out, ASN1_STRING_get0_data(string), len) == len);
}

static bool print_address(BIO *out, const ASN1_OCTET_STRING *address)
{
    char text[WEIR__IP_TEXT_BYTES];
    weir_slice bytes = {(const char *)ASN1_STRING_get0_data(address),
                        (size_t)ASN1_STRING_length(address)};
    return BIO_puts(out, weir__ip_text(bytes, text)) >= 0;
}

bool weir__tls_print_name(BIO *out, const GENERAL_NAME *name)
{
    switch (name->type) {
    case GEN_DNS:
        return print_string(out, "", name->d.dNSName);
    case GEN_IPADD:
        return print_address(out, name->d.iPAddress);
    case GEN_URI:
        return print_string(out, "URI:", name->d.uniformResourceIdentifier);
    case GEN_EMAIL:
        return print_string(out, "email:", name->d.rfc822Name);
    case GEN_DIRNAME:
        return BIO_puts(out, "directory:") >= 0 &&
               weir__tls_print_subject(out, name->d.directoryName);
    default:
        return BIO_puts(out, "other:") >= 0;
    }
}

/* Appends a name, if there is place for it. */
static bool append_name(const GENERAL_NAME *name, char *text, size_t size)
{
    char one[128];
    size_t len = strlen(text);
    BIO *bio = BIO_new(BIO_s_mem());
    one[0] = '\0';
    if (bio && weir__tls_print_name(bio, name))
        weir__escape(bytes_of(bio), one, sizeof(one));
    BIO_free(bio);
    if (len > 0 && len + strlen(one) + 2 >= size)
        return false;
    snprintf(text + len, size - len, "%s%s", len > 0 ? ", " : "", one);
    return true;
}

const char *weir__tls_names_text(const X509 *certificate, char *text, size_t size)
{
    static const size_t TAIL = sizeof(" and 65535 more");
    GENERAL_NAMES *names =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = sk_GENERAL_NAME_num(names);
    int shown = 0;
    text[0] = '\0';
    while (shown < count &&
           append_name(sk_GENERAL_NAME_value(names, shown), text, size - TAIL))
        shown++;
    if (shown < count) {
        size_t len = strlen(text);
        snprintf(text + len, size - len, " and %d more", count - shown);
    }
    GENERAL_NAMES_free(names);
    return text;
}

static bool since(const ASN1_TIME *from, const ASN1_TIME *to, int64_t *seconds)
{
    int days;
    int rest;
    if (ASN1_TIME_diff(&days, &rest, from, to) != 1)
        return false;
    *seconds = (int64_t)days * DAY_SECONDS + rest;
    return true;
}

int64_t weir__tls_time(const ASN1_TIME *time)
{
    int64_t seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    if (epoch)
        (void)since(epoch, time, &seconds);
    ASN1_TIME_free(epoch);
    return seconds;
}

const char *weir__tls_date_text(const ASN1_TIME *time, char *text, size_t size)
{
    ASN1_GENERALIZEDTIME *whole = ASN1_TIME_to_generalizedtime(time, NULL);
    snprintf(text, size, "an unknown day");
    if (whole) { /* YYYYMMDDHHMMSSZ */
        const char *date = (const char *)ASN1_STRING_get0_data(whole);
        snprintf(text, size, "%.4s-%.2s-%.2s", date, date + 4, date + 6);
    }
    ASN1_GENERALIZEDTIME_free(whole);
    return text;
}

const char *weir__tls_distance_text(const ASN1_TIME *time, char *text, size_t size)
{
    int64_t seconds = 0;
    (void)since(time, NULL, &seconds); /* NULL: now */
    if (seconds < 0)
        seconds = -seconds;
    int64_t count = seconds / DAY_SECONDS;
    const char *unit = "day";
    if (count == 0) {
        count = seconds / HOUR_SECONDS;
        unit = "hour";
    }
    if (count == 0) {
        count = seconds / 60;
        unit = "minute";
    }
    snprintf(text, size, "%lld %s%s", (long long)count, unit, count == 1 ? "" : "s");
    return text;
}

/* The name that people use, where OpenSSL has another. */
static const char *curve_name(const char *name)
{
    int nid = OBJ_sn2nid(name);
    const char *nist = EC_curve_nid2nist(nid);
    return nist ? nist : name;
}

const char *weir__tls_key_text(const X509 *certificate, char *text, size_t size)
{
    char curve[64];
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    const char *name = key ? EVP_PKEY_get0_type_name(key) : NULL;
    if (!name)
        snprintf(text, size, "unknown");
    else if (strcmp(name, "EC") == 0 &&
             EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1)
        snprintf(text, size, "EC %s", curve_name(curve));
    else if (strcmp(name, "RSA") == 0 || strcmp(name, "RSA-PSS") == 0 ||
             strcmp(name, "DSA") == 0)
        snprintf(text, size, "%s %d", name, EVP_PKEY_get_bits(key));
    else
        snprintf(text, size, "%s", name);
    return text;
}

const char *weir__tls_signature_text(const X509 *certificate, char *text, size_t size)
{
    const X509_ALGOR *algorithm;
    const ASN1_OBJECT *object;
    X509_get0_signature(NULL, &algorithm, certificate);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    if (OBJ_obj2txt(text, (int)size, object, 0) <= 0)
        snprintf(text, size, "unknown");
    return text;
}
