/* Why a connection has failed, word by word (tls/connection_fail.c, tls/alert.c), and what
 * is counted against floods.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "alert.h"
#include "context_inside.h"
#include "pair.h"

static const struct credential_wish LEAF = {.subject = "leaf",
                                            .names = "DNS:a.example"};

/* One end, with a memory that the test writes into. */
struct end {
    struct pair_world world;
    weir_tls_context *context;
    weir__tls_connection connection;
    BIO *in;
};

static void end_open(struct end *end, bool is_server)
{
    memset(end, 0, sizeof(*end));
    world_open(&end->world, &LEAF);
    end->context = is_server ? world_server(&end->world, (weir_tls_options){0})
                             : world_client(&end->world, (weir_tls_options){0});
    REQUIRE(weir__tls_connection_open(&end->connection, end->context, "a.example") ==
            WEIR_OK);
    end->in = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(end->in, -1);
    SSL_set_bio(end->connection.ssl, end->in, BIO_new(BIO_s_mem()));
}

static void end_close(struct end *end)
{
    weir__tls_connection_close(&end->connection);
    weir_tls_context_free(end->context);
    world_close(&end->world);
}

/* Feeds bytes to a handshake, and then the end of the stream if `ended`. */
static void check_fed(bool is_server, weir_slice bytes, bool ended, const char *message)
{
    struct end end;
    end_open(&end, is_server);
    size_t first = bytes.len < 8 ? bytes.len : 8;
    if (bytes.len > 0)
        REQUIRE(BIO_write(end.in, bytes.data, (int)bytes.len) == (int)bytes.len);
    memcpy(end.connection.first, bytes.data ? bytes.data : "", first);
    end.connection.first_len = (unsigned char)first;
    if (ended)
        BIO_set_mem_eof_return(end.in, 0);
    int result = SSL_do_handshake(end.connection.ssl);
    CHECK(result <= 0);
    CHECK_INT(weir__tls_connection_fail(&end.connection, result, "handshake"),
              WEIR_E_TLS);
    CHECK_TEXT(weir_last_error()->message, message);
    CHECK_TEXT(weir_last_error()->operation, "handshake");
    CHECK_INT(ERR_peek_error(), 0);
    end_close(&end);
}

TEST(tls_fail, what_is_not_tls_is_named)
{
    check_fed(false, WEIR_S("HTTP/1.1 400 Bad Request\r\n\r\n"), false,
              "the server speaks plain HTTP on this port, not TLS (is it http: rather "
              "than https:?)");
    check_fed(false, WEIR_S("SSH-2.0-OpenSSH_9.2\r\n"), false,
              "the server does not speak TLS: it began with \"SSH-2.0-\"");
    check_fed(false, WEIR_S("220 mail.example ESMTP\r\n"), false,
              "the server does not speak TLS: it began with \"220 mail\"");
    check_fed(false, WEIR_S("\x1b[2J\xff\r\n....."), false,
              "the server does not speak TLS: it began with \"\\x1b[2J\\xff\\r\\n.\"");
    check_fed(true, WEIR_S("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"), false,
              "the client speaks plain HTTP, where TLS is spoken");
    check_fed(true, WEIR_S("CONNECT a.example:443 HTTP/1.1\r\n\r\n"), false,
              "the client speaks plain HTTP, where TLS is spoken");
    check_fed(true, WEIR_S("PATCH / HTTP/1.1\r\nHost: a\r\n\r\n"), false,
              "the client speaks plain HTTP, where TLS is spoken");
    check_fed(true, WEIR_S("SSH-2.0-OpenSSH_9.2\r\n"), false,
              "the client does not speak TLS: it began with \"SSH-2.0-\"");
}

TEST(tls_fail, an_end_is_told_by_when_it_comes)
{
    check_fed(false, WEIR_S(""), true,
              "the server ended the connection before it said anything (does it speak "
              "TLS on this port?)");
    check_fed(false, WEIR_S("\x16\x03\x03"), true,
              "the server ended the connection in the middle of the handshake");
    check_fed(true, WEIR_S("\x16\x03\x01\x02\x00\x01"), true,
              "the client ended the connection in the middle of the handshake");
}

/* RFC 8446 6: an alert is a record of type 21 with a level and a description. */
static void check_alert(unsigned char alert, const char *message)
{
    char record[] = "\x15\x03\x03\x00\x02\x02?";
    record[6] = (char)alert;
    check_fed(false, (weir_slice){record, 7}, false, message);
}

TEST(tls_fail, an_alert_is_told_in_words)
{
    check_alert(
        SSL_AD_HANDSHAKE_FAILURE,
        "the server finds nothing to agree on (its alert: handshake_failure); we "
        "have TLS 1.2 and 1.3");
    check_alert(SSL_AD_PROTOCOL_VERSION,
                "the server speaks no version of TLS that we do: we speak TLS 1.2 and "
                "1.3 (its alert: protocol_version)");
    check_alert(SSL_AD_UNRECOGNIZED_NAME,
                "the server has no certificate for the name a.example (its alert: "
                "unrecognized_name)");
    check_alert(SSL_AD_BAD_CERTIFICATE,
                "the server wants a certificate of ours, and we have none (its alert: "
                "bad_certificate)");
    check_alert(SSL_AD_INTERNAL_ERROR,
                "the server has failed by itself (its alert: internal_error)");
    check_alert(SSL_AD_ACCESS_DENIED,
                "the server denies us access (its alert: access_denied)");
    check_alert(SSL_AD_USER_CANCELLED,
                "the server has cancelled the handshake (its alert: user_canceled)");
    check_alert(
        SSL_AD_DECODE_ERROR,
        "the server cannot make sense of what we sent (its alert: decode_error)");
    check_alert(99, "the server refuses to go on (its alert: 99)");
}

/* Every alert has a sentence that fits, whatever the options are. */
TEST(tls_fail, no_sentence_is_cut)
{
    struct end end;
    char text[256];
    end_open(&end, false);
    weir__tls_context *context = weir__tls_context_inside(end.context);
    static char list[200];
    memset(list, 'X', sizeof(list) - 1);
    weir_tls_options kept = context->options;
    context->options.ciphers = list;
    context->options.groups = list;
    for (int alert = 0; alert < 256; alert++) {
        weir__tls_alert_text(&end.connection, alert, text, sizeof(text));
        CHECK(strlen(text) < sizeof(text) - 1);
    }
    context->options = kept;
    end_close(&end);
}

TEST(tls_fail, broken_records_are_the_peers_fault)
{
    check_fed(false, WEIR_S("\x17\x03\x03\x00\x01x"), false,
              "the server broke the TLS protocol: unexpected message");
    check_fed(false, WEIR_S("\x16\x03\x03\xff\xffx"), false,
              "the server broke the TLS protocol: packet length too long");
    check_fed(false, WEIR_S("\x16\x03\x03\x00\x04\x02\x00\x00\x00"), false,
              "the server broke the TLS protocol: length mismatch");
}

/* --- after the handshake --- */

struct scene {
    struct pair_world world;
    weir_tls_context *client;
    weir_tls_context *server;
    struct pair pair;
};

static void scene_open(struct scene *scene, weir_tls_version version)
{
    world_open(&scene->world, &LEAF);
    scene->client =
        world_client(&scene->world, (weir_tls_options){.max_version = version});
    scene->server = world_server(&scene->world, (weir_tls_options){0});
    pair_open(&scene->pair, scene->client, scene->server, "a.example");
    REQUIRE(pair_shake(&scene->pair));
}

static void scene_close(struct scene *scene)
{
    pair_close(&scene->pair);
    weir_tls_context_free(scene->client);
    weir_tls_context_free(scene->server);
    world_close(&scene->world);
}

/* Reads from the peer; the status of the failure. */
static int fail_read(struct pair_end *end)
{
    char byte;
    size_t count;
    int result = SSL_read_ex(end->connection.ssl, &byte, 1, &count);
    CHECK_INT(result, 0);
    return weir__tls_connection_fail(&end->connection, result, "read");
}

/* RFC 8446 6.1: "Each party MUST send a close_notify alert before closing". */
TEST(tls_fail, an_end_without_close_notify_is_a_truncation)
{
    struct scene scene;
    scene_open(&scene, WEIR_TLS_1_3);
    BIO_shutdown_wr(SSL_get_wbio(scene.pair.server.connection.ssl));
    CHECK_INT(fail_read(&scene.pair.client), WEIR_E_INCOMPLETE);
    CHECK_TEXT(weir_last_error()->message,
               "the server ended the connection without close_notify: what came may be "
               "cut off");
    scene_close(&scene);
}

TEST(tls_fail, a_goodbye_is_no_truncation)
{
    struct scene scene;
    scene_open(&scene, WEIR_TLS_1_3);
    SSL_shutdown(scene.pair.server.connection.ssl);
    CHECK_INT(fail_read(&scene.pair.client), WEIR_E_TLS);
    CHECK_TEXT(weir_last_error()->message,
               "the server ended the connection (close_notify)");
    scene_close(&scene);
}

TEST(tls_fail, a_forged_record_is_found)
{
    struct scene scene;
    scene_open(&scene, WEIR_TLS_1_3);
    BIO *way = SSL_get_wbio(scene.pair.server.connection.ssl);
    REQUIRE(BIO_write(way,
                      "\x17\x03\x03\x00\x18"
                      "0123456789abcdefghijklmn",
                      29) == 29);
    CHECK_INT(fail_read(&scene.pair.client), WEIR_E_TLS);
    CHECK_TEXT(
        weir_last_error()->message,
        "the server broke the TLS protocol: decryption failed or bad record mac");
    /* The other side hears of it. */
    CHECK_INT(fail_read(&scene.pair.server), WEIR_E_TLS);
    CHECK_TEXT(weir_last_error()->message,
               "the client cannot make sense of what we sent (its alert: "
               "bad_record_mac)");
    scene_close(&scene);
}

static void update_keys(struct scene *scene)
{
    char byte;
    size_t count;
    SSL *ssl = scene->pair.server.connection.ssl;
    REQUIRE(SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
    REQUIRE(SSL_do_handshake(ssl) == 1);
    (void)SSL_read_ex(scene->pair.client.connection.ssl, &byte, 1, &count);
}

/* RFC 8446 4.6.3: an update of keys costs a peer next to nothing to send. */
TEST(tls_fail, many_updates_of_keys_are_a_flood)
{
    struct scene scene;
    scene_open(&scene, WEIR_TLS_1_3);
    for (int i = 0; i < 32; i++)
        update_keys(&scene);
    CHECK(!weir__tls_connection_is_flooded(&scene.pair.client.connection));
    CHECK(pair_send(&scene.pair.server, &scene.pair.client));
    for (int i = 0; i < 32; i++)
        update_keys(&scene);
    CHECK(!weir__tls_connection_is_flooded(&scene.pair.client.connection));
    update_keys(&scene);
    CHECK(weir__tls_connection_is_flooded(&scene.pair.client.connection));
    CHECK_INT(weir__tls_connection_fail(&scene.pair.client.connection, -1, "read"),
              WEIR_E_TLS);
    CHECK_TEXT(weir_last_error()->message,
               "the server sent more than 32 handshake messages in a row, and no data");
    scene_close(&scene);
}

/* RFC 5246 7.4.1.1: a HelloRequest may be ignored; renegotiation is not done here. */
TEST(tls_fail, a_wish_to_renegotiate_is_refused_and_counted)
{
    struct scene scene;
    char byte;
    size_t count;
    scene_open(&scene, WEIR_TLS_1_2);
    SSL *server = scene.pair.server.connection.ssl;
    CHECK_INT(SSL_renegotiate(server), 0);
    SSL_clear_options(server, SSL_OP_NO_RENEGOTIATION);
    unsigned before = scene.pair.client.connection.unsettled;
    REQUIRE(SSL_renegotiate(server) == 1);
    REQUIRE(SSL_do_handshake(server) == 1);
    CHECK(SSL_read_ex(scene.pair.client.connection.ssl, &byte, 1, &count) == 0);
    CHECK(scene.pair.client.connection.unsettled > before);
    ERR_clear_error();
    scene_close(&scene);
}
