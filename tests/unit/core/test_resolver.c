/* Names: literals, own resolvers, threads, the cache (weir/resolver.h).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io_scene.h"
#include "list.h"

static int resolve(struct io_scene *scene, const char *host, weir_address *addresses)
{
    return weir_resolve(scene->loop, host, 80, WEIR_FAMILY_ANY, addresses);
}

TEST(resolver, takes_literals_without_asking_anybody)
{
    struct io_scene scene;
    weir_address addresses[WEIR_MAX_ADDRESSES];
    char text[WEIR_ADDRESS_TEXT_BYTES];
    io_scene_open(&scene, NULL);
    size_t count = scene.nth.count;
    CHECK_INT(resolve(&scene, "127.0.0.1", addresses), 1);
    weir_address_text(&addresses[0], text, sizeof(text));
    CHECK_TEXT(text, "127.0.0.1:80");
    CHECK_INT(resolve(&scene, "::1", addresses), 1);
    CHECK_INT(weir_resolve(scene.loop, "::1", 1, WEIR_FAMILY_IPV6, addresses), 1);
    CHECK_INT(weir_resolve(scene.loop, "::1", 1, WEIR_FAMILY_IPV4, addresses),
              WEIR_E_RESOLVE);
    CHECK(io_failed_with("other family: ::1"));
    CHECK_INT(weir_resolve(scene.loop, "1.2.3.4", 1, WEIR_FAMILY_IPV6, addresses),
              WEIR_E_RESOLVE);
    CHECK_INT(scene.nth.count, count);
    io_scene_close(&scene);
}

/* getaddrinfo would take them for addresses, and so would a filter not. */
TEST(resolver, takes_no_number_for_a_name)
{
    static const char *const HOSTS[] = {
        "127.1",     "2130706433", "0x7f000001", "0X7F.1",  "1.2.3",     "127.0.0.1.",
        "1.2.3.256", "01.2.3.4",   "0x",         "foo.123", "foo.0xab.", "1.2.3.4.5",
    };
    struct io_scene scene;
    weir_address addresses[WEIR_MAX_ADDRESSES];
    io_scene_open(&scene, NULL);
    for (size_t i = 0; i < sizeof(HOSTS) / sizeof(HOSTS[0]); i++) {
        if (!CHECK_INT(resolve(&scene, HOSTS[i], addresses), WEIR_E_RESOLVE) ||
            !io_failed_with("not an address, and no name: "))
            fprintf(stderr, "    %s\n", HOSTS[i]);
    }
    io_scene_close(&scene);
}

TEST(resolver, refuses_hosts_and_ports_that_cannot_be)
{
    struct io_scene scene;
    weir_address addresses[WEIR_MAX_ADDRESSES];
    char host[300];
    io_scene_open(&scene, NULL);
    memset(host, 'a', sizeof(host));
    host[256] = '\0';
    CHECK_INT(resolve(&scene, host, addresses), WEIR_E_INVALID);
    CHECK_INT(resolve(&scene, "", addresses), WEIR_E_INVALID);
    CHECK_INT(resolve(&scene, NULL, addresses), WEIR_E_INVALID);
    CHECK_INT(weir_resolve(scene.loop, "::1", -1, WEIR_FAMILY_ANY, addresses),
              WEIR_E_INVALID);
    CHECK_INT(weir_resolve(scene.loop, "::1", 65536, WEIR_FAMILY_ANY, addresses),
              WEIR_E_INVALID);
    io_scene_close(&scene);
}

/* The system's part, played by this program: names end in .test, and lookups can be
 * held up until the test lets them go. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t go;
    bool held;
    int asked;
    int waiting;
    int most_waiting;
} names = {.mutex = PTHREAD_MUTEX_INITIALIZER, .go = PTHREAD_COND_INITIALIZER};

struct answer {
    struct addrinfo info;
    struct sockaddr_in6 address;
};

static struct addrinfo *add_answer(struct addrinfo *next, int family)
{
    struct answer *made = calloc(1, sizeof(*made));
    if (!made)
        return next;
    made->address.sin6_family = (sa_family_t)family;
    if (family == AF_INET6)
        made->address.sin6_addr = in6addr_loopback;
    made->info = (struct addrinfo){
        .ai_family = family,
        .ai_addr = (struct sockaddr *)&made->address,
        .ai_addrlen = family == AF_INET ? sizeof(struct sockaddr_in)
                                        : sizeof(struct sockaddr_in6),
        .ai_next = next,
    };
    return &made->info;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **answers)
{
    (void)service;
    pthread_mutex_lock(&names.mutex);
    names.asked++;
    if (++names.waiting > names.most_waiting)
        names.most_waiting = names.waiting;
    while (names.held)
        pthread_cond_wait(&names.go, &names.mutex);
    names.waiting--;
    pthread_mutex_unlock(&names.mutex);
    *answers = NULL;
    if (strcmp(host, "broken.test") == 0) {
        errno = EMFILE;
        return EAI_SYSTEM;
    }
    if (strcmp(host, "later.test") == 0)
        return EAI_AGAIN;
    if (strcmp(host, "empty.test") == 0)
        return 0;
    if (!strstr(host, ".test"))
        return EAI_NONAME;
    int count = strcmp(host, "many.test") == 0 ? 100 : 1;
    for (int i = 0; i < count; i++) {
        if (hints->ai_family != AF_INET)
            *answers = add_answer(*answers, AF_INET6);
        if (hints->ai_family != AF_INET6)
            *answers = add_answer(*answers, AF_INET);
    }
    return 0;
}

void freeaddrinfo(struct addrinfo *answers)
{
    while (answers) {
        struct answer *made = WEIR__CONTAINER(answers, struct answer, info);
        answers = answers->ai_next;
        free(made);
    }
}

static int asked(void)
{
    pthread_mutex_lock(&names.mutex);
    int count = names.asked;
    pthread_mutex_unlock(&names.mutex);
    return count;
}

static void hold(bool held)
{
    pthread_mutex_lock(&names.mutex);
    names.held = held;
    names.most_waiting = names.waiting;
    pthread_cond_broadcast(&names.go);
    pthread_mutex_unlock(&names.mutex);
}

/* Until so many threads are in getaddrinfo, or a second has passed. */
static int await_waiting(int count)
{
    int waiting = 0;
    for (int i = 0; i < 1000 && waiting < count; i++) {
        pthread_mutex_lock(&names.mutex);
        waiting = names.waiting;
        pthread_mutex_unlock(&names.mutex);
        if (waiting < count)
            usleep(1000);
    }
    return waiting;
}

TEST(resolver, asks_the_system)
{
    static const struct {
        const char *host;
        const char *sentence;
    } FAILING[] = {
        {"a.invalid", "no such host: a.invalid"},
        {"no\x01host\n", "no such host: no\\x01host\\n"},
        {"empty.test", "no such host: empty.test"},
        {"later.test", "emporary failure in name resolution: later.test"},
        {"broken.test", "Too many open files: broken.test"},
    };
    struct io_scene scene;
    weir_address addresses[WEIR_MAX_ADDRESSES];
    io_scene_open(&scene, NULL);
    CHECK_INT(resolve(&scene, "a.test", addresses), 2);
    CHECK_INT(weir_address_port(&addresses[0]), 80);
    CHECK_INT(weir_resolve(scene.loop, "a.test", 81, WEIR_FAMILY_ANY, addresses), 2);
    CHECK_INT(weir_address_port(&addresses[1]), 81);
    CHECK_INT(weir_resolve(scene.loop, "a.test", 0, WEIR_FAMILY_IPV4, addresses), 1);
    CHECK_INT(weir_resolve(scene.loop, "a.test", 0, WEIR_FAMILY_IPV6, addresses), 1);
    CHECK_INT(resolve(&scene, "many.test", addresses), WEIR_MAX_ADDRESSES);
    for (size_t i = 0; i < sizeof(FAILING) / sizeof(FAILING[0]); i++) {
        CHECK_INT(resolve(&scene, FAILING[i].host, addresses), WEIR_E_RESOLVE);
        CHECK(io_failed_with(FAILING[i].sentence));
        CHECK(weir_last_error()->os_error != 0 || i == 2);
    }
    io_scene_close(&scene);
}

struct asker {
    struct io_scene *scene;
    const char *host;
    int rc;
};

static int ask(void *arg)
{
    struct asker *asker = arg;
    weir_address addresses[WEIR_MAX_ADDRESSES];
    asker->rc = resolve(asker->scene, asker->host, addresses);
    return asker->rc;
}

TEST(resolver, asks_once_for_all_who_want_the_same_name)
{
    enum { TASKS = 30 };
    static const char *const HOSTS[] = {"a.test", "a.invalid"};
    for (int i = 0; i < 2; i++) {
        struct io_scene scene;
        struct asker askers[TASKS];
        weir_task *tasks[TASKS];
        io_scene_open(&scene, NULL);
        int before = asked();
        hold(true);
        for (int k = 0; k < TASKS; k++) {
            askers[k] = (struct asker){&scene, HOSTS[i], 0};
            tasks[k] = weir_spawn(scene.loop, ask, &askers[k]);
        }
        io_turn(&scene, 1);
        weir_cancel(tasks[0]); /* the others still get it */
        weir_cancel(tasks[7]);
        io_turn(&scene, 1);
        CHECK_INT(askers[0].rc, WEIR_E_CANCELLED);
        hold(false);
        for (int k = 0; k < TASKS; k++) {
            int wanted = i ? WEIR_E_RESOLVE : 2;
            CHECK_INT(weir_join(tasks[k]), k % 7 || k > 7 ? wanted : WEIR_E_CANCELLED);
        }
        CHECK_INT(asked() - before, 1);
        io_scene_close(&scene);
    }
}

TEST(resolver, gives_the_answer_to_the_next_when_all_who_asked_have_left)
{
    struct io_scene scene;
    weir_address addresses[WEIR_MAX_ADDRESSES];
    io_scene_open(&scene, NULL);
    struct asker asker = {&scene, "b.test", 0};
    int before = asked();
    hold(true);
    weir_task *task = weir_spawn(scene.loop, ask, &asker);
    io_turn(&scene, 1);
    weir_cancel(task);
    CHECK_INT(weir_join(task), WEIR_E_CANCELLED);
    weir_timeout timeout = weir_timeout_start(scene.loop, 5);
    CHECK_INT(resolve(&scene, "b.test", addresses), WEIR_E_TIMEOUT);
    CHECK(weir_timeout_end(&timeout));
    hold(false);
    CHECK_INT(resolve(&scene, "b.test", addresses), 2);
    CHECK_INT(asked() - before, 1);
    io_scene_close(&scene);
}

TEST(resolver, asks_for_several_names_at_a_time)
{
    static const char *const HOSTS[] = {"1.test", "2.test", "3.test", "4.test",
                                        "5.test"};
    struct io_scene scene;
    struct asker askers[5];
    weir_task *tasks[5];
    weir_address addresses[WEIR_MAX_ADDRESSES];
    io_scene_open(&scene, NULL);
    CHECK_INT(resolve(&scene, "0.test", addresses), 2); /* one thread is idle now */
    hold(true);
    for (int i = 0; i < 5; i++) {
        askers[i] = (struct asker){&scene, HOSTS[i], 0};
        tasks[i] = weir_spawn(scene.loop, ask, &askers[i]);
    }
    io_turn(&scene, 1);
    CHECK_INT(await_waiting(4), 4);
    hold(false);
    for (int i = 0; i < 5; i++)
        CHECK_INT(weir_join(tasks[i]), 2);
    io_scene_close(&scene);
}

TEST(resolver, keeps_answers_for_a_while_and_forgets_when_told)
{
    struct io_scene scene;
    weir_address addresses[WEIR_MAX_ADDRESSES];
    weir_loop_options options = {.resolver_cache_ms = IS_SLOW ? 500 : 60};
    io_scene_open(&scene, &options);
    weir_resolver_forget(scene.loop, NULL); /* before there is anything */
    int first = asked();
    for (int i = 0; i < 3; i++)
        CHECK_INT(resolve(&scene, "a.test", addresses), 2);
    CHECK_INT(asked() - first, 1);
    weir_resolver_forget(scene.loop, "other");
    CHECK_INT(resolve(&scene, "a.test", addresses), 2);
    CHECK_INT(asked() - first, 1);
    weir_resolver_forget(scene.loop, "a.test");
    CHECK_INT(resolve(&scene, "a.test", addresses), 2);
    CHECK_INT(asked() - first, 2);
    weir_resolver_forget(scene.loop, NULL);
    CHECK_INT(resolve(&scene, "a.test", addresses), 2);
    CHECK_INT(asked() - first, 3);
    weir_sleep(scene.loop, options.resolver_cache_ms + 20);
    CHECK_INT(resolve(&scene, "a.test", addresses), 2);
    CHECK_INT(asked() - first, 4);
    /* Failures are not kept. */
    CHECK_INT(resolve(&scene, "a.invalid", addresses), WEIR_E_RESOLVE);
    CHECK_INT(resolve(&scene, "a.invalid", addresses), WEIR_E_RESOLVE);
    CHECK_INT(asked() - first, 6);
    io_scene_close(&scene);
}

TEST(resolver, keeps_no_more_than_a_thousand_names)
{
    struct io_scene scene;
    weir_address addresses[WEIR_MAX_ADDRESSES];
    io_scene_open(&scene, NULL);
    for (int i = 0; i < 1100; i++) {
        char host[32];
        snprintf(host, sizeof(host), "n%d.test", i);
        CHECK_INT(resolve(&scene, host, addresses), 2);
        if (i % 100 == 0)
            CHECK_INT(resolve(&scene, "n0.test", addresses), 2);
    }
    int first = asked();
    CHECK_INT(resolve(&scene, "n0.test", addresses), 2); /* was used all the time */
    CHECK_INT(asked() - first, 0);
    CHECK_INT(resolve(&scene, "n1.test", addresses), 2); /* was not */
    CHECK_INT(asked() - first, 1);
    CHECK(scene.nth.live < 2100);
    io_scene_close(&scene);
}

static void resolve_in_callback(void *arg)
{
    ask(arg);
}

TEST(resolver, in_a_callback_knows_only_literals)
{
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    struct asker name = {&scene, "a.test", 0};
    struct asker literal = {&scene, "::1", 0};
    weir_loop_post(scene.loop, resolve_in_callback, &name);
    weir_loop_post(scene.loop, resolve_in_callback, &literal);
    io_settle(&scene);
    CHECK_INT(name.rc, WEIR_E_MISUSE);
    CHECK_INT(literal.rc, 1);
    io_scene_close(&scene);
}

TEST(resolver, leaves_lookups_to_their_threads_when_the_loop_goes)
{
    static const char *const HOSTS[] = {"a.test", "b.test", "a.invalid"};
    for (int how = 0; how < 8; how++) {
        struct io_scene scene;
        struct asker askers[3];
        io_scene_open(&scene, NULL);
        hold(how % 2 == 0);
        for (int i = 0; i < 3; i++) {
            askers[i] = (struct asker){&scene, HOSTS[i], 0};
            weir_detach(weir_spawn(scene.loop, ask, &askers[i]));
        }
        io_turn(&scene, how / 2);
        weir_loop_free(scene.loop);
        scene.loop = NULL;
        hold(false);
        for (int i = 0; i < 3; i++)
            CHECK(askers[i].rc < 0 || how % 2);
        io_scene_close(&scene);
    }
}

TEST(resolver, without_memory_says_so_and_goes_on_later)
{
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        struct io_scene scene;
        weir_address addresses[WEIR_MAX_ADDRESSES];
        io_scene_open(&scene, NULL);
        scene.nth.fail_at = scene.nth.count + n;
        int rc = resolve(&scene, "a.test", addresses);
        failed = scene.nth.failed;
        CHECK_INT(rc, failed ? WEIR_E_MEMORY : 2);
        if (failed)
            CHECK_INT(weir_last_error()->status, WEIR_E_MEMORY);
        scene.nth.fail_at = 0;
        CHECK_INT(resolve(&scene, "a.test", addresses), 2);
        io_scene_close(&scene);
    }
}

/* The answers of an own resolver. */
static int answer(void *user_data, weir_loop *loop, const char *host, int port,
                  weir_family family, weir_address *addresses)
{
    int *rc = user_data;
    (void)family;
    if (strcmp(host, "slow") == 0 && weir_sleep(loop, 5) < 0)
        return WEIR_E_CANCELLED;
    if (strcmp(host, "unknown") == 0)
        return weir_resolver_fail(host, "not in the table");
    weir_address_parse(&addresses[0], "10.0.0.1", port);
    return *rc;
}

TEST(resolver, of_the_program_is_asked_for_names_alone)
{
    struct io_scene scene;
    int rc = 1;
    weir_resolver own = {answer, &rc};
    weir_loop_options options = {.resolver = &own};
    weir_address addresses[WEIR_MAX_ADDRESSES];
    char text[WEIR_ADDRESS_TEXT_BYTES];
    io_scene_open(&scene, &options);
    CHECK_INT(resolve(&scene, "slow", addresses), 1);
    weir_address_text(&addresses[0], text, sizeof(text));
    CHECK_TEXT(text, "10.0.0.1:80");
    CHECK_INT(resolve(&scene, "127.0.0.1", addresses), 1);
    CHECK_INT(resolve(&scene, "127.1", addresses), WEIR_E_RESOLVE);
    weir_address_text(&addresses[0], text, sizeof(text));
    CHECK_TEXT(text, "127.0.0.1:80");
    CHECK_INT(resolve(&scene, "unknown", addresses), WEIR_E_RESOLVE);
    CHECK(io_failed_with("not in the table: unknown"));
    rc = 0;
    CHECK_INT(resolve(&scene, "name", addresses), WEIR_E_RESOLVE);
    rc = WEIR_MAX_ADDRESSES + 1;
    CHECK_INT(resolve(&scene, "name", addresses), WEIR_E_MISUSE);
    rc = WEIR_E_PROTOCOL; /* without a sentence */
    CHECK_INT(resolve(&scene, "name", addresses), WEIR_E_PROTOCOL);
    CHECK_INT(weir_last_error()->status, WEIR_E_PROTOCOL);
    io_scene_close(&scene);
}
