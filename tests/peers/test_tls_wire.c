/* A handshake with what is not TLS, with nobody, and with a wire that breaks, stalls or
 * cuts at each byte: a status and a sentence in time, or no difference at all.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls_scene.h"

/* A server, or a client, that says this and then listens until the other side ends. */
static int say(weir_stream *stream, void *arg)
{
    const weir_slice *bytes = arg;
    weir_slice answer;
    int rc = weir_write(weir_stream_writer(stream), *bytes);
    while (rc >= 0 && (rc = weir_read(weir_stream_reader(stream), 4096, &answer)) > 0)
        continue;
    return rc;
}

static weir_slice noise(void)
{
    static char bytes[4096];
    uint32_t number = 1;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        number = number * 1664525 + 1013904223;
        bytes[i] = (char)(number >> 24);
    }
    return (weir_slice){bytes, sizeof(bytes)};
}

struct stranger {
    weir_slice says;
    const char *words[3];
};

#define STRANGER(text, ...)       \
    {                             \
        {text, sizeof(text) - 1}, \
        {                         \
            __VA_ARGS__, NULL     \
        }                         \
    }

TEST(tls_wire, a_client_says_what_it_is_that_is_not_tls)
{
    struct stranger cases[] = {
        STRANGER("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "HTTP",
                 "not TLS"),
        STRANGER("SSH-2.0-OpenSSH_9.2p1\r\n", "not speak TLS", "SSH"),
        STRANGER("220 smtp.example.test ESMTP\r\n", "not speak TLS"),
        STRANGER("\0\0\0\0\0\0\0\0\0\0\0\0", "TLS"),
        {noise(), {"TLS", NULL}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tls_scene scene;
        struct tls_echo stranger;
        struct tls_talk talk;
        tls_scene_open(&scene);
        weir_tls_context *tls = tls_client(NULL);
        tls_echo_open(&stranger, scene.loop, NULL);
        stranger.on_connect = say;
        stranger.arg = &cases[i].says;
        tls_talk(&talk, scene.loop, stranger.port, tls, "localhost");
        if (!tls_failed(&talk, WEIR_E_TLS, cases[i].words))
            fprintf(stderr, "    of stranger %zu\n", i);
        tls_echo_close(&stranger);
        weir_tls_context_free(tls);
        tls_scene_close(&scene);
    }
}

static void visit(weir_loop *loop, int port, weir_slice says)
{
    weir_stream *stream;
    REQUIRE(weir_open_connection(loop, &stream, "127.0.0.1", port) == WEIR_OK);
    say(stream, &says);
    weir_stream_close(stream);
}

TEST(tls_wire, a_server_says_what_it_is_that_is_not_tls)
{
    struct stranger cases[] = {
        STRANGER("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP", "TLS"),
        STRANGER("SSH-2.0-OpenSSH_9.2p1\r\n", "not speak TLS", "SSH"),
        STRANGER("EHLO client.test\r\n", "not speak TLS"),
        STRANGER("\0\0\0\0\0\0\0\0\0\0\0\0", "TLS"),
        {noise(), {"TLS", NULL}},
    };
    struct tls_scene scene;
    struct tls_echo echo;
    tls_scene_open(&scene);
    weir_tls_context *tls = tls_server(NULL);
    tls_echo_open(&echo, scene.loop, tls);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        visit(scene.loop, echo.port, cases[i].says);
        if (!tls_failed(&echo.latest, WEIR_E_TLS, cases[i].words))
            fprintf(stderr, "    of stranger %zu\n", i);
        CHECK_INT(echo.failures, i + 1);
    }
    tls_echo_close(&echo);
    weir_tls_context_free(tls);
    tls_scene_close(&scene);
}

TEST(tls_wire, silence_ends_a_handshake_in_time)
{
    static const char *const words[] = {"handshake", "200 ms", NULL};
    weir_slice nothing = {"", 0};
    weir_tls_options options = {.handshake_timeout_ms = 200};
    struct tls_scene scene;
    struct tls_echo mute, echo;
    struct tls_talk talk;
    tls_scene_open(&scene);
    weir_tls_context *client = tls_client(&options);
    weir_tls_context *server = tls_server(&options);

    tls_echo_open(&mute, scene.loop, NULL);
    mute.on_connect = say;
    mute.arg = &nothing;
    tls_talk(&talk, scene.loop, mute.port, client, "localhost");
    tls_failed(&talk, WEIR_E_TIMEOUT, words);
    CHECK(talk.ms >= 199 && talk.ms < 3000);
    tls_echo_close(&mute);

    tls_echo_open(&echo, scene.loop, server);
    visit(scene.loop, echo.port, nothing);
    tls_failed(&echo.latest, WEIR_E_TIMEOUT, words);
    tls_echo_close(&echo);
    weir_tls_context_free(client);
    weir_tls_context_free(server);
    tls_scene_close(&scene);
}

/* How far a conversation came: further with more bytes, never less far. */
static int progress(const struct tls_talk *talk)
{
    if (talk->rc == WEIR_OK)
        return 3;
    return strcmp(talk->step, "connect") == 0 ? 0
           : strcmp(talk->step, "read") == 0  ? 2
                                              : 1;
}

static bool is_break(const struct tls_talk *talk)
{
    return talk->rc == WEIR_E_TLS || talk->rc == WEIR_E_CONNECTION ||
           talk->rc == WEIR_E_INCOMPLETE;
}

/* A stall after the handshake is nobody's fault: the caller has a deadline. */
static void line_talk_for(struct tls_line *line, struct tls_talk *talk, uint64_t ms)
{
    weir_timeout timeout = weir_timeout_start(line->scene.loop, ms);
    tls_line_talk(line, talk);
    weir_timeout_end(&timeout);
}

/* After each number of bytes the wire ends in this way, for both. Of a stall on the way
 * to the server it may be the server that has enough first. */
static void break_everywhere(bool own, weir_tls_version version, bool upwards,
                             enum wire_end end, size_t step)
{
    struct tls_line line;
    struct tls_talk talk;
    int reached = 0;
    uint32_t timeout_ms = end == WIRE_STALL ? 100u * (unsigned)tls_slowness() : 0;
    tls_line_open(&line, own, version, timeout_ms);
    tls_line_talk(&line, &talk);
    tls_went_well(&talk, "the wire as it is");
    struct wire_way *way = upwards ? &line.wire.up : &line.wire.down;
    size_t total = way->passed;
    CHECK(total > 100);
    for (size_t k = 0; k < total; k += step) {
        way->stop_at = k;
        way->end = end;
        line_talk_for(&line, &talk,
                      end == WIRE_STALL ? 2 * timeout_ms : TLS_PATIENCE_MS);
        bool ok = CHECK(progress(&talk) >= reached);
        ok &= CHECK(talk.rc == WEIR_OK || talk.sentence[0]);
        if (end == WIRE_STALL)
            ok &= CHECK(talk.rc == WEIR_E_TIMEOUT || talk.rc == WEIR_OK ||
                        (is_break(&talk) && upwards && progress(&talk) > 0));
        else
            ok &= CHECK(talk.rc == WEIR_OK || is_break(&talk));
        ok &= CHECK(talk.ms < TLS_PATIENCE_MS);
        if (!ok)
            fprintf(stderr, "    after %zu of %zu: %s: %s: %s\n", k, total, talk.step,
                    weir_status_name(talk.rc), talk.sentence);
        reached = progress(&talk);
        REQUIRE(ok || k + 1 < total);
    }
    tls_line_close(&line);
}

TEST(tls_wire, that_closes_after_any_byte_of_the_server_ends_in_a_sentence)
{
    size_t step = (size_t)tls_slowness();
    break_everywhere(false, WEIR_TLS_1_3, false, WIRE_CLOSE, step);
    break_everywhere(false, WEIR_TLS_1_2, false, WIRE_CLOSE, 3 * step);
    break_everywhere(true, WEIR_TLS_1_3, false, WIRE_CLOSE, 5 * step);
}

TEST(tls_wire, that_closes_after_any_byte_of_the_client_ends_in_a_sentence)
{
    size_t step = (size_t)tls_slowness();
    break_everywhere(true, WEIR_TLS_1_3, true, WIRE_CLOSE, step);
    break_everywhere(true, WEIR_TLS_1_2, true, WIRE_CLOSE, 3 * step);
    break_everywhere(false, WEIR_TLS_1_3, true, WIRE_CLOSE, 5 * step);
}

TEST(tls_wire, that_is_reset_ends_in_a_sentence)
{
    size_t step = 11 * (size_t)tls_slowness();
    break_everywhere(false, WEIR_TLS_1_3, false, WIRE_RESET, step);
    break_everywhere(true, WEIR_TLS_1_3, true, WIRE_RESET, step);
}

TEST(tls_wire, that_stalls_ends_in_a_timeout)
{
    size_t step = 131 * (size_t)tls_slowness();
    break_everywhere(false, WEIR_TLS_1_3, false, WIRE_STALL, step);
    break_everywhere(true, WEIR_TLS_1_3, true, WIRE_STALL, step);
    break_everywhere(false, WEIR_TLS_1_2, false, WIRE_STALL, step);
}

static void line_cuts(bool own, weir_tls_version version)
{
    struct tls_line line;
    struct tls_talk talk;
    tls_line_open(&line, own, version, 0);
    tls_line_talk(&line, &talk);
    tls_went_well(&talk, "whole");
    line.wire.up.piece = line.wire.down.piece = 1;
    tls_line_talk(&line, &talk);
    tls_went_well(&talk, "byte by byte");
    wire_reset(&line.wire);
    for (size_t k = 1; k < 2000; k += (size_t)tls_slowness()) {
        line.wire.up.cut_at = line.wire.down.cut_at = k;
        tls_line_talk(&line, &talk);
        if (!tls_went_well(&talk, "cut"))
            fprintf(stderr, "    at %zu\n", k);
    }
    tls_line_close(&line);
}

/* RFC 8446 5.1: records need not come as they were sent. */
TEST(tls_wire, that_cuts_changes_nothing)
{
    line_cuts(true, WEIR_TLS_1_3);
}

TEST(tls_wire, that_cuts_changes_nothing_in_tls_1_2)
{
    line_cuts(true, WEIR_TLS_1_2);
}

TEST(tls_wire, byte_by_byte_changes_nothing_for_others)
{
    static const weir_tls_version VERSIONS[] = {WEIR_TLS_1_2, WEIR_TLS_1_3};
    for (int i = 0; i < 2; i++) {
        struct tls_line line;
        struct tls_talk talk;
        tls_line_open(&line, false, VERSIONS[i], 0);
        line.wire.up.piece = line.wire.down.piece = 1;
        tls_line_talk(&line, &talk);
        tls_went_well(&talk, "byte by byte");
        tls_line_close(&line);
    }
}
