/* A pool of threads that ask getaddrinfo().
 *
 * getaddrinfo cannot be stopped, so a lookup that is not wanted any more is left to
 * its thread. Threads are started when there is work and nobody idle, and end when
 * they have been idle for a while.
 *
 * SPDX-License-Identifier: MIT */
#include "lookup.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "error.h"
#include "loop.h"

#define MAX_THREADS  4
#define IDLE_SECONDS 5

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t work;
    weir__lookup *first;
    weir__lookup *last;
    int queued;
    int threads;
    int idle;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};

static void keep_addresses(weir__lookup *lookup, const struct addrinfo *answers)
{
    for (const struct addrinfo *a = answers; a && lookup->count < WEIR_MAX_ADDRESSES;
         a = a->ai_next) {
        weir_address *address = &lookup->addresses[lookup->count];
        if (a->ai_addrlen > sizeof(address->sockaddr.bytes))
            continue;
        memset(address, 0, sizeof(*address));
        memcpy(address->sockaddr.bytes, a->ai_addr, a->ai_addrlen);
        address->len = (uint32_t)a->ai_addrlen;
        lookup->count++;
    }
}

static int native_family(weir_family family)
{
    if (family == WEIR_FAMILY_ANY)
        return AF_UNSPEC;
    return family == WEIR_FAMILY_IPV4 ? AF_INET : AF_INET6;
}

static void ask(weir__lookup *lookup)
{
    struct addrinfo hints = {.ai_family = native_family(lookup->family),
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *answers = NULL;
    lookup->gai_error = getaddrinfo(lookup->host, NULL, &hints, &answers);
    lookup->os_error = lookup->gai_error == EAI_SYSTEM ? errno : 0;
    if (lookup->gai_error == 0)
        keep_addresses(lookup, answers);
    if (answers)
        freeaddrinfo(answers);
}

/* Under the mutex. Waits for work; NULL when there was none for long. */
static weir__lookup *next_lookup(void)
{
    struct timespec until;
    int rc = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += IDLE_SECONDS;
    pool.idle++;
    while (!pool.first && rc != ETIMEDOUT)
        rc = pthread_cond_timedwait(&pool.work, &pool.mutex, &until);
    pool.idle--;
    weir__lookup *lookup = pool.first;
    if (lookup) {
        pool.first = lookup->next;
        pool.queued--;
    }
    if (!pool.first)
        pool.last = NULL;
    return lookup;
}

/* Under the mutex, which weir__lookup_abandon() takes too: so the loop is there. */
static void answer(weir__lookup *lookup)
{
    if (lookup->loop)
        weir__post_node(lookup->loop, &lookup->posted);
    else
        free(lookup);
}

static void *work(void *arg)
{
    weir__lookup *lookup;
    pthread_mutex_lock(&pool.mutex);
    while ((lookup = next_lookup())) {
        pthread_mutex_unlock(&pool.mutex);
        ask(lookup);
        pthread_mutex_lock(&pool.mutex);
        answer(lookup);
    }
    pool.threads--;
    pthread_mutex_unlock(&pool.mutex);
    return arg;
}

/* Under the mutex. One more thread if all are busy, or will be with what is queued.
 * 0 or an errno; with a thread already there the work is only later. */
static int start_thread(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    if (pool.idle > pool.queued || pool.threads >= MAX_THREADS)
        return 0;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int rc = pthread_create(&thread, &attributes, work, NULL);
    pthread_attr_destroy(&attributes);
    if (rc == 0)
        pool.threads++;
    return pool.threads > 0 ? 0 : rc;
}

static void run_answer(weir__posted *posted)
{
    weir__lookup *lookup = WEIR__CONTAINER(posted, weir__lookup, posted);
    lookup->on_answer(lookup);
}

static void drop_answer(weir__posted *posted)
{
    free(WEIR__CONTAINER(posted, weir__lookup, posted));
}

static int enqueue(weir__lookup *lookup)
{
    pthread_mutex_lock(&pool.mutex);
    int rc = start_thread();
    if (rc == 0) {
        if (pool.last)
            pool.last->next = lookup;
        else
            pool.first = lookup;
        pool.last = lookup;
        pool.queued++;
        pthread_cond_signal(&pool.work);
    }
    pthread_mutex_unlock(&pool.mutex);
    return rc;
}

weir__lookup *weir__lookup_start(weir_loop *loop, const char *host, weir_family family,
                                 void (*on_answer)(weir__lookup *lookup), void *owner)
{
    size_t len = strlen(host);
    weir__lookup *lookup = calloc(1, sizeof(*lookup) + len + 1);
    if (!lookup) {
        weir__fail(WEIR_E_MEMORY, "resolve", "no memory to resolve a name");
        return NULL;
    }
    lookup->posted.function = run_answer;
    lookup->posted.drop = drop_answer;
    lookup->loop = loop;
    lookup->on_answer = on_answer;
    lookup->owner = owner;
    lookup->family = family;
    memcpy(lookup->host, host, len + 1);
    int rc = enqueue(lookup);
    if (rc == 0)
        return lookup;
    free(lookup);
    weir__fail_errno(rc, "resolve", "no thread to resolve a name");
    return NULL;
}

void weir__lookup_abandon(weir__lookup *lookup)
{
    pthread_mutex_lock(&pool.mutex);
    lookup->loop = NULL;
    pthread_mutex_unlock(&pool.mutex);
}
