/* A thousand requests, fifty at a time: a group with a limit. The first one that fails
 * cancels the others.
 *
 *   ./09_thousand_requests http://localhost:8080/ 1000
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <weir/weir.h>

struct job {
    weir_session *session;
    const char *url;
    unsigned answers;
    unsigned long long bytes;
};

static int fetch(void *arg)
{
    struct job *job = arg;
    weir_response *response;
    weir_slice text;
    int rc = weir_get(job->session, &response, job->url, .timeout_ms = 10000);
    if (rc < 0)
        return rc;
    rc = weir_response_raise_for_status(response);
    if (rc == WEIR_OK)
        rc = weir_response_text(response, &text);
    if (rc == WEIR_OK) {
        job->answers++;
        job->bytes += text.len;
    }
    weir_response_free(response);
    return rc;
}

int main(int argc, char **argv)
{
    long count = argc > 2 ? strtol(argv[2], NULL, 10) : 1000;
    weir_loop *loop = weir_loop_new(NULL);
    struct job job = {.url = argc > 1 ? argv[1] : "http://localhost:8080/"};
    job.session = weir_session_new(loop, NULL);
    weir_group *group = weir_group_new(loop, &(weir_group_options){.limit = 50});
    int rc = WEIR_OK;
    for (long i = 0; i < count && rc == WEIR_OK; i++)
        rc = weir_group_spawn(group, fetch, &job); /* waits while fifty run */
    rc = weir_group_wait(group);
    if (rc < 0)
        fprintf(stderr, "%s\n", weir_last_error()->message);
    printf("%u answers, %llu bytes, %zu connections\n", job.answers, job.bytes,
           weir_session_connections(job.session));
    weir_group_free(group);
    weir_session_free(job.session);
    weir_loop_free(loop);
    return rc < 0;
}
