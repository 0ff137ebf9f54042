/* Connect, handshake, write, read, close, with a server of weir's at the other end:
 * each allocation of weir's and of OpenSSL's fails in turn, each system call fails in
 * turn, each wait is cancelled in turn. All that may come of it is a status with its
 * sentence.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io_scene.h"
#include "tls_scene.h"

/* A watchdog: no scene takes this long, and one that hangs must not hang the test. */
#define PATIENCE_MS 60000

/* More than the kernel takes at once, so that writing waits too. */
#define LARGE_BODY ((size_t)(is_very_slow() ? 100 : 400) * 1000)

/* Blocks that OpenSSL makes once and keeps: far fewer than the paths that are gone. */
#define MAX_KEPT 1000

/* No failure of the client: it is the server that has failed. */
#define GIVEN_UP 1

static bool is_very_slow(void)
{
    return tls_slowness() > 10;
}

/* --- OpenSSL's memory ------------------------------------------------------------- */

static struct {
    bool ours;
    size_t count; /* malloc and realloc calls since the last reset */
    size_t fail_at;
    long live;
    bool failed;
} memory;

static bool is_refused(void)
{
    bool refused = ++memory.count == memory.fail_at;
    memory.failed |= refused;
    return refused;
}

static void *ssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    void *block = is_refused() ? NULL : malloc(size);
    memory.live += block != NULL;
    return block;
}

static void ssl_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    memory.live -= block != NULL;
    free(block);
}

static void *ssl_realloc(void *block, size_t size, const char *file, int line)
{
    if (!block)
        return ssl_malloc(size, file, line);
    if (size == 0) {
        ssl_free(block, file, line);
        return NULL;
    }
    return is_refused() ? NULL : realloc(block, size);
}

/* Before anybody has asked OpenSSL for anything: it refuses later. */
__attribute__((constructor)) static void take_memory_over(void)
{
    memory.ours = CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free) == 1;
}

static void fail_openssl_at(size_t n)
{
    memory.count = 0;
    memory.fail_at = n;
    memory.failed = false;
}

/* --- the path --------------------------------------------------------------------- */

/* Contexts serve all paths of a test: what fails on one must not spoil the next. No
 * session is resumed, so that each path is the whole one. */
static struct {
    weir_tls_context *client;
    weir_tls_context *server;
} contexts;

static void contexts_open(void)
{
    contexts.client = tls_client(
        &(weir_tls_options){.shutdown_timeout_ms = 500, .no_sessions = true});
    contexts.server = tls_server(NULL);
}

static void contexts_close(void)
{
    weir_tls_context_free(contexts.client);
    weir_tls_context_free(contexts.server);
}

struct path {
    struct io_scene scene;
    weir_server *server;
    size_t body;
    bool upgrade; /* in the clear first, as STARTTLS does (RFC 3207) */
    int client_rc;
    char sentence[256];
    int status; /* of the sentence */
};

static weir_slice body(size_t len)
{
    static char bytes[400 * 1000];
    REQUIRE(len <= sizeof(bytes));
    if (bytes[1] == 0) {
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = io_pattern(i);
    }
    return (weir_slice){bytes, len};
}

/* Says a word in the clear, or hears it, and goes over to TLS. */
static int upgrade(weir_stream *stream, bool is_server)
{
    weir_slice line;
    int rc = is_server ? weir_readline(weir_stream_reader(stream), &line) : 1;
    if (rc > 0)
        rc = weir_write(weir_stream_writer(stream), WEIR_S("STARTTLS\n"));
    if (rc == WEIR_OK && !is_server)
        rc = weir_readline(weir_stream_reader(stream), &line);
    if (rc < 0)
        return rc;
    return weir_stream_start_tls(stream, is_server ? contexts.server : contexts.client,
                                 "localhost");
}

/* The server: a line, then that many bytes, which it sends back. */
static int serve(weir_stream *stream, void *arg)
{
    const struct path *path = arg;
    weir_reader *reader = weir_stream_reader(stream);
    weir_writer *writer = weir_stream_writer(stream);
    weir_slice line, bytes;
    int rc = path->upgrade ? upgrade(stream, true) : WEIR_OK;
    if (rc == WEIR_OK)
        rc = weir_readline(reader, &line);
    if (rc <= 0)
        return rc;
    rc = weir_readexactly(reader, strtoul(line.data, NULL, 10), &bytes);
    if (rc <= 0)
        return rc;
    rc = weir_write(writer, bytes);
    return rc < 0 ? rc : weir_flush(writer);
}

static int talk(weir_stream *stream, size_t len)
{
    weir_reader *reader = weir_stream_reader(stream);
    weir_writer *writer = weir_stream_writer(stream);
    char head[32];
    weir_slice bytes;
    snprintf(head, sizeof(head), "%zu\n", len);
    weir_slice slices[2] = {weir_slice_of(head), body(len)};
    int rc = weir_writelines(writer, slices, 2);
    if (rc == WEIR_OK)
        rc = weir_drain(writer);
    if (rc == WEIR_OK)
        rc = weir_flush(writer);
    if (rc == WEIR_OK)
        rc = weir_write_eof(writer);
    if (rc < 0)
        return rc;
    rc = weir_readexactly(reader, len, &bytes);
    if (rc > 0)
        CHECK(io_is_pattern(bytes, 0));
    if (rc == 0)
        return GIVEN_UP;
    return rc < 0 ? rc : weir_readall(reader, 9, &bytes);
}

static int be_client(struct path *path)
{
    weir_stream *stream = NULL;
    int port = weir_server_port(path->server);
    if (port == 0)
        return GIVEN_UP; /* getsockname has failed: nobody to connect to */
    int rc = weir_open_connection(path->scene.loop, &stream, "127.0.0.1", port,
                                  .tls = path->upgrade ? NULL : contexts.client,
                                  .server_name = path->upgrade ? NULL : "localhost");
    if (rc < 0)
        return rc;
    if (path->upgrade)
        rc = upgrade(stream, false);
    if (rc == WEIR_OK)
        rc = talk(stream, path->body);
    int closed = weir_stream_close(stream);
    return rc != WEIR_OK ? rc : closed;
}

static void note(struct path *path, int rc)
{
    path->client_rc = rc;
    path->status = weir_last_error()->status;
    snprintf(path->sentence, sizeof(path->sentence), "%s", weir_last_error()->message);
}

static int run_client(void *arg)
{
    struct path *path = arg;
    note(path, be_client(path));
    return path->client_rc;
}

static void path_open(struct path *path, size_t len, bool upgrade)
{
    *path = (struct path){.body = len, .upgrade = upgrade};
    io_scene_open(&path->scene, NULL);
}

static void path_close(struct path *path)
{
    io_scene_close(&path->scene);
}

/* The whole way, ended by what it may. In round `cancel_at` the client is cancelled;
 * with `server_too` the server's side instead. False: it ended before. */
static bool run_path(struct path *path, int cancel_at, bool server_instead)
{
    weir_loop *loop = path->scene.loop;
    bool cancelled = false;
    if (weir_start_server(loop, &path->server, "127.0.0.1", 0, .on_connect = serve,
                          .arg = path,
                          .tls = path->upgrade ? NULL : contexts.server) < 0) {
        note(path, weir_last_error()->status);
        return true;
    }
    weir_task *client = weir_spawn(loop, run_client, path);
    if (!client)
        note(path, weir_last_error()->status);
    uint64_t until = wall_ms() + PATIENCE_MS;
    for (int round = 0; client && !weir_task_is_done(client); round++) {
        if (round == cancel_at && server_instead)
            weir_server_close_clients(path->server);
        else if (round == cancel_at)
            weir_cancel(client);
        cancelled |= round == cancel_at;
        int rc = weir_loop_run_once(loop, 50);
        CHECK(rc == WEIR_OK || path->scene.faults.faults > 0);
        REQUIRE(wall_ms() < until);
    }
    if (client)
        weir_join(client);
    weir_server_wait_closed(path->server, 1000);
    weir_server_free(path->server);
    return cancelled;
}

/* A failure has a status and a sentence; success has neither. */
static bool check_outcome(const struct path *path, const char *what, size_t n)
{
    if (path->client_rc >= 0)
        return true;
    bool ok = CHECK(weir_status_name(path->client_rc)[0] == 'W');
    ok &= CHECK_INT(path->status, path->client_rc);
    ok &= CHECK(path->sentence[0] != '\0');
    if (!ok || getenv("WEIR_TEST_VERBOSE"))
        fprintf(stderr, "    %s %zu: %s: %s\n", what, n,
                weir_status_name(path->client_rc), path->sentence);
    return ok;
}

TEST(tls_path, works)
{
    contexts_open();
    for (int how = 0; how < 2; how++) {
        struct path path;
        path_open(&path, LARGE_BODY, how);
        run_path(&path, -1, false);
        if (!CHECK_INT(path.client_rc, WEIR_OK))
            fprintf(stderr, "    %s\n", path.sentence);
        path_close(&path);
    }
    contexts_close();
}

TEST(tls_path, fails_well_at_each_allocation)
{
    contexts_open();
    for (int how = 0; how < 2; how++) {
        bool failed = true;
        for (size_t n = 1; failed; n++) {
            struct path path;
            path_open(&path, 40 * 1000, how);
            path.scene.nth.fail_at = path.scene.nth.count + n;
            run_path(&path, -1, false);
            failed = path.scene.nth.failed;
            check_outcome(&path, "allocation", n);
            CHECK(failed || path.client_rc == WEIR_OK);
            path_close(&path);
        }
    }
    contexts_close();
}

/* Whether the other side is blamed for what OpenSSL could not do, by an alert whose
 * number there is not (RFC 8446 6: one byte). */
static bool is_unjust(const struct path *path)
{
    const char *alert = strstr(path->sentence, "alert: ");
    return alert && strtol(alert + strlen("alert: "), NULL, 10) > 255;
}

/* WEIR_TEST_ALL=1: each one; else each fifth, which takes a fifth of the time. */
static size_t step(void)
{
    return getenv("WEIR_TEST_ALL") ? 1 : 5 * (size_t)tls_slowness();
}

/* What fails is a connection's: the contexts are there. */
TEST(tls_path, fails_well_at_each_allocation_of_openssl)
{
    bool failed = true;
    long live = 0;
    REQUIRE(memory.ours);
    contexts_open();
    for (size_t n = 1; failed; n += step()) {
        struct path path;
        path_open(&path, 1000, false);
        fail_openssl_at(n);
        run_path(&path, -1, false);
        failed = memory.failed;
        fail_openssl_at(0);
        bool ok = check_outcome(&path, "allocation of OpenSSL", n);
        ok &= CHECK(failed || path.client_rc == WEIR_OK);
        if (ok && !CHECK(path.client_rc >= 0 || !is_unjust(&path)))
            fprintf(stderr, "    allocation of OpenSSL %zu: %s\n", n, path.sentence);
        path_close(&path);
        if (live == 0)
            live = memory.live;
    }
    CHECK(memory.live - live < MAX_KEPT);
    if (getenv("WEIR_TEST_VERBOSE"))
        fprintf(stderr, "    %ld blocks kept\n", memory.live - live);
    contexts_close();
}

/* What a context is made of, likewise: no context, or one that works. */
TEST(tls_path, contexts_fail_well_at_each_allocation_of_openssl)
{
    REQUIRE(memory.ours);
    REQUIRE(OPENSSL_init_ssl(0, NULL) == 1); /* once: what fails there fails for good */
    for (int is_server = 0; is_server < 2; is_server++) {
        weir_tls_options options = {.ca_file = certificate("ca.pem"),
                                    .crl_file = certificate("crl.pem"),
                                    .certificate_file = certificate("localhost.pem"),
                                    .key_file = certificate("localhost.key")};
        bool failed = true;
        for (size_t n = 1; failed; n += 7 * step()) {
            weir_tls_context *context = NULL;
            fail_openssl_at(n);
            int rc = is_server ? weir_tls_server_new(&context, &options)
                               : weir_tls_client_new(&context, &options);
            failed = memory.failed;
            fail_openssl_at(0);
            CHECK(failed || rc == WEIR_OK);
            CHECK_INT(context != NULL, rc == WEIR_OK);
            if (!CHECK(rc == WEIR_OK || rc == WEIR_E_MEMORY || rc == WEIR_E_TLS))
                fprintf(stderr, "    %s\n", weir_last_error()->message);
            CHECK(rc == WEIR_OK || weir_last_error()->message[0] != '\0');
            weir_tls_context_free(context);
        }
    }
}

static void fail_each_call(fault_kind kind, int error, bool upgrade)
{
    bool failed = true;
    for (unsigned long n = 1; failed; n += is_very_slow() ? 4 : 1) {
        struct path path;
        path_open(&path, 40 * 1000, upgrade);
        fault_sys_fail(&path.scene.faults, kind, n, error);
        run_path(&path, -1, false);
        failed = fault_sys_fault_count(&path.scene.faults) > 0;
        check_outcome(&path, "call", n);
        CHECK(failed || path.client_rc == WEIR_OK);
        if (error == EINTR || error == EAGAIN)
            CHECK_INT(path.client_rc, WEIR_OK);
        fault_sys_fail(&path.scene.faults, kind, 0, error);
        path_close(&path);
        REQUIRE(n < 3000);
    }
}

TEST(tls_path, fails_well_at_each_system_call)
{
    static const struct {
        fault_kind kind;
        int error;
    } CASES[] = {
        {FAULT_CONNECT, ECONNREFUSED}, {FAULT_RECV, ECONNRESET},
        {FAULT_RECV, EINTR},           {FAULT_RECV, EAGAIN},
        {FAULT_SENDV, EPIPE},          {FAULT_SENDV, ECONNRESET},
        {FAULT_SENDV, EINTR},          {FAULT_SENDV, EAGAIN},
        {FAULT_SHUTDOWN, ENOTCONN},    {FAULT_POLLER_ADD, ENOMEM},
        {FAULT_POLLER_WAIT, EINTR},
    };
    contexts_open();
    for (size_t i = 0; i < 2 * sizeof(CASES) / sizeof(CASES[0]); i++)
        fail_each_call(CASES[i / 2].kind, CASES[i / 2].error, i % 2);
    contexts_close();
}

TEST(tls_path, short_reads_and_writes_change_nothing)
{
    static const size_t LIMITS[][2] = {{1, 1}, {1, 1},   {1, 7},
                                       {7, 1}, {100, 1}, {3000, 3000}};
    contexts_open();
    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        struct path path;
        path_open(&path, LARGE_BODY / 20, i % 2);
        fault_sys_limit(&path.scene.faults, LIMITS[i][0], LIMITS[i][1]);
        fault_sys_again_each(&path.scene.faults, 3);
        run_path(&path, -1, false);
        if (!CHECK_INT(path.client_rc, WEIR_OK))
            fprintf(stderr, "    %s\n", path.sentence);
        path_close(&path);
    }
    contexts_close();
}

/* Every wait of the client in turn; and every one of the server's, of which the client
 * learns what it may. */
TEST(tls_path, may_be_cancelled_at_each_wait)
{
    contexts_open();
    for (int how = 0; how < 4; how++) {
        bool server_instead = how % 2;
        bool cancelled = true;
        for (int round = 0; cancelled; round++) {
            struct path path;
            path_open(&path, LARGE_BODY, how / 2);
            cancelled = run_path(&path, round, server_instead);
            check_outcome(&path, "round", (size_t)round);
            CHECK(cancelled || path.client_rc == WEIR_OK);
            if (!server_instead && path.client_rc != WEIR_OK)
                CHECK_INT(path.client_rc, WEIR_E_CANCELLED);
            path_close(&path);
            REQUIRE(round < 3000);
        }
    }
    contexts_close();
}

/* The same for a deadline that has passed. */
static int run_late(void *arg)
{
    struct path *path = arg;
    weir_timeout timeout = weir_timeout_start(path->scene.loop, 0);
    int rc = run_client(path);
    weir_timeout_end(&timeout);
    return rc;
}

TEST(tls_path, with_a_deadline_in_the_past_ends_at_once)
{
    struct path path;
    contexts_open();
    path_open(&path, 1000, false);
    REQUIRE(weir_start_server(path.scene.loop, &path.server, "127.0.0.1", 0,
                              .on_connect = serve, .arg = &path,
                              .tls = contexts.server) == WEIR_OK);
    CHECK_INT(weir_join(weir_spawn(path.scene.loop, run_late, &path)), WEIR_E_TIMEOUT);
    weir_server_wait_closed(path.server, 1000);
    weir_server_free(path.server);
    path_close(&path);
    contexts_close();
}
