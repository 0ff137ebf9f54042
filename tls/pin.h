/* Pins: the SHA-256 of the public keys that a peer may have (RFC 7469 2.4).
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_PIN_H
#define WEIR_TLS_PIN_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#define WEIR__TLS_PIN_BYTES 32
#define WEIR__TLS_PIN_TEXT \
    sizeof("sha256//0123456789012345678901234567890123456789012=")

typedef struct weir__tls_pins {
    unsigned char (*hashes)[WEIR__TLS_PIN_BYTES];
    size_t count; /* 0: any key will do */
} weir__tls_pins;

/* `texts` ends with NULL; NULL is none. WEIR_OK, or WEIR_E_INVALID or WEIR_E_MEMORY with
 * a sentence. */
int weir__tls_pins_init(weir__tls_pins *pins, const char *const *texts);
void weir__tls_pins_clear(weir__tls_pins *pins);

bool weir__tls_pins_have(const weir__tls_pins *pins,
                         const unsigned char hash[WEIR__TLS_PIN_BYTES]);

/* The hash of a certificate's SubjectPublicKeyInfo; false without memory. */
bool weir__tls_pin_hash(X509 *certificate, unsigned char hash[WEIR__TLS_PIN_BYTES]);

/* Writes a hash as a pin. */
void weir__tls_pin_text(const unsigned char hash[WEIR__TLS_PIN_BYTES],
                        char text[WEIR__TLS_PIN_TEXT]);

#endif
