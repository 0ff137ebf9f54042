/* Telling the program's trace what a request does; nothing where there is none.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_TRACE_H
#define WEIR_HTTP1_TRACE_H

#include <weir/trace.h>

#include "response.h"

/* Fills in what all events have, and calls. */
void weir__trace_tell(const weir_response *response, weir_trace_event *event);

static inline bool weir__trace_on(const weir_response *response)
{
    return response->session->trace != NULL;
}

static inline void weir__trace_type(const weir_response *response, weir_trace_type type)
{
    if (weir__trace_on(response))
        weir__trace_tell(response, &(weir_trace_event){.type = type});
}

static inline void weir__trace_bytes(const weir_response *response,
                                     weir_trace_type type, uint64_t bytes)
{
    if (weir__trace_on(response))
        weir__trace_tell(response, &(weir_trace_event){.type = type, .bytes = bytes});
}

/* With the response that caused it. */
static inline void weir__trace_response(const weir_response *response,
                                        weir_trace_type type)
{
    if (weir__trace_on(response))
        weir__trace_tell(response,
                         &(weir_trace_event){.type = type, .response = response});
}

/* With the latest failure. */
static inline void weir__trace_failure(const weir_response *response,
                                       weir_trace_type type)
{
    if (weir__trace_on(response))
        weir__trace_tell(response,
                         &(weir_trace_event){.type = type, .error = weir_last_error()});
}

#endif
