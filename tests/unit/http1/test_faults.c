/* Each system call of a whole life of a session failing in turn: a status and a
 * sentence, nothing leaked, nothing hung, and the next request works.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <weir/features.h>
#include <weir/server.h>
#include <weir/session.h>
#include <weir/status.h>

#if WEIR_HAS_TLS
#include <weir/tls.h>
#endif

#include "certificates.h"
#include "fault_sys.h"
#include "loop.h"
#include "nth.h"
#include "test.h"

/* Both sides of https; NULL: http. */
struct security {
    weir_tls_context *server;
    weir_tls_context *client;
};

/* In the same loop: when its call is the one that fails, it closes the connection. */
static int answer(weir_stream *stream, void *arg)
{
    weir_slice head;
    (void)arg;
    while (weir_readuntil(weir_stream_reader(stream), WEIR_S("\r\n\r\n"), &head) > 0)
        weir_write(weir_stream_writer(stream),
                   WEIR_S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "5\r\nhello\r\n0\r\n\r\n"));
    return WEIR_OK;
}

static int get(weir_session *session, const char *url)
{
    weir_response *response;
    weir_slice text;
    int rc = weir_get(session, &response, url, .timeout_ms = 5000);
    if (rc < 0)
        return rc;
    rc = weir_response_text(response, &text);
    if (rc == WEIR_OK)
        CHECK_BYTES(text, WEIR_S("hello"));
    weir_response_free(response);
    return rc;
}

/* Two requests of which one may fail, and then one that may not. */
static void live(weir_loop *loop, fault_sys *faults, const char *url,
                 const struct security *security)
{
    weir_session *session =
        weir_session_new(loop, &(weir_session_options){.tls = security->client});
    REQUIRE(session != NULL);
    for (int i = 0; i < 2; i++) {
        int rc = get(session, url);
        CHECK(rc == WEIR_OK || fault_sys_fault_count(faults) == 1);
        CHECK(rc != WEIR_E_TIMEOUT);
        CHECK(rc == WEIR_OK || weir_last_error()->message[0] != '\0');
    }
    if (fault_sys_fault_count(faults) == 1)
        CHECK_INT(get(session, url), WEIR_OK);
    weir_session_free(session);
}

/* Whether the fault was met. */
static bool run(fault_kind kind, unsigned long n, int error,
                const struct security *security)
{
    weir_sys posix = weir__sys_posix();
    weir_server *server;
    fault_sys faults;
    struct nth nth;
    char url[64];
    nth_init(&nth, 0);
    fault_sys_init(&faults, &posix);
    weir_loop *loop =
        weir__loop_new(&(weir_loop_options){.allocator = &nth.allocator}, &faults.sys);
    REQUIRE(loop != NULL);
    REQUIRE(weir_start_server(loop, &server, "127.0.0.1", 0, .on_connect = answer,
                              .tls = security->server) == WEIR_OK);
    snprintf(url, sizeof(url), "http%s://127.0.0.1:%d/", security->server ? "s" : "",
             weir_server_port(server));
    fault_sys_fail(&faults, kind, n, error);
    live(loop, &faults, url, security);
    bool met = fault_sys_fault_count(&faults) > 0;
    weir_server_free(server);
    weir_loop_free(loop);
    CHECK_INT(nth.live, 0);
    CHECK_INT(fault_sys_open_count(&faults), 0);
    CHECK_INT(fault_sys_misuse_count(&faults), 0);
    fault_sys_clear(&faults);
    return met;
}

static void survive_all(const struct security *security)
{
    static const struct {
        fault_kind kind;
        int error;
    } CASES[] = {
        {FAULT_SOCKET, EMFILE},      {FAULT_CONNECT, ECONNREFUSED},
        {FAULT_SENDV, ECONNRESET},   {FAULT_SENDV, EPIPE},
        {FAULT_RECV, ECONNRESET},    {FAULT_RECV, ENOMEM},
        {FAULT_POLLER_ADD, ENOMEM},  {FAULT_SETSOCKOPT, EINVAL},
        {FAULT_GETSOCKOPT, ENOBUFS},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        unsigned long n = 1;
        while (n < 100 && run(CASES[i].kind, n, CASES[i].error, security))
            n++;
        CHECK(n < 100);
    }
}

TEST(faults, each_failing_call_is_survived)
{
    survive_all(&(struct security){NULL, NULL});
}

#if WEIR_HAS_TLS
TEST(faults, each_failing_call_is_survived_over_tls)
{
    struct security security;
    REQUIRE(weir_tls_server_new(&security.server,
                                &(weir_tls_options){
                                    .certificate_file = certificate("localhost.pem"),
                                    .key_file = certificate("localhost.key"),
                                }) == WEIR_OK);
    REQUIRE(weir_tls_client_new(
                &security.client,
                &(weir_tls_options){.ca_file = certificate("ca.pem")}) == WEIR_OK);
    survive_all(&security);
    weir_tls_context_free(security.client);
    weir_tls_context_free(security.server);
}
#endif
