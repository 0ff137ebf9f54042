/* PEM files and texts.
 *
 * SPDX-License-Identifier: MIT */
#include "pem.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <weir/status.h>

#include "failure.h"

int weir__tls_pem_fail(const weir__tls_pem *pem, const char *what)
{
    return weir__tls_fail("%s%s%s%s", pem->option, pem->file ? " " : "",
                          pem->file ? pem->file : "", what);
}

BIO *weir__tls_pem_open(const weir__tls_pem *pem, int *status)
{
    BIO *bio;
    if (pem->file)
        bio = BIO_new_file(pem->file, "r");
    else
        bio = BIO_new_mem_buf(pem->bytes.data,
                              pem->bytes.len > INT_MAX ? INT_MAX : (int)pem->bytes.len);
    if (!bio)
        *status = weir__tls_pem_fail(pem, "");
    return bio;
}

int weir__tls_pem_no_password(char *password, int size, int is_writing, void *arg)
{
    (void)password;
    (void)size;
    (void)is_writing;
    (void)arg;
    return -1;
}

bool weir__tls_pem_is_end(void)
{
    unsigned long error = ERR_peek_last_error();
    if (ERR_GET_LIB(error) != ERR_LIB_PEM ||
        ERR_GET_REASON(error) != PEM_R_NO_START_LINE)
        return false;
    ERR_clear_error();
    return true;
}

X509 *weir__tls_pem_next_certificate(BIO *bio, const weir__tls_pem *pem, int *status)
{
    X509 *certificate =
        PEM_read_bio_X509_AUX(bio, NULL, weir__tls_pem_no_password, NULL);
    *status = WEIR_OK;
    if (!certificate && !weir__tls_pem_is_end())
        *status = weir__tls_pem_fail(pem, " has a certificate that cannot be read");
    return certificate;
}
