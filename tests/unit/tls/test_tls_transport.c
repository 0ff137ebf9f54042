/* TLS in the callback layer: what a protocol is told, in which order, and what it may
 * do (weir/tls.h, weir/transport.h).
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <weir/weir.h>

#include "certificates.h"
#include "nth.h"
#include "test.h"

#define KIB ((size_t)1024)

struct scene;

/* One end, and what it was told. */
struct side {
    struct scene *scene;
    weir_transport *transport;
    char notes[64]; /* m: made, d: data (once in a row), e: end, p, r, l: lost */
    size_t received;
    bool right; /* all bytes were those of the pattern */
    int status;
    char sentence[256];
    size_t space; /* for get_buffer */
    char memory[4096];

    /* What it does about it. */
    int keep; /* what eof_received returns */
    int (*on_made)(struct side *side);
    int (*on_data)(struct side *side);
};

struct scene {
    struct nth nth;
    weir_loop *loop;
    weir_tls_context *client_context;
    weir_tls_context *server_context;
    weir_server *server;
    const weir_protocol *server_protocol;
    struct side client;
    struct side at_server;
};

static char pattern(size_t offset)
{
    return (char)(offset * 11 + offset / 253);
}

static void note(struct side *side, char what)
{
    size_t len = strlen(side->notes);
    if (len + 1 < sizeof(side->notes) &&
        !(what == 'd' && len && side->notes[len - 1] == 'd'))
        side->notes[len] = what;
}

static int made(weir_transport *transport, void *self)
{
    struct side *side = self;
    side->transport = transport;
    note(side, 'm');
    return side->on_made ? side->on_made(side) : WEIR_OK;
}

static int data(weir_transport *transport, void *self, weir_slice bytes)
{
    struct side *side = self;
    (void)transport;
    note(side, 'd');
    for (size_t i = 0; i < bytes.len; i++)
        side->right = side->right && bytes.data[i] == pattern(side->received + i);
    side->received += bytes.len;
    return side->on_data ? side->on_data(side) : WEIR_OK;
}

static int end(weir_transport *transport, void *self)
{
    struct side *side = self;
    (void)transport;
    note(side, 'e');
    return side->keep;
}

static void pause_writing(weir_transport *transport, void *self)
{
    (void)transport;
    note(self, 'p');
}

static void resume_writing(weir_transport *transport, void *self)
{
    (void)transport;
    note(self, 'r');
}

static void lost(weir_transport *transport, void *self, int status)
{
    struct side *side = self;
    (void)transport;
    note(side, 'l');
    side->transport = NULL;
    side->status = status;
    if (status < 0)
        strcpy(side->sentence, weir_last_error()->message);
}

static char *space(weir_transport *transport, void *self, size_t *size)
{
    struct side *side = self;
    (void)transport;
    *size = side->space;
    return side->memory;
}

static const weir_protocol PROTOCOL = {
    .connection_made = made,
    .data_received = data,
    .eof_received = end,
    .pause_writing = pause_writing,
    .resume_writing = resume_writing,
    .connection_lost = lost,
};

static const weir_protocol PROTOCOL_WITH_SPACE = {
    .connection_made = made,
    .get_buffer = space,
    .data_received = data,
    .eof_received = end,
    .connection_lost = lost,
};

static int accept_one(void *arg, const weir_protocol **protocol, void **self)
{
    struct scene *scene = arg;
    *protocol = scene->server_protocol;
    *self = &scene->at_server;
    return WEIR_OK;
}

static void open_scene(struct scene *scene, const char *trusted)
{
    memset(scene, 0, sizeof(*scene));
    nth_init(&scene->nth, 0);
    scene->loop =
        weir_loop_new(&(weir_loop_options){.allocator = &scene->nth.allocator});
    scene->client = (struct side){.scene = scene, .right = true};
    scene->at_server = (struct side){.scene = scene, .right = true};
    scene->server_protocol = &PROTOCOL;
    weir_tls_options client = {.ca_file = certificate(trusted)};
    weir_tls_options server = {.certificate_file = certificate("localhost.pem"),
                               .key_file = certificate("localhost.key")};
    REQUIRE(weir_tls_client_new(&scene->client_context, &client) == WEIR_OK);
    REQUIRE(weir_tls_server_new(&scene->server_context, &server) == WEIR_OK);
    REQUIRE(weir_start_server(scene->loop, &scene->server, "127.0.0.1", 0,
                              .on_accept = accept_one, .arg = scene,
                              .tls = scene->server_context) == WEIR_OK);
}

static int connect_with(struct scene *scene, weir_connect_options options,
                        const weir_protocol *protocol)
{
    options.host = "127.0.0.1";
    options.port = weir_server_port(scene->server);
    options.tls = scene->client_context;
    options.server_name = "localhost";
    return weir_transport_connect(scene->loop, &scene->client.transport, &options,
                                  protocol, &scene->client);
}

static void connect_client(struct scene *scene)
{
    REQUIRE(connect_with(scene, (weir_connect_options){0}, &PROTOCOL) == WEIR_OK);
}

static bool has(const struct side *side, char what)
{
    return strchr(side->notes, what) != NULL;
}

static void turn(struct scene *scene)
{
    weir_loop_run_once(scene->loop, 20);
}

static void turn_until(struct scene *scene, const struct side *side, char what)
{
    for (int i = 0; i < 500 && !has(side, what); i++)
        turn(scene);
    CHECK(has(side, what));
}

static void close_scene(struct scene *scene)
{
    weir_server_free(scene->server);
    weir_loop_free(scene->loop);
    weir_tls_context_free(scene->client_context);
    weir_tls_context_free(scene->server_context);
    CHECK_INT(scene->nth.live, 0);
}

static void check_notes(const struct side *side, const char *wanted)
{
    CHECK_BYTES(weir_slice_of(side->notes), weir_slice_of(wanted));
}

/* Writes the next bytes of the pattern. */
static int write_pattern(weir_transport *transport, size_t from, size_t count)
{
    char *bytes = malloc(count);
    REQUIRE(bytes);
    for (size_t i = 0; i < count; i++)
        bytes[i] = pattern(from + i);
    int rc = weir_transport_write(transport, (weir_slice){bytes, count});
    free(bytes);
    return rc;
}

static int greet(struct side *side)
{
    return write_pattern(side->transport, 0, 100);
}

TEST(tls_transport, a_protocol_hears_of_the_connection_after_the_handshake)
{
    struct scene scene;
    open_scene(&scene, "ca.pem");
    scene.at_server.on_made = greet;
    connect_client(&scene);
    CHECK_INT(weir_transport_write(scene.client.transport, WEIR_S("early")),
              WEIR_E_MISUSE);
    turn_until(&scene, &scene.client, 'd');
    weir_transport_close(scene.client.transport);
    turn_until(&scene, &scene.client, 'l');
    turn_until(&scene, &scene.at_server, 'l');
    check_notes(&scene.client, "mdl");
    check_notes(&scene.at_server, "mel");
    CHECK_INT(scene.client.received, 100);
    CHECK(scene.client.right);
    CHECK_INT(scene.client.status, WEIR_OK);
    CHECK_INT(scene.at_server.status, WEIR_OK);
    close_scene(&scene);
}

TEST(tls_transport, a_failed_handshake_is_told_as_made_and_lost_with_its_sentence)
{
    struct scene scene;
    open_scene(&scene, "other-ca.pem");
    connect_client(&scene);
    turn_until(&scene, &scene.client, 'l');
    turn_until(&scene, &scene.at_server, 'l');
    check_notes(&scene.client, "ml");
    check_notes(&scene.at_server, "ml");
    CHECK_INT(scene.client.status, WEIR_E_TLS);
    CHECK_INT(scene.at_server.status, WEIR_E_TLS);
    CHECK(strlen(scene.client.sentence) > 20);
    CHECK(strlen(scene.at_server.sentence) > 20);
    close_scene(&scene);
}

static int refuse(struct side *side)
{
    (void)side;
    return WEIR_E_TOO_BIG;
}

TEST(tls_transport, a_protocol_that_refuses_ends_the_connection_with_its_status)
{
    struct scene scene;
    open_scene(&scene, "ca.pem");
    scene.at_server.on_made = greet;
    scene.client.on_data = refuse;
    connect_client(&scene);
    turn_until(&scene, &scene.client, 'l');
    CHECK_INT(scene.client.status, WEIR_E_TOO_BIG);
    turn_until(&scene, &scene.at_server, 'l');
    close_scene(&scene);
}

static int abort_it(struct side *side)
{
    weir_transport_abort(side->transport);
    return WEIR_OK;
}

static int close_it(struct side *side)
{
    weir_transport_close(side->transport);
    return WEIR_OK;
}

TEST(tls_transport, a_protocol_may_abort_and_close_in_every_call)
{
    int (*const ways[])(struct side *) = {abort_it, close_it};
    for (size_t way = 0; way < 2; way++) {
        for (int in_data = 0; in_data < 2; in_data++) {
            struct scene scene;
            open_scene(&scene, "ca.pem");
            scene.at_server.on_made = greet;
            if (in_data)
                scene.client.on_data = ways[way];
            else
                scene.client.on_made = ways[way];
            connect_client(&scene);
            turn_until(&scene, &scene.client, 'l');
            turn_until(&scene, &scene.at_server, 'l');
            CHECK_INT(scene.client.status, WEIR_OK);
            check_notes(&scene.client, in_data ? "mdl" : "ml");
            close_scene(&scene);
        }
    }
}

#define MUCH ((size_t)900 * 1024)

static int send_much(struct side *side)
{
    return write_pattern(side->transport, 0, MUCH);
}

TEST(tls_transport, nothing_is_delivered_while_reading_is_paused_and_all_of_it_after)
{
    struct scene scene;
    open_scene(&scene, "ca.pem");
    scene.at_server.on_made = send_much;
    connect_client(&scene);
    turn_until(&scene, &scene.client, 'd');
    weir_transport_pause_reading(scene.client.transport);
    CHECK(!weir_transport_is_reading(scene.client.transport));
    size_t received = scene.client.received;
    for (int i = 0; i < 20; i++)
        turn(&scene);
    CHECK_INT(scene.client.received, received);
    weir_transport_resume_reading(scene.client.transport);
    for (int i = 0; i < 500 && scene.client.received < MUCH; i++)
        turn(&scene);
    CHECK_INT(scene.client.received, MUCH);
    CHECK(scene.client.right);
    close_scene(&scene);
}

static int pause_and_resume(struct side *side)
{
    weir_transport_pause_reading(side->transport);
    weir_transport_resume_reading(side->transport);
    return WEIR_OK;
}

static int pause_at_once(struct side *side)
{
    weir_transport_pause_reading(side->transport);
    return WEIR_OK;
}

TEST(tls_transport, pausing_inside_of_each_delivery_loses_nothing)
{
    struct scene scene;
    open_scene(&scene, "ca.pem");
    scene.at_server.on_made = send_much;
    scene.client.on_data = pause_and_resume;
    connect_client(&scene);
    for (int i = 0; i < 2000 && scene.client.received < MUCH; i++)
        turn(&scene);
    CHECK_INT(scene.client.received, MUCH);
    CHECK(scene.client.right);
    close_scene(&scene);
}

TEST(tls_transport,
     a_protocol_that_pauses_when_it_is_made_still_completes_the_handshake)
{
    struct scene scene;
    open_scene(&scene, "ca.pem");
    scene.at_server.on_made = send_much;
    scene.client.on_made = pause_at_once;
    connect_client(&scene);
    turn_until(&scene, &scene.client, 'm');
    for (int i = 0; i < 10; i++)
        turn(&scene);
    check_notes(&scene.client, "m");
    weir_transport_resume_reading(scene.client.transport);
    for (int i = 0; i < 500 && scene.client.received < MUCH; i++)
        turn(&scene);
    CHECK_INT(scene.client.received, MUCH);
    close_scene(&scene);
}

/* Every size of the protocol's own memory. */
TEST(tls_transport, the_protocols_own_memory_is_filled_whatever_its_size)
{
    static const size_t sizes[] = {1, 7, 100, 4096};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct scene scene;
        open_scene(&scene, "ca.pem");
        size_t total = sizes[i] == 1 ? 100 : MUCH;
        scene.at_server.on_made = sizes[i] == 1 ? greet : send_much;
        scene.client.space = sizes[i];
        REQUIRE(connect_with(&scene, (weir_connect_options){0}, &PROTOCOL_WITH_SPACE) ==
                WEIR_OK);
        for (int turns = 0; turns < 2000 && scene.client.received < total; turns++)
            turn(&scene);
        CHECK_INT(scene.client.received, total);
        CHECK(scene.client.right);
        close_scene(&scene);
    }
}

TEST(tls_transport, no_space_pauses_until_reading_is_resumed)
{
    struct scene scene;
    open_scene(&scene, "ca.pem");
    scene.at_server.on_made = greet;
    REQUIRE(connect_with(&scene, (weir_connect_options){0}, &PROTOCOL_WITH_SPACE) ==
            WEIR_OK);
    for (int i = 0; i < 20; i++)
        turn(&scene);
    check_notes(&scene.client, "m");
    scene.client.space = 64;
    weir_transport_resume_reading(scene.client.transport);
    for (int i = 0; i < 50 && scene.client.received < 100; i++)
        turn(&scene);
    CHECK_INT(scene.client.received, 100);
    close_scene(&scene);
}

TEST(tls_transport, a_write_over_the_limit_sends_nothing_and_leaves_the_connection)
{
    struct scene scene;
    weir_connect_options options = {.transport.max_write_buffer_bytes = 64 * KIB};
    open_scene(&scene, "ca.pem");
    REQUIRE(connect_with(&scene, options, &PROTOCOL) == WEIR_OK);
    turn_until(&scene, &scene.client, 'm');
    turn_until(&scene, &scene.at_server, 'm');
    CHECK_INT(write_pattern(scene.client.transport, 0, 65 * KIB), WEIR_E_TOO_BIG);
    CHECK_INT(write_pattern(scene.client.transport, 0, 63 * KIB), WEIR_OK);
    for (int i = 0; i < 200 && scene.at_server.received < 63 * KIB; i++)
        turn(&scene);
    CHECK_INT(scene.at_server.received, 63 * KIB);
    CHECK(scene.at_server.right);
    close_scene(&scene);
}

TEST(tls_transport, a_full_queue_pauses_the_writer_and_an_empty_one_resumes_it)
{
    struct scene scene;
    size_t sent = 0;
    open_scene(&scene, "ca.pem");
    connect_client(&scene);
    turn_until(&scene, &scene.client, 'm');
    turn_until(&scene, &scene.at_server, 'm');
    weir_transport_pause_reading(scene.at_server.transport);
    while (!has(&scene.client, 'p') && sent < 64 * 1024 * KIB) {
        REQUIRE(write_pattern(scene.client.transport, sent, 200 * KIB) == WEIR_OK);
        sent += 200 * KIB;
    }
    CHECK(weir_transport_queued(scene.client.transport) > 64 * KIB);
    weir_transport_resume_reading(scene.at_server.transport);
    turn_until(&scene, &scene.client, 'r');
    for (int i = 0; i < 5000 && scene.at_server.received < sent; i++)
        turn(&scene);
    CHECK_INT(scene.at_server.received, sent);
    CHECK(scene.at_server.right);
    check_notes(&scene.client, "mpr");
    close_scene(&scene);
}

TEST(tls_transport, a_close_sends_what_is_queued_and_then_the_goodbye)
{
    struct scene scene;
    open_scene(&scene, "ca.pem");
    connect_client(&scene);
    turn_until(&scene, &scene.client, 'm');
    turn_until(&scene, &scene.at_server, 'm');
    CHECK_INT(write_pattern(scene.client.transport, 0, 4096 * KIB), WEIR_OK);
    weir_transport_close(scene.client.transport);
    CHECK(weir_transport_is_closing(scene.client.transport));
    CHECK_INT(weir_transport_write(scene.client.transport, WEIR_S("x")), WEIR_E_CLOSED);
    turn_until(&scene, &scene.at_server, 'l');
    CHECK_INT(scene.at_server.received, 4096 * KIB);
    check_notes(&scene.at_server, "mdel");
    CHECK_INT(scene.at_server.status, WEIR_OK);
    close_scene(&scene);
}

/* Tickets come in while the client closes: a socket with unread bytes would be reset,
 * and what it has still to send thrown away. */
TEST(tls_transport, a_client_that_only_writes_stays_for_the_servers_tickets)
{
    for (int round = 0; round < 20; round++) {
        struct scene scene;
        open_scene(&scene, "ca.pem");
        connect_client(&scene);
        turn_until(&scene, &scene.client, 'm');
        CHECK_INT(write_pattern(scene.client.transport, 0, MUCH), WEIR_OK);
        weir_transport_close(scene.client.transport);
        turn_until(&scene, &scene.at_server, 'l');
        turn_until(&scene, &scene.client, 'l');
        CHECK_INT(scene.at_server.received, MUCH);
        CHECK_INT(scene.at_server.status, WEIR_OK);
        CHECK_INT(scene.client.status, WEIR_OK);
        close_scene(&scene);
    }
}

TEST(tls_transport, an_end_that_is_kept_open_still_writes)
{
    struct scene scene;
    open_scene(&scene, "ca.pem");
    scene.at_server.keep = 1;
    connect_client(&scene);
    turn_until(&scene, &scene.client, 'm');
    CHECK_INT(weir_transport_write_eof(scene.client.transport), WEIR_OK);
    CHECK_INT(weir_transport_write_eof(scene.client.transport), WEIR_OK);
    turn_until(&scene, &scene.at_server, 'e');
    CHECK_INT(write_pattern(scene.at_server.transport, 0, 100), WEIR_OK);
    turn_until(&scene, &scene.client, 'd');
    CHECK_INT(scene.client.received, 100);
    weir_transport_close(scene.at_server.transport);
    turn_until(&scene, &scene.client, 'l');
    check_notes(&scene.client, "mdel");
    close_scene(&scene);
}

TEST(tls_transport, a_server_that_closes_its_clients_says_goodbye)
{
    struct scene scene;
    open_scene(&scene, "ca.pem");
    connect_client(&scene);
    turn_until(&scene, &scene.client, 'm');
    turn_until(&scene, &scene.at_server, 'm');
    weir_server_close_clients(scene.server);
    turn_until(&scene, &scene.client, 'l');
    check_notes(&scene.client, "mel");
    CHECK_INT(scene.client.status, WEIR_OK);
    close_scene(&scene);
}

TEST(tls_transport, an_abort_is_a_truncation_for_the_other_end)
{
    struct scene scene;
    open_scene(&scene, "ca.pem");
    connect_client(&scene);
    turn_until(&scene, &scene.client, 'm');
    turn_until(&scene, &scene.at_server, 'm');
    for (int i = 0; i < 5; i++)
        turn(&scene); /* with tickets that nobody has read it were a reset */
    weir_transport_abort(scene.client.transport);
    turn_until(&scene, &scene.at_server, 'l');
    check_notes(&scene.at_server, "ml");
    CHECK_INT(scene.at_server.status, WEIR_E_INCOMPLETE);
    CHECK(strstr(scene.at_server.sentence, "close_notify") != NULL);
    close_scene(&scene);
}
