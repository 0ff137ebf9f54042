/* Pins: reading, writing and looking for them (RFC 7469 2.4).
 *
 * SPDX-License-Identifier: MIT */
#include "pin.h"

#include <openssl/evp.h>
#include <string.h>
#include <weir/status.h>

#include "allocator.h"
#include "error.h"
#include "failure.h"

#define PREFIX       "sha256//"
#define PREFIX_LEN   (sizeof(PREFIX) - 1)
#define BASE64_BYTES 44 /* of 32 bytes, the last of them "=" */

void weir__tls_pin_text(const unsigned char hash[WEIR__TLS_PIN_BYTES],
                        char text[WEIR__TLS_PIN_TEXT])
{
    memcpy(text, PREFIX, PREFIX_LEN);
    EVP_EncodeBlock((unsigned char *)text + PREFIX_LEN, hash, WEIR__TLS_PIN_BYTES);
}

/* The one way to write a hash is the one that is read: no blanks, no other padding. */
static bool parse(const char *text, unsigned char hash[WEIR__TLS_PIN_BYTES])
{
    unsigned char decoded[BASE64_BYTES / 4 * 3];
    char again[WEIR__TLS_PIN_TEXT];
    if (strlen(text) != PREFIX_LEN + BASE64_BYTES)
        return false;
    if (EVP_DecodeBlock(decoded, (const unsigned char *)text + PREFIX_LEN,
                        BASE64_BYTES) < WEIR__TLS_PIN_BYTES)
        return false;
    memcpy(hash, decoded, WEIR__TLS_PIN_BYTES);
    weir__tls_pin_text(hash, again);
    return strcmp(text, again) == 0;
}

static int refuse(const char *text)
{
    char shown[80];
    weir__escape(weir_slice_of(text), shown, sizeof(shown));
    return weir__fail(
        WEIR_E_INVALID, "TLS",
        "the pin \"%s\" is not \"" PREFIX "\" and the Base64 of a SHA-256", shown);
}

int weir__tls_pins_init(weir__tls_pins *pins, const char *const *texts)
{
    size_t count = 0;
    *pins = (weir__tls_pins){NULL, 0};
    while (texts && texts[count])
        count++;
    if (!texts)
        return WEIR_OK;
    if (count == 0)
        return weir__fail(WEIR_E_INVALID, "TLS", "pins is empty: no key would do");
    pins->hashes = weir__calloc(NULL, count, sizeof(*pins->hashes));
    if (!pins->hashes)
        return weir__tls_fail_memory();
    pins->count = count;
    for (size_t i = 0; i < count; i++) {
        if (!parse(texts[i], pins->hashes[i])) {
            weir__tls_pins_clear(pins);
            return refuse(texts[i]);
        }
    }
    return WEIR_OK;
}

void weir__tls_pins_clear(weir__tls_pins *pins)
{
    weir__free(NULL, pins->hashes);
    *pins = (weir__tls_pins){NULL, 0};
}

bool weir__tls_pins_have(const weir__tls_pins *pins,
                         const unsigned char hash[WEIR__TLS_PIN_BYTES])
{
    for (size_t i = 0; i < pins->count; i++) {
        if (memcmp(pins->hashes[i], hash, WEIR__TLS_PIN_BYTES) == 0)
            return true;
    }
    return false;
}

bool weir__tls_pin_hash(X509 *certificate, unsigned char hash[WEIR__TLS_PIN_BYTES])
{
    unsigned char *encoded = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded);
    bool ok = len > 0 &&
              EVP_Digest(encoded, (size_t)len, hash, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(encoded);
    return ok;
}
