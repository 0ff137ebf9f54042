/* Hop by hop: exchange, look at the answer, go on to where it points.
 *
 * SPDX-License-Identifier: MIT */
#include "follow.h"

#include <weir/timeout.h>

#include "cookies.h"
#include "credentials.h"
#include "error.h"
#include "exchange.h"
#include "loop.h"
#include "request.h"
#include "retry.h"
#include "trace.h"

/* The longest body of a redirect that is read for the sake of its connection. */
#define MAX_SKIPPED ((size_t)64 * 1024)

static bool is_redirect(const weir_response *response)
{
    switch (weir_response_status(response)) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return weir_response_field(response, WEIR_S("Location")).data != NULL;
    default:
        return false;
    }
}

/* RFC 9110 15.4.4: 303 asks for a GET of something else. 301 and 302 are taken so
 * after a POST, as everybody does (15.4.2, note). */
static weir_slice next_method(const weir_response *response, weir_slice method)
{
    int status_code = weir_response_status(response);
    bool is_post = weir_slice_equal(method, WEIR_S("POST"));
    if (status_code == 303 && !weir_slice_equal(method, WEIR_S("HEAD")))
        return WEIR_S("GET");
    return is_post && (status_code == 301 || status_code == 302) ? WEIR_S("GET")
                                                                 : method;
}

static uint32_t max_redirects(const weir__request *request)
{
    uint32_t max = request->options->max_redirects ? request->options->max_redirects
                                                   : request->session->max_redirects;
    return max == WEIR_NONE ? 0 : max;
}

/* The rest of a short body is read, so that the connection can go on; a failure of it
 * is no one's business any more. */
static void skip_body(weir_response *response)
{
    weir_reader *reader = &response->reader; /* as it comes, not decoded */
    weir_slice bytes;
    size_t skipped = 0;
    int64_t length = weir_response_content_length(response);
    if (length <= (int64_t)MAX_SKIPPED) {
        while (skipped <= MAX_SKIPPED && weir_read(reader, MAX_SKIPPED, &bytes) > 0)
            skipped += bytes.len;
    }
    weir__body_abandon(response);
}

static void trace_redirect(const weir__request *request, const weir_response *response)
{
    weir_trace_event event = {
        .type = WEIR_TRACE_REDIRECTED,
        .url = weir_url_without_fragment(&request->target->url),
        .response = response,
    };
    if (weir__trace_on(response))
        weir__trace_tell(response, &event);
}

/* A name and password that the server names are not heeded, nor shown. */
static int find_next(const weir__request *request, weir_slice location,
                     weir__target **target)
{
    weir_session *session = request->session;
    int rc = weir__target_of_reference(session, location, request->target, target);
    if (rc < 0)
        return rc;
    rc = weir__target_strip(session, target);
    if (rc < 0)
        weir__target_release(session, *target);
    return rc;
}

/* Goes on to where the response points. */
static int redirect(weir__request *request, weir_response *response)
{
    char shown[100];
    weir__target *target;
    weir_slice location = weir_response_field(response, WEIR_S("Location"));
    weir__escape(location, shown, sizeof(shown));
    int rc = find_next(request, location, &target);
    if (rc == WEIR_OK) {
        skip_body(response);
        rc = weir__request_redirect(request, target,
                                    next_method(response, request->method));
    }
    if (rc == WEIR_OK) {
        trace_redirect(request, response);
        return rc;
    }
    weir__fail_prefix("the redirect to \"%s\"", shown);
    return weir__response_fail_prefix(response, NULL);
}

static int fail_endless(const weir_response *response, uint32_t max)
{
    weir__fail(WEIR_E_TOO_BIG, "request",
               "redirected more than %u times, which is the limit", (unsigned)max);
    return weir__response_fail_prefix(response, NULL);
}

/* Sends the request once more where the server asks who it is from. 1 when it is to be
 * done, 0 when the response stands, or a status with its sentence. */
static int repeat(weir__request *request, weir_response *response)
{
    int rc = weir__credentials_challenged(request, response);
    if (rc <= 0)
        return rc < 0 ? weir__response_fail_prefix(response, NULL) : rc;
    skip_body(response);
    rc = weir__request_repeat(request);
    return rc < 0 ? weir__response_fail_prefix(response, NULL) : 1;
}

/* One hop. The response is there afterwards also when it failed. */
static int hop(weir__request *request, weir_response **response)
{
    weir_response *made = weir__response_new(request->session, request->options);
    if (!made)
        return weir__fail(WEIR_E_MEMORY, "request", "no memory for a request");
    made->previous = *response;
    made->deadline = request->deadline;
    made->timeout_ms = request->timeout_ms;
    made->trace_number = request->number;
    made->trace_arg = request->options->trace_arg;
    bool first = !*response && request->retried == 0;
    *response = made;
    int rc = weir__request_encode(request, made);
    if (rc == WEIR_OK && first)
        weir__trace_type(made, WEIR_TRACE_START);
    if (rc == WEIR_OK)
        rc = weir__exchange_run(made, request);
    return rc < 0 ? rc : weir__cookies_store(made);
}

static int run(weir__request *request, weir_response **response)
{
    uint32_t max = max_redirects(request);
    uint32_t followed = 0;
    for (;;) {
        int rc = hop(request, response);
        rc = weir__retry(request, response, rc);
        if (rc == WEIR_OK)
            rc = repeat(request, *response);
        if (rc > 0)
            continue;
        if (rc < 0 || max == 0 || !is_redirect(*response))
            return rc;
        if (followed++ == max)
            return fail_endless(*response, max);
        rc = redirect(request, *response);
        if (rc < 0)
            return rc;
    }
}

static int run_in_time(weir__request *request, weir_response **response)
{
    if (request->deadline == WEIR__NEVER)
        return run(request, response);
    weir_timeout timeout =
        weir_timeout_start(request->session->loop, request->timeout_ms);
    int rc = run(request, response);
    if (!weir_timeout_end(&timeout) || rc != WEIR_E_TIMEOUT)
        return rc;
    weir__fail(WEIR_E_TIMEOUT, "request", "not over within %u ms (.timeout_ms)",
               (unsigned)request->timeout_ms);
    return *response ? weir__response_fail_prefix(*response, NULL) : rc;
}

int weir__follow(weir_session *session, const weir_request_options *options,
                 weir_response **response)
{
    weir__request request;
    weir_response *last = NULL;
    int rc = weir__request_init(&request, session, options);
    if (rc == WEIR_OK)
        rc = run_in_time(&request, &last);
    if (rc < 0 && last && last->times.started > 0)
        weir__trace_failure(last, WEIR_TRACE_FAILED);
    weir__request_clear(&request);
    if (rc < 0)
        weir_response_free(last);
    else
        *response = last;
    return rc;
}
