/* Idle connections of a client, each with a task that waits for more, over TLS or in the
 * clear: under test in the bench tls. Over TLS each has got a response.
 *
 * Prints by how many bytes of resident memory the process grew for each connection,
 * counted from after a few first ones, which pay for what is there only once.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/status.h>
#include <weir/task.h>
#include <weir/tls.h>

#include "argument.h"
#include "process_cost.h"

#define FIRST_ONES 16

static int wait_for_more(void *arg)
{
    weir_slice bytes;
    int rc;
    while ((rc = weir_read(weir_stream_reader(arg), WEIR_NO_LIMIT, &bytes)) > 0)
        continue;
    return rc;
}

static int get_and_hold(weir_loop *loop, weir_tls_context *tls, int port)
{
    weir_stream *stream;
    weir_slice bytes;
    int rc = weir_open_connection(loop, &stream, "127.0.0.1", port, .tls = tls,
                                  .server_name = "localhost");
    if (rc == WEIR_OK && tls)
        rc = weir_write(weir_stream_writer(stream),
                        WEIR_S("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    if (rc == WEIR_OK && tls)
        rc = weir_read(weir_stream_reader(stream), WEIR_NO_LIMIT, &bytes);
    weir_task *task = rc < 0 ? NULL : weir_spawn(loop, wait_for_more, stream);
    if (!task)
        return rc < 0 ? rc : WEIR_E_MEMORY;
    weir_detach(task);
    return weir_yield(loop);
}

int main(int argc, char **argv)
{
    argument_count(argc, 4, "tls_hold_weir PORT CA_FILE CONNECTIONS tls|clear");
    int port = (int)argument_number(argv[1], 65535);
    int count = (int)argument_number(argv[3], 100000);
    bool secure = strcmp(argv[4], "tls") == 0;
    weir_loop *loop = weir_loop_new(NULL);
    weir_tls_context *tls = NULL;
    long long before = 0;
    int rc = weir_tls_client_new(
        &tls, &(weir_tls_options){.ca_file = argv[2], .no_sessions = true});
    for (int i = 0; i < count + FIRST_ONES && rc == WEIR_OK; i++) {
        if (i == FIRST_ONES)
            before = process_resident_bytes(getpid());
        rc = get_and_hold(loop, secure ? tls : NULL, port);
    }
    if (rc < 0)
        fprintf(stderr, "tls_hold_weir: %s\n", weir_last_error()->message);
    printf("%.1f\n", (double)(process_resident_bytes(getpid()) - before) / count);
    fflush(stdout);
    _exit(rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS); /* with everything still open */
}
