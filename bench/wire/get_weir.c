/* GETs over keep-alive connections with a weir session, a task for each connection:
 * under test in the bench get.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <weir/group.h>
#include <weir/reader.h>
#include <weir/session.h>
#include <weir/status.h>

#include "argument.h"

static char url[64];
static long long to_send;

static int read_body(weir_response *response)
{
    weir_slice bytes;
    int rc;
    while ((rc = weir_read(weir_response_body(response), WEIR_NO_LIMIT, &bytes)) > 0)
        ;
    weir_response_free(response);
    return rc;
}

static int fetch(void *session)
{
    int rc = WEIR_OK;
    while (to_send > 0 && rc >= 0) {
        weir_response *response;
        to_send--;
        rc = weir_get(session, &response, url);
        if (rc >= 0)
            rc = read_body(response);
    }
    return rc;
}

int main(int argc, char **argv)
{
    argument_count(argc, 3, "get_weir PORT CONNECTIONS REQUESTS");
    int count = (int)argument_number(argv[2], 10000);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/",
             (int)argument_number(argv[1], 65535));
    to_send = argument_number(argv[3], 1LL << 40);
    weir_loop *loop = weir_loop_new(NULL);
    weir_session *session = weir_session_new(
        loop, &(weir_session_options){.max_connections = (size_t)count});
    weir_group *group = weir_group_new(loop, NULL);
    for (int i = 0; i < count; i++)
        weir_group_spawn(group, fetch, session);
    int rc = weir_group_wait(group);
    if (rc < 0)
        fprintf(stderr, "get_weir: %s\n", weir_last_error()->message);
    weir_group_free(group);
    weir_session_free(session);
    weir_loop_free(loop);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
