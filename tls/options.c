/* Copies of a context's options: they are needed again when it is reloaded.
 *
 * SPDX-License-Identifier: MIT */
#include "options.h"

#include <openssl/crypto.h>
#include <string.h>

#include "allocator.h"
#include "error.h"
#include "failure.h"

static const size_t TEXTS[] = {
    offsetof(weir_tls_options, ca_file),
    offsetof(weir_tls_options, ca_directory),
    offsetof(weir_tls_options, crl_file),
    offsetof(weir_tls_options, certificate_file),
    offsetof(weir_tls_options, key_file),
    offsetof(weir_tls_options, ciphers),
    offsetof(weir_tls_options, cipher_suites),
    offsetof(weir_tls_options, groups),
    offsetof(weir_tls_options, signature_algorithms),
    offsetof(weir_tls_options, key_log_file),
};

static const size_t SLICES[] = {
    offsetof(weir_tls_options, ca_pem),
    offsetof(weir_tls_options, certificate_pem),
    offsetof(weir_tls_options, key_pem),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char **text_at(weir_tls_options *options, size_t i)
{
    return (const char **)(void *)((char *)options + TEXTS[i]);
}

static weir_slice *slice_at(weir_tls_options *options, size_t i)
{
    return (weir_slice *)(void *)((char *)options + SLICES[i]);
}

/* Takes the pointers of the caller out of the copy, so that it can be cleared. */
static void forget_borrowed(weir_tls_options *copy)
{
    for (size_t i = 0; i < COUNT(TEXTS); i++)
        *text_at(copy, i) = NULL;
    for (size_t i = 0; i < COUNT(SLICES); i++)
        *slice_at(copy, i) = (weir_slice){NULL, 0};
    copy->pins = NULL;
    copy->alpn = NULL;
}

static int copy_texts(weir_tls_options *copy, const weir_tls_options *options)
{
    weir_tls_options borrowed = *options;
    for (size_t i = 0; i < COUNT(TEXTS); i++) {
        const char *text = *text_at(&borrowed, i);
        if (text && !(*text_at(copy, i) = weir__strndup(NULL, text, strlen(text))))
            return weir__tls_fail_memory();
    }
    for (size_t i = 0; i < COUNT(SLICES); i++) {
        weir_slice bytes = *slice_at(&borrowed, i);
        if (bytes.len == 0)
            continue;
        const char *data = weir__strndup(NULL, bytes.data, bytes.len);
        if (!data)
            return weir__tls_fail_memory();
        *slice_at(copy, i) = (weir_slice){data, bytes.len};
    }
    return WEIR_OK;
}

static bool is_version(weir_tls_version version)
{
    return version == WEIR_TLS_ANY || version == WEIR_TLS_1_2 ||
           version == WEIR_TLS_1_3;
}

static int check(const weir_tls_options *options)
{
    if (!is_version(options->min_version) || !is_version(options->max_version))
        return weir__fail(WEIR_E_INVALID, "TLS",
                          "min_version and max_version are TLS 1.2 or 1.3");
    if (options->max_version != WEIR_TLS_ANY &&
        options->min_version > options->max_version)
        return weir__fail(WEIR_E_INVALID, "TLS", "min_version is above max_version");
    if (options->client_certificate > WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED)
        return weir__fail(WEIR_E_INVALID, "TLS",
                          "client_certificate is not one of its values");
    return WEIR_OK;
}

int weir__tls_options_copy(weir_tls_options *copy, const weir_tls_options *options)
{
    int rc = check(options);
    if (rc < 0)
        return rc;
    *copy = *options;
    forget_borrowed(copy);
    rc = copy_texts(copy, options);
    if (rc < 0)
        weir__tls_options_clear(copy);
    return rc;
}

static void wipe(weir_slice bytes)
{
    char *data = (char *)(uintptr_t)bytes.data; /* it is a copy, and ours */
    if (data)
        OPENSSL_cleanse(data, bytes.len);
    weir__free(NULL, data);
}

void weir__tls_options_clear(weir_tls_options *copy)
{
    for (size_t i = 0; i < COUNT(TEXTS); i++)
        wipe(weir_slice_of(*text_at(copy, i)));
    for (size_t i = 0; i < COUNT(SLICES); i++)
        wipe(*slice_at(copy, i));
    forget_borrowed(copy);
}
