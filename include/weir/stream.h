/**
 * Streams: a connection with a reader and a writer, for tasks.
 *
 *   weir_stream *stream;
 *   if (weir_open_connection(loop, &stream, "example.com", 80) < 0) ...
 *   weir_write(weir_stream_writer(stream), request);
 *   while (weir_readline(weir_stream_reader(stream), &line) > 0) ...
 *   weir_stream_close(stream);
 *
 * Reading and writing are in reader.h and writer.h. One task may read while
 * another writes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STREAM_H
#define WEIR_STREAM_H

#include <weir/address.h>
#include <weir/reader.h>
#include <weir/transport.h>
#include <weir/writer.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_stream weir_stream;

/** What makes a connection secure (tls.h). */
typedef struct weir_tls_context weir_tls_context;

/** Options of the calls that make a stream. All zero is the default. */
typedef struct weir_stream_options {
    /** The reader's limit, in bytes (weir_reader_set_limit). 0: 64 KiB. */
    size_t limit;

    /** The connection's. max_write_buffer_bytes is 1 MiB by default for streams. What
     * a write has above it is sent from the caller's memory while the call waits, and
     * is copied only by TLS: 64 KiB suit who writes more than that at a time. */
    weir_transport_options transport;

    /** How long weir_stream_close() waits for the peer to take what is queued, in
     * milliseconds. 0: as .transport says, which is 30 s by default. */
    uint32_t close_timeout_ms;
} weir_stream_options;

/** Steps of connecting, as they are over. */
typedef enum weir_connect_step {
    WEIR_CONNECT_RESOLVED,  /**< the addresses are known; not with .unix_path */
    WEIR_CONNECT_CONNECTED, /**< to one of them */
    WEIR_CONNECT_SECURED    /**< the handshake of TLS is over; not without .tls */
} weir_connect_step;

/** Options of weir_stream_connect and weir_create_connection. */
typedef struct weir_connect_options {
    /** A host name, or an IPv4 or IPv6 address without brackets. */
    const char *host;

    /** 1 to 65535. */
    int port;

    /** Connect to a Unix socket at this path instead. NULL: host and port. */
    const char *unix_path;

    /** Which addresses of the host to try. */
    weir_family family;

    /** These addresses in place of the host's, with their ports; `host` is then only
     * what they are called. `address_count` is WEIR_MAX_ADDRESSES at most (resolver.h).
     * 0: the host's. */
    const weir_address *addresses;
    size_t address_count;

    /** Leave out the addresses that are not public (weir_address_is_public), and fail
     * when there is no other: for hosts that somebody else chooses. It holds for what
     * is connected to, so a name that has another address the next time does not get
     * around it. Not with `unix_path`. */
    bool public_only;

    /** The own address to connect from, a literal. NULL: any. */
    const char *local_host;

    /** The own port to connect from. 0: any. */
    int local_port;

    /** How long all of it may take, names included, in milliseconds. 0: 30 s. */
    uint32_t connect_timeout_ms;

    /** When to try the next address while one is being tried, in milliseconds (RFC
     * 8305 5, the Connection Attempt Delay). 0: 250. */
    uint32_t attempt_delay_ms;

    /** Speak TLS, with this context of a client (tls.h). The time for the handshake is
     * the context's. NULL: in the clear. */
    weir_tls_context *tls;

    /** Whose certificate it must be. NULL: the host's. */
    const char *server_name;

    size_t limit;                     /**< as in weir_stream_options */
    weir_transport_options transport; /**< as in weir_stream_options */
    uint32_t close_timeout_ms;        /**< as in weir_stream_options; of a stream */

    /** Called after each step, by the task that connects. NULL: nobody. */
    void (*on_step)(weir_connect_step step, void *step_arg);
    void *step_arg;
} weir_connect_options;

/**
 * Connects to a host, trying its addresses in turn (RFC 8305).
 *
 * As a macro it takes host and port, then options by name:
 * `weir_open_connection(loop, &stream, "example.com", 80, .limit = 1 << 16)`.
 *
 *   stream   out: the caller's, until weir_stream_close() or _abort()
 *
 * Returns WEIR_OK; or
 *
 *   WEIR_E_RESOLVE     the name has no address
 *   WEIR_E_CONNECTION  no address could be connected to; the sentence names each.
 *                      Or none is public, where that was asked for
 *   WEIR_E_TIMEOUT     it took longer than connect_timeout_ms, or than the
 *                      caller's deadline
 *   WEIR_E_CANCELLED   the task was cancelled
 *   WEIR_E_INVALID     the options make no sense
 *   WEIR_E_TLS         the handshake failed; the sentence says why
 *   WEIR_E_MEMORY, WEIR_E_SYSTEM
 */
int weir_stream_connect(weir_loop *loop, weir_stream **stream,
                        const weir_connect_options *options);

#define weir_open_connection(loop, stream, connect_host, ...) \
    weir_stream_connect(                                      \
        (loop), (stream),                                     \
        &(weir_connect_options){.host = (connect_host), .port = __VA_ARGS__})

/** The same over a Unix socket: `weir_open_unix_connection(loop, &stream, path)`. */
#define weir_open_unix_connection(loop, stream, ...) \
    weir_stream_connect((loop), (stream),            \
                        &(weir_connect_options){.unix_path = __VA_ARGS__})

/**
 * Connects like weir_stream_connect, for a protocol of the callback layer.
 *
 * Waits until the connection is there; connection_made follows, with .tls when the
 * handshake is done. Returns the same, but for what comes of the handshake.
 */
int weir_transport_connect(weir_loop *loop, weir_transport **transport,
                           const weir_connect_options *options,
                           const weir_protocol *protocol, void *self);

#define weir_create_connection(loop, transport, protocol, self, connect_host, ...) \
    weir_transport_connect(                                                        \
        (loop), (transport),                                                       \
        &(weir_connect_options){.host = (connect_host), .port = __VA_ARGS__},      \
        (protocol), (self))

/**
 * Makes a stream of an open descriptor: a connected socket, a pipe, a terminal or a
 * file.
 *
 *   fd        made non-blocking; the stream's from now on, also on failure
 *   options   may be NULL
 *
 * Returns WEIR_OK, WEIR_E_MEMORY or WEIR_E_SYSTEM.
 */
int weir_stream_open(weir_loop *loop, weir_stream **stream, int fd,
                     const weir_stream_options *options);

/**
 * Makes two connected streams, each the other's peer; for tests, and between tasks.
 *
 * Returns WEIR_OK, WEIR_E_MEMORY or WEIR_E_SYSTEM.
 */
int weir_stream_pair(weir_loop *loop, weir_stream *ends[2]);

/**
 * Opens standard input, whatever it is: a terminal, a pipe, a file, /dev/null.
 *
 * The descriptor is duplicated; 0 itself stays open. Non-blocking mode, which it
 * shares with other programs on the same terminal, is taken back when the stream
 * is closed, and at exit().
 *
 * Returns WEIR_OK; WEIR_E_MISUSE when it is open already; WEIR_E_SYSTEM when
 * there is no standard input; WEIR_E_MEMORY.
 */
int weir_open_stdin(weir_loop *loop, weir_stream **stream);

/** The same for standard output: a stream of which only the writer is of use. */
int weir_open_stdout(weir_loop *loop, weir_stream **stream);

/** The stream's reader; the stream's own, as is the writer. */
weir_reader *weir_stream_reader(weir_stream *stream);

/** The stream's writer. */
weir_writer *weir_stream_writer(weir_stream *stream);

/** The transport below, or NULL once the connection is lost. */
weir_transport *weir_stream_transport(weir_stream *stream);

/** The loop that it belongs to. */
weir_loop *weir_stream_loop(weir_stream *stream);

/** The peer's address; .len is 0 once the connection is lost. */
void weir_stream_peer_address(const weir_stream *stream, weir_address *address);

/** The own address; .len is 0 once the connection is lost. */
void weir_stream_local_address(const weir_stream *stream, weir_address *address);

/**
 * Sends what is queued, closes the connection and frees the stream.
 *
 * Waits only while something is queued, at most close_timeout_ms; then, or when the
 * caller is cancelled or its deadline passes, the rest is dropped. In a callback of
 * the loop it cannot wait: the connection is closed behind it, within the same time,
 * and nobody is told whether everything has left.
 *
 * Returns WEIR_OK when everything has left; else why not. The stream is freed in
 * any case; reader, writer and their slices go with it. NULL is allowed.
 */
int weir_stream_close(weir_stream *stream);

/** Drops what is queued, closes the connection and frees the stream. NULL is allowed. */
void weir_stream_abort(weir_stream *stream);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
