/* The writing half of TLS as a transport: slices become full records, and records one
 * write to the transport below.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <string.h>

#include "checked.h"
#include "error.h"
#include "tls_transport.h"

#define RECORD_SIZE ((size_t)SSL3_RT_MAX_PLAIN_LENGTH) /* RFC 8446 5.1 */

/* The most that a record adds to its bytes: head, initialisation vector, MAC and padding
 * of TLS 1.2's oldest ciphers; the new ones add 22. */
#define RECORD_OVERHEAD ((size_t)SSL3_RT_HEADER_LENGTH + 16 + 48 + 16)

int weir__tls_flush(weir__tls_transport *tls)
{
    weir__tls_bytes *out = &tls->out;
    int rc = WEIR_OK;
    if (!out->memory)
        return rc;
    if (tls->lower)
        rc = weir_transport_write(tls->lower, (weir_slice){out->memory + out->start,
                                                           weir__tls_bytes_len(out)});
    weir__tls_bytes_drop(tls, out);
    return rc;
}

void weir__tls_pause_writing(weir_transport *lower, void *self)
{
    weir__tls_transport *tls = self;
    const weir_protocol *protocol = tls->transport.protocol;
    (void)lower;
    if (tls->made && protocol->pause_writing)
        protocol->pause_writing(&tls->transport, tls->transport.self);
}

void weir__tls_resume_writing(weir_transport *lower, void *self)
{
    weir__tls_transport *tls = self;
    const weir_protocol *protocol = tls->transport.protocol;
    if (tls->life == WEIR__TLS_LEAVING && weir_transport_queued(lower) == 0)
        tls->flushed = true;
    if (tls->made && tls->life == WEIR__TLS_OPEN && protocol->resume_writing)
        protocol->resume_writing(&tls->transport, tls->transport.self);
}

static size_t with_overhead(size_t len)
{
    return len + (len / RECORD_SIZE + 1) * RECORD_OVERHEAD;
}

size_t weir__tls_room(const weir_transport *transport)
{
    const weir__tls_transport *tls = weir__tls_of(transport);
    size_t below = tls->lower ? tls->lower->operations->room(tls->lower) : 0;
    size_t overhead = (below / RECORD_SIZE + 1) * RECORD_OVERHEAD;
    return below > overhead ? below - overhead : 0;
}

static int failure(const weir__tls_transport *tls, const char *operation)
{
    if (tls->why)
        return weir__fail_again(tls->why);
    return weir__fail(tls->status, operation, "the secure connection has ended");
}

int weir__tls_write_status(const weir_transport *transport)
{
    const weir__tls_transport *tls = weir__tls_of(transport);
    if (tls->status < 0)
        return failure(tls, "write");
    return tls->lower ? tls->lower->operations->write_status(tls->lower) : WEIR_OK;
}

static int check_writable(const weir__tls_transport *tls, size_t total)
{
    if (tls->status < 0)
        return failure(tls, "write");
    if (tls->life == WEIR__TLS_HANDSHAKING)
        return weir__fail(WEIR_E_MISUSE, "write",
                          "the TLS handshake is not over: wait for connection_made");
    if (tls->life != WEIR__TLS_OPEN || tls->write_ended)
        return weir__fail(WEIR_E_CLOSED, "write",
                          "the connection is closed for writing");
    if (with_overhead(total) > tls->lower->operations->room(tls->lower))
        return weir__fail(WEIR_E_TOO_BIG, "write",
                          "%zu bytes wait to be sent, and with %zu more it were over "
                          "the limit",
                          weir_transport_queued(tls->lower), total);
    return WEIR_OK;
}

static int add_up(const weir_slice *slices, size_t count, size_t *total)
{
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        if (!weir__checked_add(*total, slices[i].len, total))
            return weir__fail(WEIR_E_TOO_BIG, "write", "the slices are too long");
    }
    return WEIR_OK;
}

static int encrypt(weir__tls_transport *tls, weir_slice bytes)
{
    size_t written;
    int result = SSL_write_ex(tls->connection.ssl, bytes.data, bytes.len, &written);
    if (result > 0)
        return WEIR_OK;
    int rc = weir__tls_write_status(&tls->transport); /* of the transport below? */
    if (rc == WEIR_OK)
        rc = weir__tls_connection_fail(&tls->connection, result, "write");
    ERR_clear_error();
    weir__tls_lose(tls, rc);
    return rc;
}

/* A record that is being filled. */
struct record {
    char *memory;
    size_t size; /* that it is sent at */
    size_t used;
};

static int encrypt_record(weir__tls_transport *tls, struct record *record)
{
    weir_slice bytes = {record->memory, record->used};
    record->used = 0;
    return bytes.len > 0 ? encrypt(tls, bytes) : WEIR_OK;
}

static int add_to_record(weir__tls_transport *tls, struct record *record,
                         weir_slice bytes)
{
    int rc = WEIR_OK;
    while (bytes.len > 0 && rc == WEIR_OK) {
        size_t space = record->size - record->used;
        size_t piece = bytes.len < space ? bytes.len : space;
        memcpy(record->memory + record->used, bytes.data, piece);
        record->used += piece;
        bytes = weir_slice_skip(bytes, piece);
        if (record->used == record->size)
            rc = encrypt_record(tls, record);
    }
    return rc;
}

/* Small slices share records: each costs a cipher's start and 22 bytes. */
static int encrypt_together(weir__tls_transport *tls, const weir_slice *slices,
                            size_t count, size_t total)
{
    weir__blocks *blocks = &tls->transport.loop->blocks;
    struct record record = {.size = total < RECORD_SIZE ? total : RECORD_SIZE};
    size_t capacity;
    int rc = WEIR_OK;
    record.memory = weir__block_take(blocks, record.size, &capacity);
    if (!record.memory)
        return weir__fail(WEIR_E_MEMORY, "write", "no memory for a record");
    for (size_t i = 0; i < count && rc == WEIR_OK; i++)
        rc = add_to_record(tls, &record, slices[i]);
    if (rc == WEIR_OK)
        rc = encrypt_record(tls, &record);
    weir__block_give(blocks, record.memory, capacity);
    return rc;
}

int weir__tls_writelines(weir_transport *transport, const weir_slice *slices,
                         size_t count)
{
    weir__tls_transport *tls = weir__tls_of(transport);
    size_t total;
    int rc = add_up(slices, count, &total);
    if (rc < 0 || total == 0)
        return rc;
    rc = check_writable(tls, total);
    if (rc < 0)
        return rc;
    ERR_clear_error(); /* of others on this thread */
    rc = count == 1 ? encrypt(tls, slices[0])
                    : encrypt_together(tls, slices, count, total);
    return rc < 0 ? rc : weir__tls_flush(tls);
}

/* TLS 1.3 has half-closed connections (RFC 8446 6.1); in TLS 1.2 the peer would answer
 * with its own end, and drop what it has still to send (RFC 5246 7.2.1). */
int weir__tls_write_eof(weir_transport *transport)
{
    weir__tls_transport *tls = weir__tls_of(transport);
    int rc = tls->write_ended ? WEIR_OK : check_writable(tls, 0);
    if (rc < 0 || tls->write_ended)
        return rc;
    if (SSL_version(tls->connection.ssl) < TLS1_3_VERSION)
        return weir__fail(WEIR_E_UNSUPPORTED, "write_eof",
                          "TLS 1.2 cannot be closed in one direction");
    weir__tls_say_goodbye(tls);
    return WEIR_OK;
}
