/* A client and a server over a pair of BIOs.
 *
 * SPDX-License-Identifier: MIT */
#include "pair.h"

#include <openssl/err.h>
#include <string.h>

#define PIPE_BYTES ((size_t)64 * 1024)
#define MAX_TURNS  20

static void require_ok(int rc)
{
    if (!CHECK_INT(rc, WEIR_OK))
        CHECK_TEXT(weir_last_error()->message, "");
    REQUIRE(rc == WEIR_OK);
}

static int open_ends(struct pair *pair, weir_tls_context *client,
                     weir_tls_context *server, const char *name)
{
    BIO *bios[2];
    int rc = weir__tls_connection_open(&pair->client.connection, client, name);
    if (rc == WEIR_OK)
        rc = weir__tls_connection_open(&pair->server.connection, server, NULL);
    if (rc < 0)
        return rc;
    if (BIO_new_bio_pair(&bios[0], PIPE_BYTES, &bios[1], PIPE_BYTES) != 1) {
        ERR_clear_error();
        return WEIR_E_MEMORY;
    }
    SSL_set_bio(pair->client.connection.ssl, bios[0], bios[0]);
    SSL_set_bio(pair->server.connection.ssl, bios[1], bios[1]);
    return WEIR_OK;
}

int pair_try(struct pair *pair, weir_tls_context *client, weir_tls_context *server,
             const char *name)
{
    *pair = (struct pair){.client = {.status = WEIR_E_AGAIN},
                          .server = {.status = WEIR_E_AGAIN}};
    return open_ends(pair, client, server, name);
}

void pair_open_port(struct pair *pair, weir_tls_context *client,
                    weir_tls_context *server, const char *name, uint16_t port)
{
    *pair = (struct pair){.client = {.status = WEIR_E_AGAIN, .connection.port = port},
                          .server = {.status = WEIR_E_AGAIN}};
    require_ok(open_ends(pair, client, server, name));
}

void pair_open(struct pair *pair, weir_tls_context *client, weir_tls_context *server,
               const char *name)
{
    pair_open_port(pair, client, server, name, 0);
}

void pair_close(struct pair *pair)
{
    weir__tls_connection_close(&pair->client.connection);
    weir__tls_connection_close(&pair->server.connection);
    CHECK_INT(ERR_peek_error(), 0);
}

static void end_failed(struct pair_end *end, int result, const char *operation)
{
    end->status = weir__tls_connection_fail(&end->connection, result, operation);
    CHECK_INT(end->status, weir_last_error()->status);
    CHECK_INT(ERR_peek_error(), 0);
    memcpy(end->message, weir_last_error()->message, sizeof(end->message));
}

static bool waits(const struct pair_end *end, int result)
{
    int error = SSL_get_error(end->connection.ssl, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void shake_end(struct pair_end *end)
{
    if (end->status != WEIR_E_AGAIN)
        return;
    int result = SSL_do_handshake(end->connection.ssl);
    if (result == 1) {
        end->status = weir__tls_connection_establish(&end->connection);
        if (end->status < 0)
            memcpy(end->message, weir_last_error()->message, sizeof(end->message));
    } else if (!waits(end, result)) {
        end_failed(end, result, "handshake");
    }
}

bool pair_send(struct pair_end *from, struct pair_end *to)
{
    size_t count;
    char byte = 'x';
    int result = SSL_write_ex(from->connection.ssl, &byte, 1, &count);
    if (result != 1)
        end_failed(from, result, "write");
    result = SSL_read_ex(to->connection.ssl, &byte, 1, &count);
    if (result != 1 && !waits(to, result))
        end_failed(to, result, "read");
    if (result == 1)
        weir__tls_connection_settle(&to->connection);
    return result == 1;
}

static bool is_done(const struct pair *pair)
{
    return pair->client.status != WEIR_E_AGAIN && pair->server.status != WEIR_E_AGAIN;
}

bool pair_shake(struct pair *pair)
{
    for (int i = 0; i < MAX_TURNS && !is_done(pair); i++) {
        shake_end(&pair->client);
        shake_end(&pair->server);
    }
    /* One that has failed has told the other, which may believe that it is done. */
    if (pair->server.status < 0 && pair->client.status == WEIR_OK)
        (void)pair_send(&pair->client, &pair->client);
    if (pair->client.status < 0 || pair->server.status < 0)
        return false;
    return pair_send(&pair->client, &pair->server) &&
           pair_send(&pair->server, &pair->client);
}

bool pair_run(struct pair *pair, weir_tls_context *client, weir_tls_context *server,
              const char *name)
{
    pair_open(pair, client, server, name);
    bool ok = pair_shake(pair);
    pair_close(pair);
    return ok;
}

void world_open(struct pair_world *world, const struct credential_wish *leaf)
{
    world->ca = credential_make(
        &(struct credential_wish){.subject = "Test CA", .is_authority = true}, NULL);
    world->leaf = credential_make(leaf, &world->ca);
}

void world_close(struct pair_world *world)
{
    credential_clear(&world->leaf);
    credential_clear(&world->ca);
}

weir_tls_context *world_client(const struct pair_world *world, weir_tls_options options)
{
    weir_tls_context *context = NULL;
    if (!options.ca_file && options.ca_pem.len == 0)
        options.ca_pem = credential_pem(&world->ca);
    require_ok(weir_tls_client_new(&context, &options));
    return context;
}

weir_tls_context *world_server(const struct pair_world *world, weir_tls_options options)
{
    weir_tls_context *context = NULL;
    if (options.certificate_pem.len == 0) {
        options.certificate_pem = credential_pem(&world->leaf);
        options.key_pem = credential_key(&world->leaf);
    }
    require_ok(weir_tls_server_new(&context, &options));
    return context;
}
