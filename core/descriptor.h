/* The transport over a descriptor: what its two files share.
 *
 *   life:   OPEN -> CLOSING (a queue is left) -> LOST -> (freed)
 *   read:   READING <-> PAUSED, any -> ENDED
 *   write:  WRITING -> ENDING (a queue is left) -> ENDED
 *           any -> BROKEN      any with a queue, in CLOSING -> OVERDUE
 *
 * Readiness is kept in the watch: a bit stays set until a call has shown that it
 * is used up, so pausing, resuming and going on cost no system call.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_DESCRIPTOR_H
#define WEIR_CORE_DESCRIPTOR_H

#include "buffer.h"
#include "loop.h"
#include "transport.h"

enum weir__life { WEIR__OPEN, WEIR__CLOSING, WEIR__LOST };
enum weir__read_state { WEIR__READING, WEIR__PAUSED, WEIR__READ_ENDED };

enum weir__write_state {
    WEIR__WRITING,
    WEIR__WRITE_ENDING,
    WEIR__WRITE_ENDED,
    WEIR__WRITE_BROKEN, /* a send has failed: what the peer sent before is still read */
    WEIR__WRITE_OVERDUE /* closed, and the peer did not take the queue in time: lost */
};

/* What waits to be sent. The timer is here, and not in each connection, as only one
 * that has something to send can be late with it. */
typedef struct weir__send_queue {
    weir__buffer bytes;
    weir__timer overdue; /* runs after a close; without on_due until then */
    struct weir__descriptor *descriptor;
} weir__send_queue;

typedef struct weir__descriptor {
    weir_transport transport;
    weir__watch watch;
    weir__link link;       /* in loop->transports */
    weir__send_queue *out; /* NULL: nothing waits */
    uint32_t high;
    uint32_t low;
    uint32_t max_queue;
    uint32_t close_timeout_ms;
    uint8_t life; /* enum weir__life, and so on: a byte each, as there are many */
    uint8_t read_state;
    uint8_t write_state;
    uint8_t kind;
    bool made; /* connection_made was called, or is not wanted */
    bool writing_paused;
    bool tell_empty : 1; /* resume_writing is wanted when the queue is empty */
    bool tell_room : 1;  /* and when nothing is queued and the kernel takes more */
    bool write_only;     /* the end of a pipe that is written to */
    struct weir_server
        *server; /* that has accepted it; NULL: none, or one of streams */
    int status;  /* for connection_lost */
    int os_error;
} weir__descriptor;

static inline weir__descriptor *weir__descriptor_of(const weir_transport *transport)
{
    return WEIR__CONTAINER(transport, weir__descriptor, transport);
}

static inline size_t weir__descriptor_queued(const weir__descriptor *d)
{
    return d->out ? weir__buffer_len(&d->out->bytes) : 0;
}

/* The end, of which the protocol is told in the loop's next round. */
void weir__descriptor_lose(weir__descriptor *d, int status, int os_error);

/* Sends what waits, as far as the kernel takes it, and tells the protocol. */
void weir__descriptor_flush(weir__descriptor *d);

/* Everything that waited has left, or never did: goes on with what was to follow. */
void weir__descriptor_emptied(weir__descriptor *d);

void weir__descriptor_drop_queue(weir__descriptor *d);

/* The transport is closing with a queue: sends it, but not for ever. */
void weir__descriptor_linger(weir__descriptor *d);

/* The entries of the table. */
int weir__descriptor_writelines(weir_transport *transport, const weir_slice *slices,
                                size_t count);
int weir__descriptor_send_some(weir_transport *transport, weir_slice bytes,
                               size_t *sent);
int weir__descriptor_write_eof(weir_transport *transport);
int weir__descriptor_write_status(const weir_transport *transport);
void weir__descriptor_set_watermarks(weir_transport *transport, size_t high,
                                     size_t low);

#endif
