/* From names to addresses: literals, an own resolver, a cache, threads.
 *
 * Whoever asks for a name that is being looked up waits for the same answer. The
 * lookup is nobody's own: one who is cancelled leaves, and the others still get it.
 *
 *   entry:   PENDING -> READY -> (expires, or is forgotten)      PENDING -> FAILED
 *
 * SPDX-License-Identifier: MIT */
#include "resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "allocator.h"
#include "error.h"
#include "lookup.h"
#include "loop.h"
#include "park.h"

#define DEFAULT_CACHE_MS 10000
#define MAX_ENTRIES      1000
#define MAX_HOST         255 /* RFC 1035 2.3.4, and a dot */

enum entry_state { PENDING, READY, FAILED };

struct entry {
    weir__link link; /* in the cache, latest used last; none once forgotten */
    weir_loop *loop;
    enum entry_state state;
    weir__lookup *lookup; /* while PENDING */
    weir__link waiters;
    size_t users; /* tasks that wait for it, or look at it */
    uint64_t expires;
    weir_family family;
    weir_error error; /* in state FAILED */
    int count;
    weir_address *addresses;
    char host[MAX_HOST + 1];
};

struct weir__resolver_state {
    weir__link entries;
    size_t count;
};

static void free_entry(struct entry *entry)
{
    weir__free(entry->loop->allocator, entry->addresses);
    weir__free(entry->loop->allocator, entry);
}

/* Takes the entry out of the cache; it lives on while it is used or pending. */
static void forget(struct weir__resolver_state *state, struct entry *entry)
{
    if (weir__link_is_linked(&entry->link))
        state->count--;
    weir__link_remove(&entry->link);
    if (entry->users == 0 && entry->state != PENDING)
        free_entry(entry);
}

static struct entry *entry_of(weir__link *link)
{
    return WEIR__CONTAINER(link, struct entry, link);
}

static struct weir__resolver_state *state_of(weir_loop *loop)
{
    struct weir__resolver_state *state = loop->resolver_state;
    if (state)
        return state;
    state = weir__calloc(loop->allocator, 1, sizeof(*state));
    if (!state)
        return NULL;
    weir__link_init(&state->entries);
    loop->resolver_state = state;
    return state;
}

static struct entry *find(weir_loop *loop, const char *host, weir_family family)
{
    struct weir__resolver_state *state = loop->resolver_state;
    weir__link *next;
    for (weir__link *link = state->entries.next; link != &state->entries; link = next) {
        struct entry *entry = entry_of(link);
        next = link->next;
        if (entry->state == READY && entry->expires <= loop->now)
            forget(state, entry);
        else if (entry->family == family && strcmp(entry->host, host) == 0)
            return entry;
    }
    return NULL;
}

static const char *reason(const weir__lookup *lookup)
{
    if (lookup->gai_error == EAI_NONAME || lookup->gai_error == 0)
        return "no such host";
    if (lookup->gai_error == EAI_SYSTEM)
        return strerror(lookup->os_error);
    return gai_strerror(lookup->gai_error);
}

static void keep_failure(struct entry *entry, const weir__lookup *lookup)
{
    weir_error *error = &entry->error;
    weir_resolver_fail(entry->host, reason(lookup));
    *error = *weir_last_error();
    error->os_error = lookup->os_error ? lookup->os_error : lookup->gai_error;
    entry->state = FAILED;
}

static int keep_answer(struct entry *entry, const weir__lookup *lookup)
{
    weir_loop *loop = entry->loop;
    size_t size = (size_t)lookup->count * sizeof(*entry->addresses);
    uint32_t cache_ms =
        loop->resolver_cache_ms ? loop->resolver_cache_ms : DEFAULT_CACHE_MS;
    entry->addresses = weir__malloc(loop->allocator, size);
    if (!entry->addresses)
        return WEIR_E_MEMORY;
    memcpy(entry->addresses, lookup->addresses, size);
    entry->count = lookup->count;
    entry->expires = weir__deadline_after(loop->now, cache_ms);
    entry->state = READY;
    return WEIR_OK;
}

static void on_answer(weir__lookup *lookup)
{
    struct entry *entry = lookup->owner;
    weir_loop *loop = entry->loop;
    entry->lookup = NULL;
    loop->active--;
    if (lookup->gai_error != 0 || lookup->count == 0) {
        keep_failure(entry, lookup);
    } else if (keep_answer(entry, lookup) < 0) {
        weir__fail(WEIR_E_MEMORY, "resolve", "no memory for the addresses of a name");
        entry->error = *weir_last_error();
        entry->state = FAILED;
    }
    free(lookup);
    weir__unpark_all(&entry->waiters, WEIR_OK);
    /* A failure is told to those who wait and not kept: the next one asks again. */
    if (entry->state == FAILED)
        forget(loop->resolver_state, entry);
}

/* The answer that was not used for longest makes room. */
static void evict(struct weir__resolver_state *state)
{
    for (weir__link *link = state->entries.next; link != &state->entries;
         link = link->next) {
        if (entry_of(link)->state == READY) {
            forget(state, entry_of(link));
            return;
        }
    }
}

static struct entry *add_entry(weir_loop *loop, const char *host, weir_family family)
{
    struct weir__resolver_state *state = loop->resolver_state;
    struct entry *entry = weir__calloc(loop->allocator, 1, sizeof(*entry));
    if (!entry) {
        weir__fail(WEIR_E_MEMORY, "resolve", "no memory to resolve a name");
        return NULL;
    }
    entry->loop = loop;
    entry->family = family;
    memcpy(entry->host, host, strlen(host) + 1);
    weir__link_init(&entry->waiters);
    entry->lookup = weir__lookup_start(loop, host, family, on_answer, entry);
    if (!entry->lookup) {
        weir__free(loop->allocator, entry);
        return NULL;
    }
    loop->active++;
    if (state->count >= MAX_ENTRIES)
        evict(state);
    weir__link_push(&state->entries, &entry->link);
    state->count++;
    return entry;
}

static int copy_answer(const struct entry *entry, int port, weir_address *addresses)
{
    if (entry->state == FAILED)
        return weir__fail_again(&entry->error);
    for (int i = 0; i < entry->count; i++) {
        addresses[i] = entry->addresses[i];
        weir__address_set_port(&addresses[i], port);
    }
    return entry->count;
}

static int wait_for(struct entry *entry)
{
    int rc = WEIR_OK;
    while (rc == WEIR_OK && entry->state == PENDING)
        rc = weir__park_in(entry->loop, &entry->waiters, "resolve");
    return rc;
}

static int resolve_cached(weir_loop *loop, const char *host, int port,
                          weir_family family, weir_address *addresses)
{
    struct weir__resolver_state *state = state_of(loop);
    int rc = weir__check_may_wait(loop, "resolve");
    if (rc < 0)
        return rc;
    if (!state)
        return weir__fail(WEIR_E_MEMORY, "resolve", "no memory to resolve a name");
    struct entry *entry = find(loop, host, family);
    if (!entry)
        entry = add_entry(loop, host, family);
    if (!entry)
        return weir_last_error()->status;
    entry->users++;
    rc = wait_for(entry);
    entry->users--;
    if (rc == WEIR_OK)
        rc = copy_answer(entry, port, addresses);
    if (weir__link_is_linked(&entry->link)) {
        weir__link_remove(&entry->link); /* latest used last */
        weir__link_push(&state->entries, &entry->link);
    } else {
        forget(state, entry);
    }
    return rc;
}

int weir_resolver_fail(const char *host, const char *why)
{
    char text[128];
    weir__escape(weir_slice_of(host), text, sizeof(text));
    return weir__fail(WEIR_E_RESOLVE, "resolve", "%s: %s", why, text);
}

static bool has_family(const weir_address *address, weir_family family)
{
    struct sockaddr header;
    memcpy(&header, address->sockaddr.bytes, sizeof(header));
    return family == WEIR_FAMILY_ANY ||
           (family == WEIR_FAMILY_IPV4) == (header.sa_family == AF_INET);
}

static int resolve_own(weir_loop *loop, const char *host, int port, weir_family family,
                       weir_address *addresses)
{
    const weir_resolver *own = loop->resolver;
    int count = own->resolve(own->user_data, loop, host, port, family, addresses);
    if (count == 0)
        return weir_resolver_fail(host, "no such host");
    if (count > WEIR_MAX_ADDRESSES)
        return weir__fail(WEIR_E_MISUSE, "resolve",
                          "the resolver says that it has %d addresses, which are more "
                          "than it had room for",
                          count);
    if (count < 0 && weir_last_error()->status != count)
        return weir__fail(count, "resolve", "the resolver has failed: %s",
                          weir_status_name(count));
    return count;
}

/* No name ends in a number, so that none is taken for an address that it is not:
 * getaddrinfo reads 127.1, 0x7f000001 and 2130706433 as 127.0.0.1, which a program
 * that refuses some addresses would not expect. */
static bool ends_in_number(const char *host)
{
    size_t len = strlen(host);
    if (len > 0 && host[len - 1] == '.')
        len--;
    size_t start = len;
    while (start > 0 && host[start - 1] != '.')
        start--;
    bool is_hex = len - start >= 2 && host[start] == '0' &&
                  (host[start + 1] == 'x' || host[start + 1] == 'X');
    if (is_hex)
        start += 2;
    size_t digits =
        strspn(host + start, is_hex ? "0123456789abcdefABCDEF" : "0123456789");
    return start + digits == len && (is_hex || digits > 0);
}

int weir_resolve(weir_loop *loop, const char *host, int port, weir_family family,
                 weir_address *addresses)
{
    size_t len = host ? strlen(host) : 0;
    if (len == 0 || len > MAX_HOST || port < 0 || port > 65535)
        return weir__fail(WEIR_E_INVALID, "resolve",
                          "a host name of %zu bytes with port %d is not possible", len,
                          port);
    if (weir_address_parse(&addresses[0], host, port) == WEIR_OK)
        return has_family(&addresses[0], family)
                   ? 1
                   : weir_resolver_fail(host, "an address of the other family");
    if (ends_in_number(host))
        return weir_resolver_fail(host, "not an address, and no name");
    if (loop->resolver)
        return resolve_own(loop, host, port, family, addresses);
    return resolve_cached(loop, host, port, family, addresses);
}

void weir_resolver_forget(weir_loop *loop, const char *host)
{
    struct weir__resolver_state *state = loop->resolver_state;
    weir__link *next;
    if (!state)
        return;
    for (weir__link *link = state->entries.next; link != &state->entries; link = next) {
        struct entry *entry = entry_of(link);
        next = link->next;
        if (entry->state == READY && (!host || strcmp(entry->host, host) == 0))
            forget(state, entry);
    }
}

void weir__resolver_free(weir_loop *loop)
{
    struct weir__resolver_state *state = loop->resolver_state;
    if (!state)
        return;
    while (weir__link_is_linked(&state->entries)) {
        struct entry *entry = entry_of(state->entries.next);
        if (entry->lookup)
            weir__lookup_abandon(entry->lookup);
        weir__link_remove(&entry->link);
        free_entry(entry);
    }
    weir__free(loop->allocator, state);
    loop->resolver_state = NULL;
}
