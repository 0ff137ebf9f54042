/* Downloads what is named on its command line, fifty at a time, each to a file of the
 * name that the server or the URL gives it.
 *
 *   ./download https://example.com/a.iso https://example.com/b.iso
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <weir/weir.h>

#define PATH_BYTES 1024

struct job {
    weir_session *session;
    const char *url;
};

/* The last part of the URL's path, made safe: it comes from outside. */
static const char *name_of(const weir_response *response, char space[PATH_BYTES])
{
    weir_slice path = weir_response_url(response);
    path.len = weir_slice_find(path, WEIR_S("?"));
    size_t from = path.len;
    while (from > 0 && path.data[from - 1] != '/')
        from--;
    weir_slice name = weir_slice_skip(path, from);
    if (name.len + 2 > PATH_BYTES || weir_safe_filename(name, space) == 0)
        return "download";
    return space;
}

static int save(weir_response *response, FILE *file)
{
    weir_slice bytes;
    int rc;
    while ((rc = weir_read(weir_response_body(response), WEIR_NO_LIMIT, &bytes)) > 0) {
        if (fwrite(bytes.data, 1, bytes.len, file) != bytes.len)
            return WEIR_E_SYSTEM;
    }
    return rc;
}

static int download(void *arg)
{
    const struct job *job = arg;
    char space[PATH_BYTES];
    weir_response *response;
    int rc = weir_get(job->session, &response, job->url, .raise_for_status = true);
    if (rc < 0) {
        fprintf(stderr, "%s\n", weir_last_error()->message);
        return WEIR_OK; /* the others go on */
    }
    const char *name = name_of(response, space);
    FILE *file = fopen(name, "wb");
    rc = file ? save(response, file) : WEIR_E_SYSTEM;
    if (file && fclose(file) != 0 && rc == WEIR_OK)
        rc = WEIR_E_SYSTEM;
    if (rc == WEIR_OK)
        printf("%s: %s\n", job->url, name);
    else
        fprintf(stderr, "%s: %s\n", job->url,
                rc == WEIR_E_SYSTEM ? "it cannot be written"
                                    : weir_last_error()->message);
    weir_response_free(response);
    return WEIR_OK;
}

int main(int argc, char **argv)
{
    weir_loop *loop = weir_loop_new(NULL);
    weir_session *session = weir_session_new(loop, NULL);
    weir_group *group = weir_group_new(loop, &(weir_group_options){.limit = 50});
    int rc = group && session ? WEIR_OK : WEIR_E_MEMORY;
    struct job jobs[256];
    for (int i = 1; i < argc && i <= 256 && rc == WEIR_OK; i++) {
        jobs[i - 1] = (struct job){session, argv[i]};
        rc =
            weir_group_spawn(group, download, &jobs[i - 1]); /* waits while fifty run */
    }
    if (rc == WEIR_OK)
        rc = weir_group_wait(group);
    weir_group_free(group);
    weir_session_free(session);
    weir_loop_free(loop);
    return rc < 0;
}
