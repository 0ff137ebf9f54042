/* The events of a request, on their way to the program.
 *
 * SPDX-License-Identifier: MIT */
#include "trace.h"

#include "error.h"
#include "loop.h"

void weir__trace_tell(const weir_response *response, weir_trace_event *event)
{
    const weir_trace *trace = response->session->trace;
    weir_sys *sys = response->session->loop->sys;
    /* What the program does meanwhile may fail, and is not the request's failure. */
    weir_error error = *weir_last_error();
    if (event->error)
        event->error = &error;
    event->request = response->trace_number;
    event->request_arg = response->trace_arg;
    event->time_ns = sys->now(sys);
    event->method = response->method;
    if (event->url.len == 0)
        event->url = weir_url_without_fragment(&response->target->url);
    trace->event(event, trace->arg);
    weir__fail_again(&error);
}

const char *weir_trace_type_name(weir_trace_type type)
{
    static const char *const NAMES[] = {
        "start",      "waiting",    "resolved",  "connected",     "secured",
        "connection", "head sent",  "body sent", "head received", "body received",
        "body ended", "redirected", "retry",     "failed",
    };
    size_t index = (size_t)type;
    return index < sizeof(NAMES) / sizeof(NAMES[0]) ? NAMES[index] : "unknown";
}
