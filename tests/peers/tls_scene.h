/* What the tests of TLS with peers share: one conversation, and how it ended.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_TLS_SCENE_H
#define WEIR_TESTS_TLS_SCENE_H

#include <weir/weir.h>

#include "certificates.h"
#include "nth.h"
#include "test.h"
#include "tls_peer.h"
#include "tls_wire.h"

/* No case that goes right takes this long, under Valgrind neither. */
#define TLS_PATIENCE_MS 10000

/* A loop whose memory and descriptors are counted. */
struct tls_scene {
    struct nth nth;
    weir_loop *loop;
    int descriptors;
    int year; /* that is written now, in UTC */
};

void tls_scene_open(struct tls_scene *scene);

/* Checks that all came back. */
void tls_scene_close(struct tls_scene *scene);

/* A context that trusts ca.pem, or client-ca.pem for a server's; the options may be
 * NULL, and a server is localhost unless they say otherwise. */
weir_tls_context *tls_client(const weir_tls_options *options);
weir_tls_context *tls_server(const weir_tls_options *options);

/* Connects to a port of 127.0.0.1, says a line, and takes the answer, a line too. */
struct tls_talk {
    int rc;           /* WEIR_OK, or the first failure */
    const char *step; /* where: "connect", "write", "read", "close" */
    char sentence[256];
    char answer[64];
    uint64_t ms;
};

void tls_talk(struct tls_talk *talk, weir_loop *loop, int port, weir_tls_context *tls,
              const char *server_name);

/* Whether it failed with this status and with a sentence that has each of the words,
 * in any case; ended by NULL. Prints the sentence when not, and with WEIR_TEST_VERBOSE
 * set always. "{year-2}" stands for a year. */
bool tls_failed(const struct tls_talk *talk, int status, const char *const *words);

/* Whether it went well; prints what it was when not. */
bool tls_went_well(const struct tls_talk *talk, const char *what);

/* A server of weir's on 127.0.0.1: sends each line back. It keeps the latest failure of
 * a connection. */
struct tls_echo {
    weir_server *server;
    int port;
    int served;   /* connections that ended well */
    int failures; /* and those that did not */
    struct tls_talk latest;
    int (*on_connect)(weir_stream *stream, void *arg); /* NULL: echo */
    void *arg;
};

void tls_echo_open(struct tls_echo *echo, weir_loop *loop, weir_tls_context *tls);

void tls_echo_close(struct tls_echo *echo);

/* weir's client, a wire, and s_server -rev or tls_echo. The server's key is Ed25519,
 * whose signatures all have the same length, so that the same byte is always the same;
 * and nothing is resumed. */
struct tls_line {
    struct tls_scene scene;
    struct wire wire;
    bool own; /* weir's server */
    struct s_server server;
    struct tls_echo echo;
    weir_tls_context *client_tls;
    weir_tls_context *server_tls;
};

void tls_line_open(struct tls_line *line, bool own, weir_tls_version version,
                   uint32_t handshake_timeout_ms);

void tls_line_talk(struct tls_line *line, struct tls_talk *talk);

void tls_line_close(struct tls_line *line);

/* Milliseconds of a monotonic clock. */
uint64_t tls_now_ms(void);

/* How much slower than usual all is: 1, or more with a sanitizer or Valgrind. */
int tls_slowness(void);

#endif
