/* Sessions: options, defaults, and what is kept for the next request.
 *
 * SPDX-License-Identifier: MIT */
#include "session.h"

#include <string.h>

#include "allocator.h"
#include "error.h"
#include "follow.h"
#include "loop.h"
#include "pairs.h"
#include "park.h"
#include "response.h"
#include "secure.h"
#include "wipe.h"

#define DEFAULT_MAX_CONNECTIONS    100
#define DEFAULT_IDLE_TIMEOUT_MS    15000
#define DEFAULT_CONNECT_TIMEOUT_MS 30000
#define DEFAULT_READ_TIMEOUT_MS    60000
#define DEFAULT_MAX_REDIRECTS      10
#define DEFAULT_MAX_TEXT_BYTES     ((size_t)64 * 1024 * 1024)

static int fail_memory(void)
{
    return weir__fail(WEIR_E_MEMORY, "session", "no memory for a session");
}

static int add_field(weir_session *session, weir_slice name, weir_slice value)
{
    char text[64];
    int rc = weir_http_fields_add(&session->fields, name, value);
    if (rc == WEIR_E_MEMORY)
        return fail_memory();
    if (rc < 0)
        return weir__fail(rc, "session",
                          "the field \"%s\" cannot be sent (RFC 9110 5.5)",
                          weir__escape(name, text, sizeof(text)));
    return rc;
}

/* What each request is sent with; Host and the framing are not for a list to say. */
static int add_given_fields(weir_session *session, const weir_pair *headers)
{
    static const char *const NOT_HERE[] = {"host", "content-length",
                                           "transfer-encoding", "proxy-authorization"};
    int rc = WEIR_OK;
    for (; headers && headers->name && rc == WEIR_OK; headers++) {
        weir_slice name = weir_slice_of(headers->name);
        for (size_t i = 0; i < sizeof(NOT_HERE) / sizeof(NOT_HERE[0]); i++) {
            if (weir_slice_equal_nocase(name, weir_slice_of(NOT_HERE[i])))
                return weir__fail(WEIR_E_INVALID, "session",
                                  "the field %s is not the same for all requests",
                                  NOT_HERE[i]);
        }
        rc = add_field(session, name, weir_slice_of(headers->value));
    }
    return rc;
}

static int add_default_field(weir_session *session, weir_slice name, weir_slice value)
{
    if (weir_http_fields_value(&session->fields, name).data)
        return WEIR_OK;
    return add_field(session, name, value);
}

static int make_fields(weir_session *session, const weir_session_options *options)
{
    weir_slice user_agent = options->user_agent ? weir_slice_of(options->user_agent)
                                                : WEIR_S("weir/" WEIR_VERSION);
    weir_slice codings = weir_content_accept_encoding();
    weir_http_fields_init(&session->fields, session->loop->allocator, NULL);
    int rc = add_given_fields(session, options->headers);
    if (rc == WEIR_OK && options->force_close) /* RFC 9112 9.6 */
        rc = add_default_field(session, WEIR_S("Connection"), WEIR_S("close"));
    session->any_accept =
        !weir_http_fields_value(&session->fields, WEIR_S("Accept")).data;
    if (rc == WEIR_OK)
        rc = add_default_field(session, WEIR_S("Accept"), WEIR_S("*/*"));
    if (rc == WEIR_OK && !options->no_decoding && codings.len > 0)
        rc = add_default_field(session, WEIR_S("Accept-Encoding"), codings);
    if (rc == WEIR_OK)
        rc = add_default_field(session, WEIR_S("User-Agent"), user_agent);
    return rc;
}

static int make_url(weir_session *session, const weir_session_options *options)
{
    if (options->params) {
        session->params = weir__pairs_copy(session->loop->allocator, options->params);
        if (!session->params)
            return fail_memory();
    }
    if (!options->base_url)
        return WEIR_OK;
    int rc = weir__target_of_reference(session, weir_slice_of(options->base_url), NULL,
                                       &session->base);
    return rc < 0 ? weir__fail_prefix("base_url") : rc;
}

static void set_options(weir_session *session, const weir_session_options *options)
{
    session->timeout_ms = options->timeout_ms;
    session->connect_timeout_ms = options->connect_timeout_ms
                                      ? options->connect_timeout_ms
                                      : DEFAULT_CONNECT_TIMEOUT_MS;
    session->retries = options->retries;
    session->retry_all_methods = options->retry_all_methods;
    session->retry_delay_ms = options->retry_delay_ms;
    session->max_retry_delay_ms = options->max_retry_delay_ms;
    session->wait_timeout_ms = options->wait_timeout_ms;
    session->first_byte_timeout_ms = options->first_byte_timeout_ms;
    session->read_timeout_ms =
        options->read_timeout_ms ? options->read_timeout_ms : DEFAULT_READ_TIMEOUT_MS;
    session->max_text_bytes =
        options->max_text_bytes ? options->max_text_bytes : DEFAULT_MAX_TEXT_BYTES;
    session->max_redirects =
        options->max_redirects ? options->max_redirects : DEFAULT_MAX_REDIRECTS;
    session->raise_for_status = options->raise_for_status;
    session->no_decoding = options->no_decoding;
    session->trace = options->trace;
    session->json_adapter = options->json_adapter;
    session->content_limits = options->content_limits;
    session->limits = options->limits;
    session->tls = options->tls;
    session->given_tls = options->tls;
}

static int copy_auth(weir_session *session, const weir_auth *auth)
{
    if (auth->scheme == WEIR_AUTH_NONE)
        return WEIR_OK;
    weir_pair *pair = weir__pairs_copy(
        session->loop->allocator,
        (weir_pair[]){{auth->user ? auth->user : "", auth->password}, {0}});
    if (!pair)
        return fail_memory();
    session->auth = (weir_auth){auth->scheme, pair->name, pair->value};
    session->auth_texts = pair;
    return WEIR_OK;
}

static int open_jar(weir_session *session, const weir_session_options *options)
{
    session->cookies = options->no_cookies ? NULL : options->cookies;
    if (options->no_cookies || options->cookies)
        return WEIR_OK;
    session->own_jar = weir_cookie_jar_new(
        &(weir_cookie_jar_options){.allocator = session->loop->allocator});
    session->cookies = session->own_jar;
    return session->own_jar ? WEIR_OK : fail_memory();
}

/* The texts of .auth, of which one is a password. */
static void free_auth(weir_session *session)
{
    weir_pair *texts = session->auth_texts;
    if (texts)
        weir__wipe((char *)(texts + 2),
                   strlen(session->auth.user) + 1 + strlen(session->auth.password) + 1);
    weir__free(session->loop->allocator, texts);
    session->auth_texts = NULL;
}

static void free_defaults(weir_session *session)
{
    weir_cookie_jar_free(session->own_jar);
    session->cookies = NULL;
    session->own_jar = NULL;
    weir__target_release(session, session->target);
    weir__target_release(session, session->base);
    weir__free(session->loop->allocator, session->params);
    free_auth(session);
    weir__proxies_clear(&session->proxies, session->loop->allocator);
    weir_http_fields_clear(&session->fields);
    session->target = NULL;
    session->base = NULL;
    session->params = NULL;
}

/* The limits are those of the pool, so who shares one has none to set. */
static int share_pool(weir_session *session, const weir_session_options *options)
{
    if (options->share_with->loop != session->loop)
        return weir__fail(WEIR_E_INVALID, "session",
                          ".share_with is a session of another loop");
    if (options->max_connections > 0 || options->max_connections_per_host > 0 ||
        options->idle_timeout_ms > 0)
        return weir__fail(WEIR_E_INVALID, "session",
                          "the limits of shared connections are those of the session "
                          "that they are shared with");
    session->root = options->share_with->root;
    session->root->holders++;
    return WEIR_OK;
}

static int make_pool(weir_session *session, const weir_session_options *options)
{
    size_t max = options->max_connections;
    uint32_t idle_ms = options->idle_timeout_ms;
    struct weir__pool_limits limits = {
        .max = max ? max : DEFAULT_MAX_CONNECTIONS,
        .max_per_host = options->max_connections_per_host,
        .idle_timeout_ms = idle_ms ? idle_ms : DEFAULT_IDLE_TIMEOUT_MS,
    };
    if (weir__pool_init(&session->own_pool, session->loop, &limits) < 0)
        return fail_memory();
    session->root = session;
    return WEIR_OK;
}

static int join_pool(weir_session *session, const weir_session_options *options)
{
    int rc = options->share_with ? share_pool(session, options)
                                 : make_pool(session, options);
    if (rc < 0)
        return rc;
    session->client.force_close = options->force_close;
    session->client.on_connect = options->on_connect;
    session->client.arg = options->arg;
    weir__pool_join(&session->root->own_pool, &session->client);
    return WEIR_OK;
}

static int set_up(weir_session *session, const weir_session_options *options)
{
    set_options(session, options);
    int rc = make_fields(session, options);
    if (rc == WEIR_OK)
        rc = make_url(session, options);
    if (rc == WEIR_OK)
        rc = copy_auth(session, &options->auth);
    if (rc == WEIR_OK)
        rc = open_jar(session, options);
    if (rc == WEIR_OK)
        rc = weir__dialer_new(&session->dialer, session->loop->allocator, options);
    if (rc == WEIR_OK)
        rc = weir__proxies_init(&session->proxies, session->loop->allocator, options);
    return rc < 0 ? rc : join_pool(session, options);
}

/* A session on a loop; NULL with the loop as it was. */
static weir_session *new_session(weir_loop *loop, const weir_session_options *options)
{
    weir_session *session = weir__calloc(loop->allocator, 1, sizeof(*session));
    if (!session) {
        fail_memory();
        return NULL;
    }
    session->loop = loop;
    session->holders = 1;
    weir__link_init(&session->spares);
    if (set_up(session, options) == WEIR_OK)
        return session;
    free_defaults(session);
    weir__dialer_release(session->dialer);
    weir__free(loop->allocator, session);
    return NULL;
}

weir_session *weir_session_new(weir_loop *loop, const weir_session_options *options)
{
    static const weir_session_options DEFAULTS;
    if (!options)
        options = &DEFAULTS;
    if (!loop && options->share_with)
        loop = options->share_with->loop;
    weir_loop *own = loop ? NULL : weir_loop_new(NULL);
    if (!loop && !own)
        return NULL;
    weir_session *session = new_session(loop ? loop : own, options);
    if (session)
        session->own_loop = own != NULL;
    else
        weir_loop_free(own);
    return session;
}

void weir__session_release(weir_session *session)
{
    weir_loop *loop = session->loop;
    weir_session *root = session->root;
    bool own_loop = session->own_loop;
    if (--session->holders > 0)
        return;
    /* Until now a request might have been connecting. */
    weir__secure_clear(session);
    weir__dialer_release(session->dialer);
    weir__free(loop->allocator, session);
    if (root != session)
        weir__session_release(root);
    if (own_loop)
        weir_loop_free(loop);
}

void weir_session_free(weir_session *session)
{
    if (!session)
        return;
    weir__pool_forget(session->client.pool, session->given_tls);
    weir__pool_forget(session->client.pool, session->proxies.tls);
    weir__pool_leave(&session->client);
    weir__responses_free_spares(session);
    free_defaults(session);
    weir__session_release(session);
}

weir_loop *weir_session_loop(const weir_session *session)
{
    return session->loop;
}

weir_cookie_jar *weir_session_cookies(const weir_session *session)
{
    return session->cookies;
}

size_t weir_session_connections(const weir_session *session)
{
    const weir__pool *pool = session->client.pool;
    return pool->slots.used + pool->idle_count;
}

int weir_request(weir_session *session, const weir_request_options *options,
                 weir_response **response)
{
    weir_response *made = NULL;
    int rc = weir__check_may_wait(session->loop, "request");
    if (rc == WEIR_OK)
        rc = weir__follow(session, options, &made);
    if (rc < 0)
        return rc;
    if (options->raise_for_status || session->raise_for_status)
        rc = weir_response_raise_for_status(made);
    if (rc < 0)
        weir_response_free(made);
    else
        *response = made;
    return rc;
}
