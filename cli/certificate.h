/* A certificate as a person wants to see it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_CERTIFICATE_H
#define WEIR_CLI_CERTIFICATE_H

#include <stdio.h>
#include <weir/tls.h>

#include "secure.h"

/* Prints the certificate with its number in the chain, each line behind the prefix. */
void certificate_print(FILE *file, const char *prefix, enum secure_detail detail,
                       size_t number, const weir_tls_certificate *certificate);

#endif
