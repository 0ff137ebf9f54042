/* Requests: from options to bytes (RFC 9112 3).
 *
 * SPDX-License-Identifier: MIT */
#include "request.h"

#include <stdio.h>
#include <string.h>

#include "allocator.h"
#include "cookies.h"
#include "credentials.h"
#include "error.h"
#include "loop.h"
#include "secure.h"
#include "timer.h"

static int check_method(weir_slice method)
{
    char text[64];
    if (!weir_http_is_token(method))
        return weir__fail(WEIR_E_INVALID, "request", "the method \"%s\" is not a token",
                          weir__escape(method, text, sizeof(text)));
    if (weir_slice_equal(method, WEIR_S("CONNECT")))
        return weir__fail(WEIR_E_UNSUPPORTED, "request",
                          "CONNECT is for proxies, and done by itself");
    return WEIR_OK;
}

static int check_url(const weir_url *url)
{
    weir_slice scheme = weir_url_scheme(url);
    if (!weir_slice_equal(scheme, WEIR_S("http")) &&
        !weir_slice_equal(scheme, WEIR_S("https")))
        return weir__fail(WEIR_E_UNSUPPORTED, "request",
                          "%.*s is not supported: a request is for http or https",
                          (int)scheme.len, scheme.data);
    if (weir_url_port(url) == 0)
        return weir__fail(WEIR_E_INVALID, "request", "the URL's port is 0");
    return WEIR_OK;
}

/* Content-Length is sent in any case, so a true one is left out. */
static int check_length(weir_slice value, const weir__upload *upload)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)upload->length);
    if (!upload->has_length)
        return weir__fail(WEIR_E_INVALID, "request",
                          "the field Content-Length goes with a body of which "
                          ".body_length is said");
    if (weir_slice_equal(weir_slice_trim(value), weir_slice_of(digits)))
        return WEIR_OK;
    return weir__fail(WEIR_E_INVALID, "request",
                      "the field Content-Length does not say the body's length, %s",
                      digits);
}

static int add_field(weir_http_fields *fields, weir_slice name, weir_slice value)
{
    char text[64];
    int rc = weir_http_fields_add(fields, name, value);
    if (rc == WEIR_OK)
        return rc;
    weir__escape(name, text, sizeof(text));
    if (rc == WEIR_E_MEMORY)
        return weir__fail(rc, "request", "no memory for the field \"%s\"", text);
    if (rc == WEIR_E_TOO_BIG)
        return weir__fail(rc, "request", "the field \"%s\" is over the limit", text);
    return weir__fail(rc, "request",
                      "the field \"%s\" has a byte that cannot be sent in its name or "
                      "value (RFC 9110 5)",
                      text);
}

static bool is_one_of(weir_slice name, const char *const *names)
{
    for (; names && *names; names++) {
        if (weir_slice_equal_nocase(name, weir_slice_of(*names)))
            return true;
    }
    return false;
}

/* What is for the first origin only, and what belongs to a body that is not sent any
 * more (RFC 9110 15.4). */
static bool is_left_behind(const weir__request *request, weir_slice name)
{
    static const char *const CREDENTIALS[] = {"authorization", "cookie",
                                              "proxy-authorization", NULL};
    static const char *const OF_THE_BODY[] = {
        "content-type",   "content-encoding", "content-language", "content-location",
        "content-length", "digest",           "last-modified",    NULL};
    return (request->foreign && is_one_of(name, CREDENTIALS)) ||
           (!request->has_body && is_one_of(name, OF_THE_BODY));
}

/* A server is not to see it, and it is not for the caller to know whether one will. */
static int fail_for_proxy(void)
{
    return weir__fail(WEIR_E_INVALID, "request",
                      "the field Proxy-Authorization is for the proxy: its name and "
                      "password belong in .proxy");
}

/* Adds what the caller gave, but for what is said by other parts of the head. */
static int add_given(const weir__request *request, weir_http_fields *fields,
                     weir_slice *host)
{
    const weir_pair *pair = request->options->headers;
    int rc = WEIR_OK;
    for (; rc == WEIR_OK && pair && pair->name; pair++) {
        weir_slice name = weir_slice_of(pair->name);
        weir_slice value = weir_slice_of(pair->value);
        if (is_left_behind(request, name))
            continue;
        if (weir_slice_equal_nocase(name, WEIR_S("host")))
            *host = request->foreign ? *host : weir_slice_trim(value);
        else if (weir_slice_equal_nocase(name, WEIR_S("content-length")))
            rc = check_length(value, &request->upload);
        else if (weir_slice_equal_nocase(name, WEIR_S("proxy-authorization")))
            rc = fail_for_proxy();
        else if (weir_slice_equal_nocase(name, WEIR_S("transfer-encoding")))
            rc = weir__fail(WEIR_E_INVALID, "request",
                            "the field Transfer-Encoding is not for the caller to set");
        else
            rc = add_field(fields, name, value);
    }
    return rc;
}

/* Adds a field unless there is one of its name. */
static int add_default(weir_http_fields *fields, weir_slice name, weir_slice value)
{
    if (weir_http_fields_value(fields, name).data)
        return WEIR_OK;
    return add_field(fields, name, value);
}

/* A part of a coded body cannot be decoded (RFC 9110 14.2 counts the coded bytes). */
static bool is_not_asked_for(const weir__request *request,
                             const weir_http_fields *given, weir_slice name)
{
    return weir_slice_equal_nocase(name, WEIR_S("accept-encoding")) &&
           (request->options->no_decoding ||
            weir_http_fields_value(given, WEIR_S("range")).data);
}

/* A session has several fields of one name all together, or none of them. */
static int add_those_of_session(const weir__request *request, weir_http_fields *fields)
{
    const weir_http_fields *defaults = &request->session->fields;
    size_t own = weir_http_fields_count(fields);
    int rc = WEIR_OK;
    for (size_t i = 0; rc == WEIR_OK && i < weir_http_fields_count(defaults); i++) {
        weir_http_field field = weir_http_fields_at(defaults, i);
        bool given = false;
        for (size_t k = 0; k < own && !given; k++)
            given = weir_slice_equal_nocase(weir_http_fields_at(fields, k).name,
                                            field.name);
        if (!given && !is_left_behind(request, field.name) &&
            !is_not_asked_for(request, fields, field.name) &&
            !is_one_of(field.name, request->options->skip_headers))
            rc = add_field(fields, field.name, field.value);
    }
    return rc;
}

/* What is for the proxy, which takes it out of the request (RFC 9110 11.7.2). */
static int add_those_of_proxy(const weir_http_fields *given, weir_http_fields *fields)
{
    int rc = WEIR_OK;
    for (size_t i = 0; rc == WEIR_OK && i < weir_http_fields_count(given); i++) {
        weir_http_field field = weir_http_fields_at(given, i);
        rc = add_default(fields, field.name, field.value);
    }
    return rc;
}

/* What is found out for each hop. */
struct findings {
    weir_slice authorization;
    weir_slice cookies;
};

static int find_out(weir__request *request, struct findings *findings)
{
    int rc = weir__credentials_value(request, &findings->authorization);
    return rc < 0 ? rc : weir__cookies_value(request, &findings->cookies);
}

/* Who sends JSON mostly wants it; and who has said what it wants gets that. */
static bool asks_for_json(const weir__request *request)
{
    return request->options->json && request->session->any_accept &&
           !is_one_of(WEIR_S("accept"), request->options->skip_headers);
}

/* The fields of a request that has its own. */
static int make_fields(const weir__request *request, const struct findings *findings,
                       weir_http_fields *fields, weir_slice *host)
{
    const weir_request_options *options = request->options;
    weir_http_fields_reset(fields);
    int rc = add_given(request, fields, host);
    const char *content_type = request->upload.content_type;
    if (rc == WEIR_OK && content_type && request->has_body)
        rc = add_default(fields, WEIR_S("Content-Type"), weir_slice_of(content_type));
    if (rc == WEIR_OK && asks_for_json(request))
        rc = add_default(fields, WEIR_S("Accept"),
                         WEIR_S("application/json, */*;q=0.5"));
    if (rc == WEIR_OK && findings->authorization.len > 0)
        rc = add_default(fields, WEIR_S("Authorization"), findings->authorization);
    if (rc == WEIR_OK && findings->cookies.len > 0)
        rc = add_default(fields, WEIR_S("Cookie"), findings->cookies);
    if (rc == WEIR_OK && options->expect_continue && request->has_body &&
        request->upload.kind != WEIR__UPLOAD_NONE)
        rc = add_default(fields, WEIR_S("Expect"), WEIR_S("100-continue"));
    if (rc == WEIR_OK && request->for_proxy)
        rc = add_those_of_proxy(request->for_proxy, fields);
    return rc < 0 ? rc : add_those_of_session(request, fields);
}

/* RFC 9110 8.6: with a method that expects a body, no body has a length too. */
static bool has_length(weir_slice method, uint64_t length)
{
    return length > 0 || weir_slice_equal(method, WEIR_S("POST")) ||
           weir_slice_equal(method, WEIR_S("PUT")) ||
           weir_slice_equal(method, WEIR_S("PATCH"));
}

static weir_http_framing framing(const weir__request *request)
{
    const weir__upload *upload = &request->upload;
    if (!request->has_body)
        return WEIR_HTTP_NO_BODY;
    if (!upload->has_length)
        return WEIR_HTTP_CHUNKED;
    return has_length(request->method, upload->length) ? WEIR_HTTP_LENGTH
                                                       : WEIR_HTTP_NO_BODY;
}

static int encode(weir__request *request, const weir_http_request_head *head)
{
    const weir_allocator *allocator = request->session->loop->allocator;
    weir_codec_error error;
    size_t len;
    int rc = weir_http_encode_request(head, request->space, sizeof(request->space),
                                      &len, &error);
    request->head = (weir_slice){request->space, len};
    if (rc == WEIR_E_TOO_BIG) {
        request->long_head = weir__malloc(allocator, len);
        if (!request->long_head)
            return weir__fail(WEIR_E_MEMORY, "request", "no memory for the head");
        request->head = (weir_slice){request->long_head, len};
        rc = weir_http_encode_request(head, request->long_head, len, &len, &error);
    }
    if (rc < 0)
        return weir__fail_at(rc, error.offset, "request", "%s", error.reason);
    return WEIR_OK;
}

static bool has_own_fields(const weir__request *request,
                           const struct findings *findings)
{
    const weir_request_options *options = request->options;
    return options->headers || options->no_decoding ||
           findings->authorization.len > 0 || findings->cookies.len > 0 ||
           request->upload.content_type || options->skip_headers ||
           options->expect_continue || request->foreign || request->for_proxy;
}

static int make_head(weir__request *request, weir_response *response,
                     const struct findings *findings)
{
    const weir_url *url = &request->target->url;
    weir_http_request_head head = {
        .method = request->method,
        .target = request->for_proxy ? weir_slice_of(request->absolute)
                                     : weir_url_target(url),
        .host = weir_url_authority(url),
        .framing = framing(request),
        .content_length = request->upload.length,
        .fields = &request->session->fields,
    };
    int rc = WEIR_OK;
    if (has_own_fields(request, findings)) {
        head.fields = &response->fields;
        rc = make_fields(request, findings, &response->fields, &head.host);
    }
    response->close =
        weir_http_fields_has_token(head.fields, WEIR_S("connection"), WEIR_S("close"));
    return rc < 0 ? rc : encode(request, &head);
}

static bool is_plain_get(const weir__request *request, const struct findings *findings)
{
    return !has_own_fields(request, findings) &&
           request->upload.kind == WEIR__UPLOAD_NONE &&
           weir_slice_equal(request->method, WEIR_S("GET"));
}

/* A plain GET is mostly sent again: to encode its head is a fourth of all work. */
static int find_head(weir__request *request, weir_response *response)
{
    weir__target *target = request->target;
    struct findings findings;
    int rc = find_out(request, &findings);
    if (rc < 0)
        return rc;
    bool plain = is_plain_get(request, &findings);
    if (plain && target->get_head) {
        request->head = (weir_slice){target->get_head, target->get_head_len};
        return WEIR_OK;
    }
    rc = make_head(request, response, &findings);
    if (rc == WEIR_OK && plain && !response->close) {
        /* Without memory for it, the next one is encoded again. */
        target->get_head = weir__strndup(request->session->loop->allocator,
                                         request->head.data, request->head.len);
        target->get_head_len = request->head.len;
    }
    return rc;
}

static void keep_method(weir_response *response, weir_slice method)
{
    size_t most = sizeof(response->method) - 1;
    size_t len = method.len < most ? method.len : most;
    memcpy(response->method, method.data, len);
    response->method[len] = '\0';
}

/* The absolute-form of RFC 9112 3.2.2, without userinfo and fragment. */
static int make_absolute(weir__request *request)
{
    const weir_url *url = &request->target->url;
    weir_slice scheme = weir_url_scheme(url);
    weir_slice authority = weir_url_authority(url);
    weir_slice target = weir_url_target(url);
    /* All three are parts of one URL, so their sum is no matter of overflow. */
    size_t size = scheme.len + 3 + authority.len + target.len + 1;
    request->absolute = weir__malloc(request->session->loop->allocator, size);
    if (!request->absolute)
        return weir__fail(WEIR_E_MEMORY, "request", "no memory for the URL");
    snprintf(request->absolute, size, "%.*s://%.*s%.*s", (int)scheme.len, scheme.data,
             (int)authority.len, authority.data, (int)target.len, target.data);
    return WEIR_OK;
}

/* Through which proxy the hop goes, and what it is to do. */
static int find_proxy(weir__request *request, weir_response *response)
{
    weir_session *session = request->session;
    const weir_url *url = &request->target->url;
    weir__free(session->loop->allocator, request->absolute);
    request->absolute = NULL;
    request->for_proxy = NULL;
    int rc =
        weir__proxies_choose(session, request->options->proxy, url, &response->proxy);
    if (rc < 0 || !response->proxy || !weir__proxy_is_http(response->proxy) ||
        weir_url_is_secure(url))
        return rc;
    request->for_proxy = &response->proxy->fields;
    return make_absolute(request);
}

int weir__request_encode(weir__request *request, weir_response *response)
{
    weir_session *session = request->session;
    weir__free(session->loop->allocator, request->long_head);
    request->long_head = NULL;
    keep_method(response, request->method);
    response->target = weir__target_hold(request->target);
    int rc = check_url(&request->target->url);
    if (rc == WEIR_OK && weir_url_is_secure(&request->target->url))
        rc = weir__secure_prepare(session);
    if (rc == WEIR_OK && (session->proxies.any || request->options->proxy))
        rc = find_proxy(request, response);
    if (rc == WEIR_OK)
        rc = find_head(request, response);
    return rc < 0 ? weir__response_fail_prefix(response, NULL) : rc;
}

static void set_times(weir__request *request)
{
    const weir_request_options *options = request->options;
    const weir_session *session = request->session;
    weir_sys *sys = session->loop->sys;
    request->connect_timeout_ms = options->connect_timeout_ms
                                      ? options->connect_timeout_ms
                                      : session->connect_timeout_ms;
    request->wait_timeout_ms =
        options->wait_timeout_ms ? options->wait_timeout_ms : session->wait_timeout_ms;
    request->timeout_ms =
        options->timeout_ms ? options->timeout_ms : session->timeout_ms;
    request->deadline = WEIR__NEVER;
    if (request->timeout_ms != 0 && request->timeout_ms != WEIR_NO_TIMEOUT)
        request->deadline = weir__deadline_after(sys->now(sys), request->timeout_ms);
}

int weir__request_init(weir__request *request, weir_session *session,
                       const weir_request_options *options)
{
    request->session = session;
    request->options = options;
    request->first = NULL;
    request->retried = 0;
    request->number = ++session->requests;
    request->target = NULL;
    request->long_head = NULL;
    request->method = options->method ? weir_slice_of(options->method) : WEIR_S("GET");
    request->has_body = true;
    request->foreign = false;
    request->for_proxy = NULL;
    request->absolute = NULL;
    request->user = NULL;
    request->password = NULL;
    request->authorization = NULL;
    request->challenged = false;
    request->stale_answers = 0;
    request->cookies = NULL;
    set_times(request);
    /* First, for it is cleared whatever fails. */
    int rc = weir__upload_init(&request->upload, session, options);
    if (rc == WEIR_OK)
        rc = check_method(request->method);
    if (rc == WEIR_OK)
        rc = weir__target_of_request(session, options->url, options->params,
                                     &request->target);
    if (rc < 0)
        return rc;
    rc = weir__credentials_init(request);
    if (rc == WEIR_OK)
        rc = weir__target_strip(session, &request->target);
    if (rc == WEIR_OK)
        request->first = weir__target_hold(request->target);
    return rc;
}

int weir__request_redirect(weir__request *request, weir__target *target,
                           weir_slice method)
{
    weir__target_release(request->session, request->target);
    request->target = target;
    /* For good: who has been elsewhere may have been sent back by somebody else. */
    request->foreign =
        request->foreign || !weir_url_same_origin(&request->first->url, &target->url);
    if (!weir_slice_equal(method, request->method)) {
        request->method = method;
        request->has_body = false;
        return WEIR_OK;
    }
    return request->has_body ? weir__upload_rewind(&request->upload) : WEIR_OK;
}

int weir__request_repeat(weir__request *request)
{
    return request->has_body ? weir__upload_rewind(&request->upload) : WEIR_OK;
}

void weir__request_clear(weir__request *request)
{
    weir__credentials_clear(request);
    weir__upload_clear(&request->upload);
    weir__free(request->session->loop->allocator, request->cookies);
    weir__target_release(request->session, request->first);
    weir__target_release(request->session, request->target);
    if (request->absolute)
        weir__free(request->session->loop->allocator, request->absolute);
    weir__free(request->session->loop->allocator, request->long_head);
}
