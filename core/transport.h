/* What every transport is: a table of functions and a protocol above it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_TRANSPORT_H
#define WEIR_CORE_TRANSPORT_H

#include <weir/transport.h>

struct weir_server;

/* How long a close goes on sending, unless the options say. */
#define WEIR__CLOSE_TIMEOUT_MS 30000

/* Each entry has the contract of the public function of its name. */
struct weir__transport_operations {
    int (*writelines)(weir_transport *transport, const weir_slice *slices,
                      size_t count);
    /* Sends what the kernel takes of the bytes now, and copies nothing. WEIR_OK, or a
     * status as of writelines; after `*sent` is 0, resume_writing is called when it
     * takes more. NULL: of a transport that cannot. */
    int (*send_some)(weir_transport *transport, weir_slice bytes, size_t *sent);
    int (*write_eof)(weir_transport *transport);
    void (*close)(weir_transport *transport);
    void (*abort)(weir_transport *transport);
    bool (*is_closing)(const weir_transport *transport);
    void (*set_reading)(weir_transport *transport, bool reading);
    bool (*is_reading)(const weir_transport *transport);
    size_t (*queued)(const weir_transport *transport);
    /* How many bytes a write may have now without being too big. */
    size_t (*room)(const weir_transport *transport);
    void (*set_watermarks)(weir_transport *transport, size_t high, size_t low);
    void (*set_protocol)(weir_transport *transport, const weir_protocol *protocol,
                         void *self);
    int (*fd)(const weir_transport *transport);
    /* Reads now if there is something to read, outside of the loop's turn: saves a
     * task that wants more from waiting for the poller. */
    void (*read_now)(weir_transport *transport);
    /* Has resume_writing called, once, when the queue is empty. */
    void (*tell_empty)(weir_transport *transport);
    /* WEIR_OK as long as no send has failed; else what it was, with its sentence. */
    int (*write_status)(const weir_transport *transport);
};

struct weir_transport {
    const struct weir__transport_operations *operations;
    weir_loop *loop;
    const weir_protocol *protocol;
    void *self;
    weir_transport *upper; /* what was put over it, and speaks for it; else NULL */
};

/* Kinds of descriptors. */
enum weir__descriptor_kind {
    WEIR__DESCRIPTOR_OTHER, /* pipe, terminal, file: read and written, not received */
    WEIR__DESCRIPTOR_UNIX,
    WEIR__DESCRIPTOR_TCP
};

/* weir_transport_open() for a descriptor that is non-blocking already and of a
 * known kind. Takes fd, also on failure. */
int weir__descriptor_open(weir_loop *loop, weir_transport **transport, int fd,
                          enum weir__descriptor_kind kind,
                          const weir_transport_options *options,
                          const weir_protocol *protocol, void *self);

/* Gives a transport that has just been opened its first protocol, whose
 * connection_made follows. */
void weir__descriptor_begin(weir_transport *transport, const weir_protocol *protocol,
                            void *self);

/* Makes a descriptor of others non-blocking, or closes it and says why not. */
int weir__descriptor_prepare(weir_loop *loop, int fd);

enum weir__descriptor_kind weir__descriptor_kind_of(weir_loop *loop, int fd);

/* Counts the transport as a connection of this server until it is lost. */
void weir__descriptor_set_server(weir_transport *transport, struct weir_server *server);

/* Closes or aborts the transports of a server. */
void weir__descriptors_end(weir_loop *loop, const struct weir_server *server,
                           bool abort);

/* The server is gone. */
void weir__descriptors_forget(weir_loop *loop, const struct weir_server *server);

/* Aborts all transports of the loop and delivers their loss. */
void weir__transports_free(weir_loop *loop);

#endif
