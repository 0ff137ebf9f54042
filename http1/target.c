/* Targets: parsed once, though they are asked for many times.
 *
 * SPDX-License-Identifier: MIT */
#include "target.h"

#include <string.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "session.h"

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

weir__target *weir__target_hold(weir__target *target)
{
    if (target)
        target->holders++;
    return target;
}

static weir__target *new_target(const weir_session *session, weir_slice text)
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

static int parse(const weir_session *session, weir__target *target,
                 const weir_url *base)
{
    weir_url_options options = {.allocator = session->loop->allocator};
    weir_codec_error error;
    int rc = weir_url_parse(&target->url, (weir_slice){target->text, target->text_len},
                            base, &options, &error);
    if (rc == WEIR_OK)
        return rc;
    return weir__fail_at(rc, error.offset, "URL", "the URL at byte %zu: %s",
                         error.offset, error.reason);
}

static int make(weir_session *session, weir_slice text, const weir_url *base,
                weir__target **target)
{
    weir__target *made = new_target(session, text);
    if (!made)
        return weir__fail(WEIR_E_MEMORY, "URL", "no memory for the URL");
    int rc = parse(session, made, base);
    if (rc < 0)
        free_target(session, made);
    else
        *target = made;
    return rc;
}

static int add_params(weir__target *target, const weir_pair *params)
{
    int rc = WEIR_OK;
    for (; params && params->name && rc == WEIR_OK; params++)
        rc = weir_url_add_param(&target->url, weir_slice_of(params->name),
                                weir_slice_of(params->value));
    if (rc == WEIR_OK)
        return rc;
    return weir__fail(rc, "URL",
                      rc == WEIR_E_MEMORY ? "no memory for the URL"
                                          : "the URL is too long with its parameters");
}

static const weir_url *base_of(const weir_session *session)
{
    return session->base ? &session->base->url : NULL;
}

/* The latest URL is often the next one too. */
static int find(weir_session *session, weir_slice text, weir__target **target)
{
    weir__target *latest = session->target;
    if (!latest ||
        !weir_slice_equal((weir_slice){latest->text, latest->text_len}, text)) {
        int rc = make(session, text, base_of(session), &latest);
        if (rc < 0)
            return rc;
        weir__target_release(session, session->target);
        session->target = latest;
    }
    *target = weir__target_hold(latest);
    return WEIR_OK;
}

int weir__target_of_request(weir_session *session, const char *url,
                            const weir_pair *params, weir__target **target)
{
    if (!url)
        return weir__fail(WEIR_E_INVALID, "URL", "there is no URL");
    if (!params && !session->params)
        return find(session, weir_slice_of(url), target);
    int rc = make(session, weir_slice_of(url), base_of(session), target);
    if (rc < 0)
        return rc;
    rc = add_params(*target, session->params);
    if (rc == WEIR_OK)
        rc = add_params(*target, params);
    if (rc < 0)
        free_target(session, *target);
    return rc;
}

int weir__target_of_reference(weir_session *session, weir_slice reference,
                              const weir__target *base, weir__target **target)
{
    return make(session, reference, base ? &base->url : NULL, target);
}

/* What is told of a URL, and to whom it leads, is not to have a password in it. */
int weir__target_strip(weir_session *session, weir__target **target)
{
    const weir_allocator *allocator = session->loop->allocator;
    const weir_url *url = &(*target)->url;
    weir_slice parts[] = {weir_url_scheme(url), WEIR_S("://"), weir_url_authority(url),
                          weir_url_target(url)};
    weir__target *stripped;
    size_t len = 0;
    if (weir_url_username(url).len + weir_url_password(url).len == 0)
        return WEIR_OK;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        len += parts[i].len;
    char *text = weir__malloc(allocator, len);
    if (!text)
        return weir__fail(WEIR_E_MEMORY, "URL", "no memory for the URL");
    len = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        memcpy(text + len, parts[i].data, parts[i].len);
        len += parts[i].len;
    }
    int rc = make(session, (weir_slice){text, len}, NULL, &stripped);
    weir__free(allocator, text);
    if (rc < 0)
        return rc;
    weir__target_release(session, *target);
    *target = stripped;
    return WEIR_OK;
}
