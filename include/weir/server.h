/**
 * Servers of streams: each connection is a task.
 *
 *   static int echo(weir_stream *stream, void *arg)
 *   {
 *       weir_slice line;
 *       int rc;
 *       while ((rc = weir_readline(weir_stream_reader(stream), &line)) > 0) {
 *           weir_write(weir_stream_writer(stream), line);
 *           if ((rc = weir_drain(weir_stream_writer(stream))) < 0)
 *               break;
 *       }
 *       return rc;
 *   }
 *   weir_start_server(loop, &server, "127.0.0.1", 8888, .on_connect = echo);
 *   weir_server_serve_forever(server);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SERVER_H
#define WEIR_SERVER_H

#include <weir/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_server weir_server;

/** Options of weir_server_start. */
typedef struct weir_server_options {
    /** Called in a task of its own for each connection, which is closed when it
     * returns: what it has written is sent first, or dropped if the result is
     * negative. The stream stays the server's. */
    int (*on_connect)(weir_stream *stream, void *arg);

    /** Instead of on_connect: called by the loop for each connection, to give it a
     * protocol of the callback layer. Returns WEIR_OK, or a negative status to drop
     * the connection. */
    int (*on_accept)(void *arg, const weir_protocol **protocol, void **self);

    void *arg; /**< for either */

    /** An address or a name; every address of a name is listened on. NULL or "":
     * all addresses, IPv6 and IPv4. */
    const char *host;

    /** 0: any free one, the same for all addresses where possible. */
    int port;

    /** Listen on a Unix socket at this path instead. A socket that is left there by
     * a dead server is replaced; one that answers is not. The path is removed when
     * the server closes. */
    const char *unix_path;

    weir_family family; /**< of a host name, or of all addresses */

    int backlog; /**< connections the kernel holds before they are accepted. 0: 100 */

    /** Let several processes listen on one port (SO_REUSEPORT). */
    bool reuse_port;

    /** Fail instead of reusing a port on which old connections linger. */
    bool no_reuse_address;

    /** The most connections at a time; those beyond wait in the kernel's backlog.
     * 0: 10,000. */
    size_t max_connections;

    /** Usable stack of a connection's task in bytes. 0: as the loop says. */
    size_t stack_bytes;

    /** Speak TLS, with this context of a server (tls.h), which must live as long as
     * the server does. The handshake comes before on_connect, in the task; a protocol
     * of on_accept hears of the connection when it is done. NULL: in the clear. */
    weir_tls_context *tls;

    weir_stream_options stream; /**< of each connection */

    /** Told of each connection that ended with a negative status of on_connect, or
     * before it in the handshake, with weir_last_error() set. NULL: nobody. */
    void (*on_error)(void *arg, int status);
} weir_server_options;

/**
 * Starts to listen.
 *
 * As a macro it takes host and port, then options by name:
 * `weir_start_server(loop, &server, "localhost", 0, .on_connect = echo)`.
 *
 * Connections are accepted whenever the loop runs. Returns WEIR_OK; or
 *
 *   WEIR_E_SYSTEM    no address could be listened on; the sentence says why
 *   WEIR_E_RESOLVE   the host name has no address
 *   WEIR_E_INVALID   the options make no sense
 *   WEIR_E_TIMEOUT, WEIR_E_CANCELLED, WEIR_E_MEMORY
 */
int weir_server_start(weir_loop *loop, weir_server **server,
                      const weir_server_options *options);

#define weir_start_server(loop, server, listen_host, ...) \
    weir_server_start(                                    \
        (loop), (server),                                 \
        &(weir_server_options){.host = (listen_host), .port = __VA_ARGS__})

/** The same on a Unix socket: `weir_start_unix_server(loop, &server, path, ...)`. */
#define weir_start_unix_server(loop, server, ...) \
    weir_server_start((loop), (server),           \
                      &(weir_server_options){.unix_path = __VA_ARGS__})

/** The port that it listens on, of the first address; 0 for a Unix socket. */
int weir_server_port(const weir_server *server);

/** How many sockets it listens on, and the address of each. */
size_t weir_server_address_count(const weir_server *server);
void weir_server_address(const weir_server *server, size_t index,
                         weir_address *address);

/** How many connections are open. */
size_t weir_server_connections(const weir_server *server);

/** How many times accepting had to pause because descriptors or memory ran out. */
size_t weir_server_pauses(const weir_server *server);

/**
 * Waits until the server is closed, or the caller is cancelled: then it is closed.
 *
 * Returns WEIR_OK when weir_server_close() ended it; WEIR_E_CANCELLED or
 * WEIR_E_TIMEOUT.
 */
int weir_server_serve_forever(weir_server *server);

/** Stops listening. Connections go on. Twice is once. */
void weir_server_close(weir_server *server);

/** Asks each connection to end: cancels its task, or closes its transport. */
void weir_server_close_clients(weir_server *server);

/** Cuts each connection off, and cancels its task. */
void weir_server_abort_clients(weir_server *server);

/**
 * Closes the server and waits until no connection is left.
 *
 *   timeout_ms   after this long, connections are asked to end, after as long
 *                again they are cut off, and as long again their tasks have to
 *                return. WEIR_NO_LIMIT: never
 *
 * Returns WEIR_OK when all ended by themselves; WEIR_E_TIMEOUT when some had to be
 * asked or cut; WEIR_E_CANCELLED, or WEIR_E_TIMEOUT because of the caller's own
 * deadline, which leave connections behind; WEIR_E_CLOSED when another task has
 * freed the server meanwhile.
 */
int weir_server_wait_closed(weir_server *server, size_t timeout_ms);

/** Closes the server, aborts its connections and frees it. NULL is allowed.
 *
 * Tasks of connections that have not noticed yet go on until their next wait. */
void weir_server_free(weir_server *server);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
