/* Sessions: options, defaults, and what is kept for the next request.
 *
 * SPDX-License-Identifier: MIT */
#include "session.h"

#include <string.h>

#include "allocator.h"
#include "error.h"
#include "exchange.h"
#include "loop.h"
#include "park.h"
#include "secure.h"

#define DEFAULT_MAX_CONNECTIONS    100
#define DEFAULT_IDLE_TIMEOUT_MS    15000
#define DEFAULT_CONNECT_TIMEOUT_MS 30000
#define DEFAULT_READ_TIMEOUT_MS    60000
#define DEFAULT_MAX_TEXT_BYTES     ((size_t)64 * 1024 * 1024)

static void free_target(weir_session *session, weir__target *target)
{
    weir_url_clear(&target->url);
    weir__free(session->loop->allocator, target->get_head);
    weir__free(session->loop->allocator, target);
}

void weir__target_release(weir_session *session, weir__target *target)
{
    if (target && --target->holders == 0)
        free_target(session, target);
}

static weir__target *new_target(weir_session *session, weir_slice text)
{
    weir__target *target =
        weir__calloc(session->loop->allocator, 1, sizeof(*target) + text.len);
    if (!target)
        return NULL;
    target->holders = 1;
    target->text_len = text.len;
    if (text.len > 0)
        memcpy(target->text, text.data, text.len);
    return target;
}

static int parse(weir_session *session, weir__target *target)
{
    weir_url_options options = {.allocator = session->loop->allocator};
    weir_codec_error error;
    int rc = weir_url_parse(&target->url, (weir_slice){target->text, target->text_len},
                            NULL, &options, &error);
    if (rc == WEIR_OK)
        return rc;
    return weir__fail_at(rc, error.offset, "URL", "the URL at byte %zu: %s",
                         error.offset, error.reason);
}

int weir__session_target(weir_session *session, const char *url, weir__target **target)
{
    weir__target *latest = session->target;
    weir_slice text = weir_slice_of(url);
    if (!url)
        return weir__fail(WEIR_E_INVALID, "URL", "there is no URL");
    if (!latest ||
        !weir_slice_equal((weir_slice){latest->text, latest->text_len}, text)) {
        weir__target *made = new_target(session, text);
        if (!made)
            return weir__fail(WEIR_E_MEMORY, "URL", "no memory for the URL");
        int rc = parse(session, made);
        if (rc < 0) {
            free_target(session, made);
            return rc;
        }
        weir__target_release(session, latest);
        latest = made;
        session->target = made;
    }
    latest->holders++;
    *target = latest;
    return WEIR_OK;
}

static int make_fields(weir_session *session, const char *user_agent)
{
    weir_slice value =
        user_agent ? weir_slice_of(user_agent) : WEIR_S("weir/" WEIR_VERSION);
    weir_http_fields_init(&session->fields, session->loop->allocator, NULL);
    int rc = weir_http_fields_add(&session->fields, WEIR_S("Accept"), WEIR_S("*/*"));
    if (rc == WEIR_OK)
        rc = weir_http_fields_add(&session->fields, WEIR_S("User-Agent"), value);
    if (rc == WEIR_E_MEMORY)
        return weir__fail(rc, "session", "no memory for a session");
    if (rc < 0)
        return weir__fail(rc, "session",
                          "the User-Agent cannot be sent (RFC 9110 5.5)");
    return WEIR_OK;
}

static void set_options(weir_session *session, const weir_session_options *options)
{
    session->timeout_ms = options->timeout_ms;
    session->connect_timeout_ms = options->connect_timeout_ms
                                      ? options->connect_timeout_ms
                                      : DEFAULT_CONNECT_TIMEOUT_MS;
    session->read_timeout_ms =
        options->read_timeout_ms ? options->read_timeout_ms : DEFAULT_READ_TIMEOUT_MS;
    session->max_text_bytes =
        options->max_text_bytes ? options->max_text_bytes : DEFAULT_MAX_TEXT_BYTES;
    session->limits = options->limits;
    session->tls = options->tls;
}

/* A session on a loop; NULL with the loop as it was. */
static weir_session *new_session(weir_loop *loop, const weir_session_options *options)
{
    weir_session *session = weir__calloc(loop->allocator, 1, sizeof(*session));
    if (!session) {
        weir__fail(WEIR_E_MEMORY, "session", "no memory for a session");
        return NULL;
    }
    session->loop = loop;
    session->holders = 1;
    weir__link_init(&session->spares);
    set_options(session, options);
    if (make_fields(session, options->user_agent) < 0)
        goto fail;
    if (weir__pool_init(&session->pool, loop,
                        options->max_connections ? options->max_connections
                                                 : DEFAULT_MAX_CONNECTIONS,
                        options->idle_timeout_ms ? options->idle_timeout_ms
                                                 : DEFAULT_IDLE_TIMEOUT_MS) < 0) {
        weir__fail(WEIR_E_MEMORY, "session", "no memory for a session");
        goto fail;
    }
    session->pool.on_connect = options->on_connect;
    session->pool.arg = options->arg;
    return session;
fail:
    weir_http_fields_clear(&session->fields);
    weir__free(loop->allocator, session);
    return NULL;
}

weir_session *weir_session_new(weir_loop *loop, const weir_session_options *options)
{
    static const weir_session_options DEFAULTS;
    weir_loop *own = loop ? NULL : weir_loop_new(NULL);
    if (!loop && !own)
        return NULL;
    weir_session *session =
        new_session(loop ? loop : own, options ? options : &DEFAULTS);
    if (session)
        session->own_loop = own != NULL;
    else
        weir_loop_free(own);
    return session;
}

void weir__session_release(weir_session *session)
{
    weir_loop *loop = session->loop;
    bool own_loop = session->own_loop;
    if (--session->holders > 0)
        return;
    weir__secure_clear(session); /* until now a request might have been connecting */
    weir__free(loop->allocator, session);
    if (own_loop)
        weir_loop_free(loop);
}

void weir_session_free(weir_session *session)
{
    if (!session)
        return;
    weir__pool_close(&session->pool);
    weir__responses_free_spares(session);
    weir__target_release(session, session->target);
    session->target = NULL;
    weir_http_fields_clear(&session->fields);
    weir__session_release(session);
}

weir_loop *weir_session_loop(const weir_session *session)
{
    return session->loop;
}

size_t weir_session_connections(const weir_session *session)
{
    return session->pool.slots_used + session->pool.idle_count;
}

int weir_request(weir_session *session, const weir_request_options *options,
                 weir_response **response)
{
    weir__request request;
    int rc = weir__check_may_wait(session->loop, "request");
    if (rc < 0)
        return rc;
    weir_response *made = weir__response_new(session, options);
    if (!made)
        return weir__fail(WEIR_E_MEMORY, "request", "no memory for a request");
    rc = weir__request_init(&request, made, options);
    if (rc == WEIR_OK)
        rc = weir__exchange_run(made, &request);
    weir__request_clear(&request, session);
    if (rc < 0)
        weir_response_free(made);
    else
        *response = made;
    return rc;
}
