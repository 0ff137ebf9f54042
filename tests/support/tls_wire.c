/* The middleman: for each connection a task in each direction.
 *
 * SPDX-License-Identifier: MIT */
#include "tls_wire.h"

#include <string.h>
#include <sys/socket.h>
#include <weir/group.h>
#include <weir/status.h>
#include <weir/task.h>

#include "test.h"

#define HEADER_BYTES 5

/* A connection: what is done to it does not change when the test plans the next. */
struct pass {
    struct wire *wire;
    struct wire_way *way; /* for what is counted */
    struct wire_way plan;
    weir_stream *from;
    weir_stream *to;
    weir_group *group;
    size_t passed;
    size_t record; /* of those that count, plus one; 0: none yet */
    bool counts;   /* the record that is running */
    size_t in_record;
    size_t length;
    bool stopped; /* by stop_at */
};

static const struct wire_way STRAIGHT = {.stop_at = WIRE_NEVER, .record = WIRE_NEVER};

static bool is_marked(const struct pass *pass)
{
    return pass->counts && pass->record == pass->plan.record + 1;
}

/* Follows the records (RFC 8446 5.1: type, version, length), and mangles the one. */
static char mangle(struct pass *pass, unsigned char byte)
{
    if (pass->in_record == 0) {
        pass->counts = !pass->plan.count_type || byte == pass->plan.count_type;
        pass->record += pass->counts;
        pass->length = 0;
    }
    if (pass->in_record == 3 || pass->in_record == 4)
        pass->length = pass->length << 8 | byte;
    size_t at = pass->in_record++;
    if (at >= HEADER_BYTES - 1 && at + 1 == HEADER_BYTES + pass->length)
        pass->in_record = 0;
    if (!is_marked(pass))
        return (char)byte;
    if (pass->plan.claim_length && (at == 3 || at == 4))
        return (char)(pass->plan.claim_length >> (at == 3 ? 8 : 0));
    if (at != pass->plan.at || !pass->plan.flip)
        return (char)byte;
    pass->way->mangled = true;
    return (char)(byte ^ pass->plan.flip);
}

/* Hands on one piece, and lets the receiver have it before the next. */
static int hand_on(struct pass *pass, const char *bytes, size_t len, bool alone)
{
    char copy[4096];
    for (size_t i = 0; i < len; i++)
        copy[i] = mangle(pass, (unsigned char)bytes[i]);
    pass->passed += len;
    pass->way->passed = pass->passed;
    pass->way->records = pass->record;
    int rc = weir_write(weir_stream_writer(pass->to), (weir_slice){copy, len});
    if (rc == WEIR_OK)
        rc = weir_flush(weir_stream_writer(pass->to));
    for (int i = 0; alone && rc == WEIR_OK && i < 3; i++)
        rc = weir_yield(pass->wire->loop);
    return rc;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many of the next `len` bytes go together; 0: no more may pass. */
static size_t next_piece(const struct pass *pass, size_t len, bool *alone)
{
    const struct wire_way *plan = &pass->plan;
    size_t most = smaller(smaller(len, 4096), plan->stop_at - pass->passed);
    if (plan->piece)
        most = smaller(most, plan->piece);
    if (pass->passed < plan->cut_at)
        most = smaller(most, plan->cut_at - pass->passed);
    *alone = plan->piece > 0 || pass->passed + most == plan->cut_at;
    return most;
}

static int forward(struct pass *pass)
{
    weir_slice bytes;
    bool alone;
    int rc;
    while (pass->passed < pass->plan.stop_at &&
           (rc = weir_read(weir_stream_reader(pass->from), 4096, &bytes)) != 0) {
        if (rc < 0)
            return rc;
        while (bytes.len > 0) {
            size_t len = next_piece(pass, bytes.len, &alone);
            if (len == 0)
                break;
            rc = hand_on(pass, bytes.data, len, alone);
            if (rc < 0)
                return rc;
            bytes = weir_slice_skip(bytes, len);
        }
    }
    pass->stopped = pass->passed >= pass->plan.stop_at;
    return pass->stopped ? WEIR_OK : weir_write_eof(weir_stream_writer(pass->to));
}

static void set_reset(weir_stream *stream)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    weir_transport *transport = weir_stream_transport(stream);
    if (transport)
        setsockopt(weir_transport_fd(transport), SOL_SOCKET, SO_LINGER, &linger,
                   sizeof(linger));
}

/* A direction that is over ends the other one, but for a stall, and but for an end
 * that one side has made by itself. */
static int run_pass(void *arg)
{
    struct pass *pass = arg;
    int rc = forward(pass);
    if (rc < 0 || (pass->stopped && pass->plan.end != WIRE_STALL)) {
        if (pass->stopped && pass->plan.end == WIRE_RESET) {
            set_reset(pass->from);
            set_reset(pass->to);
        }
        weir_group_cancel(pass->group);
    }
    return WEIR_OK;
}

/* With a stall, what is left ends when the direction that goes on does. */
static int run_both(struct wire *wire, struct pass *up, struct pass *down)
{
    weir_group *group = weir_group_new(wire->loop, NULL);
    if (!group)
        return WEIR_E_MEMORY;
    up->group = down->group = group;
    int rc = weir_group_spawn(group, run_pass, up);
    if (rc == WEIR_OK)
        rc = weir_group_spawn(group, run_pass, down);
    if (rc == WEIR_OK)
        rc = weir_group_wait(group);
    weir_group_free(group);
    return rc;
}

static int serve(weir_stream *client, void *arg)
{
    struct wire *wire = arg;
    weir_stream *server;
    int rc = weir_open_connection(wire->loop, &server, "127.0.0.1", wire->port);
    if (rc < 0)
        return rc;
    struct pass up = {.wire = wire, .way = &wire->up, .from = client, .to = server};
    struct pass down = {.wire = wire, .way = &wire->down, .from = server, .to = client};
    up.plan = wire->up;
    down.plan = wire->down;
    wire->connections++;
    rc = run_both(wire, &up, &down);
    weir_stream_abort(server);
    return rc;
}

void wire_open(struct wire *wire, weir_loop *loop, int port)
{
    memset(wire, 0, sizeof(*wire));
    wire->loop = loop;
    wire->port = port;
    wire_reset(wire);
    REQUIRE(weir_start_server(loop, &wire->server, "127.0.0.1", 0, .on_connect = serve,
                              .arg = wire) == WEIR_OK);
}

int wire_port(const struct wire *wire)
{
    return weir_server_port(wire->server);
}

void wire_reset(struct wire *wire)
{
    wire->up = STRAIGHT;
    wire->down = STRAIGHT;
}

void wire_close(struct wire *wire)
{
    weir_server_abort_clients(wire->server);
    weir_server_wait_closed(wire->server, 1000);
    weir_server_free(wire->server);
    wire->server = NULL;
}
