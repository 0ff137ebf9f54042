/* Servers: accept, a task or a protocol for each connection, limits, the end.
 *
 * SPDX-License-Identifier: MIT */
#include "server.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/resolver.h>
#include <weir/timeout.h>

#include "address.h"
#include "allocator.h"
#include "error.h"
#include "listen.h"
#include "loop.h"
#include "park.h"
#include "stream.h"

#define DEFAULT_MAX_CONNECTIONS 10000

/* When descriptors or memory have run out: until accepting is tried again. */
#define ACCEPT_RETRY_MS 1000

enum server_state { LISTENING, CLOSED };

struct listener {
    weir__watch watch;
    weir_server *server;
};

struct weir_server {
    weir_loop *loop;
    weir__link link; /* in loop->servers */
    weir_server_options options;
    enum server_state state;
    char *unix_path;
    dev_t unix_device; /* of the socket file that is ours */
    ino_t unix_inode;
    weir__link clients; /* with a task each */
    size_t connections; /* of both kinds */
    weir__link waiters; /* for the close, or for connections to end */
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
    weir__unpark_all(&server->waiters, WEIR_OK);
    if (was_full)
        accept_again(server);
}

static void end_client(struct client *client, int rc)
{
    weir_server *server = client->server;
    weir_loop *loop = weir_stream_loop(client->stream);
    weir__link_remove(&client->link);
    if (rc < 0 && server && server->options.on_error)
        server->options.on_error(server->options.arg, rc);
    if (rc < 0)
        weir_stream_abort(client->stream);
    else
        weir_stream_close(client->stream);
    /* Asked again: closing may have waited while the server was freed. */
    if (client->server)
        weir__server_connection_ended(client->server);
    weir__free(loop->allocator, client);
}

static int serve_client(void *arg)
{
    struct client *client = arg;
    weir_server *server = client->server;
    int rc = WEIR_E_CANCELLED;
    if (server)
        rc = server->options.on_connect(client->stream, server->options.arg);
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

static int start_protocol(weir_server *server, int fd, enum weir__descriptor_kind kind)
{
    weir_loop *loop = server->loop;
    const weir_protocol *protocol = NULL;
    weir_transport *transport;
    void *self = NULL;
    int rc = server->options.on_accept(server->options.arg, &protocol, &self);
    if (rc < 0) {
        loop->sys->close(loop->sys, fd);
        return WEIR_OK; /* the program does not want it, which is no lack */
    }
    rc = weir__descriptor_open(loop, &transport, fd, kind,
                               &server->options.stream.transport, protocol, self);
    if (rc < 0)
        return rc;
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
        server->unix_path ? WEIR__DESCRIPTOR_UNIX : WEIR__DESCRIPTOR_TCP;
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

static void on_acceptable(weir__watch *watch)
{
    struct listener *listener = WEIR__CONTAINER(watch, struct listener, watch);
    weir_server *server = listener->server;
    int batch = server->options.backlog;
    if (server->retry.deadline != WEIR__NEVER)
        return; /* paused */
    while (batch-- > 0) {
        if (server->state != LISTENING ||
            server->connections >= server->options.max_connections)
            return;
        if (!accept_one(server, listener))
            return;
    }
    weir__watch_again(server->loop, watch);
}

static int add_listener(weir_server *server, const weir_address *address)
{
    weir_loop *loop = server->loop;
    struct listener *listener = &server->listeners[server->listener_count];
    int fd = weir__listen(loop, &server->options, address);
    if (fd < 0)
        return fd;
    listener->server = server;
    int rc =
        weir__watch_add(loop, &listener->watch, fd, WEIR__POLL_READ, on_acceptable);
    if (rc < 0) {
        loop->sys->close(loop->sys, fd);
        return rc;
    }
    server->listener_count++;
    return 0;
}

static int cannot_listen(int error, const weir_address *address)
{
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_text(address, text, sizeof(text));
    weir__fail_errno(error, "listen", "cannot listen on %s", text);
    return WEIR_E_SYSTEM;
}

/* Addresses that this machine lacks are left out, as long as one is there
 * (asyncio's start_server does so too). */
static int listen_on(weir_server *server, weir_address *addresses, int count)
{
    int port = server->options.port;
    for (int i = 0; i < count; i++) {
        weir__address_set_port(&addresses[i], port);
        int rc = add_listener(server, &addresses[i]);
        if (rc == -EADDRNOTAVAIL || rc == -EAFNOSUPPORT)
            cannot_listen(-rc, &addresses[i]);
        else if (rc < 0)
            return cannot_listen(-rc, &addresses[i]);
        else if (port == 0)
            port = weir_server_port(server);
    }
    return server->listener_count > 0 ? WEIR_OK : weir_last_error()->status;
}

static int listen_everywhere(weir_server *server)
{
    weir_address addresses[2];
    int count = 0;
    if (server->options.family != WEIR_FAMILY_IPV4)
        weir_address_parse(&addresses[count++], "::", 0);
    if (server->options.family != WEIR_FAMILY_IPV6)
        weir_address_parse(&addresses[count++], "0.0.0.0", 0);
    return listen_on(server, addresses, count);
}

static int listen_on_host(weir_server *server)
{
    weir_address addresses[WEIR_MAX_ADDRESSES];
    const weir_server_options *options = &server->options;
    int count = weir_resolve(server->loop, options->host, options->port,
                             options->family, addresses);
    return count < 0 ? count : listen_on(server, addresses, count);
}

static int listen_on_path(weir_server *server)
{
    weir_loop *loop = server->loop;
    const char *path = server->options.unix_path;
    weir_address address;
    struct stat status;
    if (weir__address_unix(&address, path) < 0)
        return weir__fail(WEIR_E_INVALID, "listen", "a socket cannot have the path %s",
                          path);
    server->unix_path = weir__strndup(loop->allocator, path, strlen(path));
    if (!server->unix_path)
        return weir__fail(WEIR_E_MEMORY, "listen", "no memory for a server");
    weir__remove_stale_socket(loop, &address, path);
    int rc = add_listener(server, &address);
    if (rc < 0)
        return cannot_listen(-rc, &address);
    if (lstat(path, &status) == 0) {
        server->unix_device = status.st_dev;
        server->unix_inode = status.st_ino;
    }
    return WEIR_OK;
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
    if (options->unix_path)
        return listen_on_path(server);
    if (options->host && options->host[0])
        return listen_on_host(server);
    return listen_everywhere(server);
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
    while (rc == WEIR_OK && server->state == LISTENING)
        rc = weir__park_in(server->loop, &server->waiters, "serve");
    if (rc == WEIR_E_CANCELLED)
        weir_server_close(server);
    return rc;
}

static void remove_unix_path(weir_server *server)
{
    struct stat status;
    /* Another server may have put its own there. */
    if (server->unix_inode != 0 && lstat(server->unix_path, &status) == 0 &&
        status.st_dev == server->unix_device && status.st_ino == server->unix_inode)
        unlink(server->unix_path);
}

void weir_server_close(weir_server *server)
{
    weir_loop *loop = server->loop;
    if (server->state == CLOSED)
        return;
    server->state = CLOSED;
    for (size_t i = 0; i < server->listener_count; i++) {
        weir__watch_remove(loop, &server->listeners[i].watch);
        loop->sys->close(loop->sys, server->listeners[i].watch.fd);
    }
    weir__timer_stop(&server->retry);
    remove_unix_path(server);
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
    while (rc == WEIR_OK && server->connections > 0)
        rc = weir__park_in(server->loop, &server->waiters,
                           "wait for connections to end");
    return weir_timeout_end(&timeout) ? WEIR_E_AGAIN : rc;
}

int weir_server_wait_closed(weir_server *server, size_t timeout_ms)
{
    weir_server_close(server);
    int rc = wait_for_clients(server, timeout_ms);
    if (rc != WEIR_E_AGAIN)
        return rc;
    weir_server_close_clients(server);
    rc = wait_for_clients(server, timeout_ms);
    if (rc == WEIR_E_AGAIN)
        weir_server_abort_clients(server);
    if (rc == WEIR_OK || rc == WEIR_E_AGAIN)
        return weir__fail(WEIR_E_TIMEOUT, "server",
                          "connections did not end by themselves within %zu ms",
                          timeout_ms);
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
    weir__unpark_all(&server->waiters, WEIR_E_CLOSED);
    weir__link_remove(&server->link);
    weir__timer_clear(loop, &server->retry);
    weir__free(loop->allocator, server->unix_path);
    weir__free(loop->allocator, server);
}

void weir__servers_free(weir_loop *loop)
{
    while (weir__link_is_linked(&loop->servers))
        weir_server_free(WEIR__CONTAINER(loop->servers.next, weir_server, link));
}
