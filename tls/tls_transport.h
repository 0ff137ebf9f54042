/* TLS as a transport over a transport: what its files share.
 *
 *   HANDSHAKING -> OPEN -> LEAVING (until the peer says goodbye too) -> GONE
 *        +----------+----------------------------------------------------^
 *
 * Ciphertext comes into `in`, memory lent by the loop for the time of one round, out of
 * which OpenSSL decrypts straight into the memory of the protocol above; what leaves is
 * gathered in `out` and written to the transport below at once. GONE: the transport
 * below is closing, and its loss is that of this one.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TLS_TLS_TRANSPORT_H
#define WEIR_TLS_TLS_TRANSPORT_H

#include "connection.h"
#include "loop.h"
#include "timer.h"
#include "transport.h"

enum weir__tls_life {
    WEIR__TLS_HANDSHAKING,
    WEIR__TLS_OPEN,
    WEIR__TLS_LEAVING,
    WEIR__TLS_GONE
};

enum weir__tls_read_state { WEIR__TLS_READING, WEIR__TLS_PAUSED, WEIR__TLS_READ_ENDED };

/* Bytes in memory lent by the loop; none is held while it is empty. */
typedef struct weir__tls_bytes {
    char *memory;
    size_t start;
    size_t end;
    size_t capacity;
} weir__tls_bytes;

typedef struct weir__tls_transport {
    weir_transport transport;
    weir_transport *lower; /* NULL once lost */
    weir__tls_connection connection;
    weir__tls_bytes in;
    weir__tls_bytes out;
    weir__watch again; /* of no descriptor: has on_ready called in the next round */
    struct weir__tls_timer *timer; /* of the handshake or of the goodbye; or NULL */
    weir_error *why; /* the words for status; NULL: none, or no memory for them */
    int status;      /* of the loss, when it is not that of the transport below */
    uint8_t life;    /* enum weir__tls_life, and so on */
    uint8_t read_state;
    bool write_ended; /* the own goodbye has left */
    bool made;        /* connection_made was called */
    bool lower_ended; /* the transport below has reached the peer's end */
    bool heard;       /* application data has come */
    bool flushed;     /* everything has left, after the goodbye */
} weir__tls_transport;

static inline weir__tls_transport *weir__tls_of(const weir_transport *transport)
{
    return WEIR__CONTAINER(transport, weir__tls_transport, transport);
}

static inline size_t weir__tls_bytes_len(const weir__tls_bytes *bytes)
{
    return bytes->end - bytes->start;
}

/* Gives the SSL its way in and out. WEIR_OK or WEIR_E_MEMORY. */
int weir__tls_bio_attach(weir__tls_transport *tls);

/* Gives the memory back. */
void weir__tls_bytes_drop(weir__tls_transport *tls, weir__tls_bytes *bytes);

/* Writes what has been gathered to the transport below, as far as it is still there.
 * WEIR_OK or a status with its sentence. */
int weir__tls_flush(weir__tls_transport *tls);

/* The end of the connection, of which the protocol above is told in a later round.
 * `status` has its sentence, unless one was kept before. */
void weir__tls_lose(weir__tls_transport *tls, int status);

/* Keeps the status and the sentence of the latest failure, if it is the first, for
 * the loss that follows. */
void weir__tls_keep_words(weir__tls_transport *tls, int status);

/* Closes the transport below, or aborts it, and does nothing else any more. */
void weir__tls_be_gone(weir__tls_transport *tls, bool abort);

/* The protocol's connection_made, unless it was called before. */
void weir__tls_make(weir__tls_transport *tls);

void weir__tls_stop_timer(weir__tls_transport *tls);

/* Puts bytes before those that the transport below will bring. WEIR_OK, or
 * WEIR_E_MEMORY with a sentence. */
int weir__tls_feed(weir_transport *transport, weir_slice bytes);

/* The handshake and what follows, as far as the bytes allow that have come. */
void weir__tls_pump(weir__tls_transport *tls);

/* Whether the protocol above takes bytes. */
bool weir__tls_can_receive(const weir__tls_transport *tls);

/* Has the transport below read, or not, as this one is to. */
void weir__tls_read_below(weir__tls_transport *tls);

/* Sends close_notify, once (RFC 8446 6.1). */
void weir__tls_say_goodbye(weir__tls_transport *tls);

/* The entries of the protocol over the transport below. */
char *weir__tls_get_buffer(weir_transport *lower, void *self, size_t *size);
int weir__tls_data_received(weir_transport *lower, void *self, weir_slice bytes);
int weir__tls_eof_received(weir_transport *lower, void *self);
void weir__tls_pause_writing(weir_transport *lower, void *self);
void weir__tls_resume_writing(weir_transport *lower, void *self);

/* The entries of the table that write. */
int weir__tls_writelines(weir_transport *transport, const weir_slice *slices,
                         size_t count);
int weir__tls_write_eof(weir_transport *transport);
int weir__tls_write_status(const weir_transport *transport);
size_t weir__tls_room(const weir_transport *transport);

#endif
