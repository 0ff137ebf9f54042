/* What a request costs once its connection is there: no memory, no waiting for more
 * than the answer, and the two system calls that carry it.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <weir/server.h>
#include <weir/session.h>
#include <weir/status.h>

#include "fault_sys.h"
#include "loop.h"
#include "nth.h"
#include "test.h"

#define ROUNDS 50

static int answer(weir_stream *stream, void *arg)
{
    weir_slice head;
    (void)arg;
    while (weir_readuntil(weir_stream_reader(stream), WEIR_S("\r\n\r\n"), &head) > 0)
        weir_write(weir_stream_writer(stream),
                   WEIR_S("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
    return WEIR_OK;
}

static void get(weir_session *session, const char *url)
{
    weir_response *response;
    weir_slice text;
    REQUIRE(weir_get(session, &response, url) == WEIR_OK);
    CHECK_INT(weir_response_text(response, &text), WEIR_OK);
    CHECK_BYTES(text, WEIR_S("hello"));
    weir_response_free(response);
}

TEST(costs, a_repeated_get_needs_no_memory_and_one_call_each_way)
{
    struct nth nth;
    weir_sys posix = weir__sys_posix();
    fault_sys faults;
    char url[64];
    weir_server *server;
    nth_init(&nth, 0);
    fault_sys_init(&faults, &posix);
    weir_loop *loop =
        weir__loop_new(&(weir_loop_options){.allocator = &nth.allocator}, &faults.sys);
    REQUIRE(loop != NULL);
    REQUIRE(weir_start_server(loop, &server, "127.0.0.1", 0, .on_connect = answer) ==
            WEIR_OK);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", weir_server_port(server));
    weir_session *session = weir_session_new(loop, NULL);
    get(session, url);
    get(session, url);

    size_t allocations = nth.count;
    unsigned long sent = fault_sys_count(&faults, FAULT_SENDV);
    unsigned long received = fault_sys_count(&faults, FAULT_RECV);
    unsigned long added = fault_sys_count(&faults, FAULT_POLLER_ADD);
    for (int i = 0; i < ROUNDS; i++)
        get(session, url);
    CHECK_INT(nth.count, allocations);
    /* Once by the client, and once by the server. */
    CHECK_INT(fault_sys_count(&faults, FAULT_SENDV) - sent, 2 * ROUNDS);
    CHECK_INT(fault_sys_count(&faults, FAULT_RECV) - received, 2 * ROUNDS);
    CHECK_INT(fault_sys_count(&faults, FAULT_POLLER_ADD), added);

    weir_session_free(session);
    weir_server_free(server);
    weir_loop_free(loop);
    CHECK_INT(nth.live, 0);
    CHECK_INT(fault_sys_misuse_count(&faults), 0);
    fault_sys_clear(&faults);
}
