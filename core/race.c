/* Attempts in parallel, each begun when the one before has failed or taken long.
 *
 *   attempt:  IDLE -> CONNECTING -> CONNECTED | FAILED
 *
 * SPDX-License-Identifier: MIT */
#include "race.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <weir/timeout.h>

#include "address.h"
#include "allocator.h"
#include "error.h"
#include "loop.h"
#include "park.h"

enum attempt_state { IDLE, CONNECTING, CONNECTED, FAILED };

struct attempt {
    weir__watch watch;
    enum attempt_state state;
    int fd;
    int os_error;
    struct race *race;
};

struct race {
    weir_loop *loop;
    const struct weir__race_options *options;
    weir_task *waiter;
    int started;
    int failed;
    struct attempt *winner;
    struct attempt attempts[];
};

static void fail_attempt(struct attempt *attempt, int os_error)
{
    struct race *race = attempt->race;
    weir__watch_remove(race->loop, &attempt->watch);
    if (attempt->fd >= 0)
        race->loop->sys->close(race->loop->sys, attempt->fd);
    attempt->fd = -1;
    attempt->state = FAILED;
    attempt->os_error = os_error;
    race->failed++;
}

static void win(struct attempt *attempt)
{
    weir__watch_remove(attempt->race->loop, &attempt->watch);
    attempt->state = CONNECTED;
    if (!attempt->race->winner)
        attempt->race->winner = attempt;
}

static void on_connected(weir__watch *watch)
{
    struct attempt *attempt = WEIR__CONTAINER(watch, struct attempt, watch);
    struct race *race = attempt->race;
    weir_sys *sys = race->loop->sys;
    int error = 0;
    socklen_t len = sizeof(error);
    int rc = sys->getsockopt(sys, attempt->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (rc < 0 || error != 0)
        fail_attempt(attempt, rc < 0 ? -rc : error);
    else
        win(attempt);
    if (race->waiter)
        weir__unpark(race->waiter, WEIR_OK);
}

static int bind_local(struct race *race, int fd, int family)
{
    weir_sys *sys = race->loop->sys;
    const struct weir__race_options *options = race->options;
    weir_address local;
    int on = 1;
    if (!options->local && options->local_port == 0)
        return 0;
    if (options->local)
        local = *options->local;
    else
        weir_address_parse(&local, family == AF_INET6 ? "::" : "0.0.0.0",
                           options->local_port);
    if (weir__address_sockaddr(&local)->sa_family != family)
        return -EAFNOSUPPORT;
    if (weir_address_port(&local) != 0)
        sys->setsockopt(sys, fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    return sys->bind(sys, fd, weir__address_sockaddr(&local), local.len);
}

/* The kernel's connect on a non-blocking socket. 0 when connected at once,
 * -EINPROGRESS, or what failed. */
static int connect_socket(struct race *race, struct attempt *attempt)
{
    weir_sys *sys = race->loop->sys;
    weir_address address = race->options->addresses[attempt - race->attempts];
    const struct sockaddr *sockaddr = weir__address_sockaddr(&address);
    attempt->fd = sys->socket(sys, sockaddr->sa_family, SOCK_STREAM, 0);
    if (attempt->fd < 0)
        return attempt->fd;
    int rc = bind_local(race, attempt->fd, sockaddr->sa_family);
    return rc < 0 ? rc : sys->connect(sys, attempt->fd, sockaddr, address.len);
}

static void start_attempt(struct race *race)
{
    struct attempt *attempt = &race->attempts[race->started++];
    attempt->state = CONNECTING;
    int rc = connect_socket(race, attempt);
    if (rc == 0) {
        win(attempt);
        return;
    }
    /* Interrupted, a non-blocking connect goes on (POSIX, connect). */
    if (rc == -EINPROGRESS || rc == -EINTR)
        rc = weir__watch_add(race->loop, &attempt->watch, attempt->fd, WEIR__POLL_WRITE,
                             on_connected);
    if (rc < 0)
        fail_attempt(attempt, -rc);
}

/* Until an attempt has ended, or it is time for the next. WEIR_OK, or the status
 * that ends the race. */
static int wait_for_news(struct race *race)
{
    weir_timeout delay = {.loop = NULL};
    int failed = race->failed;
    bool more = race->started < race->options->count;
    int rc = WEIR_OK;
    if (more)
        delay = weir_timeout_start(race->loop, race->options->delay_ms);
    race->waiter = race->loop->current;
    while (rc == WEIR_OK && !race->winner && race->failed == failed)
        rc = weir__park_quietly(race->loop);
    race->waiter = NULL;
    if (more && weir_timeout_end(&delay))
        return WEIR_OK;
    return rc;
}

/* Begins attempts until one has not failed at once. */
static void start_next(struct race *race)
{
    int failed;
    do {
        failed = race->failed;
        if (race->started < race->options->count)
            start_attempt(race);
    } while (race->failed > failed);
}

static int run(struct race *race)
{
    int rc = WEIR_OK;
    while (rc == WEIR_OK && !race->winner && race->failed < race->options->count) {
        start_next(race);
        if (!race->winner && race->failed < race->started)
            rc = wait_for_news(race);
    }
    return rc;
}

static void close_others(struct race *race, const struct attempt *winner)
{
    for (int i = 0; i < race->started; i++) {
        struct attempt *attempt = &race->attempts[i];
        weir__watch_remove(race->loop, &attempt->watch);
        if (attempt != winner && attempt->fd >= 0)
            race->loop->sys->close(race->loop->sys, attempt->fd);
    }
}

/* The errno that says most: a peer's refusal rather than this machine's lack. */
static int telling_error(const struct race *race)
{
    for (int i = 0; i < race->started; i++) {
        if (weir__status_of_errno(race->attempts[i].os_error) == WEIR_E_CONNECTION)
            return race->attempts[i].os_error;
    }
    return race->attempts[0].os_error;
}

/* "127.0.0.1:80, 127.0.0.2:80: Connection refused; [::1]:80: Network is unreachable";
 * of more addresses than have room, the first. */
static int explain(const struct race *race)
{
    const size_t room = 128; /* for one address more, or for how many there are */
    char list[200] = "";
    size_t len = 0;
    for (int i = 0; i < race->started; i++) {
        char address[WEIR_ADDRESS_TEXT_BYTES];
        int left = race->started - i - 1;
        bool full = left > 0 && len + room > sizeof(list);
        int error = race->attempts[i].os_error;
        bool same = left > 0 && !full && race->attempts[i + 1].os_error == error;
        weir_address_text(&race->options->addresses[i], address, sizeof(address));
        if (full)
            snprintf(address, sizeof(address), "and %d more", left + 1);
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s%s%s", address,
                                same ? ", " : ": ", same ? "" : strerror(error),
                                left > 0 && !same && !full ? "; " : "");
        if (full || len >= sizeof(list))
            break;
    }
    return weir__fail_system(telling_error(race), "connect", "connect to %s: %s",
                             race->options->name, list);
}

int weir__race(weir_loop *loop, const struct weir__race_options *options, int *fd)
{
    size_t size = sizeof(struct race) + (size_t)options->count * sizeof(struct attempt);
    struct race *race = weir__calloc(loop->allocator, 1, size);
    if (!race)
        return weir__fail(WEIR_E_MEMORY, "connect", "connect: no memory");
    race->loop = loop;
    race->options = options;
    for (int i = 0; i < options->count; i++)
        race->attempts[i] = (struct attempt){.race = race, .fd = -1};
    int rc = run(race);
    struct attempt *winner = rc == WEIR_OK ? race->winner : NULL;
    close_others(race, winner);
    if (winner)
        *fd = winner->fd;
    else if (rc == WEIR_OK)
        rc = explain(race);
    weir__free(loop->allocator, race);
    return rc;
}
