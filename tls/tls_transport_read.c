/* The reading half of TLS as a transport: the handshake, and what OpenSSL makes of the
 * bytes from below.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/err.h>
#include <string.h>

#include "error.h"
#include "tls_transport.h"

/* How much ciphertext is taken from below in one round. */
#define IN_SIZE ((size_t)64 * 1024)

/* What one look at OpenSSL's records has brought. */
enum news { NEWS_BYTES, NEWS_NOTHING, NEWS_GOODBYE, NEWS_FAILURE };

static weir_loop *loop_of(const weir__tls_transport *tls)
{
    return tls->transport.loop;
}

/* --- what OpenSSL says ------------------------------------------------------------ */

/* Right after a call that gave no bytes: the queue of errors is the thread's. Once the
 * own goodbye has left, it does not matter how the peer goes. */
static enum news judge(weir__tls_transport *tls, int result)
{
    int error = SSL_get_error(tls->connection.ssl, result);
    bool flooded = weir__tls_connection_is_flooded(&tls->connection);
    if (error == SSL_ERROR_WANT_READ && !flooded)
        return NEWS_NOTHING;
    if (error == SSL_ERROR_ZERO_RETURN || tls->life == WEIR__TLS_LEAVING)
        return NEWS_GOODBYE;
    weir__tls_keep_words(tls,
                         weir__tls_connection_fail(&tls->connection, result, "tls"));
    return NEWS_FAILURE;
}

static enum news look(weir__tls_transport *tls)
{
    char byte;
    size_t count;
    int result = SSL_peek_ex(tls->connection.ssl, &byte, 1, &count);
    return result > 0 ? NEWS_BYTES : judge(tls, result);
}

/* Decrypts as much as there is space for, which is something. */
static enum news decrypt(weir__tls_transport *tls, char *memory, size_t size,
                         size_t *len)
{
    int result = 1;
    *len = 0;
    while (*len < size) {
        size_t count;
        result = SSL_read_ex(tls->connection.ssl, memory + *len, size - *len, &count);
        if (result <= 0)
            return judge(tls, result);
        weir__tls_connection_settle(&tls->connection);
        tls->heard = true;
        *len += count;
    }
    return NEWS_BYTES;
}

/* --- receiving -------------------------------------------------------------------- */

bool weir__tls_can_receive(const weir__tls_transport *tls)
{
    return tls->life == WEIR__TLS_OPEN && tls->read_state == WEIR__TLS_READING;
}

void weir__tls_read_below(weir__tls_transport *tls)
{
    bool reading = tls->life != WEIR__TLS_OPEN || tls->read_state == WEIR__TLS_READING;
    if (tls->life != WEIR__TLS_GONE && !tls->lower_ended &&
        weir_transport_is_reading(tls->lower) != reading)
        tls->lower->operations->set_reading(tls->lower, reading);
}

static void deliver(weir__tls_transport *tls, weir_slice bytes)
{
    const weir_protocol *protocol = tls->transport.protocol;
    int rc = WEIR_OK;
    if (bytes.len > 0 && protocol->data_received)
        rc = protocol->data_received(&tls->transport, tls->transport.self, bytes);
    if (rc < 0)
        weir__tls_lose(tls, rc);
}

static enum news receive_into_protocol(weir__tls_transport *tls)
{
    size_t size = 0;
    size_t len;
    char *memory = tls->transport.protocol->get_buffer(&tls->transport,
                                                       tls->transport.self, &size);
    if (weir__tls_can_receive(tls) && size == 0)
        tls->read_state = WEIR__TLS_PAUSED;
    if (!weir__tls_can_receive(tls))
        return NEWS_NOTHING; /* paused or closed in the call */
    enum news news = decrypt(tls, memory, size, &len);
    deliver(tls, (weir_slice){memory, len});
    return news;
}

static enum news receive_into_loop(weir__tls_transport *tls)
{
    weir__blocks *blocks = &loop_of(tls)->blocks;
    size_t capacity;
    size_t len;
    char *memory = weir__block_take(blocks, IN_SIZE, &capacity);
    if (!memory) {
        weir__fail(WEIR_E_MEMORY, "read", "no memory for what the peer sends");
        weir__tls_lose(tls, WEIR_E_MEMORY);
        return NEWS_NOTHING;
    }
    enum news news = decrypt(tls, memory, capacity, &len);
    deliver(tls, (weir_slice){memory, len});
    weir__block_give(blocks, memory, capacity);
    return news;
}

static enum news receive_some(weir__tls_transport *tls)
{
    enum news news = look(tls);
    if (news != NEWS_BYTES)
        return news;
    return tls->transport.protocol->get_buffer ? receive_into_protocol(tls)
                                               : receive_into_loop(tls);
}

static void receive_end(weir__tls_transport *tls)
{
    const weir_protocol *protocol = tls->transport.protocol;
    int keep = 0;
    tls->read_state = WEIR__TLS_READ_ENDED;
    if (protocol->eof_received)
        keep = protocol->eof_received(&tls->transport, tls->transport.self);
    if (keep < 0)
        weir__tls_lose(tls, keep);
    else if (keep == 0)
        weir_transport_close(&tls->transport);
}

static void receive(weir__tls_transport *tls)
{
    enum news news = NEWS_BYTES;
    while (news == NEWS_BYTES && weir__tls_can_receive(tls))
        news = receive_some(tls);
    if (news == NEWS_FAILURE)
        weir__tls_lose(tls, tls->status);
    else if (news == NEWS_GOODBYE && weir__tls_can_receive(tls))
        receive_end(tls);
}

/* What comes after the own goodbye is for nobody. */
static void discard(weir__tls_transport *tls)
{
    char memory[4096];
    enum news news = NEWS_BYTES;
    size_t len;
    while (news == NEWS_BYTES)
        news = decrypt(tls, memory, sizeof(memory), &len);
    if (news != NEWS_NOTHING)
        weir__tls_be_gone(tls, false);
}

static int finish_handshake(weir__tls_transport *tls, int result)
{
    if (result <= 0)
        return weir__tls_connection_fail(&tls->connection, result, "start_tls");
    return weir__tls_connection_establish(&tls->connection);
}

static void shake_hands(weir__tls_transport *tls)
{
    int result = SSL_do_handshake(tls->connection.ssl);
    if (SSL_get_error(tls->connection.ssl, result) == SSL_ERROR_WANT_READ)
        return;
    int rc = finish_handshake(tls, result);
    if (rc < 0) {
        weir__tls_lose(tls, rc);
        return;
    }
    weir__tls_stop_timer(tls);
    tls->life = WEIR__TLS_OPEN;
    weir__tls_make(tls);
}

/* Goes as far as what has come allows. */
void weir__tls_pump(weir__tls_transport *tls)
{
    ERR_clear_error(); /* of others on this thread */
    if (tls->life == WEIR__TLS_HANDSHAKING)
        shake_hands(tls);
    if (tls->life == WEIR__TLS_OPEN)
        receive(tls);
    if (tls->life == WEIR__TLS_LEAVING)
        discard(tls);
    int rc = weir__tls_flush(tls); /* answers: of the handshake, to an update of keys */
    if (rc == WEIR_E_TOO_BIG)
        weir__tls_lose(tls, rc);
    if (weir__tls_bytes_len(&tls->in) == 0)
        weir__tls_bytes_drop(tls, &tls->in);
    weir__tls_read_below(tls);
}

/* --- the protocol over the transport below ------------------------------------------ */

static bool make_space(weir__tls_transport *tls, size_t len)
{
    weir__tls_bytes *in = &tls->in;
    if (!in->memory)
        in->memory = weir__block_take(&loop_of(tls)->blocks, len, &in->capacity);
    if (in->memory)
        return true;
    weir__fail(WEIR_E_MEMORY, "read", "no memory for what the peer sends");
    return false;
}

int weir__tls_feed(weir_transport *transport, weir_slice bytes)
{
    weir__tls_transport *tls = weir__tls_of(transport);
    if (!make_space(tls, bytes.len + IN_SIZE))
        return WEIR_E_MEMORY;
    memcpy(tls->in.memory, bytes.data, bytes.len);
    tls->in.end = bytes.len;
    return WEIR_OK;
}

char *weir__tls_get_buffer(weir_transport *lower, void *self, size_t *size)
{
    weir__tls_transport *tls = self;
    (void)lower;
    *size = 0;
    if (tls->life == WEIR__TLS_GONE)
        return NULL;
    if (!make_space(tls, IN_SIZE)) {
        weir__tls_lose(tls, WEIR_E_MEMORY);
        return NULL;
    }
    *size = tls->in.capacity - tls->in.end;
    return tls->in.memory + tls->in.end;
}

int weir__tls_data_received(weir_transport *lower, void *self, weir_slice bytes)
{
    weir__tls_transport *tls = self;
    (void)lower;
    if (tls->life == WEIR__TLS_GONE)
        return WEIR_OK;
    tls->in.end += bytes.len;
    weir__tls_pump(tls);
    return WEIR_OK;
}

int weir__tls_eof_received(weir_transport *lower, void *self)
{
    weir__tls_transport *tls = self;
    (void)lower;
    tls->lower_ended = true;
    if (tls->life != WEIR__TLS_GONE)
        weir__tls_pump(tls);
    return 1;
}
