/* Where a server listens: addresses, ports, Unix paths (weir/server.h).
 *
 * SPDX-License-Identifier: MIT */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io_scene.h"

static int nothing(weir_stream *stream, void *arg)
{
    (void)stream;
    (void)arg;
    return WEIR_OK;
}

static const char *const *listed;

static int look_up(void *user_data, weir_loop *loop, const char *host, int port,
                   weir_family family, weir_address *addresses)
{
    int count = 0;
    (void)user_data;
    (void)loop;
    (void)family;
    for (; listed[count]; count++)
        weir_address_parse(&addresses[count], listed[count], port);
    return count ? count : weir_resolver_fail(host, "no such host");
}

static const weir_resolver LISTED = {look_up, NULL};

static void check_address(const weir_server *server, size_t index, const char *host)
{
    weir_address address;
    char text[WEIR_ADDRESS_TEXT_BYTES];
    char wanted[WEIR_ADDRESS_TEXT_BYTES];
    weir_server_address(server, index, &address);
    weir_address_text(&address, text, sizeof(text));
    snprintf(wanted, sizeof(wanted), "%s:%d", host, weir_server_port(server));
    CHECK_TEXT(text, wanted);
}

TEST(listen, on_all_addresses_has_one_port)
{
    static const struct {
        weir_family family;
        size_t count;
        const char *first;
    } CASES[] = {{WEIR_FAMILY_ANY, 2, "[::]"},
                 {WEIR_FAMILY_IPV6, 1, "[::]"},
                 {WEIR_FAMILY_IPV4, 1, "0.0.0.0"}};
    struct io_scene scene;
    io_scene_open(&scene, NULL);
    for (int i = 0; i < 6; i++) {
        weir_server *server = NULL;
        const char *host = i % 2 ? "" : NULL;
        int rc = weir_start_server(scene.loop, &server, host, 0, .on_connect = nothing,
                                   .family = CASES[i / 2].family);
        REQUIRE(rc == WEIR_OK);
        CHECK_INT(weir_server_address_count(server), CASES[i / 2].count);
        CHECK(weir_server_port(server) > 0);
        check_address(server, 0, CASES[i / 2].first);
        if (CASES[i / 2].count == 2)
            check_address(server, 1, "0.0.0.0");
        weir_server_free(server);
    }
    io_scene_close(&scene);
}

TEST(listen, on_a_name_is_on_each_of_its_addresses_once)
{
    static const char *const NAMES[] = {"127.0.0.1",  "127.0.0.1", "127.0.0.2",
                                        "192.0.2.77", "127.0.0.1", NULL};
    static const char *const LACKING[] = {"192.0.2.77", "192.0.2.78", NULL};
    static const char *const NONE[] = {NULL};
    struct io_scene scene;
    weir_server *server = NULL;
    io_scene_open(&scene, &(weir_loop_options){.resolver = &LISTED});
    listed = NAMES;
    REQUIRE(weir_start_server(scene.loop, &server, "name.test", 0,
                              .on_connect = nothing) == WEIR_OK);
    CHECK_INT(weir_server_address_count(server), 2);
    check_address(server, 0, "127.0.0.1");
    check_address(server, 1, "127.0.0.2");
    weir_server_free(server);
    listed = LACKING;
    CHECK_INT(
        weir_start_server(scene.loop, &server, "name.test", 80, .on_connect = nothing),
        WEIR_E_SYSTEM);
    CHECK(io_failed_with("cannot listen on 192.0.2.78:80: Cannot assign"));
    CHECK_INT(weir_last_error()->status, WEIR_E_SYSTEM);
    listed = NONE;
    CHECK_INT(
        weir_start_server(scene.loop, &server, "name.test", 80, .on_connect = nothing),
        WEIR_E_RESOLVE);
    io_scene_close(&scene);
}

/* The port that the kernel has chosen for the first address is taken on the second. */
TEST(listen, on_any_port_finds_one_that_is_free_on_all_addresses)
{
    static const char *const NAMES[] = {"127.0.0.1", "127.0.0.2", NULL};
    struct io_scene scene;
    weir_server *server = NULL;
    io_scene_open(&scene, &(weir_loop_options){.resolver = &LISTED});
    listed = NAMES;
    fault_sys_fail(&scene.faults, FAULT_BIND, 2, EADDRINUSE);
    REQUIRE(weir_start_server(scene.loop, &server, "name.test", 0,
                              .on_connect = nothing) == WEIR_OK);
    CHECK_INT(fault_sys_count(&scene.faults, FAULT_BIND), 4);
    CHECK_INT(weir_server_address_count(server), 2);
    check_address(server, 1, "127.0.0.2");
    weir_server_free(server);
    fault_sys_fail_from(&scene.faults, FAULT_BIND, 1, EADDRINUSE);
    CHECK_INT(
        weir_start_server(scene.loop, &server, "name.test", 0, .on_connect = nothing),
        WEIR_E_SYSTEM);
    CHECK(io_failed_with("cannot listen on 127.0.0.1:0: Address already in use"));
    io_scene_close(&scene);
}

TEST(listen, on_a_taken_port_needs_reuse_port_on_both_sides)
{
    struct io_scene scene;
    weir_server *first = NULL, *second = NULL;
    io_scene_open(&scene, NULL);
    for (int reuse = 0; reuse < 2; reuse++) {
        REQUIRE(weir_start_server(scene.loop, &first, "127.0.0.1", 0,
                                  .on_connect = nothing,
                                  .reuse_port = reuse) == WEIR_OK);
        int rc =
            weir_start_server(scene.loop, &second, "127.0.0.1", weir_server_port(first),
                              .on_connect = nothing, .reuse_port = reuse);
        CHECK_INT(rc, reuse ? WEIR_OK : WEIR_E_SYSTEM);
        CHECK(reuse || io_failed_with("Address already in use"));
        if (rc == WEIR_OK)
            CHECK_INT(weir_server_port(first), weir_server_port(second));
        weir_server_free(reuse ? second : NULL);
        weir_server_free(first);
    }
    io_scene_close(&scene);
}

TEST(listen, with_options_that_make_no_sense_is_refused)
{
    static const struct {
        weir_server_options options;
        const char *sentence;
    } CASES[] = {
        {{.port = 0}, "one of on_connect and on_accept"},
        {{.on_connect = nothing, .port = -1}, "the port -1"},
        {{.on_connect = nothing, .port = 65536}, "the port 65536"},
        {{.on_connect = nothing, .unix_path = "/x", .host = "::1"}, "exclude"},
        {{.on_connect = nothing, .unix_path = ""}, "cannot have the path"},
    };
    struct io_scene scene;
    weir_server *server = NULL;
    io_scene_open(&scene, NULL);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        CHECK_INT(weir_server_start(scene.loop, &server, &CASES[i].options),
                  WEIR_E_INVALID);
        CHECK(io_failed_with(CASES[i].sentence));
    }
    CHECK(!server);
    io_scene_close(&scene);
}

TEST(listen, that_fails_leaves_nothing_behind)
{
    static const fault_kind KINDS[] = {FAULT_SOCKET, FAULT_SETSOCKOPT, FAULT_BIND,
                                       FAULT_LISTEN, FAULT_POLLER_ADD};
    struct io_scene scene;
    weir_server *server = NULL;
    io_scene_open(&scene, NULL);
    for (size_t kind = 0; kind < 5; kind++) {
        for (unsigned long n = 1; n <= 2; n++) {
            fault_sys_fail(&scene.faults, KINDS[kind], n, EPERM);
            CHECK_INT(
                weir_start_server(scene.loop, &server, "", 0, .on_connect = nothing),
                WEIR_E_SYSTEM);
            CHECK_INT(weir_last_error()->os_error, EPERM);
            CHECK_INT(fault_sys_open_count(&scene.faults), 0);
        }
    }
    scene.nth.fail_at = scene.nth.count + 1;
    CHECK_INT(weir_start_server(scene.loop, &server, "", 0, .on_connect = nothing),
              WEIR_E_MEMORY);
    CHECK_INT(weir_loop_run(scene.loop), WEIR_OK); /* nothing keeps it going */
    io_scene_close(&scene);
}

static void path_for(char *path, size_t size)
{
    snprintf(path, size, "/tmp/weir-listen-%d", (int)getpid());
    unlink(path);
}

static bool exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static int start_at(struct io_scene *scene, weir_server **server, const char *path)
{
    return weir_start_unix_server(scene->loop, server, path, .on_connect = nothing);
}

TEST(listen, on_a_path_replaces_a_dead_socket_and_no_live_one)
{
    struct io_scene scene;
    weir_server *server = NULL, *other = NULL;
    char path[64];
    io_scene_open(&scene, NULL);
    path_for(path, sizeof(path));
    REQUIRE(start_at(&scene, &server, path) == WEIR_OK);
    CHECK(exists(path));
    CHECK_INT(weir_server_port(server), 0);
    CHECK_INT(weir_server_address_count(server), 1);
    CHECK_INT(start_at(&scene, &other, path), WEIR_E_SYSTEM);
    CHECK(io_failed_with("Address already in use"));
    CHECK(io_failed_with(path));
    CHECK(exists(path)); /* the live one's */
    char aside[80];
    snprintf(aside, sizeof(aside), "%s.aside", path);
    REQUIRE(rename(path, aside) == 0);
    weir_server_close(server); /* does not find its file any more */
    REQUIRE(rename(aside, path) == 0);
    CHECK(exists(path)); /* a socket that nobody answers on */
    REQUIRE(start_at(&scene, &other, path) == WEIR_OK);
    weir_server_free(server);
    CHECK(exists(path));
    weir_server_free(other);
    CHECK(!exists(path));
    io_scene_close(&scene);
}

TEST(listen, on_a_path_does_not_touch_what_is_no_socket)
{
    struct io_scene scene;
    weir_server *server = NULL;
    char path[64];
    struct stat before;
    struct stat after;
    io_scene_open(&scene, NULL);
    path_for(path, sizeof(path));
    close(open(path, O_CREAT | O_WRONLY, 0600));
    REQUIRE(stat(path, &before) == 0);
    CHECK_INT(start_at(&scene, &server, path), WEIR_E_SYSTEM);
    REQUIRE(stat(path, &after) == 0);
    CHECK(before.st_ino == after.st_ino);
    unlink(path);
    io_scene_close(&scene);
}

TEST(listen, on_a_path_removes_only_its_own_file)
{
    struct io_scene scene;
    weir_server *server = NULL, *other = NULL;
    char path[64];
    io_scene_open(&scene, NULL);
    path_for(path, sizeof(path));
    REQUIRE(start_at(&scene, &server, path) == WEIR_OK);
    unlink(path); /* somebody cleans up too much, and another server comes */
    REQUIRE(start_at(&scene, &other, path) == WEIR_OK);
    weir_server_close(server);
    CHECK(exists(path));
    weir_server_close(other);
    CHECK(!exists(path));
    weir_server_close(other);
    weir_server_free(other);
    weir_server_free(server);
    io_scene_close(&scene);
}

TEST(listen, on_a_path_that_fails_leaves_no_file)
{
    static const fault_kind KINDS[] = {FAULT_BIND, FAULT_LISTEN, FAULT_POLLER_ADD};
    struct io_scene scene;
    weir_server *server = NULL;
    char path[64];
    io_scene_open(&scene, NULL);
    path_for(path, sizeof(path));
    for (int i = 0; i < 3; i++) {
        fault_sys_fail(&scene.faults, KINDS[i], 1, ENOSPC);
        CHECK_INT(start_at(&scene, &server, path), WEIR_E_SYSTEM);
        CHECK(!exists(path));
    }
    for (size_t n = 1; n <= 2; n++) {
        scene.nth.fail_at = scene.nth.count + n;
        CHECK_INT(start_at(&scene, &server, path), WEIR_E_MEMORY);
        CHECK(!exists(path));
    }
    io_scene_close(&scene);
}
