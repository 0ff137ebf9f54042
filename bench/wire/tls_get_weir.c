/* Gets a response over TLS a number of times, a connection each, through weir: under
 * test in the bench tls. Prints how many bytes there were.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/status.h>
#include <weir/tls.h>

#include "argument.h"

static int talk(weir_stream *stream, unsigned long long *total)
{
    weir_slice bytes;
    int rc = weir_write(weir_stream_writer(stream),
                        WEIR_S("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    if (rc < 0)
        return rc;
    while ((rc = weir_read(weir_stream_reader(stream), WEIR_NO_LIMIT, &bytes)) > 0)
        *total += bytes.len;
    return rc;
}

static int get(weir_loop *loop, weir_tls_context *tls, int port,
               unsigned long long *total)
{
    weir_stream *stream;
    int rc = weir_open_connection(loop, &stream, "127.0.0.1", port, .tls = tls,
                                  .server_name = "localhost");
    if (rc < 0)
        return rc;
    rc = talk(stream, total);
    weir_stream_close(stream);
    return rc;
}

int main(int argc, char **argv)
{
    argument_count(argc, 5, "tls_get_weir PORT CA_FILE SUITES COUNT full|resumed");
    int port = (int)argument_number(argv[1], 65535);
    weir_tls_options options = {
        .ca_file = argv[2],
        .cipher_suites = argv[3],
        .no_sessions = strcmp(argv[5], "resumed") != 0,
    };
    weir_loop *loop = weir_loop_new(NULL);
    weir_tls_context *tls = NULL;
    unsigned long long total = 0;
    int rc = weir_tls_client_new(&tls, &options);
    for (long long left = argument_number(argv[4], 1000000); left > 0 && rc == 0;
         left--)
        rc = get(loop, tls, port, &total);
    if (rc < 0)
        fprintf(stderr, "tls_get_weir: %s\n", weir_last_error()->message);
    weir_tls_context_free(tls);
    weir_loop_free(loop);
    printf("%llu\n", total);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
