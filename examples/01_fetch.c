/* Fetches a page. There is no loop and no task in sight: each call waits until it is
 * done, as in a program without a library for such things.
 *
 *   ./01_fetch https://example.com/
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <weir/weir.h>

int main(int argc, char **argv)
{
    const char *url = argc > 1 ? argv[1] : "https://example.com/";
    weir_session *session = weir_session_new(NULL, NULL); /* with a loop of its own */
    weir_response *response;
    if (weir_get(session, &response, url) < 0) {
        fprintf(stderr, "%s\n", weir_last_error()->message);
        weir_session_free(session);
        return 1;
    }
    weir_slice text;
    int rc = weir_response_text(response, &text);
    if (rc == WEIR_OK)
        printf("%d\n%.*s\n", weir_response_status(response), (int)text.len, text.data);
    else
        fprintf(stderr, "%s\n", weir_last_error()->message);
    weir_response_free(response);
    weir_session_free(session);
    return rc < 0;
}
