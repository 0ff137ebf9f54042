/* How long the parts of a response took.
 *
 * SPDX-License-Identifier: MIT */
#include "content_reader.h"
#include "loop.h"
#include "response.h"

/* From one time to another; 0 when one of them did not come, or the rounds of the loop,
 * by which some are told, are behind the clock. */
static double between(uint64_t from, uint64_t to)
{
    return from > 0 && to > from ? (double)(to - from) / 1e6 : 0;
}

weir_response_times weir_response_timings(const weir_response *response)
{
    weir_sys *sys = response->session->loop->sys;
    const struct weir__response_times *times = &response->times;
    const struct weir__connection_times *made = &times->connection;
    uint64_t addressed = made->resolved ? made->resolved : made->begun;
    return (weir_response_times){
        .wait_ms = between(times->started, times->got_connection),
        .resolve_ms = between(made->begun, made->resolved),
        .connect_ms = between(addressed, made->connected),
        .tls_ms = between(made->connected, made->secured),
        .first_byte_ms = between(times->started, times->first_byte),
        .total_ms =
            between(times->started, times->ended ? times->ended : sys->now(sys)),
        .sent_bytes = times->sent_bytes,
        .received_bytes = times->received_bytes,
        .body_bytes = response->body_len,
        .decoded_bytes = response->content ? weir__content_reader_len(response->content)
                                           : response->body_len,
    };
}

const weir_address *weir_response_local_address(const weir_response *response)
{
    return &response->times.local;
}

const weir_address *weir_response_peer_address(const weir_response *response)
{
    return &response->times.peer;
}
