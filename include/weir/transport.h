/**
 * The callback layer: a transport moves bytes, a protocol says what they mean.
 *
 * For a hundred thousand connections in little memory, or framing of one's own;
 * with a task for each connection, stream.h is what one wants.
 *
 *   static int data_received(weir_transport *t, void *self, weir_slice bytes)
 *   {
 *       return weir_transport_write(t, bytes);            (an echo)
 *   }
 *   static const weir_protocol echo = {.data_received = data_received};
 *   weir_create_connection(loop, &transport, &echo, self, "example.com", 7);
 *
 * Every connection sees connection_made once, then data_received and the others,
 * then connection_lost once, after which the transport is gone. All are called by
 * the loop and must not wait; pause_writing alone may also be called inside
 * weir_transport_write, _writelines and _set_watermarks.
 *
 * When a send fails, what the peer sent before is still received, and then the
 * connection is lost: not before reading is resumed, should it be paused.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TRANSPORT_H
#define WEIR_TRANSPORT_H

#include <stdbool.h>
#include <weir/address.h>
#include <weir/loop.h>
#include <weir/slice.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct weir_transport weir_transport;

/**
 * What a program does with a connection. Any entry may be NULL.
 *
 * `self` is what the program gave with the table. Entries that return an int
 * return WEIR_OK to go on; a negative status aborts the connection, and
 * connection_lost is called with it. Each may call anything that does not wait,
 * also weir_transport_abort and _close.
 */
typedef struct weir_protocol {
    /** The connection is there, or was: it may have been closed in the meantime.
     * Once, before all others. */
    int (*connection_made)(weir_transport *transport, void *self);

    /** Where to read into: returns memory and sets `*size`, which is kept until
     * data_received. `*size` 0 pauses reading. NULL entry: the loop's memory. */
    char *(*get_buffer)(weir_transport *transport, void *self, size_t *size);

    /** Bytes have come; valid during the call, unless get_buffer gave the memory. */
    int (*data_received)(weir_transport *transport, void *self, weir_slice bytes);

    /** The peer will send no more. Once at most. Return 1 to keep the own side
     * open for writing; 0, or no entry, closes the transport. */
    int (*eof_received)(weir_transport *transport, void *self);

    /** More than the high watermark waits to be sent: stop writing. */
    void (*pause_writing)(weir_transport *transport, void *self);

    /** No more than the low watermark waits any more, or a send has failed. After
     * each pause_writing, once, unless the connection is lost before. */
    void (*resume_writing)(weir_transport *transport, void *self);

    /** The end: WEIR_OK after a close, an abort or the peer's end, else why; the
     * words are in weir_last_error() during the call. Once; the descriptor is
     * closed already, and the transport is freed afterwards. */
    void (*connection_lost)(weir_transport *transport, void *self, int status);
} weir_protocol;

/** Options of what makes a transport. All zero is the default. */
typedef struct weir_transport_options {
    /** Bytes waiting to be sent above which pause_writing is called. 0: 64 KiB. */
    size_t write_high_bytes;

    /** Bytes at or below which resume_writing is called. 0: a quarter of the high
     * watermark. */
    size_t write_low_bytes;

    /** The most bytes that may wait to be sent. 0: 16 MiB. */
    size_t max_write_buffer_bytes;

    /** How long weir_transport_close() goes on sending what waits, in milliseconds.
     * 0: 30 s. */
    uint32_t close_timeout_ms;

    /** Probe idle TCP connections (SO_KEEPALIVE). */
    bool keep_alive;

    /** Let the kernel gather small writes (Nagle); by default TCP_NODELAY is on. */
    bool no_tcp_nodelay;

    /** Linux: drop the connection when sent data is not acknowledged for this many
     * milliseconds (TCP_USER_TIMEOUT, RFC 5482). 0: as the system says. */
    uint32_t tcp_user_timeout_ms;
} weir_transport_options;

/**
 * Sends bytes: at once what the kernel takes, the rest when it can. Never waits.
 *
 * The bytes are copied where needed. Nothing at all is a success, also after the
 * connection is lost. Returns WEIR_OK; or, with nothing of it sent,
 *
 *   WEIR_E_TOO_BIG     more than .max_write_buffer_bytes would be waiting
 *   WEIR_E_MEMORY      no memory for the rest; the connection is aborted
 *   WEIR_E_CLOSED      after weir_transport_write_eof, _close or _abort
 *   WEIR_E_CONNECTION  the connection is broken; connection_lost follows
 */
int weir_transport_write(weir_transport *transport, weir_slice bytes);

/** The same for many slices, in one system call where the kernel takes them. */
int weir_transport_writelines(weir_transport *transport, const weir_slice *slices,
                              size_t count);

/**
 * Ends the own side when all that waits has left (FIN); the peer can still send.
 *
 * Twice is once. Returns WEIR_OK, WEIR_E_CLOSED, or WEIR_E_UNSUPPORTED for what has
 * no half-close.
 */
int weir_transport_write_eof(weir_transport *transport);

/**
 * Sends what waits, then closes. Nothing is read any more. Twice is once.
 *
 * What the peer has not taken after close_timeout_ms is dropped, and connection_lost
 * is called with WEIR_E_TIMEOUT; with WEIR_E_MEMORY, and at once, when there is no
 * memory to watch over that time.
 */
void weir_transport_close(weir_transport *transport);

/** Closes at once; what waits to be sent is lost. */
void weir_transport_abort(weir_transport *transport);

/** Whether it is closing, closed or broken. */
bool weir_transport_is_closing(const weir_transport *transport);

/** Stops calling data_received. Costs no system call. Twice is once. */
void weir_transport_pause_reading(weir_transport *transport);

/** Undoes weir_transport_pause_reading. */
void weir_transport_resume_reading(weir_transport *transport);

/** Whether it reads: not paused, not at the peer's end, not closing. */
bool weir_transport_is_reading(const weir_transport *transport);

/** Bytes that wait to be sent. */
size_t weir_transport_queued(const weir_transport *transport);

/**
 * Sets the watermarks.
 *
 *   high, low   bytes, high >= low; a high of 0 makes every queued byte pause
 *
 * Returns WEIR_OK or WEIR_E_INVALID.
 */
int weir_transport_set_watermarks(weir_transport *transport, size_t high, size_t low);

/** Hands the connection to another protocol, for an upgrade. Its
 * connection_made is not called. */
void weir_transport_set_protocol(weir_transport *transport,
                                 const weir_protocol *protocol, void *self);

/** The addresses of both ends; .len is 0 where there is none. */
void weir_transport_local_address(const weir_transport *transport,
                                  weir_address *address);
void weir_transport_peer_address(const weir_transport *transport,
                                 weir_address *address);

/** The descriptor, for socket options; -1 when there is none (any more). */
int weir_transport_fd(const weir_transport *transport);

/** The loop that it belongs to. */
weir_loop *weir_transport_loop(const weir_transport *transport);

/**
 * Makes a transport of an open descriptor: a connected socket, a pipe, a terminal
 * or a file. What can only be read, or only be written, is closed in the other
 * direction; the end that writes to a pipe is lost when nobody reads it any more.
 *
 *   fd        made non-blocking; weir's from now on, also when the call fails
 *   options   may be NULL
 *
 * Returns WEIR_OK, and connection_made follows; WEIR_E_MEMORY; WEIR_E_SYSTEM.
 */
int weir_transport_open(weir_loop *loop, weir_transport **transport, int fd,
                        const weir_transport_options *options,
                        const weir_protocol *protocol, void *self);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
