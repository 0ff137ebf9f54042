/* Contexts from options: what is refused, and in what words (tls/settings.c and what it
 * calls).
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pair.h"

static const struct credential_wish LEAF = {.subject = "leaf",
                                            .names = "DNS:a.example"};

static void check_client(weir_tls_options options, int status, const char *message)
{
    weir_tls_context *context = NULL;
    CHECK_INT(weir_tls_client_new(&context, &options), status);
    CHECK_TEXT(weir_last_error()->message, message);
    CHECK_TEXT(weir_last_error()->operation, "TLS");
    weir_tls_context_free(context);
}

static void check_server(weir_tls_options options, int status, const char *message)
{
    weir_tls_context *context = NULL;
    CHECK_INT(weir_tls_server_new(&context, &options), status);
    CHECK_TEXT(weir_last_error()->message, message);
    weir_tls_context_free(context);
}

/* As long as the system has a trust store. */
TEST(tls_options, none_are_good_ones)
{
    weir_tls_context *context = NULL;
    if (weir_tls_client_new(&context, NULL) < 0)
        CHECK(weir_slice_starts_with(weir_slice_of(weir_last_error()->message),
                                     WEIR_S("this system has no trust store: ")));
    weir_tls_context_free(context);
    weir_tls_context_free(NULL);
}

TEST(tls_options, trust_must_be_readable)
{
    check_client((weir_tls_options){.ca_file = "/nowhere/ca.pem"}, WEIR_E_TLS,
                 "ca_file /nowhere/ca.pem: No such file or directory");
    check_client((weir_tls_options){.ca_file = "/dev/null"}, WEIR_E_TLS,
                 "ca_file /dev/null: no certificate or crl found");
    check_client(
        (weir_tls_options){.ca_directory = "/nowhere"}, WEIR_E_TLS,
        "ca_directory /nowhere has no certificates by their hashes (as openssl "
        "rehash makes them)");
    check_client((weir_tls_options){.ca_pem = WEIR_S("nothing")}, WEIR_E_TLS,
                 "ca_pem has no certificate in PEM");
    check_client((weir_tls_options){.ca_pem = WEIR_S("-----BEGIN CERTIFICATE-----\n"
                                                     "AAAA\n"
                                                     "-----END CERTIFICATE-----\n")},
                 WEIR_E_TLS, "ca_pem has a certificate that cannot be read: wrong tag");
}

TEST(tls_options, revocation_lists_must_be_readable)
{
    struct pair_world world;
    world_open(&world, &LEAF);
    weir_slice ca = credential_pem(&world.ca);
    check_client((weir_tls_options){.ca_pem = ca, .crl_file = "/nowhere/crl.pem"},
                 WEIR_E_TLS, "crl_file /nowhere/crl.pem: No such file or directory");
    check_client((weir_tls_options){.ca_pem = ca, .crl_file = "/dev/null"}, WEIR_E_TLS,
                 "crl_file /dev/null has no revocation list");
    world_close(&world);
}

/* What X509_get_default_cert_file_env() names comes before what OpenSSL was built with. */
TEST(tls_options, a_system_without_trust_is_told)
{
    setenv("SSL_CERT_FILE", "/nowhere/cert.pem", 1);
    setenv("SSL_CERT_DIR", "/nowhere/certs", 1);
    if (access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0) {
        weir_tls_context *context = NULL;
        CHECK_INT(weir_tls_client_new(&context, NULL), WEIR_OK);
        weir_tls_context_free(context);
    } else if (access("/etc/ssl/cert.pem", R_OK) != 0) {
        check_client((weir_tls_options){.ca_file = NULL}, WEIR_E_TLS,
                     "this system has no trust store: no certificates in "
                     "/nowhere/cert.pem, /nowhere/certs or "
                     "/etc/ssl/certs/ca-certificates.crt (install ca-certificates, or "
                     "set ca_file)");
        weir_tls_context *context = NULL;
        weir_tls_options options = {.insecure_skip_verify = true};
        CHECK_INT(weir_tls_client_new(&context, &options), WEIR_OK);
        weir_tls_context_free(context);
    }
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
}

TEST(tls_options, a_list_must_be_known)
{
    struct pair_world world;
    world_open(&world, &LEAF);
    weir_slice ca = credential_pem(&world.ca);
    check_client((weir_tls_options){.ca_pem = ca, .ciphers = "NONSENSE"}, WEIR_E_TLS,
                 "ciphers \"NONSENSE\" has something that OpenSSL does not know: no "
                 "cipher match");
    check_client((weir_tls_options){.ca_pem = ca, .cipher_suites = "TLS_NONSENSE"},
                 WEIR_E_TLS,
                 "cipher_suites \"TLS_NONSENSE\" has something that OpenSSL does not "
                 "know: no cipher match");
    check_client((weir_tls_options){.ca_pem = ca, .groups = "X25519:P-257"}, WEIR_E_TLS,
                 "groups \"X25519:P-257\" has something that OpenSSL does not know: "
                 "passed invalid argument");
    check_client((weir_tls_options){.ca_pem = ca, .signature_algorithms = "rot13"},
                 WEIR_E_TLS,
                 "signature_algorithms \"rot13\" has something that OpenSSL does not "
                 "know");
    world_close(&world);
}

TEST(tls_options, versions_must_make_sense)
{
    check_client((weir_tls_options){.min_version = (weir_tls_version)0x0302},
                 WEIR_E_INVALID, "min_version and max_version are TLS 1.2 or 1.3");
    check_client((weir_tls_options){.max_version = (weir_tls_version)0x0305},
                 WEIR_E_INVALID, "min_version and max_version are TLS 1.2 or 1.3");
    check_client(
        (weir_tls_options){.min_version = WEIR_TLS_1_3, .max_version = WEIR_TLS_1_2},
        WEIR_E_INVALID, "min_version is above max_version");
}

static void check_pins(const char *pin, const char *message)
{
    const char *pins[] = {pin, NULL};
    check_client((weir_tls_options){.pins = pins}, WEIR_E_INVALID, message);
}

/* RFC 7469 2.4, as curl writes it. */
TEST(tls_options, a_pin_must_be_one)
{
    check_pins(NULL, "pins is empty: no key would do");
    check_pins("sha256//",
               "the pin \"sha256//\" is not \"sha256//\" and the Base64 of a "
               "SHA-256");
    check_pins("sha1//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
               "the pin \"sha1//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\" is not "
               "\"sha256//\" and the Base64 of a SHA-256");
    check_pins(
        "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",
        "the pin \"sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\" is not "
        "\"sha256//\" and the Base64 of a SHA-256");
    check_pins(
        "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUA",
        "the pin \"sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUA\" is not "
        "\"sha256//\" and the Base64 of a SHA-256");
}

static void check_alpn(const char *name, const char *message)
{
    const char *names[] = {"h2", name, NULL};
    check_client((weir_tls_options){.alpn = names}, WEIR_E_INVALID, message);
}

/* RFC 7301 3.1. */
TEST(tls_options, a_protocol_has_1_to_255_bytes)
{
    static char name[257];
    static const char *const NONE[] = {NULL};
    memset(name, 'x', 256);
    check_alpn("", "the name of a protocol in alpn has 1 to 255 bytes (RFC 7301 3.1)");
    check_alpn(name,
               "the name of a protocol in alpn has 1 to 255 bytes (RFC 7301 3.1)");
    check_client((weir_tls_options){.alpn = NONE}, WEIR_E_INVALID, "alpn is empty");
}

TEST(tls_options, a_server_needs_a_certificate_and_its_key)
{
    struct pair_world world;
    world_open(&world, &LEAF);
    weir_slice own = credential_pem(&world.leaf);
    check_server((weir_tls_options){.handshake_timeout_ms = 1}, WEIR_E_INVALID,
                 "a server needs a certificate, or on_server_name");
    check_server((weir_tls_options){.certificate_file = "/nowhere/own.pem"}, WEIR_E_TLS,
                 "certificate_file /nowhere/own.pem: No such file or directory");
    check_server((weir_tls_options){.certificate_pem = WEIR_S("x")}, WEIR_E_TLS,
                 "certificate_pem has no certificate in PEM");
    check_server((weir_tls_options){.certificate_pem = own}, WEIR_E_TLS,
                 "certificate_pem has no private key that can be read");
    check_server((weir_tls_options){.certificate_pem = own, .key_file = "/dev/null"},
                 WEIR_E_TLS, "key_file /dev/null has no private key that can be read");
    check_server((weir_tls_options){.certificate_pem = own,
                                    .key_pem = credential_key(&world.ca)},
                 WEIR_E_TLS, "key_pem: the key is not that of the certificate");
    check_client((weir_tls_options){.ca_pem = credential_pem(&world.ca),
                                    .key_pem = credential_key(&world.leaf)},
                 WEIR_E_INVALID, "there is a key, but no certificate");
    world_close(&world);
}

TEST(tls_options, a_server_that_checks_clients_is_told_whom_to_trust)
{
    struct pair_world world;
    world_open(&world, &LEAF);
    check_server(
        (weir_tls_options){.certificate_pem = credential_pem(&world.leaf),
                           .key_pem = credential_key(&world.leaf),
                           .client_certificate = WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED},
        WEIR_E_INVALID,
        "client_certificate needs to know whom to trust: ca_file, ca_directory or "
        "ca_pem");
    world_close(&world);
}

static char guess[] = "guess";
static char secret[] = "secret";

static int say_secret(void *arg, char *password, size_t size)
{
    int len = (int)strlen(arg);
    REQUIRE((size_t)len < size);
    memcpy(password, arg, (size_t)len);
    return len;
}

static int give_up(void *arg, char *password, size_t size)
{
    (void)arg;
    (void)password;
    (void)size;
    return -1;
}

/* Never asked of a terminal. */
TEST(tls_options, an_encrypted_key_needs_its_password)
{
    struct pair_world world;
    struct credential_wish locked = LEAF;
    locked.password = "secret";
    world_open(&world, &locked);
    weir_tls_options options = {.certificate_pem = credential_pem(&world.leaf),
                                .key_pem = credential_key(&world.leaf)};
    check_server(options, WEIR_E_TLS,
                 "key_pem: the key is encrypted, and there is no on_key_password");
    options.on_key_password = give_up;
    check_server(options, WEIR_E_TLS,
                 "key_pem: the key is encrypted, and on_key_password gave no password");
    options.on_key_password = say_secret;
    options.arg = guess;
    check_server(options, WEIR_E_TLS,
                 "key_pem: the password of the key is wrong: bad decrypt");
    options.arg = secret;
    weir_tls_context_free(world_server(&world, options));
    world_close(&world);
}

TEST(tls_options, a_key_log_must_be_writable)
{
    weir_tls_context *context = NULL;
    weir_tls_options options = {.key_log_file = "/nowhere/keys"};
    CHECK_INT(weir_tls_client_new(&context, &options), WEIR_E_SYSTEM);
    CHECK_TEXT(weir_last_error()->message,
               "key_log_file /nowhere/keys: No such file or directory");
}

static void check_peer_name(const char *name, const char *message)
{
    struct pair_world world;
    weir__tls_connection connection = {.allocator = NULL};
    world_open(&world, &LEAF);
    weir_tls_context *client = world_client(&world, (weir_tls_options){0});
    int rc = weir__tls_connection_open(&connection, client, name);
    CHECK_INT(rc, message ? WEIR_E_INVALID : WEIR_OK);
    if (message)
        CHECK_TEXT(weir_last_error()->message, message);
    else
        weir__tls_connection_close(&connection);
    weir_tls_context_free(client);
    world_close(&world);
}

TEST(tls_options, a_client_asks_for_a_host_name)
{
    check_peer_name("a.example", NULL);
    check_peer_name("_a-b.example.", NULL);
    check_peer_name("::1", NULL);
    check_peer_name(NULL, "there is no name that the server's certificate must be for");
    check_peer_name("", "\"\" is no host name and no IP address to ask for");
    check_peer_name(".", "\".\" is no host name and no IP address to ask for");
    check_peer_name("a..b", "\"a..b\" is no host name and no IP address to ask for");
    check_peer_name(".a", "\".a\" is no host name and no IP address to ask for");
    check_peer_name("*.a", "\"*.a\" is no host name and no IP address to ask for");
    check_peer_name("a b", "\"a b\" is no host name and no IP address to ask for");
    check_peer_name("[::1]", "\"[::1]\" is no host name and no IP address to ask for");
    check_peer_name("a\r\nb",
                    "\"a\\r\\nb\" is no host name and no IP address to ask for");
    check_peer_name("b\xc3\xbc"
                    "cher.example",
                    "\"b\\xc3\\xbccher.example\" is no host name and no IP address to "
                    "ask for");
}
