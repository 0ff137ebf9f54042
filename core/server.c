/* Servers: accept, a task or a protocol for each connection, limits, the end.
 *
 * SPDX-License-Identifier: MIT */
#include "server.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <weir/resolver.h>
#include <weir/timeout.h>

#include "address.h"
#include "allocator.h"
#include "descriptor.h"
#include "error.h"
#include "listen.h"
#include "loop.h"
#include "park.h"
#include "security.h"
#include "stream.h"

#define DEFAULT_MAX_CONNECTIONS 10000

/* When descriptors or memory have run out: until accepting is tried again. */
#define ACCEPT_RETRY_MS 1000

enum server_state { LISTENING, CLOSED, FREED };

struct listener {
    weir__watch watch;
    weir_server *server;
};

struct weir_server {
    weir_loop *loop;
    weir__link link; /* in loop->servers */
    weir_server_options options;
    enum server_state state;
    weir__socket_file file;
    weir__link clients; /* with a task each */
    size_t connections; /* of both kinds */
    weir__link waiters; /* for the close, or for connections to end */
    unsigned users;     /* calls in progress, for which the struct must stay */
    weir__timer retry;  /* of accepting */
    size_t pauses;
    size_t listener_count;
    struct listener listeners[WEIR_MAX_ADDRESSES];
};

struct client {
    weir__link link;     /* in server->clients */
    weir_server *server; /* NULL once it is freed */
    weir_stream *stream;
    weir_task *task;
};

static void accept_again(weir_server *server)
{
    for (size_t i = 0; i < server->listener_count && server->state == LISTENING; i++)
        weir__watch_again(server->loop, &server->listeners[i].watch);
}

void weir__server_connection_ended(weir_server *server)
{
    bool was_full = server->connections == server->options.max_connections;
    server->connections--;
    if (server->state == CLOSED)
        weir__unpark_all(&server->waiters, WEIR_OK);
    if (was_full)
        accept_again(server);
}

/* The client is the server's until the end: closing may wait, and the server may
 * abort it then, or be freed. */
static void end_client(struct client *client, int rc)
{
    weir_server *server = client->server;
    weir_loop *loop = weir_stream_loop(client->stream);
    if (rc < 0 && server && server->options.on_error)
        server->options.on_error(server->options.arg, rc);
    if (rc < 0)
        weir_stream_abort(client->stream);
    else
        weir_stream_close(client->stream);
    weir__link_remove(&client->link);
    if (client->server)
        weir__server_connection_ended(client->server);
    weir__free(loop->allocator, client);
}

static int secure(const struct client *client)
{
    weir_tls_context *tls = client->server->options.tls;
    return tls ? tls->security->start(client->stream, tls, NULL) : WEIR_OK;
}

static int serve(const struct client *client)
{
    int rc = client->server ? secure(client) : WEIR_E_CANCELLED;
    weir_server *server = client->server; /* which may be freed in a handshake */
    if (rc < 0 || !server)
        return rc < 0 ? rc : WEIR_E_CANCELLED;
    return server->options.on_connect(client->stream, server->options.arg);
}

static int serve_client(void *arg)
{
    struct client *client = arg;
    int rc = serve(client);
    end_client(client, rc);
    return rc < 0 ? rc : WEIR_OK;
}

static int start_client(weir_server *server, int fd, enum weir__descriptor_kind kind)
{
    weir_loop *loop = server->loop;
    weir_stream *stream;
    int rc = weir__stream_open(loop, &stream, fd, kind, &server->options.stream);
    if (rc < 0)
        return rc;
    struct client *client = weir__malloc(loop->allocator, sizeof(*client));
    if (!client) {
        weir_stream_abort(stream);
        return WEIR_E_MEMORY;
    }
    *client = (struct client){.server = server, .stream = stream};
    client->task = weir_task_spawn(
        loop, &(weir_task_options){.function = serve_client,
                                   .arg = client,
                                   .stack_bytes = server->options.stack_bytes,
                                   .name = "connection"});
    if (!client->task) {
        weir_stream_abort(stream);
        weir__free(loop->allocator, client);
        return WEIR_E_MEMORY;
    }
    weir_detach(client->task);
    weir__link_push(&server->clients, &client->link);
    server->connections++;
    return WEIR_OK;
}

static void begin(weir_transport *transport, weir_tls_context *tls,
                  const weir_protocol *protocol, void *self)
{
    weir_transport *upper;
    int rc = WEIR_OK;
    if (tls)
        rc = tls->security->wrap(transport, &upper, tls, NULL, protocol, self);
    if (rc < 0 || !tls)
        weir__descriptor_begin(transport, protocol, self);
    if (rc < 0)
        weir__descriptor_lose(weir__descriptor_of(transport), rc, 0);
}

/* The transport first, as what on_accept makes could not be taken back. */
static int start_protocol(weir_server *server, int fd, enum weir__descriptor_kind kind)
{
    static const weir_protocol NOBODY = {.connection_lost = NULL};
    const weir_server_options *options = &server->options;
    const weir_protocol *protocol = NULL;
    weir_transport *transport;
    void *self = NULL;
    int rc = weir__descriptor_open(server->loop, &transport, fd, kind,
                                   &options->stream.transport, &NOBODY, NULL);
    if (rc < 0)
        return rc;
    rc = options->on_accept(options->arg, &protocol, &self);
    if (rc < 0) {
        weir_transport_abort(transport);
        return WEIR_OK; /* the program does not want it, which is no lack */
    }
    begin(transport, options->tls, protocol, self);
    if (server->state == FREED)
        return WEIR_OK; /* by on_accept, which wants this one all the same */
    weir__descriptor_set_server(transport, server);
    server->connections++;
    return WEIR_OK;
}

static void pause_accepting(weir_server *server)
{
    weir_loop *loop = server->loop;
    server->pauses++;
    weir__timer_set(loop, &server->retry,
                    weir__deadline_after(loop->now, ACCEPT_RETRY_MS));
}

static void on_retry(weir__timer *timer)
{
    accept_again(WEIR__CONTAINER(timer, weir_server, retry));
}

/* Errors of the connection that was about to be accepted, which is gone then
 * (accept(2)); the next may be well. */
static bool is_of_connection(int error)
{
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
        return true;
    default:
        return false;
    }
}

/* One connection. False when there is none, or none can be had now. */
static bool accept_one(weir_server *server, struct listener *listener)
{
    weir_loop *loop = server->loop;
    enum weir__descriptor_kind kind =
        server->file.path ? WEIR__DESCRIPTOR_UNIX : WEIR__DESCRIPTOR_TCP;
    int fd = loop->sys->accept(loop->sys, listener->watch.fd);
    if (fd == -EAGAIN) {
        listener->watch.ready = 0;
        return false;
    }
    if (fd < 0 && is_of_connection(-fd))
        return true;
    int rc = fd;
    if (fd >= 0)
        rc = server->options.on_connect ? start_client(server, fd, kind)
                                        : start_protocol(server, fd, kind);
    if (rc < 0)
        pause_accepting(server);
    return rc >= 0;
}

static bool may_accept(const weir_server *server)
{
    return server->state == LISTENING && server->retry.deadline == WEIR__NEVER &&
           server->connections < server->options.max_connections;
}

static void accept_batch(weir_server *server, struct listener *listener)
{
    int batch = server->options.backlog;
    while (batch-- > 0) {
        if (!may_accept(server) || !accept_one(server, listener))
            return;
    }
    if (may_accept(server))
        weir__watch_again(server->loop, &listener->watch);
}

/* The server is freed when nobody is in it any more. */
static void leave(weir_server *server)
{
    if (--server->users == 0 && server->state == FREED)
        weir__free(server->loop->allocator, server);
}

static void on_acceptable(weir__watch *watch)
{
    struct listener *listener = WEIR__CONTAINER(watch, struct listener, watch);
    weir_server *server = listener->server;
    server->users++; /* on_accept may free it */
    accept_batch(server, listener);
    leave(server);
}

/* Takes fd, also on failure. */
static int add_listener(weir_server *server, int fd)
{
    weir_loop *loop = server->loop;
    struct listener *listener = &server->listeners[server->listener_count];
    listener->server = server;
    int rc =
        weir__watch_add(loop, &listener->watch, fd, WEIR__POLL_READ, on_acceptable);
    if (rc < 0) {
        loop->sys->close(loop->sys, fd);
        return weir__fail_errno(-rc, "listen", "the descriptor cannot be watched");
    }
    server->listener_count++;
    return WEIR_OK;
}

static int add_listeners(weir_server *server, const int *fds, int count)
{
    int rc = WEIR_OK;
    for (int i = 0; i < count; i++) {
        if (rc == WEIR_OK)
            rc = add_listener(server, fds[i]);
        else
            server->loop->sys->close(server->loop->sys, fds[i]);
    }
    return rc;
}

static int check_options(const weir_server_options *options)
{
    if (!options->on_connect == !options->on_accept)
        return weir__fail(WEIR_E_INVALID, "server",
                          "a server needs one of on_connect and on_accept");
    if (options->port < 0 || options->port > 65535)
        return weir__fail(WEIR_E_INVALID, "server",
                          "the port %d is not from 0 to 65535", options->port);
    if (options->unix_path && options->host)
        return weir__fail(WEIR_E_INVALID, "server",
                          "a host and a Unix path exclude each other");
    return WEIR_OK;
}

static int start(weir_server *server)
{
    const weir_server_options *options = &server->options;
    int fds[WEIR_MAX_ADDRESSES];
    int rc = options->unix_path
                 ? weir__listen_on_path(server->loop, options, &fds[0], &server->file)
                 : weir__listen_on_host(server->loop, options, fds);
    int count = options->unix_path ? 1 : rc;
    return rc < 0 ? rc : add_listeners(server, fds, count);
}

static weir_server *new_server(weir_loop *loop, const weir_server_options *options)
{
    weir_server *server = weir__calloc(loop->allocator, 1, sizeof(*server));
    if (!server || weir__timer_init(loop, &server->retry, on_retry) < 0) {
        weir__free(loop->allocator, server);
        weir__fail(WEIR_E_MEMORY, "server", "no memory for a server");
        return NULL;
    }
    server->loop = loop;
    server->options = *options;
    if (server->options.max_connections == 0)
        server->options.max_connections = DEFAULT_MAX_CONNECTIONS;
    if (server->options.backlog <= 0)
        server->options.backlog = 100;
    weir__link_init(&server->clients);
    weir__link_init(&server->waiters);
    weir__link_push(&loop->servers, &server->link);
    loop->active++;
    return server;
}

int weir_server_start(weir_loop *loop, weir_server **server,
                      const weir_server_options *options)
{
    int rc = check_options(options);
    if (rc < 0)
        return rc;
    weir_server *started = new_server(loop, options);
    if (!started)
        return WEIR_E_MEMORY;
    rc = start(started);
    if (rc < 0) {
        weir_server_free(started);
        return rc;
    }
    started->options.host = NULL; /* only needed until here */
    started->options.unix_path = NULL;
    *server = started;
    return WEIR_OK;
}

size_t weir_server_address_count(const weir_server *server)
{
    return server->listener_count;
}

void weir_server_address(const weir_server *server, size_t index, weir_address *address)
{
    weir_sys *sys = server->loop->sys;
    socklen_t len = sizeof(address->sockaddr);
    memset(address, 0, sizeof(*address));
    if (index < server->listener_count && server->state == LISTENING &&
        sys->getsockname(sys, server->listeners[index].watch.fd,
                         weir__address_sockaddr(address), &len) == 0)
        address->len = (uint32_t)len;
}

int weir_server_port(const weir_server *server)
{
    weir_address address;
    weir_server_address(server, 0, &address);
    return weir_address_port(&address);
}

size_t weir_server_connections(const weir_server *server)
{
    return server->connections;
}

size_t weir_server_pauses(const weir_server *server)
{
    return server->pauses;
}

int weir_server_serve_forever(weir_server *server)
{
    int rc = WEIR_OK;
    server->users++;
    while (rc == WEIR_OK && server->state == LISTENING)
        rc = weir__park_in(server->loop, &server->waiters, "serve");
    if (rc == WEIR_E_CANCELLED)
        weir_server_close(server);
    leave(server);
    return rc;
}

void weir_server_close(weir_server *server)
{
    weir_loop *loop = server->loop;
    if (server->state != LISTENING)
        return;
    server->state = CLOSED;
    for (size_t i = 0; i < server->listener_count; i++) {
        weir__watch_remove(loop, &server->listeners[i].watch);
        loop->sys->close(loop->sys, server->listeners[i].watch.fd);
    }
    weir__timer_stop(&server->retry);
    weir__socket_file_remove(loop, &server->file);
    loop->active--;
    weir__unpark_all(&server->waiters, WEIR_OK);
}

void weir_server_close_clients(weir_server *server)
{
    for (weir__link *link = server->clients.next; link != &server->clients;
         link = link->next)
        weir_cancel(WEIR__CONTAINER(link, struct client, link)->task);
    weir__descriptors_end(server->loop, server, false);
}

void weir_server_abort_clients(weir_server *server)
{
    for (weir__link *link = server->clients.next; link != &server->clients;
         link = link->next) {
        struct client *client = WEIR__CONTAINER(link, struct client, link);
        if (weir_stream_transport(client->stream))
            weir_transport_abort(weir_stream_transport(client->stream));
        weir_cancel(client->task);
    }
    weir__descriptors_end(server->loop, server, true);
}

static int wait_for_clients(weir_server *server, size_t timeout_ms)
{
    bool limited = timeout_ms != WEIR_NO_LIMIT;
    weir_timeout timeout =
        weir_timeout_start(server->loop, limited ? timeout_ms : UINT64_MAX);
    int rc = WEIR_OK;
    while (rc == WEIR_OK && server->connections > 0 && server->state != FREED)
        rc = weir__park_in(server->loop, &server->waiters,
                           "wait for connections to end");
    if (weir_timeout_end(&timeout))
        rc = WEIR_E_AGAIN;
    return rc == WEIR_OK && server->state == FREED
               ? weir__fail(WEIR_E_CLOSED, "server", "the server was freed")
               : rc;
}

/* Asks connections that are left to end, then cuts them off, and then lets their
 * tasks notice. */
static int end_clients(weir_server *server, size_t timeout_ms)
{
    weir_server_close_clients(server);
    int rc = wait_for_clients(server, timeout_ms);
    if (rc == WEIR_E_AGAIN) {
        weir_server_abort_clients(server);
        rc = wait_for_clients(server, timeout_ms);
    }
    if (rc != WEIR_OK && rc != WEIR_E_AGAIN)
        return rc;
    return weir__fail(WEIR_E_TIMEOUT, "server",
                      "connections did not end by themselves within %zu ms",
                      timeout_ms);
}

int weir_server_wait_closed(weir_server *server, size_t timeout_ms)
{
    server->users++;
    weir_server_close(server);
    int rc = wait_for_clients(server, timeout_ms);
    if (rc == WEIR_E_AGAIN)
        rc = end_clients(server, timeout_ms);
    leave(server);
    return rc;
}

static void leave_clients(weir_server *server)
{
    weir__link *link;
    weir_server_abort_clients(server);
    while ((link = weir__link_shift(&server->clients)))
        WEIR__CONTAINER(link, struct client, link)->server = NULL;
    weir__descriptors_forget(server->loop, server);
}

void weir_server_free(weir_server *server)
{
    if (!server)
        return;
    weir_loop *loop = server->loop;
    weir_server_close(server);
    leave_clients(server);
    weir__unpark_all(&server->waiters, WEIR_OK);
    weir__link_remove(&server->link);
    weir__timer_clear(loop, &server->retry);
    server->state = FREED;
    server->users++;
    leave(server);
}

/* All tasks have ended, but for those that would not and never run again: what they
 * have left is freed here. */
void weir__servers_free(weir_loop *loop)
{
    while (weir__link_is_linked(&loop->servers)) {
        weir_server *server = WEIR__CONTAINER(loop->servers.next, weir_server, link);
        weir__link *link;
        while ((link = weir__link_shift(&server->clients)))
            weir__free(loop->allocator, WEIR__CONTAINER(link, struct client, link));
        server->users = 0;
        weir_server_free(server);
    }
}
