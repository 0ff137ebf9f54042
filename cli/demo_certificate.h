/* The certificate of the demo's server. It proves nothing to anybody else: its key is
 * in demo_certificate.c, for all to read.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_DEMO_CERTIFICATE_H
#define WEIR_CLI_DEMO_CERTIFICATE_H

/* Both as PEM. The certificate is its own issuer, for "localhost", until 2120. */
extern const char DEMO_WORTHLESS_CERTIFICATE[];
extern const char DEMO_WORTHLESS_KEY[];

#endif
