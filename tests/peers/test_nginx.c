/* weir's client and nginx: bodies of each size and framing over one connection.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <weir/group.h>
#include <weir/session.h>
#include <weir/status.h>

#include "peer.h"
#include "test.h"

/* What files repeat; a prime, so that no buffer's size is in step with it. */
#define PATTERN_BYTES ((size_t)1048573)

#define HUNDRED_MB ((size_t)100 * 1024 * 1024)

/* Its paths are relative to -p. Server-side includes make nginx forget the length, so that it sends chunks. */
static const char CONFIG[] =
    "daemon off; master_process off; pid pid; error_log stderr;\n"
    "events { worker_connections 600; }\n"
    "http {\n"
    "  access_log off; default_type application/octet-stream;\n"
    "  client_body_temp_path b; proxy_temp_path p; scgi_temp_path s;\n"
    "  fastcgi_temp_path f; uwsgi_temp_path u;\n"
    "  keepalive_requests 100000;\n"
    "  add_header X-Connection $connection; add_header X-Number $connection_requests;\n"
    "  server {\n"
    "    listen 127.0.0.1:%d; root files;\n"
    "    location /chunked/ { alias files/; ssi on; ssi_types *; }\n"
    "    location /moved { return 302 /1k; }\n"
    "    location /few { keepalive_requests 2; alias files/1k; }\n"
    "    location /closed { return 444; }\n"
    "  }\n"
    "}\n";

static char *pattern;

static void make_pattern(void)
{
    uint32_t number = 1;
    pattern = malloc(PATTERN_BYTES);
    REQUIRE(pattern != NULL);
    for (size_t i = 0; i < PATTERN_BYTES; i++) {
        number = number * 1664525 + 1013904223;
        pattern[i] = (char)(number >> 24);
        if (pattern[i] == '<')
            pattern[i] = '\0'; /* no server-side include */
    }
}

static void make_file(struct peer *peer, const char *name, size_t size)
{
    FILE *file = fopen(peer_path(peer, name), "wb");
    REQUIRE(file != NULL);
    while (size > 0) {
        size_t piece = size < PATTERN_BYTES ? size : PATTERN_BYTES;
        REQUIRE(fwrite(pattern, 1, piece, file) == piece);
        size -= piece;
    }
    REQUIRE(fclose(file) == 0);
}

static void start(struct peer *nginx)
{
    char config[2048];
    if (!peer_is_installed("nginx"))
        peer_missing("nginx");
    peer_open(nginx, "nginx");
    snprintf(config, sizeof(config), CONFIG, nginx->port);
    peer_file(nginx, "nginx.conf", config);
    REQUIRE(mkdir(peer_path(nginx, "files"), 0755) == 0);
    make_pattern();
    make_file(nginx, "files/empty", 0);
    make_file(nginx, "files/1k", 1024);
    const char *const arguments[] = {
        "/usr/bin/env", "PATH=/usr/sbin:/usr/local/sbin:/usr/bin:/bin",
        "nginx",        "-e",
        "stderr",       "-p",
        nginx->dir,     "-c",
        "nginx.conf",   NULL};
    peer_start(nginx, arguments);
}

static void stop(struct peer *nginx)
{
    peer_close(nginx);
    free(pattern);
}

static const char *url_of(const struct peer *nginx, const char *path)
{
    static char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", nginx->port, path);
    return url;
}

/* Reads the body to its end. Returns its length if it is the pattern's, else -1. */
static long long read_pattern(weir_response *response)
{
    size_t len = 0;
    weir_slice bytes;
    int rc;
    while ((rc = weir_read(weir_response_body(response), WEIR_NO_LIMIT, &bytes)) > 0) {
        while (bytes.len > 0) {
            size_t at = len % PATTERN_BYTES;
            size_t piece =
                bytes.len < PATTERN_BYTES - at ? bytes.len : PATTERN_BYTES - at;
            if (memcmp(bytes.data, pattern + at, piece) != 0)
                return -1;
            len += piece;
            bytes = weir_slice_skip(bytes, piece);
        }
    }
    if (rc < 0)
        fprintf(stderr, "%s\n", weir_last_error()->message);
    return rc < 0 ? -1 : (long long)len;
}

static long number_of(const weir_response *response, weir_slice field)
{
    weir_slice value = weir_response_field(response, field);
    return value.data ? strtol(value.data, NULL, 10) : -1;
}

TEST(nginx, sends_bodies_of_each_size_and_framing_over_one_connection)
{
    static const struct {
        const char *path;
        size_t size;
        bool chunked;
    } CASES[] = {
        {"/empty", 0, false},         {"/1k", 1024, false},
        {"/100m", HUNDRED_MB, false}, {"/chunked/empty", 0, false},
        {"/chunked/1k", 1024, true},  {"/chunked/100m", HUNDRED_MB, true},
        {"/1k", 1024, false},
    };
    struct peer nginx;
    start(&nginx);
    make_file(&nginx, "files/100m", HUNDRED_MB);
    weir_session *session = weir_session_new(NULL, NULL);
    long connection = 0;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir_response *response;
        REQUIRE(weir_get(session, &response, url_of(&nginx, CASES[i].path)) == WEIR_OK);
        CHECK_INT(weir_response_status(response), 200);
        CHECK_INT(weir_response_content_length(response),
                  CASES[i].chunked ? -1 : (int64_t)CASES[i].size);
        CHECK_INT(weir_response_field(response, WEIR_S("Transfer-Encoding")).len > 0,
                  CASES[i].chunked);
        CHECK_INT(read_pattern(response), CASES[i].size);
        if (i == 0)
            connection = number_of(response, WEIR_S("X-Connection"));
        CHECK_INT(number_of(response, WEIR_S("X-Connection")), connection);
        CHECK_INT(number_of(response, WEIR_S("X-Number")), i + 1);
        weir_response_free(response);
    }
    CHECK_INT(weir_session_connections(session), 1);
    weir_session_free(session);
    stop(&nginx);
}

TEST(nginx, answers_other_methods_and_statuses)
{
    static const struct {
        const char *method;
        const char *path;
        int status_code;
    } CASES[] = {
        {"HEAD", "/1k", 200},     {"HEAD", "/none", 404}, {"GET", "/none", 404},
        {"POST", "/1k", 405},     {"GET", "/moved", 302}, {"DELETE", "/1k", 405},
        {"GET", "/1k#part", 200},
    };
    struct peer nginx;
    start(&nginx);
    weir_session *session = weir_session_new(NULL, NULL);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        weir_response *response;
        weir_slice text;
        weir_request_options options = {.method = CASES[i].method,
                                        .url = url_of(&nginx, CASES[i].path),
                                        .max_redirects = WEIR_NONE};
        REQUIRE(weir_request(session, &options, &response) == WEIR_OK);
        CHECK_INT(weir_response_status(response), CASES[i].status_code);
        CHECK_INT(weir_response_text(response, &text), WEIR_OK);
        CHECK_INT(text.len == 0, strcmp(CASES[i].method, "HEAD") == 0);
        CHECK_INT(weir_response_raise_for_status(response),
                  CASES[i].status_code < 400 ? WEIR_OK : WEIR_E_STATUS);
        weir_response_free(response);
    }
    CHECK_INT(weir_session_connections(session), 1);
    weir_session_free(session);
    stop(&nginx);
}

TEST(nginx, that_closes_connections_gets_new_ones)
{
    struct peer nginx;
    weir_response *response;
    start(&nginx);
    weir_session *session = weir_session_new(NULL, NULL);
    for (int i = 0; i < 7; i++) {
        REQUIRE(weir_get(session, &response, url_of(&nginx, "/few")) == WEIR_OK);
        CHECK_INT(read_pattern(response), 1024);
        CHECK_INT(number_of(response, WEIR_S("X-Number")), i % 2 + 1);
        weir_response_free(response);
    }
    CHECK_INT(weir_get(session, &response, url_of(&nginx, "/closed")),
              WEIR_E_CONNECTION);
    CHECK_INT(weir_session_connections(session), 0);
    weir_session_free(session);
    stop(&nginx);
}

struct job {
    weir_session *session;
    char url[128];
    size_t size;
    size_t right;
};

static int fetch(void *arg)
{
    struct job *job = arg;
    for (int i = 0; i < 20; i++) {
        weir_response *response;
        int rc = weir_get(job->session, &response, job->url);
        if (rc < 0)
            return rc;
        job->right += read_pattern(response) == (long long)job->size;
        weir_response_free(response);
    }
    return WEIR_OK;
}

TEST(nginx, serves_a_thousand_requests_of_fifty_tasks)
{
    struct peer nginx;
    start(&nginx);
    weir_loop *loop = weir_loop_new(NULL);
    weir_session *session =
        weir_session_new(loop, &(weir_session_options){.max_connections = 20});
    struct job job = {.session = session, .size = 1024};
    snprintf(job.url, sizeof(job.url), "%s", url_of(&nginx, "/chunked/1k"));
    weir_group *group = weir_group_new(loop, NULL);
    for (int i = 0; i < 50; i++)
        CHECK_INT(weir_group_spawn(group, fetch, &job), WEIR_OK);
    CHECK_INT(weir_group_wait(group), WEIR_OK);
    CHECK_INT(job.right, 1000);
    CHECK_INT(weir_session_connections(session), 20);
    weir_group_free(group);
    weir_session_free(session);
    weir_loop_free(loop);
    stop(&nginx);
}
