/* The parts of `weir demo`: the servers that it talks to, and its steps.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_DEMO_H
#define WEIR_CLI_DEMO_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/resolver.h>
#include <weir/server.h>
#include <weir/session.h>

/* What demo_peers.c answers to this line, it answers late. */
#define DEMO_SLOW_LINE "slowly, please\n"
enum { DEMO_SLOW_MS = 250 };

struct demo {
    weir_loop *loop;
    weir_server *echo; /* gives every line back */
    weir_server *http; /* answers every request */
    int echo_port;
    int http_port;
    unsigned http_connections; /* that came to the latter */
    int silent_port;           /* where nobody answers */
    const char *silent_host;
    char found[160]; /* what a step has found out, or why it failed */
};

struct demo_step {
    const char *name;
    const char *what;
    bool (*run)(struct demo *demo); /* whether it held; fills in `found` */
};

extern const struct demo_step DEMO_STEPS[];
extern const int DEMO_STEP_COUNT;

/* Says what was found; returns true. */
bool demo_found(struct demo *demo, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says why a step failed, in the words of weir_last_error(); returns false. */
bool demo_failed(struct demo *demo, const char *what);

/* Starts both servers on free ports. Returns WEIR_OK or a negative status. */
int demo_start_servers(struct demo *demo);

/* Starts one that answers over TLS. Returns WEIR_OK or a negative status. */
int demo_start_https(struct demo *demo, weir_server **server, weir_tls_context *tls);

/* Fetches a URL, whose answer must be its path. WEIR_OK or a negative status. */
int demo_get_once(weir_session *session, const char *url, const char *path);

/* A step, of demo_tls.c. */
bool demo_get_securely(struct demo *demo);

/* One that reads slowly: on_connect with a struct demo_sink as its argument. */
struct demo_sink {
    uint64_t bytes;
    uint64_t sum;
    size_t most_buffered;
    bool at_end;
};
int demo_read_slowly(weir_stream *stream, void *arg);

/* What both ends compute of the bytes. */
uint64_t demo_add_up(uint64_t sum, weir_slice bytes);

/* The names that the demo's loop knows: localhost, and one with two addresses. Its argument is the
 * struct demo. */
int demo_resolve(void *arg, weir_loop *loop, const char *host, int port,
                 weir_family family, weir_address *addresses);

#endif
