/* Trying again, later each time.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <weir/http.h>
#include <weir/status.h>
#include <weir/task.h>

#include "fetch.h"

enum { FIRST_MS = 250, MOST_MS = 30000, MOST_RETRY_AFTER_S = 60 };

static bool may_repeat(const struct transfer *transfer)
{
    return transfer->retries > 0 &&
           weir_http_method_is_idempotent(weir_slice_of(transfer->fetch->method)) &&
           body_is_repeatable(&transfer->fetch->body);
}

bool retry_after_failure(const struct transfer *transfer, int rc)
{
    return may_repeat(transfer) && (rc == WEIR_E_CONNECTION || rc == WEIR_E_TIMEOUT ||
                                    rc == WEIR_E_INCOMPLETE || rc == WEIR_E_RESOLVE);
}

/* RFC 9110 10.2.3, in seconds; 0 when the server does not say, and what nobody waits
 * for when it cannot be read. */
static unsigned long retry_after(const weir_response *response)
{
    char text[40];
    char *end;
    struct tm utc = {.tm_isdst = 0};
    weir_slice value = weir_response_field(response, WEIR_S("Retry-After"));
    if (!value.data)
        return 0;
    snprintf(text, sizeof(text), "%.*s", (int)(value.len < 39 ? value.len : 39),
             value.data);
    unsigned long seconds = strtoul(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0')
        return seconds;
    if (!strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &utc))
        return MOST_RETRY_AFTER_S + 1;
    time_t date = timegm(&utc);
    time_t now = time(NULL);
    return date > now ? (unsigned long)(date - now) : 0;
}

bool retry_after_response(const struct transfer *transfer,
                          const weir_response *response)
{
    switch (weir_response_status(response)) {
    case 429:
    case 502:
    case 503:
    case 504:
        return may_repeat(transfer) && retry_after(response) <= MOST_RETRY_AFTER_S;
    default:
        return false;
    }
}

/* Twice as long each time, or as the server says. */
static uint64_t delay_ms(const struct transfer *transfer, const weir_response *response)
{
    unsigned done = transfer->fetch->retries - transfer->retries;
    uint64_t ms = done < 16 ? (uint64_t)FIRST_MS << done : MOST_MS;
    uint64_t told = response ? retry_after(response) * UINT64_C(1000) : 0;
    if (ms > MOST_MS)
        ms = MOST_MS;
    return told > ms ? told : ms;
}

void retry_wait(struct transfer *transfer, const weir_response *response)
{
    const struct fetch *fetch = transfer->fetch;
    uint64_t ms = delay_ms(transfer, response);
    double seconds = (double)ms / 1e3;
    transfer->retries--;
    if (!fetch->silent && response)
        command_complain(fetch->command, "%s: %d %s; once more in %.3g s",
                         transfer->shown_url, weir_response_status(response),
                         weir_http_status_reason(weir_response_status(response)),
                         seconds);
    else if (!fetch->silent)
        command_complain(fetch->command, "%s; once more in %.3g s",
                         weir_last_error()->message, seconds);
    weir_sleep(weir_session_loop(transfer->session), ms);
}
