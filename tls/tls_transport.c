/* TLS as a transport over a transport: its life, from the handshake to the end.
 *
 * SPDX-License-Identifier: MIT */
#include "tls_transport.h"

#include <openssl/err.h>

#include "allocator.h"
#include "context.h"
#include "error.h"
#include "security.h"

/* How long a client stays that must, for a server that does not close. */
#define LINGER_MS 2000

/* A limit to the time for the handshake, or for the peer's goodbye. */
struct weir__tls_timer {
    weir__timer timer;
    weir__tls_transport *tls;
};

static weir_loop *loop_of(const weir__tls_transport *tls)
{
    return tls->transport.loop;
}

void weir__tls_stop_timer(weir__tls_transport *tls)
{
    if (!tls->timer)
        return;
    weir__timer_clear(loop_of(tls), &tls->timer->timer);
    weir__free(loop_of(tls)->allocator, tls->timer);
    tls->timer = NULL;
}

static void on_due(weir__timer *timer)
{
    weir__tls_transport *tls =
        WEIR__CONTAINER(timer, struct weir__tls_timer, timer)->tls;
    uint32_t ms = weir__tls_context_handshake_timeout_ms(tls->connection.context);
    if (tls->life == WEIR__TLS_HANDSHAKING)
        weir__tls_lose(tls, weir__fail(WEIR_E_TIMEOUT, "start_tls",
                                       "no end of the TLS handshake within %u ms "
                                       "(.handshake_timeout_ms)",
                                       (unsigned)ms));
    else
        weir__tls_be_gone(tls, false);
}

static int start_timer(weir__tls_transport *tls, uint32_t ms)
{
    weir_loop *loop = loop_of(tls);
    struct weir__tls_timer *timer = weir__malloc(loop->allocator, sizeof(*timer));
    if (!timer || weir__timer_init(loop, &timer->timer, on_due) < 0) {
        weir__free(loop->allocator, timer);
        return weir__fail(WEIR_E_MEMORY, "start_tls", "no memory for a timer");
    }
    timer->tls = tls;
    tls->timer = timer;
    weir__timer_set(loop, &timer->timer,
                    weir__deadline_after(loop->sys->now(loop->sys), ms));
    return WEIR_OK;
}

/* The first failure is the one that counts. */
void weir__tls_keep_words(weir__tls_transport *tls, int status)
{
    const weir_error *error = weir_last_error();
    if (tls->status < 0)
        return;
    tls->status = status;
    if (error->status == status)
        tls->why = weir__malloc(loop_of(tls)->allocator, sizeof(*tls->why));
    if (tls->why)
        *tls->why = *error;
}

/* Leaves the rest to the transport below. */
void weir__tls_be_gone(weir__tls_transport *tls, bool abort)
{
    tls->life = WEIR__TLS_GONE;
    tls->read_state = WEIR__TLS_READ_ENDED;
    weir__tls_bytes_drop(tls, &tls->in);
    weir__tls_stop_timer(tls);
    if (!tls->lower)
        return;
    if (abort)
        weir_transport_abort(tls->lower);
    else
        weir_transport_close(tls->lower);
}

void weir__tls_lose(weir__tls_transport *tls, int status)
{
    if (tls->life == WEIR__TLS_GONE)
        return;
    weir__tls_keep_words(tls, status);
    weir__tls_flush(tls); /* an alert that says why, unless others wait before it */
    weir__tls_be_gone(tls, tls->lower && weir_transport_queued(tls->lower) > 0);
}

static void free_tls(weir__tls_transport *tls)
{
    weir_loop *loop = loop_of(tls);
    weir__tls_stop_timer(tls);
    weir__link_remove(&tls->again.link);
    weir__tls_bytes_drop(tls, &tls->in);
    weir__tls_bytes_drop(tls, &tls->out);
    if (tls->connection.ssl)
        weir__tls_connection_close(&tls->connection);
    weir__free(loop->allocator, tls->why);
    weir__free(loop->allocator, tls);
}

/* The status of the loss, with its words. */
static int say_why(const weir__tls_transport *tls, int lower_status, bool made)
{
    if (tls->status < 0 && tls->why)
        return weir__fail_again(tls->why);
    if (tls->status < 0)
        return weir__fail(tls->status, "tls", "the secure connection has ended: %s",
                          weir_status_name(tls->status));
    if (lower_status >= 0 || made)
        return lower_status;
    /* In words, since an errno would be told without them. */
    return weir__fail(lower_status, "start_tls", "during the TLS handshake: %s",
                      weir_last_error()->message);
}

void weir__tls_make(weir__tls_transport *tls)
{
    const weir_protocol *protocol = tls->transport.protocol;
    int rc = WEIR_OK;
    if (tls->made)
        return;
    tls->made = true;
    if (protocol->connection_made)
        rc = protocol->connection_made(&tls->transport, tls->transport.self);
    if (rc < 0)
        weir__tls_lose(tls, rc);
}

static void connection_lost(weir_transport *lower, void *self, int status)
{
    weir__tls_transport *tls = self;
    weir_error below = *weir_last_error();
    bool made = tls->made;
    bool left = tls->life == WEIR__TLS_LEAVING && tls->flushed;
    (void)lower;
    tls->lower = NULL;
    weir__tls_be_gone(tls, true);
    weir__tls_make(tls);
    if (left)
        status = WEIR_OK; /* however the peer has gone */
    if (status < 0)
        weir__fail_again(&below);
    status = say_why(tls, status, made);
    const weir_protocol *protocol = tls->transport.protocol;
    if (protocol->connection_lost)
        protocol->connection_lost(&tls->transport, tls->transport.self, status);
    free_tls(tls);
}

static bool has_heard_goodbye(const weir__tls_transport *tls)
{
    return SSL_get_shutdown(tls->connection.ssl) & SSL_RECEIVED_SHUTDOWN;
}

static void set_reading(weir_transport *transport, bool reading)
{
    weir__tls_transport *tls = weir__tls_of(transport);
    if (tls->read_state == WEIR__TLS_READ_ENDED || tls->life == WEIR__TLS_GONE)
        return;
    tls->read_state = reading ? WEIR__TLS_READING : WEIR__TLS_PAUSED;
    weir__tls_read_below(tls);
    if (reading && (weir__tls_bytes_len(&tls->in) > 0 || tls->lower_ended ||
                    has_heard_goodbye(tls) || SSL_has_pending(tls->connection.ssl)))
        weir__watch_again(loop_of(tls), &tls->again);
}

static bool is_reading(const weir_transport *transport)
{
    const weir__tls_transport *tls = weir__tls_of(transport);
    return tls->life <= WEIR__TLS_OPEN && tls->read_state == WEIR__TLS_READING;
}

static void read_now(weir_transport *transport)
{
    weir__tls_transport *tls = weir__tls_of(transport);
    if (!weir__tls_can_receive(tls))
        return;
    if (weir__tls_bytes_len(&tls->in) > 0 || SSL_pending(tls->connection.ssl) > 0)
        weir__tls_pump(tls);
    else
        tls->lower->operations->read_now(tls->lower);
}

void weir__tls_say_goodbye(weir__tls_transport *tls)
{
    if (tls->write_ended)
        return;
    tls->write_ended = true;
    ERR_clear_error();
    SSL_shutdown(tls->connection.ssl);
    ERR_clear_error();
    weir__tls_flush(tls);
}

/* A server of TLS 1.3 sends tickets behind the handshake, before anything else. A socket
 * that is closed while they come in is reset, and the kernel throws away what it has
 * still to send: a client that has only written stays until the server is done. */
static bool may_be_sent_tickets(const weir__tls_transport *tls)
{
    return !tls->heard && SSL_version(tls->connection.ssl) >= TLS1_3_VERSION &&
           !weir__tls_context_is_server(tls->connection.context);
}

/* How long the connection stays after the own goodbye; 0: not at all. */
static uint32_t time_to_leave_ms(const weir__tls_transport *tls)
{
    uint32_t asked_ms = weir__tls_context_shutdown_timeout_ms(tls->connection.context);
    if (tls->lower_ended || has_heard_goodbye(tls))
        return 0;
    return asked_ms == 0 && may_be_sent_tickets(tls) ? LINGER_MS : asked_ms;
}

static void leave(weir__tls_transport *tls)
{
    tls->life = WEIR__TLS_LEAVING;
    tls->read_state = WEIR__TLS_READ_ENDED;
    tls->flushed = weir_transport_queued(tls->lower) == 0;
    tls->lower->operations->tell_empty(tls->lower);
    weir_transport_write_eof(tls->lower);
    weir__tls_read_below(tls);
    weir__watch_again(loop_of(tls), &tls->again);
}

static void close_transport(weir_transport *transport)
{
    weir__tls_transport *tls = weir__tls_of(transport);
    if (tls->life >= WEIR__TLS_LEAVING)
        return;
    uint32_t wait_ms = 0;
    if (tls->life == WEIR__TLS_OPEN) {
        weir__tls_say_goodbye(tls);
        wait_ms = time_to_leave_ms(tls);
    }
    if (wait_ms == 0 || start_timer(tls, wait_ms) < 0)
        weir__tls_be_gone(tls, false);
    else
        leave(tls);
}

static void abort_transport(weir_transport *transport)
{
    weir__tls_transport *tls = weir__tls_of(transport);
    if (tls->life != WEIR__TLS_GONE || tls->lower)
        weir__tls_be_gone(tls, true);
}

static bool is_closing(const weir_transport *transport)
{
    const weir__tls_transport *tls = weir__tls_of(transport);
    return tls->life >= WEIR__TLS_LEAVING || weir_transport_is_closing(tls->lower);
}

static size_t queued(const weir_transport *transport)
{
    const weir__tls_transport *tls = weir__tls_of(transport);
    return tls->lower ? weir_transport_queued(tls->lower) : 0;
}

static void set_watermarks(weir_transport *transport, size_t high, size_t low)
{
    weir__tls_transport *tls = weir__tls_of(transport);
    if (tls->lower)
        tls->lower->operations->set_watermarks(tls->lower, high, low);
}

static void set_protocol(weir_transport *transport, const weir_protocol *protocol,
                         void *self)
{
    transport->protocol = protocol;
    transport->self = self;
    weir__tls_of(transport)->made = true;
}

static int fd(const weir_transport *transport)
{
    const weir__tls_transport *tls = weir__tls_of(transport);
    return tls->lower ? weir_transport_fd(tls->lower) : -1;
}

static void tell_empty(weir_transport *transport)
{
    weir__tls_transport *tls = weir__tls_of(transport);
    if (tls->lower)
        tls->lower->operations->tell_empty(tls->lower);
}

static const struct weir__transport_operations OPERATIONS = {
    .writelines = weir__tls_writelines,
    .write_eof = weir__tls_write_eof,
    .close = close_transport,
    .abort = abort_transport,
    .is_closing = is_closing,
    .set_reading = set_reading,
    .is_reading = is_reading,
    .queued = queued,
    .room = weir__tls_room,
    .set_watermarks = set_watermarks,
    .set_protocol = set_protocol,
    .fd = fd,
    .read_now = read_now,
    .tell_empty = tell_empty,
    .write_status = weir__tls_write_status,
};

static const weir_protocol BELOW = {
    .get_buffer = weir__tls_get_buffer,
    .data_received = weir__tls_data_received,
    .eof_received = weir__tls_eof_received,
    .pause_writing = weir__tls_pause_writing,
    .resume_writing = weir__tls_resume_writing,
    .connection_lost = connection_lost,
};

static void on_again(weir__watch *watch)
{
    weir__tls_transport *tls = WEIR__CONTAINER(watch, weir__tls_transport, again);
    if (tls->life != WEIR__TLS_GONE)
        weir__tls_pump(tls);
}

static int prepare(weir__tls_transport *tls, const weir_transport *lower,
                   weir_tls_context *context, const char *server_name)
{
    weir_address peer;
    weir_transport_peer_address(lower, &peer);
    tls->connection.allocator = loop_of(tls)->allocator;
    tls->connection.port = (uint16_t)weir_address_port(&peer);
    int rc = weir__tls_connection_open(&tls->connection, context, server_name);
    if (rc == WEIR_OK)
        rc = weir__tls_bio_attach(tls);
    if (rc == WEIR_OK)
        rc = start_timer(tls, weir__tls_context_handshake_timeout_ms(context));
    return rc;
}

int weir_transport_start_tls(weir_transport *lower, weir_transport **upper,
                             weir_tls_context *context, const char *server_name,
                             const weir_protocol *protocol, void *self)
{
    weir_loop *loop = lower->loop;
    weir__tls_transport *tls = weir__calloc(loop->allocator, 1, sizeof(*tls));
    if (!tls)
        return weir__fail(WEIR_E_MEMORY, "start_tls", "no memory for a connection");
    tls->transport = (weir_transport){&OPERATIONS, loop, protocol, self, NULL};
    tls->again = (weir__watch){.fd = -1, .on_ready = on_again};
    weir__link_init(&tls->again.link);
    int rc = prepare(tls, lower, context, server_name);
    if (rc < 0) {
        free_tls(tls);
        return rc;
    }
    tls->lower = lower;
    lower->upper = &tls->transport;
    weir_transport_set_protocol(lower, &BELOW, tls);
    weir_transport_resume_reading(lower);
    weir__watch_again(loop, &tls->again);
    *upper = &tls->transport;
    return WEIR_OK;
}

int weir_transport_tls_info(weir_transport *transport, weir_tls_info **info)
{
    if (transport->operations != &OPERATIONS)
        return weir__fail(WEIR_E_MISUSE, "tls_info", "the connection is not secure");
    return weir__tls_info_new(&weir__tls_of(transport)->connection, info);
}
