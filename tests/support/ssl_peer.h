/* The other side of TLS as OpenSSL itself, on a thread of its own, doing what no
 * program would.
 *
 *   static void play(struct ssl_peer *peer)
 *   {
 *       while (SSL_key_update(peer->ssl, SSL_KEY_UPDATE_REQUESTED) == 1 &&
 *              SSL_do_handshake(peer->ssl) == 1)
 *           peer->count++;
 *   }
 *   struct ssl_peer peer;
 *   ssl_peer_serve(&peer, TLS1_3_VERSION, play);
 *   ... connect to peer.port ...
 *   ssl_peer_join(&peer);
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_SSL_PEER_H
#define WEIR_TESTS_SSL_PEER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct ssl_peer {
    pthread_t thread;
    int version;
    void (*play)(struct ssl_peer *peer);
    int listener; /* of a server; -1 */
    int port;
    bool shook; /* out: the handshake succeeded */
    long count; /* out: what `play` counts */
    int reason; /* out: of the error that ended `play`, as it may say */

    /* For `play`, which runs on the thread: */
    SSL_CTX *context;
    SSL *ssl;
    int fd; /* blocking, with ten seconds' patience */

    atomic_bool done;
};

/* A server for one connection, as localhost. */
void ssl_peer_serve(struct ssl_peer *peer, int version,
                    void (*play)(struct ssl_peer *peer));

/* A client of a port of 127.0.0.1. */
void ssl_peer_visit(struct ssl_peer *peer, int port, int version,
                    void (*play)(struct ssl_peer *peer));

/* Waits for it, and gives all back; for a client inside a loop that serves it, wait
 * until `ssl_peer_is_done` first. */
void ssl_peer_join(struct ssl_peer *peer);

/* For `play`: sends FIN, and reads what still comes so that no RST follows. */
void ssl_peer_hang_up(struct ssl_peer *peer);

bool ssl_peer_is_done(const struct ssl_peer *peer);

#endif
