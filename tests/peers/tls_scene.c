/* What the tests of TLS with peers share.
 *
 * SPDX-License-Identifier: MIT */
#include "tls_scene.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sanitizer.h"

int tls_slowness(void)
{
#if defined(WEIR__ASAN) || defined(WEIR__TSAN)
    return 4;
#elif defined(RUNNING_ON_VALGRIND)
    return RUNNING_ON_VALGRIND > 0 ? 40 : 1;
#else
    return 1;
#endif
}

uint64_t tls_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 512; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

void tls_scene_open(struct tls_scene *scene)
{
    time_t now = time(NULL);
    struct tm date;
    scene->year = gmtime_r(&now, &date)->tm_year + 1900;
    scene->descriptors = open_descriptors();
    nth_init(&scene->nth, 0);
    scene->loop =
        weir_loop_new(&(weir_loop_options){.allocator = &scene->nth.allocator});
    REQUIRE(scene->loop != NULL);
}

void tls_scene_close(struct tls_scene *scene)
{
    weir_loop_free(scene->loop);
    CHECK_INT(scene->nth.live, 0);
    CHECK_INT(open_descriptors(), scene->descriptors);
}

weir_tls_context *tls_client(const weir_tls_options *options)
{
    weir_tls_options copy = options ? *options : (weir_tls_options){0};
    weir_tls_context *context = NULL;
    if (!copy.ca_file && !copy.ca_pem.data)
        copy.ca_file = certificate("ca.pem");
    int rc = weir_tls_client_new(&context, &copy);
    if (!CHECK_INT(rc, WEIR_OK))
        fprintf(stderr, "    %s\n", weir_last_error()->message);
    REQUIRE(rc == WEIR_OK);
    return context;
}

weir_tls_context *tls_server(const weir_tls_options *options)
{
    weir_tls_options copy = options ? *options : (weir_tls_options){0};
    weir_tls_context *context = NULL;
    if (!copy.ca_file)
        copy.ca_file = certificate("client-ca.pem");
    if (!copy.certificate_file) {
        copy.certificate_file = certificate("localhost.pem");
        copy.key_file = certificate("localhost.key");
    }
    int rc = weir_tls_server_new(&context, &copy);
    if (!CHECK_INT(rc, WEIR_OK))
        fprintf(stderr, "    %s\n", weir_last_error()->message);
    REQUIRE(rc == WEIR_OK);
    return context;
}

static int fail(struct tls_talk *talk, const char *step, int rc)
{
    if (rc >= 0 || talk->rc < 0)
        return talk->rc;
    talk->rc = rc;
    talk->step = step;
    snprintf(talk->sentence, sizeof(talk->sentence), "%s", weir_last_error()->message);
    CHECK_INT(weir_last_error()->status, rc);
    return rc;
}

static void take_answer(struct tls_talk *talk, weir_stream *stream)
{
    weir_slice line;
    int rc = weir_readline(weir_stream_reader(stream), &line);
    fail(talk, "read", rc);
    line = rc > 0 ? weir_slice_chomp(line) : (weir_slice){"", 0};
    snprintf(talk->answer, sizeof(talk->answer), "%.*s", (int)line.len, line.data);
}

void tls_talk(struct tls_talk *talk, weir_loop *loop, int port, weir_tls_context *tls,
              const char *server_name)
{
    weir_stream *stream = NULL;
    uint64_t begin = tls_now_ms();
    *talk = (struct tls_talk){.rc = WEIR_OK, .step = ""};
    int rc = weir_open_connection(loop, &stream, "127.0.0.1", port, .tls = tls,
                                  .server_name = server_name);
    if (fail(talk, "connect", rc) == WEIR_OK) {
        rc = weir_write(weir_stream_writer(stream), WEIR_S("hello\n"));
        if (fail(talk, "write", rc) == WEIR_OK)
            take_answer(talk, stream);
        fail(talk, "close", weir_stream_close(stream));
    }
    talk->ms = tls_now_ms() - begin;
}

/* "{year-2}-12-31": only the first pattern of a word, and one digit. */
static const char *fill_in(char *out, size_t size, const char *word)
{
    const char *pattern = strstr(word, "{year");
    if (!pattern)
        return word;
    time_t now = time(NULL);
    struct tm date;
    int year =
        gmtime_r(&now, &date)->tm_year + 1900 + (int)strtol(pattern + 5, NULL, 10);
    snprintf(out, size, "%.*s%d%s", (int)(pattern - word), word, year,
             strchr(pattern, '}') + 1);
    return out;
}

bool tls_failed(const struct tls_talk *talk, int status, const char *const *words)
{
    bool ok = CHECK_INT(talk->rc, status);
    ok &= CHECK(talk->ms < TLS_PATIENCE_MS);
    for (; *words; words++) {
        char filled[64];
        const char *word = fill_in(filled, sizeof(filled), *words);
        bool is_there = strcasestr(talk->sentence, word) != NULL;
        if (!is_there)
            fprintf(stderr, "    no \"%s\" in the sentence\n", word);
        ok &= CHECK(is_there);
    }
    if (!ok || getenv("WEIR_TEST_VERBOSE"))
        fprintf(stderr, "    %s: %s: %s\n", talk->step, weir_status_name(talk->rc),
                talk->sentence);
    return ok;
}

bool tls_went_well(const struct tls_talk *talk, const char *what)
{
    bool ok = CHECK_INT(talk->rc, WEIR_OK);
    ok &= CHECK(talk->ms < TLS_PATIENCE_MS);
    if (!ok)
        fprintf(stderr, "    %s: %s: %s: %s\n", what, talk->step,
                weir_status_name(talk->rc), talk->sentence);
    return ok;
}

static int send_back(weir_stream *stream)
{
    weir_slice line;
    int rc;
    while ((rc = weir_readline(weir_stream_reader(stream), &line)) > 0) {
        rc = weir_write(weir_stream_writer(stream), line);
        if (rc == WEIR_OK)
            rc = weir_drain(weir_stream_writer(stream));
        if (rc < 0)
            break;
    }
    return rc;
}

static int serve(weir_stream *stream, void *arg)
{
    struct tls_echo *echo = arg;
    int rc = echo->on_connect ? echo->on_connect(stream, echo->arg) : send_back(stream);
    echo->served += rc >= 0;
    return rc;
}

static void note_failure(void *arg, int status)
{
    struct tls_echo *echo = arg;
    echo->failures++;
    echo->latest = (struct tls_talk){.rc = status, .step = "serve"};
    snprintf(echo->latest.sentence, sizeof(echo->latest.sentence), "%s",
             weir_last_error()->message);
}

void tls_echo_open(struct tls_echo *echo, weir_loop *loop, weir_tls_context *tls)
{
    *echo = (struct tls_echo){.server = NULL};
    REQUIRE(weir_start_server(loop, &echo->server, "127.0.0.1", 0, .on_connect = serve,
                              .on_error = note_failure, .arg = echo,
                              .tls = tls) == WEIR_OK);
    echo->port = weir_server_port(echo->server);
}

void tls_echo_close(struct tls_echo *echo)
{
    CHECK_INT(weir_server_wait_closed(echo->server, 2000), WEIR_OK);
    weir_server_free(echo->server);
}

void tls_line_open(struct tls_line *line, bool own, weir_tls_version version,
                   uint32_t handshake_timeout_ms)
{
    const char *const arguments[] = {
        "-rev", version == WEIR_TLS_1_2 ? "-tls1_2" : "-tls1_3", NULL};
    weir_tls_options options = {.min_version = version,
                                .max_version = version,
                                .handshake_timeout_ms = handshake_timeout_ms,
                                .no_sessions = true};
    line->own = own;
    if (!own)
        s_server_start(&line->server, "ed25519", arguments);
    tls_scene_open(&line->scene);
    line->client_tls = tls_client(&options);
    options.certificate_file = certificate("ed25519.pem");
    options.key_file = certificate("ed25519.key");
    line->server_tls = own ? tls_server(&options) : NULL;
    if (own)
        tls_echo_open(&line->echo, line->scene.loop, line->server_tls);
    wire_open(&line->wire, line->scene.loop,
              own ? line->echo.port : line->server.peer.port);
}

void tls_line_talk(struct tls_line *line, struct tls_talk *talk)
{
    tls_talk(talk, line->scene.loop, wire_port(&line->wire), line->client_tls,
             "localhost");
    if (talk->rc == WEIR_OK)
        CHECK_BYTES(weir_slice_of(talk->answer),
                    line->own ? WEIR_S("hello") : WEIR_S("olleh"));
}

void tls_line_close(struct tls_line *line)
{
    wire_close(&line->wire);
    if (line->own)
        tls_echo_close(&line->echo);
    weir_tls_context_free(line->client_tls);
    weir_tls_context_free(line->server_tls);
    tls_scene_close(&line->scene);
    if (!line->own)
        s_server_stop(&line->server);
}
