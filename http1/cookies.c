/* Cookies between jar and fields.
 *
 * SPDX-License-Identifier: MIT */
#include "cookies.h"

#include <string.h>
#include <weir/cookies.h>

#include "allocator.h"
#include "error.h"
#include "loop.h"

static int64_t unix_time(const weir_session *session)
{
    weir_sys *sys = session->loop->sys;
    return sys->unix_time(sys);
}

/* What the jar has for the hop. */
static int of_jar(const weir__request *request, weir_slice *value)
{
    weir_cookie_jar *jar = request->session->cookies;
    *value = (weir_slice){NULL, 0};
    if (!jar || weir_cookie_jar_count(jar) == 0)
        return WEIR_OK;
    int rc = weir_cookie_jar_header(jar, &request->target->url,
                                    unix_time(request->session), value);
    return rc < 0 ? weir__fail(rc, "request", "no memory for the cookies") : WEIR_OK;
}

/* A semicolon would make two cookies of one. */
static int check(const weir_pair *pair)
{
    weir_slice name = weir_slice_of(pair->name);
    weir_slice value = weir_slice_of(pair->value);
    if (weir_http_is_token(name) && weir_http_is_field_value(value) &&
        !memchr(value.data ? value.data : "", ';', value.len))
        return WEIR_OK;
    char shown[64];
    return weir__fail(WEIR_E_INVALID, "request",
                      "the cookie \"%s\" has a byte that cannot be sent",
                      weir__escape(name, shown, sizeof(shown)));
}

static int measure(const weir_pair *pairs, size_t *len)
{
    int rc = WEIR_OK;
    *len = 0;
    for (; pairs && pairs->name && rc == WEIR_OK; pairs++) {
        rc = check(pairs);
        *len += strlen(pairs->name) + (pairs->value ? strlen(pairs->value) : 0) + 3;
    }
    return rc;
}

static char *put(char *to, weir_slice bytes)
{
    if (bytes.len > 0)
        memcpy(to, bytes.data, bytes.len);
    return to + bytes.len;
}

/* "name=value; name=value", and those of the jar behind. */
static weir_slice join(char *text, const weir_pair *pairs, weir_slice jar)
{
    char *end = text;
    for (; pairs->name; pairs++) {
        end = put(end, end == text ? WEIR_S("") : WEIR_S("; "));
        end = put(end, weir_slice_of(pairs->name));
        end = put(end, WEIR_S("="));
        end = put(end, weir_slice_of(pairs->value));
    }
    if (jar.len > 0)
        end = put(put(end, WEIR_S("; ")), jar);
    return (weir_slice){text, (size_t)(end - text)};
}

int weir__cookies_value(weir__request *request, weir_slice *value)
{
    const weir_allocator *allocator = request->session->loop->allocator;
    const weir_pair *own = request->foreign ? NULL : request->options->cookies;
    size_t len = 0;
    int rc = of_jar(request, value);
    if (rc == WEIR_OK)
        rc = measure(own, &len);
    if (rc < 0 || len == 0)
        return rc;
    weir__free(allocator, request->cookies);
    request->cookies = weir__malloc(allocator, len + value->len + 2);
    if (!request->cookies)
        return weir__fail(WEIR_E_MEMORY, "request", "no memory for the cookies");
    *value = join(request->cookies, own, *value);
    return WEIR_OK;
}

int weir__cookies_store(const weir_response *response)
{
    weir_cookie_jar *jar = response->session->cookies;
    size_t cursor = 0;
    weir_slice value;
    if (!jar)
        return WEIR_OK;
    while (weir_http_fields_next(response->head->fields, WEIR_S("Set-Cookie"), &cursor,
                                 &value)) {
        /* One that is refused is not worth a failure; the server does not know. */
        int rc = weir_cookie_jar_set(jar, &response->target->url, value,
                                     unix_time(response->session), NULL);
        if (rc == WEIR_E_MEMORY)
            return weir__fail(rc, "response", "no memory for a cookie");
    }
    return WEIR_OK;
}
