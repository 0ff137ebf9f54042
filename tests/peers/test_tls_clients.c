/* weir as a server, and as others see it: openssl s_client, and the ssl of Python.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls_scene.h"

/* Answers one line, and closes. */
static int answer(weir_stream *stream, void *arg)
{
    weir_slice line;
    (void)arg;
    int rc = weir_readline(weir_stream_reader(stream), &line);
    if (rc < 0)
        return rc;
    rc = weir_write(weir_stream_writer(stream), WEIR_S("the answer to "));
    return rc < 0 ? rc : weir_write(weir_stream_writer(stream), line);
}

struct serving {
    struct tls_scene scene;
    struct tls_echo echo;
    weir_tls_context *tls;
    struct command client;
};

static void serving_open(struct serving *serving, const weir_tls_options *options)
{
    tls_scene_open(&serving->scene);
    serving->tls = tls_server(options);
    tls_echo_open(&serving->echo, serving->scene.loop, serving->tls);
    serving->echo.on_connect = answer;
}

static void serving_close(struct serving *serving)
{
    tls_echo_close(&serving->echo);
    weir_tls_context_free(serving->tls);
    tls_scene_close(&serving->scene);
}

/* The client may know the end before the server does. */
static void wait_for_end(struct serving *serving, int connections)
{
    const struct tls_echo *echo = &serving->echo;
    for (int ms = 0; ms < 2000 && echo->served + echo->failures < connections; ms++)
        weir_sleep(serving->scene.loop, 1);
}

static void visit(struct serving *serving, const char *const *options)
{
    int before = serving->echo.served + serving->echo.failures;
    s_client_run(&serving->client, serving->scene.loop, serving->echo.port, options,
                 "hello\n", false);
    wait_for_end(serving, before + 1);
}

static bool client_said(const struct serving *serving, const char *text)
{
    bool said = strstr(serving->client.output, text) != NULL;
    if (!CHECK(said))
        fprintf(stderr, "    no \"%s\" in\n%s\n", text, serving->client.output);
    return said;
}

struct visit {
    const char *options[8];     /* of s_client */
    const char *client_says;    /* of what it prints */
    const char *server_says[3]; /* in the sentence; none: it goes well */
};

static void try_visits(const struct visit *cases, size_t count,
                       const weir_tls_options *options)
{
    for (size_t i = 0; i < count; i++) {
        struct serving serving;
        serving_open(&serving, options);
        visit(&serving, cases[i].options);
        bool ok = client_said(&serving, cases[i].client_says);
        if (cases[i].server_says[0]) {
            ok &= CHECK_INT(serving.echo.failures, 1);
            ok &= tls_failed(&serving.echo.latest, WEIR_E_TLS, cases[i].server_says);
        } else {
            ok &= CHECK_INT(serving.echo.served, 1);
            ok &= CHECK_INT(serving.client.status, 0);
            ok &= client_said(&serving, "the answer to hello");
        }
        if (!ok)
            fprintf(stderr, "    visit %zu: %s\n", i, serving.echo.latest.sentence);
        serving_close(&serving);
    }
}

#define TRY(cases, ...) \
    try_visits((cases), sizeof(cases) / sizeof((cases)[0]), __VA_ARGS__)

/* RFC 8996; RFC 8446 6.2: protocol_version is alert 70. */
TEST(tls_clients, of_old_versions_are_told_so)
{
    static const struct visit CASES[] = {
        {{"-tls1_2", NULL}, "Protocol  : TLSv1.2", {NULL}},
        {{"-tls1_3", NULL}, "TLSv1.3", {NULL}},
        {{"-tls1_1", "-cipher", "ALL:@SECLEVEL=0", NULL},
         "alert number 70",
         {"version"}},
        {{"-tls1", "-cipher", "ALL:@SECLEVEL=0", NULL}, "alert number 70", {"version"}},
    };
    static const struct visit NEW[] = {
        {{"-tls1_2", NULL}, "alert number 70", {"version"}},
        {{"-tls1_3", NULL}, "TLSv1.3", {NULL}},
    };
    TRY(CASES, NULL);
    TRY(NEW, &(weir_tls_options){.min_version = WEIR_TLS_1_3});
}

/* RFC 8446 6.2: certificate_required is 116, unknown_ca 48, certificate_expired 45;
 * before TLS 1.3 a missing certificate is a handshake_failure, 40. */
TEST(tls_clients, show_a_certificate_when_they_must)
{
    const char *const other = certificate("client-other.pem");
    const char *const other_key = certificate("client-other.key");
    const char *const old = certificate("client-expired.pem");
    const char *const old_key = certificate("client-expired.key");
    const char *const good = certificate("client.pem");
    const char *const good_key = certificate("client.key");
    const struct visit cases[] = {
        {{"-tls1_3", NULL}, "alert number 116", {"certificate"}},
        {{"-tls1_2", NULL}, "alert number 40", {"certificate"}},
        {{"-cert", other, "-key", other_key, NULL},
         "alert number 48",
         {"weir test stranger"}},
        {{"-cert", old, "-key", old_key, NULL},
         "alert number 45",
         {"expired", "{year-2}"}},
        {{"-tls1_3", "-cert", good, "-key", good_key, NULL}, "", {NULL}},
        {{"-tls1_2", "-cert", good, "-key", good_key, NULL}, "", {NULL}},
    };
    const struct visit optional[] = {
        {{NULL}, "", {NULL}},
        {{"-cert", other, "-key", other_key, NULL},
         "alert number 48",
         {"weir test stranger"}},
        {{"-cert", good, "-key", good_key, NULL}, "", {NULL}},
    };
    TRY(cases, &(weir_tls_options){.client_certificate =
                                       WEIR_TLS_CLIENT_CERTIFICATE_REQUIRED});
    TRY(optional, &(weir_tls_options){.client_certificate =
                                          WEIR_TLS_CLIENT_CERTIFICATE_OPTIONAL});
}

/* RFC 7301 3.2: the server's choice, or alert 120. */
TEST(tls_clients, agree_on_a_protocol_or_on_none)
{
    static const char *const OWN[] = {"http/1.1", "h2", NULL};
    static const struct visit CASES[] = {
        {{"-alpn", "h2,http/1.1", NULL}, "ALPN protocol: http/1.1", {NULL}},
        {{"-alpn", "h2", NULL}, "ALPN protocol: h2", {NULL}},
        {{"-alpn", "spdy/1,x", NULL}, "alert number 120", {"protocol"}},
        {{NULL}, "No ALPN negotiated", {NULL}},
    };
    TRY(CASES, &(weir_tls_options){.alpn = OWN});
}

/* RFC 8446 6.2: handshake_failure is 40. With another round when the client has guessed
 * the wrong group (4.1.4). */
TEST(tls_clients, with_nothing_in_common_are_told_so)
{
    static const struct visit GROUPS[] = {
        {{"-tls1_3", "-groups", "P-521:X25519", NULL}, "X25519", {NULL}},
        {{"-tls1_3", "-groups", "P-521", NULL}, "alert number 40", {"group"}},
        {{"-tls1_2", "-groups", "P-521", NULL}, "alert number 40", {"in common"}},
    };
    static const struct visit CIPHERS[] = {
        {{"-ciphersuites", "TLS_AES_256_GCM_SHA384", NULL},
         "alert number 40",
         {"cipher"}},
    };
    TRY(GROUPS, &(weir_tls_options){.groups = "X25519"});
    TRY(CIPHERS, &(weir_tls_options){.min_version = WEIR_TLS_1_3,
                                     .cipher_suites = "TLS_AES_128_GCM_SHA256"});
}

/* What a server says of itself when it cannot be trusted, it is told by the client. */
TEST(tls_clients, that_do_not_trust_it_say_so)
{
    static const struct visit CASES[] = {{{NULL}, "verify error", {"expired"}}};
    TRY(CASES, &(weir_tls_options){.certificate_file = certificate("expired.pem"),
                                   .key_file = certificate("expired.key")});
}

/* RFC 8446 2.2, RFC 5077. */
TEST(tls_clients, come_back_without_a_full_handshake)
{
    static const char *const VERSIONS[] = {"-tls1_3", "-tls1_2"};
    char session[64];
    snprintf(session, sizeof(session), "/tmp/weir-session-%d", (int)getpid());
    for (int i = 0; i < 4; i++) {
        struct serving serving;
        bool none = i / 2;
        const char *const first[] = {VERSIONS[i % 2], "-sess_out", session, NULL};
        const char *const again[] = {VERSIONS[i % 2], "-sess_in", session, NULL};
        serving_open(&serving, &(weir_tls_options){.no_sessions = none});
        unlink(session);
        visit(&serving, first);
        client_said(&serving, "New, ");
        CHECK_INT(serving.echo.served, 1);
        if (access(session, R_OK) == 0) {
            visit(&serving, again);
            client_said(&serving, none ? "New, " : "Reused, ");
            client_said(&serving, "the answer to hello");
        } else {
            CHECK(none);
        }
        serving_close(&serving);
    }
    unlink(session);
}

/* --- Python ------------------------------------------------------------------------ */

static void require_python(void)
{
    const char *const look[] = {"python3", "-c", "import ssl", NULL};
    if (!peer_try(look))
        peer_missing("python3");
}

static const char CLIENT[] =
    "import socket, ssl, sys\n"
    "context = ssl.create_default_context(cafile=sys.argv[1])\n"
    "raw = socket.create_connection(('127.0.0.1', int(sys.argv[2])))\n"
    "s = context.wrap_socket(raw, server_hostname='localhost',\n"
    "                        suppress_ragged_eofs=False)\n"
    "s.sendall(b'hello\\n')\n"
    "f = s.makefile('rb')\n"
    "print(f.readline(), f.read(), s.version())\n"
    "s.unwrap()\n"
    "print('goodbye')\n";

/* close_notify in both directions (RFC 8446 6.1): unwrap() raises without. */
TEST(tls_clients, python_and_the_server_say_goodbye_to_each_other)
{
    struct serving serving;
    char port[16];
    require_python();
    serving_open(&serving, NULL);
    snprintf(port, sizeof(port), "%d", serving.echo.port);
    const char *const arguments[] = {"python3", "-c", CLIENT, certificate("ca.pem"),
                                     port,      NULL};
    command_run(&serving.client, serving.scene.loop, arguments, "", false);
    CHECK_INT(serving.client.status, 0);
    client_said(&serving, "b'the answer to hello\\n' b'' TLSv1.3\ngoodbye\n");
    wait_for_end(&serving, 1);
    CHECK_INT(serving.echo.served, 1);
    serving_close(&serving);
}

static const char SERVER[] =
    "import socket, ssl, sys\n"
    "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
    "context.load_cert_chain(sys.argv[1], sys.argv[2])\n"
    "listener = socket.create_server(('127.0.0.1', 0))\n"
    "print('listening on', listener.getsockname()[1], flush=True)\n"
    "while True:\n"
    "    try:\n"
    "        raw, _ = listener.accept()\n"
    "        s = context.wrap_socket(raw, server_side=True, "
    "suppress_ragged_eofs=False)\n"
    "        line = s.makefile('rb').readline()\n"
    "        s.sendall(line[-2::-1] + b'\\n')\n"
    "        print('the end:', s.recv(10), flush=True)\n"
    "        s.unwrap()\n"
    "        print('goodbye', flush=True)\n"
    "    except OSError as e:\n"
    "        print(type(e), e, flush=True)\n";

TEST(tls_clients, python_and_the_client_say_goodbye_to_each_other)
{
    struct tls_scene scene;
    struct s_server python = {.input = -1};
    struct tls_talk talk;
    require_python();
    peer_open(&python.peer, "python3");
    const char *const arguments[] = {"/usr/bin/env",
                                     "python3",
                                     "-c",
                                     SERVER,
                                     certificate("localhost.pem"),
                                     certificate("localhost.key"),
                                     NULL};
    peer_start_anywhere(&python.peer, arguments, "listening on ");
    tls_scene_open(&scene);
    weir_tls_context *tls =
        tls_client(&(weir_tls_options){.shutdown_timeout_ms = 5000});
    tls_talk(&talk, scene.loop, python.peer.port, tls, "localhost");
    tls_went_well(&talk, "python");
    CHECK_BYTES(weir_slice_of(talk.answer), WEIR_S("olleh"));
    CHECK(s_server_said(&python, scene.loop, "the end: b''\ngoodbye\n"));
    weir_tls_context_free(tls);
    tls_scene_close(&scene);
    peer_close(&python.peer);
}
