/* Where the certificates of the tests of TLS are: made by the script `certificates`,
 * which lists them.
 *
 *   options.ca_file = certificate("ca.pem");
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_CERTIFICATES_H
#define WEIR_TESTS_CERTIFICATES_H

/* The path of a file; valid until 64 calls later. Ends the test as skipped, or
 * with WEIR_REQUIRE_PEERS=1 as failed, when there are no certificates. */
const char *certificate(const char *file);

#endif
