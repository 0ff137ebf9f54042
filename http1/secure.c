/* The default context of https, made when the first URL asks for it: to read the
 * system's trust store takes its time.
 *
 * SPDX-License-Identifier: MIT */
#include "secure.h"

#include <weir/features.h>

#include "error.h"

#if WEIR_HAS_TLS

#include <weir/tls.h>

int weir__secure_default(weir_session *session, weir_tls_context **context)
{
    static const char *const PROTOCOLS[] = {"http/1.1", NULL}; /* RFC 7301 6 */
    weir_session *root = session->root; /* those who share it share connections */
    int rc = WEIR_OK;
    if (!root->own_tls)
        rc =
            weir_tls_client_new(&root->own_tls, &(weir_tls_options){.alpn = PROTOCOLS});
    if (rc == WEIR_OK)
        *context = root->own_tls;
    return rc;
}

const weir_hashes *weir__secure_hashes(void)
{
    return weir_tls_hashes();
}

void weir__secure_clear(weir_session *session)
{
    weir_tls_context_free(session->own_tls);
}

#else

int weir__secure_default(weir_session *session, weir_tls_context **context)
{
    (void)session;
    (void)context;
    return weir__fail(WEIR_E_UNSUPPORTED, "request",
                      "https is not supported: this build of weir has no TLS");
}

const weir_hashes *weir__secure_hashes(void)
{
    return NULL;
}

void weir__secure_clear(weir_session *session)
{
    (void)session;
}

#endif

int weir__secure_prepare(weir_session *session)
{
    return session->tls ? WEIR_OK : weir__secure_default(session, &session->tls);
}
