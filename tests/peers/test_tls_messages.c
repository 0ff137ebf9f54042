/* What is no data: the goodbye, or none; a wish for another handshake; updates of keys
 * and tickets, a few or far too many.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ssl_peer.h"
#include "tls_scene.h"

#define KIB ((size_t)1024)

/* --- cut off --------------------------------------------------------------------- */

static void read_line(SSL *ssl)
{
    char c = 0;
    while (c != '\n' && SSL_read(ssl, &c, 1) == 1)
        continue;
}

/* FIN without close_notify, after the data. */
static void say_and_hang_up(struct ssl_peer *peer)
{
    read_line(peer->ssl);
    SSL_write(peer->ssl, "0123456789", 10);
    ssl_peer_hang_up(peer);
}

/* RFC 8446 6.1: close_notify, and then FIN. */
static void say_and_say_goodbye(struct ssl_peer *peer)
{
    read_line(peer->ssl);
    SSL_write(peer->ssl, "0123456789", 10);
    SSL_shutdown(peer->ssl);
    ssl_peer_hang_up(peer);
}

static weir_stream *connect_and_ask(struct tls_scene *scene, weir_tls_context *tls,
                                    int port)
{
    weir_stream *stream = NULL;
    REQUIRE(weir_open_connection(scene->loop, &stream, "127.0.0.1", port, .tls = tls,
                                 .server_name = "localhost") == WEIR_OK);
    CHECK_INT(weir_write(weir_stream_writer(stream), WEIR_S("go on\n")), WEIR_OK);
    return stream;
}

enum how { READ_ALL, READ_EXACTLY, READ_BY_AND_BY, HOWS };

static void read_cut_off(weir_reader *reader, enum how how, bool whole)
{
    weir_slice bytes;
    size_t got = 0;
    int rc;
    if (how == READ_EXACTLY) {
        CHECK_INT(weir_readexactly(reader, 10, &bytes), 10);
        CHECK_BYTES(bytes, WEIR_S("0123456789"));
    } else if (how == READ_BY_AND_BY) {
        while ((rc = weir_read(reader, 3, &bytes)) > 0)
            got += bytes.len;
        CHECK_INT(got, 10);
        CHECK_INT(rc, whole ? 0 : WEIR_E_INCOMPLETE);
    } else {
        CHECK_INT(weir_readall(reader, 1000, &bytes), whole ? 10 : WEIR_E_INCOMPLETE);
    }
    if (how != READ_ALL)
        CHECK_INT(weir_read(reader, 1, &bytes), whole ? 0 : WEIR_E_INCOMPLETE);
    if (!whole && !CHECK(strstr(weir_last_error()->message, "close_notify") != NULL))
        fprintf(stderr, "    %s\n", weir_last_error()->message);
}

/* RFC 8446 6.1: without close_notify nobody knows whether more was to come. */
TEST(tls_messages, an_end_without_a_goodbye_is_an_error_after_the_data)
{
    for (int i = 0; i < 4 * HOWS; i++) {
        struct tls_scene scene;
        struct ssl_peer peer;
        bool whole = i % 2;
        tls_scene_open(&scene);
        ssl_peer_serve(&peer, i / 2 % 2 ? TLS1_2_VERSION : TLS1_3_VERSION,
                       whole ? say_and_say_goodbye : say_and_hang_up);
        weir_tls_context *tls = tls_client(NULL);
        weir_stream *stream = connect_and_ask(&scene, tls, peer.port);
        read_cut_off(weir_stream_reader(stream), (enum how)(i / 4), whole);
        weir_stream_close(stream);
        weir_tls_context_free(tls);
        ssl_peer_join(&peer);
        tls_scene_close(&scene);
        CHECK(peer.shook);
    }
}

static int read_to_the_end(weir_stream *stream, void *arg)
{
    weir_slice bytes;
    int rc = weir_readall(weir_stream_reader(stream), 1000, &bytes);
    *(int *)arg = rc;
    return rc;
}

static void write_line(struct ssl_peer *peer)
{
    SSL_write(peer->ssl, "a line\n", 7);
    ssl_peer_hang_up(peer);
}

static void write_line_and_goodbye(struct ssl_peer *peer)
{
    SSL_write(peer->ssl, "a line\n", 7);
    SSL_shutdown(peer->ssl);
    ssl_peer_hang_up(peer);
}

static void wait_for(weir_loop *loop, const struct ssl_peer *peer)
{
    uint64_t begin = tls_now_ms();
    while (!ssl_peer_is_done(peer) && tls_now_ms() - begin < 2 * TLS_PATIENCE_MS)
        weir_sleep(loop, 2);
}

TEST(tls_messages, an_end_without_a_goodbye_is_an_error_to_a_server_too)
{
    static const char *const words[] = {"close_notify", NULL};
    for (int whole = 0; whole < 2; whole++) {
        struct tls_scene scene;
        struct tls_echo echo;
        struct ssl_peer peer;
        int rc = 1;
        tls_scene_open(&scene);
        weir_tls_context *tls = tls_server(NULL);
        tls_echo_open(&echo, scene.loop, tls);
        echo.on_connect = read_to_the_end;
        echo.arg = &rc;
        ssl_peer_visit(&peer, echo.port, TLS1_3_VERSION,
                       whole ? write_line_and_goodbye : write_line);
        wait_for(scene.loop, &peer);
        for (int i = 0; i < 1000 && echo.served + echo.failures == 0; i++)
            weir_sleep(scene.loop, 1);
        CHECK_INT(rc, whole ? 7 : WEIR_E_INCOMPLETE);
        if (!whole)
            tls_failed(&echo.latest, WEIR_E_INCOMPLETE, words);
        tls_echo_close(&echo);
        weir_tls_context_free(tls);
        ssl_peer_join(&peer);
        tls_scene_close(&scene);
    }
}

/* Reads to the other side's goodbye, and only then writes. */
static void listen_and_then_talk(struct ssl_peer *peer)
{
    static char bytes[100 * 1024];
    while (SSL_read(peer->ssl, bytes, sizeof(bytes)) > 0)
        continue;
    peer->count = SSL_get_error(peer->ssl, 0) == SSL_ERROR_ZERO_RETURN;
    memset(bytes, 'x', sizeof(bytes));
    for (size_t sent = 0; sent < sizeof(bytes); sent += 10 * KIB)
        SSL_write(peer->ssl, bytes, 10 * KIB);
    SSL_shutdown(peer->ssl);
}

/* RFC 8446 6.1: each direction is closed by itself. */
TEST(tls_messages, one_direction_can_end_before_the_other)
{
    struct tls_scene scene;
    struct ssl_peer peer;
    weir_slice bytes;
    tls_scene_open(&scene);
    ssl_peer_serve(&peer, TLS1_3_VERSION, listen_and_then_talk);
    weir_tls_context *tls = tls_client(NULL);
    weir_stream *stream = connect_and_ask(&scene, tls, peer.port);
    CHECK_INT(weir_write_eof(weir_stream_writer(stream)), WEIR_OK);
    CHECK_INT(weir_readall(weir_stream_reader(stream), 200 * KIB, &bytes), 100 * KIB);
    CHECK_INT(weir_stream_close(stream), WEIR_OK);
    weir_tls_context_free(tls);
    ssl_peer_join(&peer);
    tls_scene_close(&scene);
    CHECK_INT(peer.count, 1);
}

/* --- asked for another handshake (RFC 5746, TLS 1.2) ------------------------------- */

/* Whatever becomes of it, no second handshake. */
static void renegotiate(struct ssl_peer *peer)
{
    char c;
    bool server = peer->listener >= 0;
    if (server)
        read_line(peer->ssl);
    ERR_clear_error();
    SSL_renegotiate(peer->ssl);
    int rc = SSL_do_handshake(peer->ssl);
    if (rc == 1 && server)
        rc = SSL_write(peer->ssl, "answer\n", 7) == 7 ? SSL_read(peer->ssl, &c, 1) : -1;
    peer->reason = ERR_GET_REASON(ERR_peek_error());
    peer->count = !server && rc == 1; /* a client's is over, and was granted */
}

TEST(tls_messages, a_server_that_asks_for_another_handshake_does_not_get_it)
{
    static const char *const words[] = {"alert", NULL};
    struct tls_scene scene;
    struct ssl_peer peer;
    struct tls_talk talk;
    tls_scene_open(&scene);
    ssl_peer_serve(&peer, TLS1_2_VERSION, renegotiate);
    weir_tls_context *tls = tls_client(NULL);
    tls_talk(&talk, scene.loop, peer.port, tls, "localhost");
    if (talk.rc == WEIR_OK)
        CHECK_BYTES(weir_slice_of(talk.answer), WEIR_S("answer"));
    else
        tls_failed(&talk, WEIR_E_TLS, words);
    weir_tls_context_free(tls);
    ssl_peer_join(&peer);
    tls_scene_close(&scene);
    CHECK_INT(peer.reason, SSL_R_NO_RENEGOTIATION);
}

TEST(tls_messages, a_client_that_asks_for_another_handshake_does_not_get_it)
{
    struct tls_scene scene;
    struct tls_echo echo;
    struct ssl_peer peer;
    tls_scene_open(&scene);
    weir_tls_context *tls = tls_server(NULL);
    tls_echo_open(&echo, scene.loop, tls);
    ssl_peer_visit(&peer, echo.port, TLS1_2_VERSION, renegotiate);
    wait_for(scene.loop, &peer);
    tls_echo_close(&echo);
    weir_tls_context_free(tls);
    ssl_peer_join(&peer);
    tls_scene_close(&scene);
    CHECK(peer.shook);
    CHECK_INT(peer.count, 0);
    CHECK_INT(peer.reason, SSL_R_NO_RENEGOTIATION);
}

/* --- floods ------------------------------------------------------------------------ */

#define FLOOD 100000

static void flood_with_key_updates(struct ssl_peer *peer)
{
    if (peer->listener >= 0)
        read_line(peer->ssl);
    while (peer->count < FLOOD &&
           SSL_key_update(peer->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
           SSL_do_handshake(peer->ssl) == 1)
        peer->count++;
}

/* Each of these wants an answer, which nobody reads. */
static void flood_with_requests(struct ssl_peer *peer)
{
    if (peer->listener >= 0)
        read_line(peer->ssl);
    while (peer->count < FLOOD &&
           SSL_key_update(peer->ssl, SSL_KEY_UPDATE_REQUESTED) == 1 &&
           SSL_do_handshake(peer->ssl) == 1)
        peer->count++;
}

/* OpenSSL takes a ticket that cannot be sent for one that was not wanted. */
static bool is_hung_up(int fd)
{
    struct pollfd news = {.fd = fd, .events = POLLRDHUP};
    return poll(&news, 1, 0) == 1;
}

static void flood_with_tickets(struct ssl_peer *peer)
{
    read_line(peer->ssl);
    while (peer->count < FLOOD && !is_hung_up(peer->fd) &&
           SSL_new_session_ticket(peer->ssl) == 1 && SSL_do_handshake(peer->ssl) == 1)
        peer->count++;
}

static void try_flood(void (*play)(struct ssl_peer *), const char *const *words)
{
    struct tls_scene scene;
    struct ssl_peer peer;
    struct tls_talk talk;
    tls_scene_open(&scene);
    ssl_peer_serve(&peer, TLS1_3_VERSION, play);
    weir_tls_context *tls = tls_client(NULL);
    tls_talk(&talk, scene.loop, peer.port, tls, "localhost");
    CHECK(tls_failed(&talk, WEIR_E_TLS, words) ||
          tls_failed(&talk, WEIR_E_PROTOCOL, words));
    CHECK(scene.nth.most_bytes < 1024 * KIB);
    weir_tls_context_free(tls);
    ssl_peer_join(&peer);
    tls_scene_close(&scene);
    CHECK(peer.shook);
    if (!CHECK(peer.count < FLOOD))
        fprintf(stderr, "    %ld of them\n", peer.count);
}

/* RFC 8446 4.6.3 and 4.6.1. Neither says how many are too many. */
TEST(tls_messages, a_flood_of_messages_without_data_is_stopped)
{
    static const char *const words[] = {"handshake messages", NULL};
    try_flood(flood_with_key_updates, words);
    try_flood(flood_with_requests, words);
    try_flood(flood_with_tickets, words);
}

TEST(tls_messages, a_flood_is_stopped_by_a_server_too)
{
    static const char *const words[] = {"handshake messages", NULL};
    void (*const plays[])(struct ssl_peer *) = {flood_with_key_updates,
                                                flood_with_requests};
    for (int i = 0; i < 2; i++) {
        struct tls_scene scene;
        struct tls_echo echo;
        struct ssl_peer peer;
        tls_scene_open(&scene);
        weir_tls_context *tls = tls_server(NULL);
        tls_echo_open(&echo, scene.loop, tls);
        ssl_peer_visit(&peer, echo.port, TLS1_3_VERSION, plays[i]);
        wait_for(scene.loop, &peer);
        CHECK_INT(echo.failures, 1);
        tls_failed(&echo.latest, WEIR_E_TLS, words);
        CHECK(scene.nth.most_bytes < 1024 * KIB);
        tls_echo_close(&echo);
        weir_tls_context_free(tls);
        ssl_peer_join(&peer);
        tls_scene_close(&scene);
        CHECK(peer.shook && peer.count < FLOOD);
    }
}

#define MUCH ((long)(8 * 1024 * KIB))

static void send_much(struct ssl_peer *peer)
{
    static char bytes[16 * 1024];
    read_line(peer->ssl);
    while (peer->count < MUCH && SSL_write(peer->ssl, bytes, sizeof(bytes)) > 0)
        peer->count += (long)sizeof(bytes);
    SSL_shutdown(peer->ssl);
    ssl_peer_hang_up(peer);
}

/* Data is no flood: who does not read it does not buffer it either. */
TEST(tls_messages, a_peer_that_sends_too_fast_is_held_back)
{
    struct tls_scene scene;
    struct ssl_peer peer;
    weir_slice bytes;
    long got = 0;
    tls_scene_open(&scene);
    ssl_peer_serve(&peer, TLS1_3_VERSION, send_much);
    weir_tls_context *tls = tls_client(NULL);
    weir_stream *stream = connect_and_ask(&scene, tls, peer.port);
    weir_sleep(scene.loop, 100);
    CHECK(!ssl_peer_is_done(&peer));
    CHECK(scene.nth.most_bytes < 512 * KIB);
    while (weir_read(weir_stream_reader(stream), WEIR_NO_LIMIT, &bytes) > 0)
        got += (long)bytes.len;
    CHECK_INT(got, MUCH);
    CHECK(weir_reader_at_eof(weir_stream_reader(stream)));
    CHECK(scene.nth.most_bytes < 1024 * KIB);
    CHECK_INT(weir_stream_close(stream), WEIR_OK);
    weir_tls_context_free(tls);
    ssl_peer_join(&peer);
    tls_scene_close(&scene);
}

static void read_slowly(struct ssl_peer *peer)
{
    static char bytes[16 * 1024];
    struct timespec pause = {0, 100 * 1000 * 1000};
    int len;
    nanosleep(&pause, NULL);
    while ((len = SSL_read(peer->ssl, bytes, sizeof(bytes))) > 0)
        peer->count += len;
    SSL_shutdown(peer->ssl);
}

/* weir/writer.h: 1 MiB may wait to be sent, and drain() keeps it at 64 KiB. */
TEST(tls_messages, a_peer_that_reads_too_slowly_is_waited_for)
{
    static char bytes[64 * 1024];
    struct tls_scene scene;
    struct ssl_peer peer;
    tls_scene_open(&scene);
    ssl_peer_serve(&peer, TLS1_3_VERSION, read_slowly);
    weir_tls_context *tls = tls_client(NULL);
    weir_stream *stream = connect_and_ask(&scene, tls, peer.port);
    weir_writer *writer = weir_stream_writer(stream);
    for (long sent = 0; sent < MUCH; sent += (long)sizeof(bytes)) {
        REQUIRE(weir_write(writer, (weir_slice){bytes, sizeof(bytes)}) == WEIR_OK);
        REQUIRE(weir_drain(writer) == WEIR_OK);
    }
    CHECK(scene.nth.most_bytes < 1024 * KIB);
    CHECK_INT(weir_stream_close(stream), WEIR_OK);
    ssl_peer_join(&peer);
    CHECK_INT(peer.count, MUCH + 6);
    weir_tls_context_free(tls);
    tls_scene_close(&scene);
}

/* Echoes lines, and updates the keys before each; every second one asks for the same. */
static void echo_with_key_updates(struct ssl_peer *peer)
{
    char line[256];
    int len;
    while ((len = SSL_read(peer->ssl, line, sizeof(line))) > 0) {
        int kind =
            peer->count++ % 2 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
        if (SSL_key_update(peer->ssl, kind) != 1 || SSL_do_handshake(peer->ssl) != 1 ||
            SSL_write(peer->ssl, line, len) != len)
            return;
    }
}

/* RFC 8446 4.6.3: with data in between any number is in order. */
TEST(tls_messages, key_updates_between_data_are_in_order)
{
    struct tls_scene scene;
    struct ssl_peer peer;
    weir_slice line;
    char text[32];
    tls_scene_open(&scene);
    ssl_peer_serve(&peer, TLS1_3_VERSION, echo_with_key_updates);
    weir_tls_context *tls = tls_client(NULL);
    weir_stream *stream = connect_and_ask(&scene, tls, peer.port);
    CHECK_INT(weir_readline(weir_stream_reader(stream), &line), 6);
    for (int i = 0; i < 500; i++) {
        snprintf(text, sizeof(text), "line %d\n", i);
        CHECK_INT(weir_write(weir_stream_writer(stream), weir_slice_of(text)), WEIR_OK);
        REQUIRE(weir_readline(weir_stream_reader(stream), &line) > 0);
        CHECK_BYTES(line, weir_slice_of(text));
    }
    CHECK_INT(weir_stream_close(stream), WEIR_OK);
    weir_tls_context_free(tls);
    ssl_peer_join(&peer);
    tls_scene_close(&scene);
    CHECK_INT(peer.count, 501);
}

/* What a person types at s_server: k and K update the keys, R asks for a handshake. */
TEST(tls_messages, s_server_may_update_its_keys)
{
    struct tls_scene scene;
    struct s_server server;
    weir_slice line;
    const char *const arguments[] = {"-tls1_3", NULL};
    s_server_start(&server, "localhost", arguments);
    tls_scene_open(&scene);
    weir_tls_context *tls = tls_client(NULL);
    weir_stream *stream = connect_and_ask(&scene, tls, server.peer.port);
    CHECK(s_server_said(&server, scene.loop, "go on"));
    s_server_type(&server, "k\n");
    weir_sleep(scene.loop, 30);
    s_server_type(&server, "K\n");
    weir_sleep(scene.loop, 30);
    s_server_type(&server, "after\n");
    CHECK_INT(weir_readline(weir_stream_reader(stream), &line), 6);
    CHECK_BYTES(line, WEIR_S("after\n"));
    CHECK_INT(weir_write(weir_stream_writer(stream), WEIR_S("and back\n")), WEIR_OK);
    CHECK(s_server_said(&server, scene.loop, "and back"));
    CHECK_INT(weir_stream_close(stream), WEIR_OK);
    weir_tls_context_free(tls);
    tls_scene_close(&scene);
    s_server_stop(&server);
}
