/* The way of ciphertext between OpenSSL and the transport below: a BIO over the two
 * pieces of memory of a connection. It never waits and calls nobody while it reads.
 *
 * SPDX-License-Identifier: MIT */
#include <openssl/bio.h>
#include <pthread.h>
#include <string.h>

#include "error.h"
#include "tls_transport.h"

/* Some records to one write; what is smaller gets a smaller block. */
#define OUT_SIZE ((size_t)64 * 1024)

static BIO_METHOD *method;

void weir__tls_bytes_drop(weir__tls_transport *tls, weir__tls_bytes *bytes)
{
    weir__block_give(&tls->transport.loop->blocks, bytes->memory, bytes->capacity);
    *bytes = (weir__tls_bytes){.memory = NULL};
}

/* The beginning of what the peer sends tells what it is that is not TLS. */
static void remember_first(weir__tls_connection *connection, const char *bytes,
                           size_t len)
{
    size_t space = sizeof(connection->first) - connection->first_len;
    size_t count = len < space ? len : space;
    memcpy(connection->first + connection->first_len, bytes, count);
    connection->first_len = (unsigned char)(connection->first_len + count);
}

static int read_bio(BIO *bio, char *memory, int size)
{
    weir__tls_transport *tls = BIO_get_data(bio);
    weir__tls_bytes *in = &tls->in;
    size_t len = weir__tls_bytes_len(in);
    BIO_clear_retry_flags(bio);
    if (len == 0 && tls->lower_ended)
        return 0;
    if (len == 0 || size <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t count = len < (size_t)size ? len : (size_t)size;
    memcpy(memory, in->memory + in->start, count);
    if (tls->connection.first_len < sizeof(tls->connection.first))
        remember_first(&tls->connection, memory, count);
    in->start += count;
    return (int)count;
}

static bool make_space(weir__tls_transport *tls, size_t len)
{
    weir__tls_bytes *out = &tls->out;
    if (out->memory && out->end == out->capacity && weir__tls_flush(tls) < 0)
        return false;
    if (out->memory)
        return true;
    size_t size = len < OUT_SIZE ? len : OUT_SIZE;
    out->memory = weir__block_take(&tls->transport.loop->blocks, size, &out->capacity);
    return out->memory;
}

static int write_bio(BIO *bio, const char *bytes, int size)
{
    weir__tls_transport *tls = BIO_get_data(bio);
    weir__tls_bytes *out = &tls->out;
    size_t left = (size_t)size;
    BIO_clear_retry_flags(bio);
    while (left > 0) {
        if (!make_space(tls, left))
            return -1;
        size_t space = out->capacity - out->end;
        size_t count = left < space ? left : space;
        memcpy(out->memory + out->end, bytes, count);
        out->end += count;
        bytes += count;
        left -= count;
    }
    return size;
}

static long control_bio(BIO *bio, int command, long number, void *pointer)
{
    const weir__tls_transport *tls = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return tls->lower_ended && weir__tls_bytes_len(&tls->in) == 0;
    default:
        return 0;
    }
}

static void make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir");
    if (!method)
        return;
    BIO_meth_set_read(method, read_bio);
    BIO_meth_set_write(method, write_bio);
    BIO_meth_set_ctrl(method, control_bio);
}

/* One for the whole process; again, if there was no memory for it. */
static BIO_METHOD *the_method(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    if (!method)
        make_method();
    pthread_mutex_unlock(&mutex);
    return method;
}

int weir__tls_bio_attach(weir__tls_transport *tls)
{
    BIO_METHOD *made = the_method();
    BIO *bio = made ? BIO_new(made) : NULL;
    if (!bio)
        return weir__fail(WEIR_E_MEMORY, "start_tls", "no memory for a connection");
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->connection.ssl, bio, bio);
    return WEIR_OK;
}
