/* Reads a body line by line, as it comes: it may be larger than memory, or never end.
 * The server sends no faster than the lines are taken.
 *
 *   ./03_stream_body http://example.com/log.txt
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <weir/weir.h>

static int print_lines(weir_reader *body)
{
    weir_slice line;
    unsigned long number = 0;
    int rc;
    while ((rc = weir_readline(body, &line)) > 0) {
        line = weir_slice_chomp(line);
        printf("%6lu  %.*s\n", ++number, (int)line.len, line.data);
    }
    return rc; /* 0: the end of the body; less: it broke off */
}

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "http://example.com/";
    weir_session *session = weir_session_new(NULL, NULL);
    weir_response *response;
    int rc = weir_get(session, &response, url);
    if (rc == WEIR_OK) {
        rc = weir_response_raise_for_status(response);
        if (rc == WEIR_OK)
            rc = print_lines(weir_response_body(response));
        weir_response_free(response);
    }
    if (rc < 0)
        fprintf(stderr, "%s\n", weir_last_error()->message);
    weir_session_free(session);
    return rc < 0;
}
