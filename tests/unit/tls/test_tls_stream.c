/* Streams over TLS: going over to it, and everything that a stream does
 * (weir/tls.h, weir_stream_start_tls).
 *
 * Two ends of one loop talk to each other; other programs are the peers of
 * tests/peers/test_tls_matrix.c.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <weir/weir.h>

#include "certificates.h"
#include "nth.h"
#include "test.h"

#define KIB      ((size_t)1024)
#define PATIENCE 100000 /* ms; under Valgrind on a busy machine */

struct scene {
    struct nth nth;
    weir_loop *loop;
    weir_tls_context *client;
    weir_tls_context *server;
    weir_stream *ends[2]; /* the client's and the server's */
};

static void open_contexts(struct scene *scene, weir_tls_options client,
                          weir_tls_options server)
{
    client.ca_file = certificate("ca.pem");
    server.certificate_file = certificate("localhost.pem");
    server.key_file = certificate("localhost.key");
    REQUIRE(weir_tls_client_new(&scene->client, &client) == WEIR_OK);
    REQUIRE(weir_tls_server_new(&scene->server, &server) == WEIR_OK);
}

static void open_scene_with(struct scene *scene, weir_tls_options client,
                            weir_tls_options server)
{
    nth_init(&scene->nth, 0);
    open_contexts(scene, client, server);
    scene->loop =
        weir_loop_new(&(weir_loop_options){.allocator = &scene->nth.allocator});
    REQUIRE(scene->loop);
    REQUIRE(weir_stream_pair(scene->loop, scene->ends) == WEIR_OK);
}

static void open_scene(struct scene *scene)
{
    open_scene_with(scene, (weir_tls_options){0}, (weir_tls_options){0});
}

static void close_scene(struct scene *scene)
{
    weir_loop_free(scene->loop);
    weir_tls_context_free(scene->client);
    weir_tls_context_free(scene->server);
    CHECK_INT(scene->nth.live, 0);
}

struct end {
    weir_stream *stream;
    weir_tls_context *context;
    int (*talk)(weir_stream *stream);
    int rc;
    int status; /* of the latest failure */
    char sentence[256];
};

static int run_end(void *arg)
{
    struct end *end = arg;
    end->rc = weir_stream_start_tls(end->stream, end->context, "localhost");
    if (end->rc == WEIR_OK && end->talk)
        end->rc = end->talk(end->stream);
    end->status = weir_last_error()->status;
    strcpy(end->sentence, weir_last_error()->message);
    return end->rc;
}

/* Both ends at once, each in its task. */
static void talk(struct scene *scene, struct end *client, struct end *server)
{
    weir_timeout timeout = weir_timeout_start(scene->loop, PATIENCE);
    *client = (struct end){scene->ends[0], scene->client, client->talk, 0, 0, ""};
    *server = (struct end){scene->ends[1], scene->server, server->talk, 0, 0, ""};
    weir_task *tasks[] = {weir_spawn(scene->loop, run_end, client),
                          weir_spawn(scene->loop, run_end, server)};
    weir_join(tasks[0]);
    weir_join(tasks[1]);
    CHECK(!weir_timeout_end(&timeout));
}

static void talk_well(struct scene *scene, int (*client_talk)(weir_stream *),
                      int (*server_talk)(weir_stream *))
{
    struct end client = {.talk = client_talk};
    struct end server = {.talk = server_talk};
    talk(scene, &client, &server);
    if (!CHECK_INT(client.rc, WEIR_OK))
        CHECK_BYTES(weir_slice_of(client.sentence), WEIR_S(""));
    if (!CHECK_INT(server.rc, WEIR_OK))
        CHECK_BYTES(weir_slice_of(server.sentence), WEIR_S(""));
}

/* --- conversations ---------------------------------------------------------------- */

static int say_hello(weir_stream *stream)
{
    weir_slice line;
    int rc = weir_write(weir_stream_writer(stream), WEIR_S("hello\n"));
    if (rc == WEIR_OK)
        rc = weir_readline(weir_stream_reader(stream), &line);
    if (rc > 0)
        CHECK_BYTES(line, WEIR_S("hello\n"));
    return rc < 0 ? rc : WEIR_OK;
}

static int echo_line(weir_stream *stream)
{
    weir_slice line;
    int rc = weir_readline(weir_stream_reader(stream), &line);
    if (rc > 0)
        rc = weir_write(weir_stream_writer(stream), line);
    return rc < 0 ? rc : weir_flush(weir_stream_writer(stream));
}

TEST(tls_stream, a_line_goes_there_and_back)
{
    struct scene scene;
    open_scene(&scene);
    talk_well(&scene, say_hello, echo_line);
    CHECK_INT(weir_stream_close(scene.ends[0]), WEIR_OK);
    CHECK_INT(weir_stream_close(scene.ends[1]), WEIR_OK);
    close_scene(&scene);
}

static char pattern(size_t offset)
{
    return (char)(offset * 7 + offset / 251);
}

#define MANY ((size_t)3 * 1024 * 1024 + 13)

static int send_many(weir_stream *stream)
{
    static char bytes[300 * 1024 + 7];
    size_t sent = 0;
    int rc = WEIR_OK;
    while (sent < MANY && rc == WEIR_OK) {
        size_t piece = sizeof(bytes) < MANY - sent ? sizeof(bytes) : MANY - sent;
        for (size_t i = 0; i < piece; i++)
            bytes[i] = pattern(sent + i);
        weir_slice slices[] = {{bytes, piece / 3},
                               {bytes + piece / 3, piece - piece / 3}};
        rc = sent % 2
                 ? weir_writelines(weir_stream_writer(stream), slices, 2)
                 : weir_write(weir_stream_writer(stream), (weir_slice){bytes, piece});
        sent += piece;
        if (rc == WEIR_OK)
            rc = weir_drain(weir_stream_writer(stream));
    }
    return rc == WEIR_OK ? weir_write_eof(weir_stream_writer(stream)) : rc;
}

static int receive_many(weir_stream *stream)
{
    weir_slice bytes;
    size_t got = 0;
    bool right = true;
    int rc;
    while ((rc = weir_read(weir_stream_reader(stream), WEIR_NO_LIMIT, &bytes)) > 0) {
        for (size_t i = 0; i < bytes.len; i++)
            right = right && bytes.data[i] == pattern(got + i);
        got += bytes.len;
        if (got % 5 == 0)
            weir_sleep(weir_stream_loop(stream), 1); /* so that the sender must wait */
    }
    CHECK(right);
    CHECK_INT(got, MANY);
    return rc;
}

TEST(tls_stream, more_than_all_buffers_arrives_whole_and_ends_with_close_notify)
{
    struct scene scene;
    open_scene(&scene);
    talk_well(&scene, send_many, receive_many);
    weir_stream_abort(scene.ends[0]);
    weir_stream_abort(scene.ends[1]);
    close_scene(&scene);
}

static int send_and_receive_many(weir_stream *stream)
{
    int rc = send_many(stream);
    return rc == WEIR_OK ? receive_many(stream) : rc;
}

static int receive_and_send_many(weir_stream *stream)
{
    int rc = receive_many(stream);
    return rc == WEIR_OK ? send_many(stream) : rc;
}

/* RFC 8446 6.1: close_notify "does not have any effect on its read side". */
TEST(tls_stream, an_end_that_has_said_goodbye_still_receives)
{
    struct scene scene;
    open_scene(&scene);
    talk_well(&scene, send_and_receive_many, receive_and_send_many);
    weir_stream_close(scene.ends[0]);
    weir_stream_close(scene.ends[1]);
    close_scene(&scene);
}

static int end_of_1_2(weir_stream *stream)
{
    CHECK_INT(weir_write_eof(weir_stream_writer(stream)), WEIR_E_UNSUPPORTED);
    return say_hello(stream);
}

TEST(tls_stream, tls_1_2_has_no_half_closed_connections)
{
    struct scene scene;
    weir_tls_options old = {.max_version = WEIR_TLS_1_2};
    open_scene_with(&scene, old, (weir_tls_options){0});
    talk_well(&scene, end_of_1_2, echo_line);
    weir_stream_close(scene.ends[0]);
    weir_stream_close(scene.ends[1]);
    close_scene(&scene);
}

static int close_now(weir_stream *stream)
{
    return weir_stream_close(stream);
}

static int read_to_the_end(weir_stream *stream)
{
    weir_slice bytes;
    int rc = weir_readall(weir_stream_reader(stream), KIB, &bytes);
    return rc < 0 ? rc : WEIR_OK;
}

TEST(tls_stream, a_close_says_goodbye)
{
    struct scene scene;
    open_scene(&scene);
    talk_well(&scene, close_now, read_to_the_end);
    weir_stream_close(scene.ends[1]);
    close_scene(&scene);
}

static int cut_off(weir_stream *stream)
{
    int rc = weir_write(weir_stream_writer(stream), WEIR_S("some"));
    if (rc == WEIR_OK)
        rc = weir_flush(weir_stream_writer(stream));
    weir_stream_abort(stream);
    return rc;
}

static int read_some_then_the_end(weir_stream *stream)
{
    weir_slice bytes;
    CHECK_INT(weir_readexactly(weir_stream_reader(stream), 4, &bytes), 4);
    return weir_read(weir_stream_reader(stream), KIB, &bytes);
}

TEST(tls_stream, without_a_goodbye_the_bytes_come_first_and_then_the_truncation)
{
    struct scene scene;
    struct end client = {.talk = cut_off};
    struct end server = {.talk = read_some_then_the_end};
    open_scene(&scene);
    talk(&scene, &client, &server);
    CHECK_INT(client.rc, WEIR_OK);
    CHECK_INT(server.rc, WEIR_E_INCOMPLETE);
    CHECK(strstr(server.sentence, "close_notify") != NULL);
    weir_stream_close(scene.ends[1]);
    close_scene(&scene);
}

/* --- going over ------------------------------------------------------------------- */

static int offer(void *arg)
{
    struct scene *scene = arg;
    weir_stream *stream = scene->ends[1];
    weir_slice line;
    int rc = weir_readline(weir_stream_reader(stream), &line);
    if (rc > 0)
        rc = weir_write(weir_stream_writer(stream), WEIR_S("220 go\r\n"));
    if (rc == WEIR_OK)
        rc = weir_stream_start_tls(stream, scene->server, NULL);
    return rc < 0 ? rc : echo_line(stream);
}

static int upgrade(void *arg)
{
    struct scene *scene = arg;
    weir_stream *stream = scene->ends[0];
    weir_slice line;
    int rc = weir_write(weir_stream_writer(stream), WEIR_S("STARTTLS\r\n"));
    if (rc == WEIR_OK)
        rc = weir_readline(weir_stream_reader(stream), &line);
    if (rc > 0)
        rc = weir_stream_start_tls(stream, scene->client, "localhost");
    return rc < 0 ? rc : say_hello(stream);
}

TEST(tls_stream, a_conversation_in_the_clear_goes_over_to_tls)
{
    struct scene scene;
    open_scene(&scene);
    weir_task *tasks[] = {weir_spawn(scene.loop, upgrade, &scene),
                          weir_spawn(scene.loop, offer, &scene)};
    CHECK_INT(weir_join(tasks[0]), WEIR_OK);
    CHECK_INT(weir_join(tasks[1]), WEIR_OK);
    weir_stream_close(scene.ends[0]);
    weir_stream_close(scene.ends[1]);
    close_scene(&scene);
}

/* CVE-2011-0411: an answer in the clear behind the server's "go ahead" must not be
 * taken for a secure one. */
TEST(tls_stream, bytes_that_were_slipped_in_before_the_handshake_are_refused)
{
    struct scene scene;
    weir_slice line;
    open_scene(&scene);
    weir_write(weir_stream_writer(scene.ends[1]), WEIR_S("220 go\r\n250 injected\r\n"));
    CHECK_INT(weir_readline(weir_stream_reader(scene.ends[0]), &line), 8);
    CHECK_INT(weir_stream_start_tls(scene.ends[0], scene.client, "localhost"),
              WEIR_E_PROTOCOL);
    CHECK(strstr(weir_last_error()->message, "14 bytes") != NULL);
    CHECK(weir_write(weir_stream_writer(scene.ends[0]), WEIR_S("secret")) < 0);
    weir_stream_close(scene.ends[0]);
    CHECK_INT(weir_readall(weir_stream_reader(scene.ends[1]), KIB, &line), 0);
    weir_stream_close(scene.ends[1]);
    close_scene(&scene);
}

/* A client may send its ClientHello right behind its last words in the clear. */
TEST(tls_stream, a_handshake_that_the_server_has_buffered_already_counts)
{
    struct scene scene;
    struct end client = {.talk = say_hello};
    weir_slice bytes;
    open_scene(&scene);
    client = (struct end){scene.ends[0], scene.client, say_hello, 0, 0, ""};
    weir_task *task = weir_spawn(scene.loop, run_end, &client);
    CHECK(weir_peek(weir_stream_reader(scene.ends[1]), 100, &bytes) >= 100);
    CHECK_INT(weir_stream_start_tls(scene.ends[1], scene.server, NULL), WEIR_OK);
    CHECK_INT(echo_line(scene.ends[1]), WEIR_OK);
    weir_join(task);
    CHECK_INT(client.rc, WEIR_OK);
    weir_stream_close(scene.ends[0]);
    weir_stream_close(scene.ends[1]);
    close_scene(&scene);
}

static struct scene *outer;

static int start_again(weir_stream *stream)
{
    bool is_client = stream == outer->ends[0];
    int rc = weir_stream_start_tls(stream, is_client ? outer->client : outer->server,
                                   "localhost");
    if (rc < 0)
        return rc;
    return is_client ? send_and_receive_many(stream) : receive_and_send_many(stream);
}

TEST(tls_stream, tls_goes_through_tls)
{
    struct scene scene;
    open_scene(&scene);
    outer = &scene;
    talk_well(&scene, start_again, start_again);
    CHECK_INT(weir_stream_close(scene.ends[0]), WEIR_OK);
    weir_stream_close(scene.ends[1]);
    close_scene(&scene);
}

TEST(tls_stream, a_silent_peer_ends_the_handshake_after_the_time_of_the_context)
{
    struct scene scene;
    weir_tls_options hasty = {.handshake_timeout_ms = 50};
    open_scene_with(&scene, hasty, (weir_tls_options){0});
    CHECK_INT(weir_stream_start_tls(scene.ends[0], scene.client, "localhost"),
              WEIR_E_TIMEOUT);
    CHECK(strstr(weir_last_error()->message, "50 ms") != NULL);
    weir_stream_abort(scene.ends[0]);
    weir_stream_abort(scene.ends[1]);
    close_scene(&scene);
}

TEST(tls_stream, a_peer_that_leaves_ends_the_handshake)
{
    struct scene scene;
    open_scene(&scene);
    weir_stream_close(scene.ends[1]);
    int rc = weir_stream_start_tls(scene.ends[0], scene.client, "localhost");
    CHECK(rc == WEIR_E_TLS || rc == WEIR_E_CONNECTION);
    weir_stream_abort(scene.ends[0]);
    close_scene(&scene);
}

TEST(tls_stream, the_callers_deadline_ends_the_handshake)
{
    struct scene scene;
    open_scene(&scene);
    weir_timeout timeout = weir_timeout_start(scene.loop, 20);
    CHECK_INT(weir_stream_start_tls(scene.ends[0], scene.client, "localhost"),
              WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    CHECK(weir_write(weir_stream_writer(scene.ends[0]), WEIR_S("x")) < 0);
    weir_stream_abort(scene.ends[0]);
    weir_stream_abort(scene.ends[1]);
    close_scene(&scene);
}

static int read_in_background(void *arg)
{
    weir_slice line;
    return weir_readline(weir_stream_reader(arg), &line);
}

TEST(tls_stream, a_stream_that_somebody_reads_does_not_go_over)
{
    struct scene scene;
    open_scene(&scene);
    weir_task *task = weir_spawn(scene.loop, read_in_background, scene.ends[0]);
    weir_yield(scene.loop);
    CHECK_INT(weir_stream_start_tls(scene.ends[0], scene.client, "localhost"),
              WEIR_E_MISUSE);
    weir_cancel(task);
    weir_join(task);
    talk_well(&scene, say_hello, echo_line); /* nothing has changed */
    weir_stream_close(scene.ends[0]);
    weir_stream_close(scene.ends[1]);
    close_scene(&scene);
}

static int cancelled(weir_stream *stream)
{
    weir_slice line;
    weir_timeout timeout = weir_timeout_start(weir_stream_loop(stream), 20);
    int rc = weir_readline(weir_stream_reader(stream), &line);
    weir_timeout_end(&timeout);
    CHECK_INT(rc, WEIR_E_TIMEOUT);
    return say_hello(stream);
}

TEST(tls_stream, a_read_that_was_given_up_loses_nothing)
{
    struct scene scene;
    open_scene(&scene);
    talk_well(&scene, cancelled, echo_line);
    weir_stream_close(scene.ends[0]);
    weir_stream_close(scene.ends[1]);
    close_scene(&scene);
}

/* --- the goodbye ------------------------------------------------------------------- */

static int leave(weir_stream *stream)
{
    return weir_stream_close(stream);
}

static int stay(weir_stream *stream)
{
    weir_sleep(weir_stream_loop(stream), 60);
    return WEIR_OK;
}

TEST(tls_stream, a_close_can_wait_for_the_peers_goodbye_but_not_for_ever)
{
    struct scene scene;
    weir_tls_options polite = {.shutdown_timeout_ms = 30};
    open_scene_with(&scene, polite, (weir_tls_options){0});
    talk_well(&scene, leave, stay);
    uint64_t before = weir_loop_now_ms(scene.loop);
    weir_stream_close(scene.ends[1]);
    CHECK(weir_loop_run(scene.loop) == WEIR_OK);
    CHECK(weir_loop_now_ms(scene.loop) - before < 1000);
    close_scene(&scene);
}
