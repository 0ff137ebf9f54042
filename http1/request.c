/* Requests: from options to bytes (RFC 9112 3).
 *
 * SPDX-License-Identifier: MIT */
#include "request.h"

#include <stdio.h>
#include <string.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "secure.h"

static int check_method(weir_slice method)
{
    char text[64];
    if (!weir_http_is_token(method))
        return weir__fail(WEIR_E_INVALID, "request", "the method \"%s\" is not a token",
                          weir__escape(method, text, sizeof(text)));
    if (weir_slice_equal(method, WEIR_S("CONNECT")))
        return weir__fail(WEIR_E_UNSUPPORTED, "request",
                          "CONNECT is for proxies, which weir does not use yet");
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
    if (weir_url_username(url).len > 0 || weir_url_password(url).len > 0)
        return weir__fail(WEIR_E_UNSUPPORTED, "request",
                          "a name or password in the URL is not supported: send the "
                          "field Authorization");
    if (weir_url_port(url) == 0)
        return weir__fail(WEIR_E_INVALID, "request", "the URL's port is 0");
    return WEIR_OK;
}

/* Content-Length is sent in any case, so a true one is left out. */
static int check_length(weir_slice value, size_t len)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%zu", len);
    if (weir_slice_equal(weir_slice_trim(value), weir_slice_of(digits)))
        return WEIR_OK;
    return weir__fail(WEIR_E_INVALID, "request",
                      "the field Content-Length does not say the body's length, %zu",
                      len);
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

/* Adds what the caller gave, but for what is said by other parts of the head. */
static int add_given(weir_http_fields *fields, const weir_request_options *options,
                     weir_slice *host)
{
    int rc = WEIR_OK;
    for (const weir_pair *pair = options->headers; rc == WEIR_OK && pair && pair->name;
         pair++) {
        weir_slice name = weir_slice_of(pair->name);
        weir_slice value = weir_slice_of(pair->value);
        if (weir_slice_equal_nocase(name, WEIR_S("host")))
            *host = weir_slice_trim(value);
        else if (weir_slice_equal_nocase(name, WEIR_S("content-length")))
            rc = check_length(value, options->body.len);
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

/* The fields of a request that has its own. */
static int make_fields(weir_response *response, const weir_request_options *options,
                       weir_slice *host)
{
    weir_http_fields *fields = &response->fields;
    const weir_http_fields *defaults = &response->session->fields;
    weir_http_fields_reset(fields);
    int rc = add_given(fields, options, host);
    if (rc == WEIR_OK && options->content_type)
        rc = add_default(fields, WEIR_S("Content-Type"),
                         weir_slice_of(options->content_type));
    for (size_t i = 0; rc == WEIR_OK && i < weir_http_fields_count(defaults); i++) {
        weir_http_field field = weir_http_fields_at(defaults, i);
        rc = add_default(fields, field.name, field.value);
    }
    response->close =
        weir_http_fields_has_token(fields, WEIR_S("connection"), WEIR_S("close"));
    return rc;
}

/* RFC 9110 8.6: with a method that expects a body, no body has a length too. */
static bool has_length(weir_slice method, weir_slice body)
{
    return body.len > 0 || weir_slice_equal(method, WEIR_S("POST")) ||
           weir_slice_equal(method, WEIR_S("PUT")) ||
           weir_slice_equal(method, WEIR_S("PATCH"));
}

static int encode(weir__request *request, const weir_http_request_head *head,
                  weir_session *session)
{
    weir_codec_error error;
    size_t len;
    int rc = weir_http_encode_request(head, request->space, sizeof(request->space),
                                      &len, &error);
    request->head = (weir_slice){request->space, len};
    if (rc == WEIR_E_TOO_BIG) {
        request->long_head = weir__malloc(session->loop->allocator, len);
        if (!request->long_head)
            return weir__fail(WEIR_E_MEMORY, "request", "no memory for the head");
        request->head = (weir_slice){request->long_head, len};
        rc = weir_http_encode_request(head, request->long_head, len, &len, &error);
    }
    if (rc < 0)
        return weir__fail_at(rc, error.offset, "request", "%s", error.reason);
    return WEIR_OK;
}

static int make_head(weir__request *request, weir_response *response,
                     const weir_request_options *options)
{
    weir_session *session = response->session;
    const weir_url *url = &response->target->url;
    weir_http_request_head head = {
        .method = request->method,
        .target = weir_url_target(url),
        .host = weir_url_authority(url),
        .framing = has_length(request->method, request->body) ? WEIR_HTTP_LENGTH
                                                              : WEIR_HTTP_NO_BODY,
        .content_length = request->body.len,
        .fields = &session->fields,
    };
    int rc = WEIR_OK;
    if (options->headers || options->content_type) {
        head.fields = &response->fields;
        rc = make_fields(response, options, &head.host);
    }
    return rc < 0 ? rc : encode(request, &head, session);
}

static bool is_plain_get(const weir__request *request,
                         const weir_request_options *options)
{
    return !options->headers && !options->content_type && request->body.len == 0 &&
           weir_slice_equal(request->method, WEIR_S("GET"));
}

/* A plain GET is mostly sent again: to encode its head is a fourth of all work. */
static int find_head(weir__request *request, weir_response *response,
                     const weir_request_options *options)
{
    weir__target *target = response->target;
    bool plain = is_plain_get(request, options);
    if (plain && target->get_head) {
        request->head = (weir_slice){target->get_head, target->get_head_len};
        return WEIR_OK;
    }
    int rc = make_head(request, response, options);
    if (rc == WEIR_OK && plain) {
        /* Without memory for it, the next one is encoded again. */
        target->get_head = weir__strndup(response->session->loop->allocator,
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

int weir__request_init(weir__request *request, weir_response *response,
                       const weir_request_options *options)
{
    weir_session *session = response->session;
    request->long_head = NULL;
    request->method = options->method ? weir_slice_of(options->method) : WEIR_S("GET");
    request->body = options->body;
    request->connect_timeout_ms = options->connect_timeout_ms
                                      ? options->connect_timeout_ms
                                      : session->connect_timeout_ms;
    int rc = check_method(request->method);
    if (rc < 0)
        return rc;
    keep_method(response, request->method);
    rc = weir__session_target(session, options->url, &response->target);
    if (rc < 0)
        return rc;
    rc = check_url(&response->target->url);
    if (rc == WEIR_OK && weir_url_is_secure(&response->target->url))
        rc = weir__secure_prepare(session);
    if (rc == WEIR_OK)
        rc = find_head(request, response, options);
    return rc < 0 ? weir__response_fail_prefix(response, NULL) : rc;
}

void weir__request_clear(weir__request *request, weir_session *session)
{
    weir__free(session->loop->allocator, request->long_head);
}
