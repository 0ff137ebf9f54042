/* Trust stores.
 *
 * Reading the system's takes some 20 ms, so that it is read once and shared by the
 * contexts of all threads; how to check goes by each context's own parameters, never
 * into the store. Who names authorities or revocation lists has a store of his own.
 *
 * SPDX-License-Identifier: MIT */
#include "trust.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>

#include "ascii.h"
#include "error.h"
#include "failure.h"
#include "pem.h"

/* Where systems keep the bundle that OpenSSL was not built to look for. */
static const char *const BUNDLES[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Arch, Gentoo */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
    "/etc/ssl/ca-bundle.pem",             /* openSUSE */
    "/etc/ssl/cert.pem",                  /* Alpine, the BSDs, macOS */
};

static pthread_mutex_t system_lock = PTHREAD_MUTEX_INITIALIZER;
static X509_STORE *system_store; /* NULL: nobody uses it */
static size_t system_users;

/* "0a775a30.0": as `openssl rehash` names a certificate. */
static bool is_hashed_name(const char *name)
{
    for (size_t i = 0; i < 8; i++) {
        if (weir__ascii_hex_value(name[i]) < 0)
            return false;
    }
    return name[8] == '.' && weir__ascii_is_digit(name[9]);
}

static bool has_certificates(const char *directory)
{
    DIR *listing = opendir(directory);
    struct dirent *entry;
    bool found = false;
    if (!listing)
        return false;
    while (!found && (entry = readdir(listing)))
        found = is_hashed_name(entry->d_name);
    closedir(listing);
    return found;
}

static const char *from_environment(const char *variable, const char *otherwise)
{
    const char *value = getenv(variable);
    return value ? value : otherwise;
}

static bool holds_some(const X509_STORE *store)
{
    return sk_X509_OBJECT_num(X509_STORE_get0_objects(store)) > 0;
}

static bool load_bundle(X509_STORE *store)
{
    for (size_t i = 0; i < sizeof(BUNDLES) / sizeof(BUNDLES[0]); i++) {
        if (X509_STORE_load_file(store, BUNDLES[i]) == 1)
            return true;
    }
    return false;
}

static int load_system(X509_STORE *store)
{
    const char *file = from_environment(X509_get_default_cert_file_env(),
                                        X509_get_default_cert_file());
    const char *directory =
        from_environment(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
    if (X509_STORE_set_default_paths(store) != 1)
        return weir__tls_fail("the system's trust store cannot be read");
    bool found = holds_some(store) || has_certificates(directory) || load_bundle(store);
    if (weir__tls_take_errors().memory)
        return weir__tls_fail_memory();
    if (!found)
        return weir__fail(WEIR_E_TLS, "TLS",
                          "this system has no trust store: no certificates in %s, %s "
                          "or %s (install ca-certificates, or set ca_file)",
                          file, directory, BUNDLES[0]);
    return WEIR_OK;
}

/* Reads what an option names into the store; NULL and no bytes: nothing. */
static int load_memory(X509_STORE *store, weir_slice bytes)
{
    weir__tls_pem pem = {.option = "ca_pem", .bytes = bytes};
    int rc = WEIR_OK;
    size_t count = 0;
    X509 *authority;
    if (bytes.len == 0)
        return WEIR_OK;
    BIO *bio = weir__tls_pem_open(&pem, &rc);
    if (!bio)
        return rc;
    while ((authority = weir__tls_pem_next_certificate(bio, &pem, &rc))) {
        bool added = X509_STORE_add_cert(store, authority) == 1;
        X509_free(authority);
        if (!added) {
            rc = weir__tls_pem_fail(&pem, ": a certificate cannot be used");
            break;
        }
        count++;
    }
    BIO_free(bio);
    if (rc == WEIR_OK && count == 0)
        rc = weir__tls_pem_fail(&pem, " has no certificate in PEM");
    return rc;
}

static int add_lists(X509_STORE *store, BIO *bio, const weir__tls_pem *pem)
{
    size_t count = 0;
    X509_CRL *list;
    while ((list = PEM_read_bio_X509_CRL(bio, NULL, weir__tls_pem_no_password, NULL))) {
        bool added = X509_STORE_add_crl(store, list) == 1;
        X509_CRL_free(list);
        if (!added)
            return weir__tls_pem_fail(pem, ": a revocation list cannot be used");
        count++;
    }
    if (!weir__tls_pem_is_end())
        return weir__tls_pem_fail(pem, " has a revocation list that cannot be read");
    return count > 0 ? WEIR_OK : weir__tls_pem_fail(pem, " has no revocation list");
}

static int load_lists(X509_STORE *store, const char *file)
{
    weir__tls_pem pem = {.option = "crl_file", .file = file};
    int rc = WEIR_OK;
    if (!file)
        return WEIR_OK;
    BIO *bio = weir__tls_pem_open(&pem, &rc);
    if (!bio)
        return rc;
    rc = add_lists(store, bio, &pem);
    BIO_free(bio);
    return rc;
}

static int load_own(X509_STORE *store, const weir_tls_options *options)
{
    if (options->ca_file && X509_STORE_load_file(store, options->ca_file) != 1)
        return weir__tls_fail("ca_file %s", options->ca_file);
    if (options->ca_directory) {
        if (!has_certificates(options->ca_directory))
            return weir__fail(WEIR_E_TLS, "TLS",
                              "ca_directory %s has no certificates by their hashes (as "
                              "openssl rehash makes them)",
                              options->ca_directory);
        if (X509_STORE_load_path(store, options->ca_directory) != 1)
            return weir__tls_fail("ca_directory %s", options->ca_directory);
    }
    return load_memory(store, options->ca_pem);
}

bool weir__tls_has_own_trust(const weir_tls_options *options)
{
    return options->ca_file || options->ca_directory || options->ca_pem.len > 0;
}

static bool is_shared(const weir_tls_options *options)
{
    return !weir__tls_has_own_trust(options) && !options->crl_file;
}

static int make_store(const weir_tls_options *options, X509_STORE **store)
{
    X509_STORE *made = X509_STORE_new();
    if (!made)
        return weir__tls_fail_memory();
    int rc =
        weir__tls_has_own_trust(options) ? load_own(made, options) : load_system(made);
    if (rc == WEIR_OK)
        rc = load_lists(made, options->crl_file);
    if (rc < 0)
        X509_STORE_free(made);
    else
        *store = made;
    return rc;
}

/* Takes the shared store, under its lock. */
static int take_system(const weir_tls_options *options, bool fresh, X509_STORE **store)
{
    if (!system_store || fresh) {
        X509_STORE *made = NULL;
        int rc = make_store(options, &made);
        if (rc < 0)
            return rc;
        X509_STORE_free(system_store);
        system_store = made;
    }
    X509_STORE_up_ref(system_store);
    system_users++;
    *store = system_store;
    return WEIR_OK;
}

int weir__tls_trust_open(const weir_tls_options *options, bool fresh,
                         X509_STORE **store)
{
    if (!is_shared(options))
        return make_store(options, store);
    pthread_mutex_lock(&system_lock);
    int rc = take_system(options, fresh, store);
    pthread_mutex_unlock(&system_lock);
    return rc;
}

void weir__tls_trust_close(const weir_tls_options *options, X509_STORE *store)
{
    if (!store)
        return;
    X509_STORE_free(store);
    if (!is_shared(options))
        return;
    pthread_mutex_lock(&system_lock);
    if (--system_users == 0) {
        X509_STORE_free(system_store);
        system_store = NULL;
    }
    pthread_mutex_unlock(&system_lock);
}
