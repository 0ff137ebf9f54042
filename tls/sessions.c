/* The cache of sessions.
 *
 * A ticket that is used twice tells who watches that both connections are from the
 * same client (RFC 8446 C.4), so that one is taken out to be used. Servers of TLS 1.3
 * give several at a time, for connections side by side.
 *
 * SPDX-License-Identifier: MIT */
#include "sessions.h"

#include <string.h>

#include "allocator.h"

#define DEFAULT_MAX   100
#define MAX_OF_A_PEER 4

struct entry {
    weir__link link;
    SSL_SESSION *session;
    uint16_t port;
    char name[];
};

static struct entry *entry_of(weir__link *link)
{
    return WEIR__CONTAINER(link, struct entry, link);
}

static bool is_with(const struct entry *entry, const char *name, uint16_t port)
{
    return entry->port == port && strcmp(entry->name, name) == 0;
}

void weir__tls_sessions_init(weir__tls_sessions *sessions, size_t max)
{
    weir__link_init(&sessions->entries);
    sessions->count = 0;
    sessions->max = max ? max : DEFAULT_MAX;
}

/* Takes an entry out, and its session; the caller's. */
static SSL_SESSION *remove_entry(weir__tls_sessions *sessions, struct entry *entry)
{
    SSL_SESSION *session = entry->session;
    weir__link_remove(&entry->link);
    weir__free(NULL, entry);
    sessions->count--;
    return session;
}

static void drop(weir__tls_sessions *sessions, struct entry *entry)
{
    SSL_SESSION_free(remove_entry(sessions, entry));
}

void weir__tls_sessions_clear(weir__tls_sessions *sessions)
{
    while (weir__link_is_linked(&sessions->entries))
        drop(sessions, entry_of(sessions->entries.next));
}

/* Makes place for one more: first among those with the same peer, so that a busy one
 * leaves the others theirs. */
static void make_place(weir__tls_sessions *sessions, const char *name, uint16_t port)
{
    struct entry *oldest = NULL;
    size_t count = 0;
    for (weir__link *link = sessions->entries.previous; link != &sessions->entries;
         link = link->previous) {
        if (is_with(entry_of(link), name, port)) {
            oldest = entry_of(link);
            count++;
        }
    }
    if (count >= MAX_OF_A_PEER)
        drop(sessions, oldest);
    else if (sessions->count >= sessions->max)
        drop(sessions, entry_of(sessions->entries.next));
}

bool weir__tls_sessions_put(weir__tls_sessions *sessions, const char *name,
                            uint16_t port, SSL_SESSION *session)
{
    size_t size = strlen(name) + 1;
    struct entry *entry = weir__malloc(NULL, sizeof(*entry) + size);
    if (!entry)
        return false;
    make_place(sessions, name, port);
    entry->session = session;
    entry->port = port;
    memcpy(entry->name, name, size);
    weir__link_push(&sessions->entries, &entry->link);
    sessions->count++;
    return true;
}

/* Resumed, a certificate is not looked at again: it must still be good. */
static bool is_good(SSL_SESSION *session)
{
    X509 *peer = SSL_SESSION_get0_peer(session);
    return SSL_SESSION_is_resumable(session) &&
           (!peer || X509_cmp_current_time(X509_get0_notAfter(peer)) > 0);
}

SSL_SESSION *weir__tls_sessions_take(weir__tls_sessions *sessions, const char *name,
                                     uint16_t port)
{
    weir__link *link = sessions->entries.previous;
    while (link != &sessions->entries) {
        struct entry *entry = entry_of(link);
        link = link->previous;
        if (!is_with(entry, name, port))
            continue;
        SSL_SESSION *session = remove_entry(sessions, entry);
        if (is_good(session))
            return session;
        SSL_SESSION_free(session);
    }
    return NULL;
}
