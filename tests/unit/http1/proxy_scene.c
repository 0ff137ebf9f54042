/* The proxy of the scene: a task for each connection, and one more for a tunnel.
 *
 * SPDX-License-Identifier: MIT */
#include "proxy_scene.h"

#include <stdio.h>
#include <string.h>
#include <weir/group.h>
#include <weir/status.h>
#include <weir/task.h>

#include "test.h"

struct pipe {
    weir_stream *from;
    weir_stream *to;
};

static int pump(void *arg)
{
    const struct pipe *pipe = arg;
    weir_slice bytes;
    int rc;
    while ((rc = weir_read(weir_stream_reader(pipe->from), WEIR_NO_LIMIT, &bytes)) >
           0) {
        rc = weir_write(weir_stream_writer(pipe->to), bytes);
        if (rc == WEIR_OK)
            rc = weir_drain(weir_stream_writer(pipe->to));
        if (rc < 0)
            break;
    }
    weir_transport *transport = weir_stream_transport(pipe->to);
    if (transport && rc == 0)
        weir_write_eof(weir_stream_writer(pipe->to));
    else if (transport)
        weir_transport_abort(transport);
    return rc;
}

static int relay(struct proxy_scene *proxy, weir_stream *stream)
{
    weir_stream *target;
    int rc =
        weir_open_connection(proxy->loop, &target, "127.0.0.1", proxy->target_port);
    if (rc < 0)
        return rc;
    proxy->tunnels++;
    struct pipe there = {stream, target};
    struct pipe back = {target, stream};
    weir_group *group = weir_group_new(proxy->loop, NULL);
    rc = group ? weir_group_spawn(group, pump, &there) : WEIR_E_MEMORY;
    if (rc == WEIR_OK)
        rc = weir_group_spawn(group, pump, &back);
    if (rc == WEIR_OK)
        rc = weir_group_wait(group);
    weir_group_free(group);
    weir_stream_abort(target);
    return rc;
}

static int answer(struct proxy_scene *proxy, weir_stream *stream, weir_slice bytes)
{
    if (proxy->answer)
        bytes = weir_slice_of(proxy->answer);
    if (proxy->answer && proxy->answer_len > 0)
        bytes.len = proxy->answer_len;
    if (proxy->cut > 0 && proxy->cut < bytes.len)
        bytes.len = proxy->cut;
    int rc = weir_write(weir_stream_writer(stream), bytes);
    return rc < 0 ? rc : weir_flush(weir_stream_writer(stream));
}

static int do_then(struct proxy_scene *proxy, weir_stream *stream)
{
    switch (proxy->then) {
    case PROXY_RELAYS:
        return relay(proxy, stream);
    case PROXY_HANGS:
        return weir_sleep(proxy->loop, 60000);
    case PROXY_CLOSES:
        break;
    }
    return WEIR_OK;
}

static int serve_http(struct proxy_scene *proxy, weir_stream *stream)
{
    weir_slice head;
    int rc = 1;
    if (!proxy->at_once)
        rc = weir_readuntil(weir_stream_reader(stream), WEIR_S("\r\n\r\n"), &head);
    if (rc <= 0)
        return rc;
    if (!proxy->at_once)
        snprintf(proxy->asked, sizeof(proxy->asked), "%.*s", (int)head.len, head.data);
    rc = answer(proxy, stream, WEIR_S("HTTP/1.1 200 Connection established\r\n\r\n"));
    return rc < 0 ? rc : do_then(proxy, stream);
}

static int take(weir_stream *stream, size_t len, weir_slice *bytes)
{
    return weir_readexactly(weir_stream_reader(stream), len, bytes);
}

static int put(weir_stream *stream, const char *bytes, size_t len)
{
    return weir_write(weir_stream_writer(stream), (weir_slice){bytes, len});
}

static int read_password(const struct proxy_scene *proxy, weir_stream *stream)
{
    char got[520] = "";
    char wanted[520];
    weir_slice bytes;
    int rc = take(stream, 2, &bytes);
    if (rc > 0)
        rc = take(stream, (unsigned char)bytes.data[1] + 1U, &bytes);
    if (rc <= 0)
        return rc;
    size_t password_len = (unsigned char)bytes.data[bytes.len - 1];
    snprintf(got, sizeof(got), "%.*s:", (int)bytes.len - 1, bytes.data);
    if (password_len > 0 && (rc = take(stream, password_len, &bytes)) > 0)
        snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.*s", (int)bytes.len,
                 bytes.data);
    snprintf(wanted, sizeof(wanted), "%s:%s", proxy->user, proxy->password);
    bool right = strcmp(got, wanted) == 0;
    rc = put(stream, right ? "\1\0" : "\1\1", 2);
    return rc == WEIR_OK && right ? 1 : 0;
}

static int agree_on_method(const struct proxy_scene *proxy, weir_stream *stream)
{
    weir_slice bytes;
    int rc = take(stream, 2, &bytes);
    if (rc > 0)
        rc = take(stream, (size_t)bytes.data[1], &bytes);
    if (rc <= 0)
        return rc;
    char wanted = proxy->user ? 2 : 0;
    if (!memchr(bytes.data, wanted, bytes.len)) {
        put(stream, "\5\xFF", 2);
        return 0;
    }
    put(stream, proxy->user ? "\5\2" : "\5\0", 2);
    return proxy->user ? read_password(proxy, stream) : 1;
}

/* Writes down what is asked for: "127.0.0.1:80", "name.test:80". */
static void note(struct proxy_scene *proxy, const char *host, size_t len,
                 const char *port)
{
    snprintf(proxy->asked, sizeof(proxy->asked), "%.*s:%d", (int)len, host,
             (unsigned char)port[0] << 8 | (unsigned char)port[1]);
}

static void note_ip(struct proxy_scene *proxy, const char *ip, const char *port)
{
    char text[32];
    const unsigned char *bytes = (const unsigned char *)ip;
    int len = snprintf(text, sizeof(text), "%d.%d.%d.%d", bytes[0], bytes[1], bytes[2],
                       bytes[3]);
    note(proxy, text, (size_t)len, port);
}

static int serve_socks5(struct proxy_scene *proxy, weir_stream *stream)
{
    weir_slice bytes;
    int rc = agree_on_method(proxy, stream);
    if (rc > 0)
        rc = take(stream, 5, &bytes);
    if (rc <= 0)
        return rc;
    size_t kind = (size_t)bytes.data[3];
    size_t rest = kind == 1 ? 3 : kind == 4 ? 15 : (unsigned char)bytes.data[4];
    char first = bytes.data[4];
    rc = take(stream, rest + 2, &bytes);
    if (rc <= 0)
        return rc;
    char ip[4] = {first, bytes.data[0], bytes.data[1], bytes.data[2]};
    if (kind == 1)
        note_ip(proxy, ip, bytes.data + rest);
    else
        note(proxy, kind == 3 ? bytes.data : "ipv6", kind == 3 ? rest : 4,
             bytes.data + rest);
    rc = answer(proxy, stream, WEIR_S("\5\0\0\1\0\0\0\0\0\0"));
    return rc < 0 ? rc : do_then(proxy, stream);
}

static int serve_socks4(struct proxy_scene *proxy, weir_stream *stream)
{
    char port[2];
    char ip[4];
    weir_slice bytes;
    int rc = take(stream, 8, &bytes);
    if (rc <= 0)
        return rc;
    memcpy(port, bytes.data + 2, 2);
    memcpy(ip, bytes.data + 4, 4);
    rc = weir_readuntil(weir_stream_reader(stream), WEIR_S("\0"), &bytes);
    if (rc <= 0)
        return rc;
    if (memcmp(ip, "\0\0\0", 3) != 0) {
        note_ip(proxy, ip, port);
    } else {
        rc = weir_readuntil(weir_stream_reader(stream), WEIR_S("\0"), &bytes);
        if (rc <= 0)
            return rc;
        note(proxy, bytes.data, bytes.len - 1, port);
    }
    rc = answer(proxy, stream, WEIR_S("\0\x5A\0\0\0\0\0\0"));
    return rc < 0 ? rc : do_then(proxy, stream);
}

static int serve(weir_stream *stream, void *arg)
{
    struct proxy_scene *proxy = arg;
    proxy->connections++;
    if (proxy->socks == 5 && !proxy->at_once)
        return serve_socks5(proxy, stream);
    if (proxy->socks == 4)
        return serve_socks4(proxy, stream);
    return serve_http(proxy, stream);
}

void proxy_scene_open(struct proxy_scene *proxy, weir_loop *loop, int target_port)
{
    const char *scheme = proxy->tls ? "https" : "http";
    proxy->loop = loop;
    proxy->target_port = target_port;
    REQUIRE(weir_start_server(loop, &proxy->server, "127.0.0.1", 0, .on_connect = serve,
                              .arg = proxy, .tls = proxy->tls) == WEIR_OK);
    proxy->port = weir_server_port(proxy->server);
    if (proxy->socks)
        scheme = proxy->socks == 5 ? "socks5" : "socks4";
    snprintf(proxy->url, sizeof(proxy->url), "%s://%s:%d", scheme,
             proxy->tls ? "localhost" : "127.0.0.1", proxy->port);
}

void proxy_scene_close(struct proxy_scene *proxy)
{
    /* A tunnel's tasks use each other's memory, so they end before their loop does. */
    weir_server_abort_clients(proxy->server);
    weir_server_wait_closed(proxy->server, 5);
    weir_server_free(proxy->server);
}
