/* A middleman on the wire between a client and a server of TLS: it cuts, stops, and
 * mangles what either says, by the byte or by the record.
 *
 *   struct wire wire;
 *   wire_open(&wire, loop, port_of_the_server);
 *   wire.down.stop_at = 100;              of the server's bytes the first hundred
 *   wire.down.end = WIRE_CLOSE;           and then the end
 *   ... connect to wire_port(&wire) ...
 *   CHECK_INT(wire.down.passed, 100);
 *   wire_close(&wire);
 *
 * It runs in the loop of the test, and does the same to each connection.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_TLS_WIRE_H
#define WEIR_TESTS_TLS_WIRE_H

#include <stdbool.h>
#include <weir/server.h>

#define WIRE_NEVER ((size_t)-1)

/* What comes after the bytes that are let through. */
enum wire_end {
    WIRE_STALL, /* nothing: both sides wait */
    WIRE_CLOSE, /* FIN, to both */
    WIRE_RESET  /* RST, to both */
};

/* One direction. What is 0, or WIRE_NEVER, is not done. */
struct wire_way {
    size_t piece;   /* never more than so many bytes at a time */
    size_t cut_at;  /* these first bytes by themselves */
    size_t stop_at; /* these first bytes and no more; WIRE_NEVER */
    enum wire_end end;

    size_t record;         /* the one that is mangled, from 0; WIRE_NEVER */
    size_t at;             /* where in it, header included (RFC 8446 5.1) */
    unsigned char flip;    /* the bits to turn there */
    unsigned claim_length; /* what its header says instead of its length */
    unsigned count_type;   /* only records of this type count */

    size_t passed;  /* out: bytes, of the latest connection */
    size_t records; /* out: that began, of those that count */
    bool mangled;   /* out: whether there was such a byte */
};

struct wire {
    weir_loop *loop;
    weir_server *server;
    int port;             /* of the real server */
    struct wire_way up;   /* what the client says */
    struct wire_way down; /* what the server says */
    size_t connections;   /* out */
};

void wire_open(struct wire *wire, weir_loop *loop, int port);

/* Where the client connects to. */
int wire_port(const struct wire *wire);

/* Lets everything through again. */
void wire_reset(struct wire *wire);

void wire_close(struct wire *wire);

#endif
