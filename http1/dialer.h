/* How hosts are reached: the options of a session that its connections depend on, and
 * connecting by them. NULL in place of one: in no special way.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_HTTP1_DIALER_H
#define WEIR_HTTP1_DIALER_H

#include <weir/session.h>
#include <weir/stream.h>

/* Shared by the session and its connections, which may outlive it in a shared pool. */
typedef struct weir__dialer {
    size_t holders;
    const weir_allocator *allocator;
    char *unix_path;    /* NULL: TCP */
    char *local_host;   /* NULL: any */
    weir_pair *resolve; /* NULL: none */
    weir_family family;
    bool public_only;
} weir__dialer;

/* Makes one, or NULL where the options say nothing of it. WEIR_OK, or a status with its
 * sentence. */
int weir__dialer_new(weir__dialer **dialer, const weir_allocator *allocator,
                     const weir_session_options *options);

weir__dialer *weir__dialer_hold(weir__dialer *dialer);
void weir__dialer_release(weir__dialer *dialer);

/* Whether they reach the same. */
bool weir__dialer_same(const weir__dialer *a, const weir__dialer *b);

/* The addresses of a host, of which there is room for WEIR_MAX_ADDRESSES: as `resolve`
 * has it, or else the resolver. Returns how many, or a status with its sentence. */
int weir__dialer_addresses(weir_loop *loop, const weir__dialer *dialer,
                           const char *host, int port, weir_address *addresses);

/* To where. */
struct weir__destination {
    const char *host;
    int port;
    weir_tls_context *tls; /* NULL: in the clear */
    uint32_t connect_timeout_ms;
    void (*on_step)(weir_connect_step step, void *step_arg); /* or NULL */
    void *step_arg;
    bool any_address; /* the program has named it, so it need not be public */
};

/* Connects. Like weir_stream_connect(). */
int weir__dial(weir_loop *loop, const weir__dialer *dialer,
               const struct weir__destination *to, weir_stream **stream);

#endif
