/**
 * From names to addresses, in the program's own way.
 *
 * By default weir asks getaddrinfo() on a few threads, so that the system's own
 * configuration counts, and keeps the answers for ten seconds. A program can bring
 * its own: a fixed table, a service registry, DNS over HTTPS.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WEIR_RESOLVER_H
#define WEIR_RESOLVER_H

#include <weir/address.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** Enough addresses for any name that makes sense. */
enum { WEIR_MAX_ADDRESSES = 32 };

/**
 * How to resolve. The struct must outlive the loop that was given it.
 *
 * `resolve` is called in the task that connects and may wait; several may be in it
 * at a time. It fills in at most WEIR_MAX_ADDRESSES addresses, in the order in which
 * they are to be tried (RFC 6724), with `port` in each, and returns how many; or a
 * negative status: then connecting fails with it and with the sentence that
 * weir_resolver_fail() was given. Literal addresses never come here, nor does what
 * ends in a number ("127.1"), which is no name; its answers are not cached.
 */
typedef struct weir_resolver {
    int (*resolve)(void *user_data, weir_loop *loop, const char *host, int port,
                   weir_family family, weir_address *addresses);
    void *user_data;
} weir_resolver;

/**
 * Says why a name has no address: sets weir_last_error().
 *
 * Returns WEIR_E_RESOLVE, to be returned from `resolve`.
 */
int weir_resolver_fail(const char *host, const char *why);

/**
 * Resolves a name as connecting does: literal, own resolver, cache, getaddrinfo.
 *
 *   addresses   out: room for WEIR_MAX_ADDRESSES
 *
 * Returns how many there are, at least 1; WEIR_E_RESOLVE; WEIR_E_TIMEOUT or
 * WEIR_E_CANCELLED, which does not disturb others who ask for the same name.
 */
int weir_resolve(weir_loop *loop, const char *host, int port, weir_family family,
                 weir_address *addresses);

/** Forgets the cached addresses of a host, or of all with NULL. */
void weir_resolver_forget(weir_loop *loop, const char *host);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
