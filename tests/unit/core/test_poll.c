/* The pollers: one source, built once for each of them (see poll_scene.h).
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "nth.h"
#include "poll_scene.h"

/* Registration */

TEST(core_poll, tells_what_is_ready_already_when_it_is_added)
{
    weir__poll poll = scene_open();
    struct owner owner;
    int pair[2];
    open_pair(pair);
    put(pair[1], "x");
    scene_watch(&poll, &owner, pair[0], BOTH);
    CHECK_INT(scene_await(&poll, &owner, BOTH), BOTH);
    CHECK_INT(scene_turn(&poll, 0), 0);
    POLLER.remove(&poll, &owner.watch);
    POLLER.close(&poll);
    close_both(pair);
}

static bool has_news(int fd, int timeout_ms)
{
    struct pollfd question = {.fd = fd, .events = POLLIN};
    return poll(&question, 1, timeout_ms) == 1;
}

TEST(core_poll, has_a_descriptor_or_minus_one)
{
    weir__poll poll = scene_open();
    struct owner owner;
    int pair[2];
    open_pair(pair);
    scene_watch(&poll, &owner, pair[0], READ);
    if (poll.fd >= 0) {
        CHECK((fcntl(poll.fd, F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(!has_news(poll.fd, 0));
        put(pair[1], "x");
        CHECK(has_news(poll.fd, 1000));
        CHECK_INT(scene_await(&poll, &owner, READ), READ);
        CHECK(!has_news(poll.fd, 0));
    } else {
        CHECK_INT(poll.fd, -1);
    }
    POLLER.close(&poll);
    CHECK(poll.fd < 0);
    close_both(pair);
}

TEST(core_poll, refuses_a_descriptor_that_is_registered)
{
    weir__poll poll = scene_open();
    struct owner owner;
    struct owner second = {.told = 0};
    int pair[2];
    open_pair(pair);
    scene_watch(&poll, &owner, pair[0], BOTH);
    second.watch = (weir__watch){.fd = pair[0], .interest = READ};
    CHECK_INT(POLLER.add(&poll, &second.watch), -EEXIST);

    /* Also while poll is told to look away, and the first one goes on. */
    close(pair[1]);
    CHECK_INT(scene_await(&poll, &owner, ALL), ALL);
    CHECK_INT(scene_turn(&poll, 0), 0);
    CHECK_INT(POLLER.add(&poll, &second.watch), -EEXIST);
    CHECK_INT(second.told, 0);

    POLLER.remove(&poll, &owner.watch);
    CHECK_INT(POLLER.add(&poll, &second.watch), 0);
    CHECK_INT(scene_await(&poll, &second, READ) & (READ | HANGUP), READ | HANGUP);
    POLLER.close(&poll);
    close(pair[0]);
}

TEST(core_poll, refuses_what_is_no_descriptor)
{
    weir__poll poll = scene_open();
    struct owner owner = {.watch = {.fd = -1, .interest = READ}};
    int pair[2];
    CHECK_INT(POLLER.add(&poll, &owner.watch), -EBADF);
    open_pair(pair);
    close_both(pair);
    owner.watch.fd = pair[0];
    CHECK_INT(POLLER.add(&poll, &owner.watch), -EBADF);
    CHECK_INT(scene_turn(&poll, 0), 0);
    POLLER.close(&poll);
}

/* poll calls a file ready at any time, which is as good as refusing it. */
static void check_refused_or_ready(int fd)
{
    weir__poll poll = scene_open();
    struct owner owner = {.watch = {.fd = fd, .interest = BOTH}};
    int result = POLLER.add(&poll, &owner.watch);
    if (result == 0) {
        CHECK_INT(scene_await(&poll, &owner, BOTH), BOTH);
    } else {
        CHECK_INT(result, -EPERM);
        CHECK_INT(scene_turn(&poll, 0), 0);
    }
    POLLER.close(&poll);
}

TEST(core_poll, refuses_files_or_finds_them_ready)
{
    FILE *file = tmpfile();
    int folder = open("/", O_RDONLY);
    int device = open("/dev/null", O_RDWR);
    REQUIRE(file != NULL && folder >= 0 && device >= 0);
    check_refused_or_ready(fileno(file));
    check_refused_or_ready(folder);
    check_refused_or_ready(device);
    fclose(file);
    close(folder);
    close(device);
}

/* Edges */

TEST(core_poll, tells_once_until_the_bit_is_used_up)
{
    weir__poll poll = scene_open();
    struct owner owner;
    bool at_end;
    int pair[2];
    open_pair(pair);
    scene_watch(&poll, &owner, pair[0], READ);
    CHECK_INT(scene_turn(&poll, 0), 0);
    put(pair[1], "one");
    CHECK_INT(scene_await(&poll, &owner, READ), READ);
    CHECK_INT(owner.told, 1);
    CHECK_INT(scene_turn(&poll, SHORT), 0);

    /* More, while the owner does not want to read. */
    put(pair[1], "two");
    scene_turn(&poll, 0);
    CHECK_INT(owner.watch.ready, READ);
    CHECK_INT(scene_turn(&poll, SHORT), 0);

    CHECK_INT(drain(pair[0], &at_end), 6);
    scene_clear(&owner, READ);
    CHECK_INT(scene_turn(&poll, SHORT), 0);
    put(pair[1], "three");
    CHECK_INT(scene_await(&poll, &owner, READ), READ);
    POLLER.close(&poll);
    close_both(pair);
}

TEST(core_poll, tells_of_new_bytes_after_a_short_read)
{
    weir__poll poll = scene_open();
    struct owner owner;
    char buffer[64];
    int pair[2];
    open_tcp_pair(pair);
    scene_watch(&poll, &owner, pair[0], READ);
    for (int i = 0; i < 50; i++) {
        put(pair[1], "0123456789");
        REQUIRE(scene_await(&poll, &owner, READ) == READ);
        REQUIRE(read(pair[0], buffer, sizeof(buffer)) == 10);
        scene_clear(&owner, READ);
        CHECK_INT(scene_turn(&poll, 0), 0);
    }
    POLLER.close(&poll);
    close_both(pair);
}

TEST(core_poll, tells_only_of_the_direction_asked_for)
{
    weir__poll poll = scene_open();
    struct owner reader;
    struct owner writer;
    int pair[2];
    open_pair(pair);
    scene_watch(&poll, &reader, pair[0], READ);
    scene_watch(&poll, &writer, pair[1], WRITE);
    CHECK_INT(scene_await(&poll, &writer, WRITE), WRITE);
    CHECK_INT(reader.told, 0);
    put(pair[0], "x");
    scene_turn(&poll, SHORT);
    CHECK_INT(writer.watch.ready, WRITE);
    CHECK_INT(reader.told, 0);
    POLLER.close(&poll);
    close_both(pair);
}

static void check_write_edge(const int pair[2])
{
    weir__poll poll = scene_open();
    struct owner owner;
    bool at_end;
    scene_watch(&poll, &owner, pair[0], WRITE);
    CHECK_INT(scene_await(&poll, &owner, WRITE), WRITE);
    for (int i = 0; i < 3; i++) {
        size_t left = fill(pair[0]);
        CHECK(left > 0);
        bool is_quiet = false;
        for (int turns = 0; turns < 20 && !is_quiet; turns++) {
            scene_clear(&owner, WRITE);
            is_quiet = scene_turn(&poll, SHORT) == 0;
            left += fill(pair[0]); /* a socket whose buffer has grown meanwhile */
        }
        CHECK(is_quiet);
        for (int reads = 0; reads < 1000 && left > 0; reads++) {
            left -= drain(pair[1], &at_end);
            scene_turn(&poll, SHORT / 20);
        }
        CHECK_INT(left, 0);
        CHECK_INT(scene_await(&poll, &owner, WRITE), WRITE);
    }
    POLLER.close(&poll);
    close_both(pair);
}

TEST(core_poll, tells_that_a_full_socket_has_room_again)
{
    int pair[2];
    open_pair(pair);
    check_write_edge(pair);
    open_tcp_pair(pair);
    check_write_edge(pair);
}

TEST(core_poll, tells_that_a_full_pipe_has_room_again)
{
    int ends[2];
    open_pipe(ends);
    int turned[2] = {ends[1], ends[0]};
    check_write_edge(turned);
}

/* Removal */

TEST(core_poll, does_not_name_a_watch_that_was_removed)
{
    weir__poll poll = scene_open();
    struct owner owners[3];
    int pairs[3][2];
    for (int i = 0; i < 3; i++) {
        open_pair(pairs[i]);
        scene_watch(&poll, &owners[i], pairs[i][0], READ);
    }
    for (int i = 0; i < 3; i++)
        put(pairs[i][1], "x");
    POLLER.remove(&poll, &owners[1].watch); /* its event may be waiting */
    scene_await(&poll, &owners[0], READ);
    scene_await(&poll, &owners[2], READ);
    CHECK_INT(owners[0].watch.ready, READ);
    CHECK_INT(owners[1].told, 0);
    CHECK_INT(owners[2].watch.ready, READ);

    scene_watch(&poll, &owners[1], pairs[1][0], READ);
    CHECK_INT(scene_await(&poll, &owners[1], READ), READ);
    for (int i = 0; i < 3; i++) {
        POLLER.remove(&poll, &owners[i].watch);
        close_both(pairs[i]);
    }
    CHECK_INT(scene_turn(&poll, 0), 0);
    POLLER.close(&poll);
}

/* A number is given again as soon as it is free. */
TEST(core_poll, keeps_watches_of_a_reused_descriptor_apart)
{
    weir__poll poll = scene_open();
    struct owner owner;
    int pair[2];
    int number = -1;
    for (int i = 0; i < 20; i++) {
        open_pair(pair);
        CHECK(number == -1 || number == pair[0]);
        number = pair[0];
        scene_watch(&poll, &owner, pair[0], i % 2 ? READ : BOTH);
        CHECK_INT(scene_await(&poll, &owner, i % 2 ? 0 : WRITE), i % 2 ? 0 : WRITE);
        put(pair[1], "x");
        CHECK_INT(scene_await(&poll, &owner, READ), i % 2 ? READ : BOTH);
        POLLER.remove(&poll, &owner.watch);
        close_both(pair);
    }
    POLLER.close(&poll);
}

/* Against a model: which of sixteen are registered, and which have bytes. */
TEST(core_poll, names_the_right_ones_while_watches_come_and_go)
{
    weir__poll poll = scene_open();
    struct owner owners[16];
    bool registered[16] = {false};
    bool at_end;
    int pairs[16][2];
    unsigned random = 12345;
    for (int i = 0; i < 16; i++)
        open_pair(pairs[i]);
    for (int step = 0; step < 3000; step++) {
        random = random * 1103515245u + 12345u;
        int i = (int)(random >> 16 & 15);
        if (random >> 24 & 1) {
            put(pairs[i][1], "x");
            int bit = registered[i] ? scene_await(&poll, &owners[i], READ) : READ;
            CHECK_INT(bit, READ);
            drain(pairs[i][0], &at_end);
            if (registered[i])
                scene_clear(&owners[i], READ);
        } else if (registered[i]) {
            POLLER.remove(&poll, &owners[i].watch);
            registered[i] = false;
        } else {
            scene_watch(&poll, &owners[i], pairs[i][0], READ);
            registered[i] = true;
        }
        CHECK_INT(scene_turn(&poll, 0), 0);
    }
    POLLER.close(&poll);
    for (int i = 0; i < 16; i++)
        close_both(pairs[i]);
}

/* Many */

TEST(core_poll, names_each_of_a_thousand_once)
{
    enum { PAIRS = 500, COUNT = 1000 };
    static struct owner owners[COUNT];
    static int pairs[PAIRS][2];
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < COUNT + 50)
        SKIP("too few descriptors");
    weir__poll poll = scene_open();
    for (int i = 0; i < PAIRS; i++)
        open_pair(pairs[i]);
    for (int i = 0; i < COUNT; i++)
        scene_watch(&poll, &owners[i], pairs[i / 2][i % 2], READ);
    CHECK_INT(scene_turn(&poll, 0), 0);
    for (int i = 0; i < PAIRS; i++) {
        put(pairs[i][0], "x");
        put(pairs[i][1], "x");
    }
    for (int turns = 0; turns < 100 && scene_turn(&poll, 0) > 0; turns++)
        continue;
    for (int i = 0; i < COUNT; i++) {
        CHECK_INT(owners[i].told, 1);
        CHECK_INT(owners[i].watch.ready, READ);
        POLLER.remove(&poll, &owners[i].watch);
    }
    POLLER.close(&poll);
    for (int i = 0; i < PAIRS; i++)
        close_both(pairs[i]);
}

TEST(core_poll, lets_all_have_their_turn_when_there_is_room_for_one)
{
    struct owner owners[10];
    weir__poll poll = scene_open();
    int pairs[10][2];
    for (int i = 0; i < 10; i++) {
        open_pair(pairs[i]);
        scene_watch(&poll, &owners[i], pairs[i][0], READ);
    }
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 10; i++) {
            put(pairs[i][1], "x");
            scene_clear(&owners[i], READ);
        }
        CHECK_INT(scene_turn_of(&poll, 1, 0), 1);
    }
    for (int i = 0; i < 10; i++) {
        CHECK(owners[i].told >= 2);
        close_both(pairs[i]);
    }
    POLLER.close(&poll);
}

/* Time */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

TEST(core_poll, never_wakes_early)
{
    static const int64_t timeouts[] = {0,       1,       999,      100000,  999999,
                                       1000000, 1000001, 1500000,  1999999, 7300001,
                                       9999999, 5000000, 25000001, 1,       0};
    weir__poll poll = scene_open();
    struct owner owner;
    int pair[2];
    open_pair(pair);
    scene_watch(&poll, &owner, pair[0], READ);
    for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        int64_t start = now_ns();
        CHECK_INT(scene_turn(&poll, timeouts[i]), 0);
        CHECK(now_ns() - start >= timeouts[i]);
    }
    POLLER.close(&poll);
    close_both(pair);
}

TEST(core_poll, takes_any_timeout)
{
    static const int64_t timeouts[] = {INT64_MAX, INT64_MAX - 1, 90000 * SECOND, -1};
    weir__poll poll = scene_open();
    struct owner owner;
    int pair[2];
    open_pair(pair);
    put(pair[1], "x");
    for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        scene_watch(&poll, &owner, pair[0], READ);
        CHECK_INT(scene_turn(&poll, timeouts[i]), 1);
        POLLER.remove(&poll, &owner.watch);
    }
    POLLER.close(&poll);
    close_both(pair);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

/* Alarms go on coming, since the first may come before the wait begins. Only a
 * signal ends these waits: the last two have few bits, where an int ends. */
TEST(core_poll, returns_nothing_after_a_signal_and_not_before)
{
    static const int64_t timeouts[] = {-1, INT64_MAX, 4294967297 * (SECOND / 1000),
                                       4294967296 * SECOND};
    const struct itimerval often = {{0, 10000}, {0, 10000}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    struct sigaction action;
    struct sigaction before;
    weir__poll poll = scene_open();
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &often, NULL);
    for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        alarms = 0;
        CHECK_INT(scene_turn(&poll, timeouts[i]), 0);
        CHECK(alarms > 0);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    POLLER.close(&poll);
}

/* Memory */

static int add_without_memory(weir__poll *poll, struct owner *owners, int pairs[][2],
                              int count)
{
    int failures = 0;
    for (int i = 0; i < count; i++) {
        owners[i] =
            (struct owner){.watch = {.fd = pairs[i][0], .interest = WEIR__POLL_READ}};
        int result = POLLER.add(poll, &owners[i].watch);
        if (result < 0) {
            CHECK_INT(result, -ENOMEM);
            CHECK_INT(POLLER.add(poll, &owners[i].watch), 0);
            failures++;
        }
    }
    return failures;
}

TEST(core_poll, survives_each_failed_allocation)
{
    enum { COUNT = 100 };
    struct owner owners[COUNT];
    int pairs[COUNT][2];
    struct nth nth;
    bool met = true;
    for (int i = 0; i < COUNT; i++) {
        open_pair(pairs[i]);
        put(pairs[i][1], "x");
    }
    for (size_t n = 1; met; n++) {
        nth_init(&nth, n);
        weir__poll poll = {.allocator = &nth.allocator, .fd = -2};
        int result = POLLER.open(&poll);
        if (result < 0) {
            CHECK_INT(result, -ENOMEM);
            continue;
        }
        met = add_without_memory(&poll, owners, pairs, COUNT) > 0;
        CHECK_INT(scene_turn(&poll, SECOND), COUNT);
        POLLER.close(&poll);
        CHECK_INT(nth.live, 0);
    }
    for (int i = 0; i < COUNT; i++)
        close_both(pairs[i]);
}
