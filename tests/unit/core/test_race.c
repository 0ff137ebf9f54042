/* The race to several addresses (RFC 8305): order, delay, who wins, what is left.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "io_scene.h"
#include "race.h"

/* The addresses that were tried: their last digit, in order. */
static char tried[64];
static int (*real_connect)(weir_sys *, int, const struct sockaddr *, socklen_t);

static void note_address(const struct sockaddr *sockaddr, socklen_t len)
{
    weir_address address = {.len = (uint32_t)len};
    char text[WEIR_ADDRESS_TEXT_BYTES];
    memcpy(address.sockaddr.bytes, sockaddr, len);
    weir_address_text(&address, text, sizeof(text));
    char *end = strrchr(text, ':');
    if (end[-1] == ']')
        end--;
    strncat(tried, end - 1, 1);
}

static int note_and_refuse(weir_sys *sys, int fd, const struct sockaddr *address,
                           socklen_t len)
{
    (void)sys;
    (void)fd;
    note_address(address, len);
    return -ECONNREFUSED;
}

static int note_and_connect(weir_sys *sys, int fd, const struct sockaddr *address,
                            socklen_t len)
{
    note_address(address, len);
    return real_connect(sys, fd, address, len);
}

static const char *const *listed;

static int look_up(void *user_data, weir_loop *loop, const char *host, int port,
                   weir_family family, weir_address *addresses)
{
    int count = 0;
    (void)user_data;
    (void)loop;
    (void)host;
    (void)family;
    for (; listed[count]; count++)
        weir_address_parse(&addresses[count], listed[count], port);
    return count;
}

TEST(race, alternates_the_families_beginning_with_the_first)
{
    static const struct {
        const char *listed[8];
        const char *order;
    } CASES[] = {
        {{"10.0.0.1", "10.0.0.2", "10.0.0.3", "::7", "::8"}, "17283"},
        {{"::7", "::8", "::9", "10.0.0.1"}, "7189"},
        {{"::7", "10.0.0.1", "::8", "10.0.0.2"}, "7182"},
        {{"10.0.0.1", "10.0.0.2", "10.0.0.3"}, "123"},
        {{"::7"}, "7"},
    };
    static const weir_resolver OWN = {look_up, NULL};
    struct io_scene scene;
    weir_stream *stream = NULL;
    io_scene_open(&scene, &(weir_loop_options){.resolver = &OWN});
    scene.faults.sys.connect = note_and_refuse;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        listed = CASES[i].listed;
        tried[0] = '\0';
        unsigned long waits = fault_sys_count(&scene.faults, FAULT_POLLER_WAIT);
        CHECK_INT(weir_open_connection(scene.loop, &stream, "name.test", 80),
                  WEIR_E_CONNECTION);
        CHECK_TEXT(tried, CASES[i].order);
        /* What fails at once is followed by the next at once. */
        CHECK_INT(fault_sys_count(&scene.faults, FAULT_POLLER_WAIT), waits);
    }
    io_scene_close(&scene);
}

struct runners {
    weir_address addresses[8];
    int count;
    struct weir__race_options options;
};

static void add(struct runners *runners, const char *host, int port)
{
    weir_address_parse(&runners->addresses[runners->count++], host, port);
    runners->options.addresses = runners->addresses;
    runners->options.count = runners->count;
    runners->options.name = "name";
}

TEST(race, begins_the_next_attempt_when_the_last_takes_long)
{
    struct io_scene scene;
    struct io_hanging hanging;
    struct runners runners = {.options = {.delay_ms = 30}};
    int port, fd = -1;
    io_scene_open(&scene, NULL);
    io_hang(&hanging);
    int listener = io_listen(&port, 5);
    add(&runners, "127.0.0.1", hanging.port);
    add(&runners, "127.0.0.1", hanging.port);
    add(&runners, "127.0.0.1", port);
    uint64_t begin = wall_ms();
    REQUIRE(weir__race(scene.loop, &runners.options, &fd) == WEIR_OK);
    CHECK(wall_ms() - begin >= 60);
    CHECK(wall_ms() - begin < 5000);
    CHECK_INT(fault_sys_open_count(&scene.faults), 1); /* the winner */
    CHECK_INT(fault_sys_watch_count(&scene.faults),
              fault_sys_count(&scene.faults, FAULT_POLLER_ADD) -
                  fault_sys_count(&scene.faults, FAULT_POLLER_REMOVE));
    scene.faults.sys.close(&scene.faults.sys, fd);
    close(listener);
    io_unhang(&hanging);
    io_scene_close(&scene);
}

TEST(race, waits_250_ms_by_default)
{
    static const char *const LISTED[] = {"127.0.0.1", "127.0.0.2", NULL};
    static const weir_resolver OWN = {look_up, NULL};
    struct io_scene scene;
    struct io_hanging hanging;
    weir_stream *stream = NULL;
    io_scene_open(&scene, &(weir_loop_options){.resolver = &OWN});
    io_hang(&hanging);
    listed = LISTED;
    uint64_t begin = wall_ms();
    tried[0] = '\0';
    real_connect = scene.faults.sys.connect;
    scene.faults.sys.connect = note_and_connect;
    /* The second is refused; the first hangs until the connect timeout. */
    CHECK_INT(weir_open_connection(scene.loop, &stream, "name.test", hanging.port,
                                   .connect_timeout_ms = 200),
              WEIR_E_TIMEOUT);
    CHECK_TEXT(tried, "1");
    CHECK_INT(weir_open_connection(scene.loop, &stream, "name.test", hanging.port,
                                   .connect_timeout_ms = 300),
              WEIR_E_TIMEOUT);
    CHECK_TEXT(tried, "112");
    CHECK(wall_ms() - begin >= 500);
    io_unhang(&hanging);
    io_scene_close(&scene);
}

static int refusals;

/* The first attempts to end are refused. */
static int refuse_later(weir_sys *sys, int fd, int level, int name, void *value,
                        socklen_t *len)
{
    static const int REFUSED = ECONNREFUSED;
    (void)sys;
    if (refusals-- > 0)
        memcpy(value, &REFUSED, sizeof(REFUSED));
    else
        getsockopt(fd, level, name, value, len);
    return 0;
}

/* Connecting over loopback is done at once: this says that it goes on. */
static int in_progress(weir_sys *sys, int fd, const struct sockaddr *address,
                       socklen_t len)
{
    int rc = real_connect(sys, fd, address, len);
    return rc == 0 ? -EINPROGRESS : rc;
}

TEST(race, goes_on_at_once_when_an_attempt_fails_later)
{
    struct io_scene scene;
    struct runners runners = {.options = {.delay_ms = 60000}};
    int port, fd = -1;
    io_scene_open(&scene, NULL);
    int listener = io_listen(&port, 5);
    for (int i = 0; i < 3; i++)
        add(&runners, "127.0.0.1", port);
    real_connect = scene.faults.sys.connect;
    scene.faults.sys.connect = in_progress;
    scene.faults.sys.getsockopt = refuse_later;
    refusals = 2;
    uint64_t begin = wall_ms();
    REQUIRE(weir__race(scene.loop, &runners.options, &fd) == WEIR_OK);
    CHECK(wall_ms() - begin < 5000);
    CHECK_INT(fault_sys_open_count(&scene.faults), 1);
    scene.faults.sys.close(&scene.faults.sys, fd);
    refusals = 3;
    CHECK_INT(weir__race(scene.loop, &runners.options, &fd), WEIR_E_CONNECTION);
    CHECK(io_failed_with("connect to name: 127.0.0.1:"));
    close(listener);
    io_scene_close(&scene);
}

/* One hangs, the second fails at once: the third must not wait for the delay. */
TEST(race, goes_on_at_once_when_an_attempt_beside_another_fails)
{
    struct io_scene scene;
    struct io_hanging hanging;
    struct runners runners = {.options = {.delay_ms = 100}};
    weir_address local;
    int port;
    int fd = -1;
    io_scene_open(&scene, NULL);
    io_hang(&hanging);
    int listener = io_listen(&port, 5);
    weir_address_parse(&local, "127.0.0.1", 0); /* from which IPv6 is not reached */
    runners.options.local = &local;
    add(&runners, "127.0.0.1", hanging.port);
    add(&runners, "::1", port);
    add(&runners, "::1", port);
    add(&runners, "127.0.0.1", port);
    uint64_t begin = wall_ms();
    REQUIRE(weir__race(scene.loop, &runners.options, &fd) == WEIR_OK);
    CHECK(wall_ms() - begin >= 100);
    CHECK(wall_ms() - begin < 250);
    scene.faults.sys.close(&scene.faults.sys, fd);
    close(listener);
    io_unhang(&hanging);
    io_scene_close(&scene);
}

TEST(race, that_fails_anywhere_leaves_no_descriptor)
{
    static const fault_kind KINDS[] = {FAULT_SOCKET, FAULT_BIND, FAULT_CONNECT,
                                       FAULT_GETSOCKOPT, FAULT_POLLER_ADD};
    for (size_t kind = 0; kind < 5; kind++) {
        for (unsigned long n = 1; n <= 3; n++) {
            struct io_scene scene;
            struct runners runners = {.options = {.delay_ms = 1000}};
            weir_address local;
            int port, fd = -1;
            io_scene_open(&scene, NULL);
            int listener = io_listen(&port, 5);
            weir_address_parse(&local, "127.0.0.3", 0);
            runners.options.local = &local;
            add(&runners, "127.0.0.1", port);
            add(&runners, "127.0.0.1", port);
            real_connect = scene.faults.sys.connect;
            scene.faults.sys.connect = in_progress;
            fault_sys_fail_from(&scene.faults, KINDS[kind], n, ENOBUFS);
            int rc = weir__race(scene.loop, &runners.options, &fd);
            CHECK_INT(rc, n == 1 ? WEIR_E_MEMORY : WEIR_OK);
            if (rc == WEIR_OK)
                scene.faults.sys.close(&scene.faults.sys, fd);
            else
                CHECK(io_failed_with("connect to name: 127.0.0.1:"));
            close(listener);
            io_scene_close(&scene);
        }
    }
}

TEST(race, with_many_addresses_has_a_sentence_that_fits)
{
    struct io_scene scene;
    weir_address addresses[WEIR_MAX_ADDRESSES];
    int fd = -1;
    io_scene_open(&scene, NULL);
    scene.faults.sys.connect = note_and_refuse;
    for (int i = 0; i < WEIR_MAX_ADDRESSES; i++) {
        char text[64];
        snprintf(text, sizeof(text), "2001:db8:1111:2222:3333:4444:5555:%x", i + 1);
        weir_address_parse(&addresses[i], text, 65535);
    }
    tried[0] = '\0';
    struct weir__race_options options = {
        .addresses = addresses, .count = WEIR_MAX_ADDRESSES, .name = "a.test"};
    CHECK_INT(weir__race(scene.loop, &options, &fd), WEIR_E_CONNECTION);
    CHECK_INT(strlen(tried), WEIR_MAX_ADDRESSES);
    CHECK(io_failed_with("connect to a.test: [2001:db8:1111:2222:3333:4444:5555:1]"));
    CHECK(io_failed_with(":2]:65535, and 30 more: Connection refused"));
    io_scene_close(&scene);
}
