/* Trying again: what for, and after how long.
 *
 * SPDX-License-Identifier: MIT */
#include "retry.h"

#include <string.h>
#include <weir/task.h>

#include "ascii.h"
#include "date.h"
#include "error.h"
#include "loop.h"
#include "random.h"
#include "task.h"
#include "trace.h"

#define DEFAULT_DELAY_MS     500
#define DEFAULT_MAX_DELAY_MS 30000

static uint64_t now_of(const weir_loop *loop)
{
    return loop->sys->now(loop->sys);
}

static bool may_repeat(const weir__request *request)
{
    const weir_request_options *options = request->options;
    uint32_t retries = options->retries ? options->retries : request->session->retries;
    if (retries == WEIR_NONE || request->retried >= retries || request->upload.failed)
        return false;
    return options->retry_all_methods || request->session->retry_all_methods ||
           weir_http_method_is_idempotent(request->method);
}

/* Whether a failure may be another the next time. */
static bool may_pass(const weir__request *request, int rc)
{
    const weir_loop *loop = request->session->loop;
    if (rc == WEIR_E_CONNECTION || rc == WEIR_E_INCOMPLETE)
        return true;
    /* Time limits of the request's own are meant; below it, it is those of connecting.
     * And a deadline that has passed stays so. */
    return rc == WEIR_E_TIMEOUT && loop->current->deadline > now_of(loop) &&
           strcmp(weir_last_error()->operation, "request") != 0;
}

/* RFC 6585 4, RFC 9110 15.6. */
static bool is_for_later(const weir_response *response)
{
    switch (weir_response_status(response)) {
    case 429:
    case 502:
    case 503:
    case 504:
        return true;
    default:
        return false;
    }
}

/* The field Retry-After (RFC 9110 10.2.3), seconds or a date; false when there is none
 * that makes sense. What is beyond a day is a day. */
static bool read_retry_after(const weir_response *response, uint64_t *ms)
{
    const uint64_t most = UINT64_C(24) * 3600;
    weir_sys *sys = response->session->loop->sys;
    weir_slice value =
        weir_slice_trim(weir_response_field(response, WEIR_S("Retry-After")));
    int64_t now = sys->unix_time(sys);
    int64_t date;
    uint64_t seconds = 0;
    size_t digits = 0;
    for (; digits < value.len && weir__ascii_is_digit(value.data[digits]); digits++)
        seconds =
            seconds < most ? seconds * 10 + (uint64_t)(value.data[digits] - '0') : most;
    if (digits == 0 || digits < value.len) {
        if (!weir__date_parse(value, now, &date))
            return false;
        seconds = date > now ? (uint64_t)(date - now) : 0;
    }
    *ms = (seconds < most ? seconds : most) * 1000;
    return true;
}

static uint64_t max_delay(const weir__request *request)
{
    uint32_t own = request->options->max_retry_delay_ms;
    uint32_t max = own ? own : request->session->max_retry_delay_ms;
    return max ? max : DEFAULT_MAX_DELAY_MS;
}

/* Twice as long each time; and between half of that and all of it, so that those whom a
 * server has failed together do not come back together. */
static uint64_t backoff(const weir__request *request)
{
    uint32_t own = request->options->retry_delay_ms;
    uint32_t first = own ? own : request->session->retry_delay_ms;
    uint64_t delay = first ? first : DEFAULT_DELAY_MS;
    uint64_t max = max_delay(request);
    uint32_t random = 0;
    for (uint32_t i = 0; i < request->retried && delay < max; i++)
        delay *= 2;
    if (delay > max)
        delay = max;
    (void)weir__random(&random, sizeof(random)); /* without it: half */
    return delay / 2 + (delay - delay / 2) * random / UINT32_MAX;
}

/* How long to wait; false when that would be too long. */
static bool find_delay(const weir__request *request, const weir_response *answer,
                       uint64_t *ms)
{
    const weir_loop *loop = request->session->loop;
    if (!answer || !read_retry_after(answer, ms))
        *ms = backoff(request);
    else if (*ms > max_delay(request))
        return false;
    return weir__deadline_after(now_of(loop), *ms) < loop->current->deadline;
}

/* Makes ready for another attempt. False with the failure as it was, and why. */
static bool rewind_body(weir__request *request, int rc)
{
    weir_error error = *weir_last_error();
    if (weir__request_repeat(request) == WEIR_OK)
        return true;
    if (rc < 0) {
        weir__fail_again(&error);
        weir__fail_prefix("not tried again, since the body cannot be sent twice");
    }
    return false;
}

/* The hop has not been, but for the redirects before it. */
static void drop(weir_response **response)
{
    weir_response *failed = *response;
    *response = failed->previous;
    failed->previous = NULL;
    weir_response_free(failed);
}

static int wait(weir__request *request, weir_response **response, uint64_t ms)
{
    weir_session *session = request->session;
    weir__body_abandon(*response); /* the connection is for others meanwhile */
    int rc = weir_sleep(session->loop, ms);
    if (rc < 0)
        return weir__response_fail_prefix(*response, "waiting to try again");
    /* Until now the response has held the session, which may be the last to do so. */
    if (session->client.closed)
        return weir__fail(WEIR_E_CLOSED, "request", "the session was freed");
    drop(response);
    request->retried++;
    return 1;
}

int weir__retry(weir__request *request, weir_response **response, int rc)
{
    uint64_t ms;
    bool answered = rc == WEIR_OK;
    if (!*response || !may_repeat(request) ||
        !(answered ? is_for_later(*response) : may_pass(request, rc)))
        return rc;
    if (!find_delay(request, answered ? *response : NULL, &ms) ||
        !rewind_body(request, rc))
        return rc;
    if (answered)
        weir__trace_response(*response, WEIR_TRACE_RETRY);
    else
        weir__trace_failure(*response, WEIR_TRACE_RETRY);
    return wait(request, response, ms);
}
