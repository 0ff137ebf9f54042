/* The other side of TLS as OpenSSL itself.
 *
 * SPDX-License-Identifier: MIT */
#include "ssl_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "certificates.h"
#include "test.h"

#define PATIENCE_S 10

static SSL_CTX *new_context(const struct ssl_peer *peer)
{
    SSL_CTX *context = SSL_CTX_new(TLS_method());
    REQUIRE(context != NULL);
    SSL_CTX_set_min_proto_version(context, peer->version);
    SSL_CTX_set_max_proto_version(context, peer->version);
    REQUIRE(SSL_CTX_use_certificate_chain_file(context, certificate("localhost.pem")) ==
            1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(context, certificate("localhost.key"),
                                        SSL_FILETYPE_PEM) == 1);
    return context;
}

/* And no delay: a small record goes out beside one that is not acknowledged. */
static void have_patience(int fd)
{
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int open_connection(const struct ssl_peer *peer)
{
    if (peer->listener >= 0)
        return accept(peer->listener, NULL, NULL);
    struct sockaddr_in address = loopback(peer->port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void converse(struct ssl_peer *peer)
{
    SSL_set_fd(peer->ssl, peer->fd);
    int rc = peer->listener >= 0 ? SSL_accept(peer->ssl) : SSL_connect(peer->ssl);
    peer->shook = rc == 1;
    if (peer->shook)
        peer->play(peer);
}

/* OpenSSL writes with write(), which raises SIGPIPE. */
static void *run(void *arg)
{
    struct ssl_peer *peer = arg;
    sigset_t pipe_signal;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
    peer->ssl = SSL_new(peer->context);
    peer->fd = open_connection(peer);
    if (peer->fd >= 0) {
        have_patience(peer->fd);
        converse(peer);
    }
    SSL_free(peer->ssl);
    if (peer->fd >= 0)
        close(peer->fd);
    atomic_store(&peer->done, true);
    return NULL;
}

static void start(struct ssl_peer *peer)
{
    peer->context = new_context(peer); /* it may skip the test, which a thread cannot */
    REQUIRE(pthread_create(&peer->thread, NULL, run, peer) == 0);
}

void ssl_peer_serve(struct ssl_peer *peer, int version,
                    void (*play)(struct ssl_peer *peer))
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof(address);
    *peer = (struct ssl_peer){.version = version, .play = play};
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(peer->listener >= 0);
    have_patience(peer->listener);
    REQUIRE(bind(peer->listener, (struct sockaddr *)&address, len) == 0);
    REQUIRE(listen(peer->listener, 1) == 0);
    REQUIRE(getsockname(peer->listener, (struct sockaddr *)&address, &len) == 0);
    peer->port = ntohs(address.sin_port);
    start(peer);
}

void ssl_peer_visit(struct ssl_peer *peer, int port, int version,
                    void (*play)(struct ssl_peer *peer))
{
    *peer = (struct ssl_peer){.version = version, .play = play, .port = port};
    peer->listener = -1;
    start(peer);
}

void ssl_peer_join(struct ssl_peer *peer)
{
    pthread_join(peer->thread, NULL);
    SSL_CTX_free(peer->context);
    if (peer->listener >= 0)
        close(peer->listener);
}

void ssl_peer_hang_up(struct ssl_peer *peer)
{
    char bytes[4096];
    shutdown(peer->fd, SHUT_WR);
    while (read(peer->fd, bytes, sizeof(bytes)) > 0)
        continue;
}

bool ssl_peer_is_done(const struct ssl_peer *peer)
{
    return atomic_load(&peer->done);
}
