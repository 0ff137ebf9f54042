/* Records that were changed on the way: bits turned, lengths too long.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tls_scene.h"

/* RFC 8446 5.1 */
#define APPLICATION_DATA 23

/* For a handshake that waits for what was cut off a length. */
#define TIMEOUT_MS (300u * (unsigned)tls_slowness())

static const weir_tls_version VERSIONS[] = {WEIR_TLS_1_3, WEIR_TLS_1_2};

/* A length that is mangled can leave a side waiting for more. */
static bool is_refusal(const struct tls_talk *talk)
{
    return (talk->rc == WEIR_E_TLS || talk->rc == WEIR_E_TIMEOUT) &&
           talk->sentence[0] && talk->ms < TLS_PATIENCE_MS;
}

/* Of the last record nobody may be left to hear: it can be the goodbye. */
static void flip_each(struct tls_line *line, struct wire_way *way,
                      const char *direction)
{
    static const size_t PLACES[] = {5, 9, 20};
    struct tls_talk talk;
    tls_line_talk(line, &talk);
    tls_went_well(&talk, "as it is");
    size_t count = way->records;
    CHECK(count >= 4);
    for (size_t i = 0; i < count * 3; i++) {
        way->record = i / 3;
        way->at = PLACES[i % 3];
        way->flip = 0x10;
        way->mangled = false;
        tls_line_talk(line, &talk);
        bool ok = talk.rc == WEIR_OK ? CHECK(!way->mangled || i / 3 + 1 == count)
                                     : CHECK(way->mangled && is_refusal(&talk));
        if (!ok)
            fprintf(stderr, "    %s, record %zu, byte %zu: %s: %s: %s\n", direction,
                    i / 3, PLACES[i % 3], talk.step, weir_status_name(talk.rc),
                    talk.sentence);
    }
    wire_reset(&line->wire);
}

/* RFC 8446 5.2: bad_record_mac. A byte that is not there changes nothing. */
TEST(tls_records, a_bit_that_is_turned_is_found)
{
    for (int i = 0; i < 2; i++) {
        struct tls_line line;
        tls_line_open(&line, true, VERSIONS[i], TIMEOUT_MS);
        flip_each(&line, &line.wire.down, "down");
        flip_each(&line, &line.wire.up, "up");
        tls_line_close(&line);
    }
}

/* How many records of data the server has sent when the handshake is over: in TLS 1.3
 * the encrypted messages of the handshake look the same. */
static size_t records_of_handshake(struct tls_line *line)
{
    weir_stream *stream = NULL;
    line->wire.down.count_type = APPLICATION_DATA;
    REQUIRE(weir_open_connection(line->scene.loop, &stream, "127.0.0.1",
                                 wire_port(&line->wire), .tls = line->client_tls,
                                 .server_name = "localhost") == WEIR_OK);
    size_t count = line->wire.down.records;
    weir_stream_close(stream);
    return count;
}

/* The same, and what is said of it, for a record with data in it. */
TEST(tls_records, data_that_was_changed_is_no_data)
{
    static const char *const own[] = {"bad record mac", NULL};
    static const char *const theirs[] = {"bad_record_mac", NULL};
    for (int i = 0; i < 2; i++) {
        struct tls_line line;
        struct tls_talk talk;
        tls_line_open(&line, true, VERSIONS[i], TIMEOUT_MS);
        line.wire.down.record = records_of_handshake(&line);
        line.wire.down.at = 9;
        line.wire.down.flip = 1;
        tls_line_talk(&line, &talk);
        tls_failed(&talk, WEIR_E_TLS, own);
        CHECK_INT(strcmp(talk.step, "read"), 0);

        wire_reset(&line.wire);
        line.wire.up.count_type = APPLICATION_DATA;
        line.wire.up.record = VERSIONS[i] == WEIR_TLS_1_3; /* after Finished */
        line.wire.up.at = 9;
        line.wire.up.flip = 1;
        tls_line_talk(&line, &talk);
        tls_failed(&talk, WEIR_E_TLS, theirs);
        tls_failed(&line.echo.latest, WEIR_E_TLS, own);
        tls_line_close(&line);
    }
}

/* RFC 8446 5.1, 5.2 and RFC 5246 6.2: 2^14 bytes, and 256 or 2048 more when encrypted.
 * It is refused when its header is there, not when it is. */
TEST(tls_records, a_record_that_is_too_long_is_refused)
{
    static const struct {
        weir_tls_version version;
        unsigned type; /* 0: the first of all, ServerHello or ClientHello */
        unsigned length;
    } CASES[] = {
        {WEIR_TLS_1_3, 0, 0xffff},
        {WEIR_TLS_1_3, APPLICATION_DATA, 16 * 1024 + 257},
        {WEIR_TLS_1_3, APPLICATION_DATA, 0xffff},
        {WEIR_TLS_1_2, 0, 0xffff},
        {WEIR_TLS_1_2, APPLICATION_DATA, 16 * 1024 + 2049},
    };
    static const char *const words[] = {"too long", NULL};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct tls_line line;
        struct tls_talk talk;
        tls_line_open(&line, true, CASES[i].version, TIMEOUT_MS);
        for (int upwards = 0; upwards < 2; upwards++) {
            wire_reset(&line.wire);
            struct wire_way *way = upwards ? &line.wire.up : &line.wire.down;
            way->record = 0;
            way->count_type = CASES[i].type;
            way->claim_length = CASES[i].length;
            tls_line_talk(&line, &talk);
            bool ok =
                upwards ? CHECK(talk.rc < 0) : tls_failed(&talk, WEIR_E_TLS, words);
            if (upwards)
                ok &= tls_failed(&line.echo.latest, WEIR_E_TLS, words);
            if (!ok)
                fprintf(stderr, "    case %zu, %s\n", i, upwards ? "up" : "down");
        }
        tls_line_close(&line);
    }
}
