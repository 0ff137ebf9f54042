/* A stream: the protocol that turns callbacks into calls that wait.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CORE_STREAM_H
#define WEIR_CORE_STREAM_H

#include <weir/stream.h>

#include "list.h"
#include "reader.h"
#include "transport.h"
#include "writer.h"

struct weir_stream {
    weir_transport *transport; /* NULL once lost */
    weir_reader reader;
    weir_writer writer;
    weir__link drainers; /* tasks that wait for the queue */
    weir__link writers;  /* and for another one's write */
    weir__link link;     /* in loop->streams */
    weir__link grave;    /* in loop->graves */
    uint32_t close_timeout_ms;
    uint32_t piece; /* of what is longer than may be queued */
    int status;     /* of the loss */
    int os_error;
    weir_error *why;  /* the loss in words, where its status says too little; or NULL */
    unsigned waiting; /* tasks in these lists, or woken and not yet running */
    bool writing;     /* a write waits for room */
    bool writing_paused;
    bool heeds_reader; /* waiting to write ends when there is something to read */
    bool made;         /* the transport has said so, where somebody waits for it */
    void (*on_close)(weir_stream *stream); /* standard input's: gives the mode back */
};

/* A stream over a descriptor of a known kind. Takes fd, also on failure. */
int weir__stream_open(weir_loop *loop, weir_stream **stream, int fd,
                      enum weir__descriptor_kind kind,
                      const weir_stream_options *options);

/* What a stream is to a transport that is made later than the stream. */
extern const weir_protocol weir__stream_protocol;

/* Waits until the transport is made, or lost. WEIR_OK or a status with its sentence. */
int weir__stream_wait_made(weir_stream *stream, const char *what);

/* Frees the streams of a loop, whose transports are gone. */
void weir__streams_free(weir_loop *loop);

/* Frees the streams that were closed while a task waited in them, and that it has
 * left by now. */
void weir__streams_bury(weir_loop *loop);

#endif
