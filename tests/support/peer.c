/* Peers: started in a process group of their own, ended as a group.
 *
 * SPDX-License-Identifier: MIT */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define START_TIMEOUT_MS 20000
#define STOP_TIMEOUT_MS  5000

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

void peer_missing(const char *name)
{
    static char why[128];
    snprintf(why, sizeof(why), "%s: not installed", name);
    if (!test_peers_required())
        SKIP(why);
    fprintf(stderr, "%s, and WEIR_REQUIRE_PEERS is set\n", why);
    test_fail();
}

bool peer_try(const char *const *arguments)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execvp(arguments[0], (char *const *)(const void *)arguments);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

bool peer_is_installed(const char *program)
{
    char path[256];
    const char *const look[] = {"sh", "-c", "command -v \"$0\"", program, NULL};
    snprintf(path, sizeof(path), "/usr/sbin/%s", program);
    return access(path, X_OK) == 0 || peer_try(look);
}

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int free_port(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(fd >= 0);
    REQUIRE(bind(fd, (struct sockaddr *)&address, len) == 0);
    REQUIRE(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

static bool answers(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool connected =
        fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0)
        close(fd);
    return connected;
}

void peer_open(struct peer *peer, const char *name)
{
    memset(peer, 0, sizeof(*peer));
    peer->name = name;
    strcpy(peer->dir, "/tmp/weir-peer-XXXXXX");
    REQUIRE(mkdtemp(peer->dir) != NULL);
    peer->port = free_port();
}

const char *peer_path(struct peer *peer, const char *file)
{
    snprintf(peer->path, sizeof(peer->path), "%s/%s", peer->dir, file);
    return peer->path;
}

void peer_file(struct peer *peer, const char *file, const char *text)
{
    FILE *out = fopen(peer_path(peer, file), "w");
    REQUIRE(out != NULL);
    REQUIRE(fputs(text, out) >= 0 && fclose(out) == 0);
}

/* The child: dies with the test, which may be killed at any time. */
_Noreturn static void run(struct peer *peer, const char *const *arguments)
{
    int log = open(peer_path(peer, "log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpgid(0, 0);
    dup2(log, 1);
    dup2(log, 2);
    execvp(arguments[0], (char *const *)(const void *)arguments);
    _exit(127);
}

static void show_log(struct peer *peer)
{
    char line[512];
    FILE *log = fopen(peer_path(peer, "log"), "r");
    while (log && fgets(line, sizeof(line), log))
        fprintf(stderr, "%s: %s", peer->name, line);
    if (log)
        fclose(log);
}

static bool is_up(struct peer *peer, const char *announcement)
{
    (void)announcement;
    return answers(peer->port);
}

/* The whole number must be there, and the log is written to meanwhile. */
static bool has_announced(struct peer *peer, const char *announcement)
{
    char log[4096];
    char *end;
    FILE *file = fopen(peer_path(peer, "log"), "r");
    size_t len = file ? fread(log, 1, sizeof(log) - 1, file) : 0;
    if (file)
        fclose(file);
    log[len] = '\0';
    const char *found = strstr(log, announcement);
    if (!found)
        return false;
    peer->port = (int)strtol(found + strlen(announcement), &end, 10);
    return *end != '\0';
}

static void start(struct peer *peer, const char *const *arguments,
                  bool (*is_ready)(struct peer *peer, const char *announcement),
                  const char *announcement)
{
    int status;
    bool up = false;
    fflush(NULL);
    peer->pid = fork();
    REQUIRE(peer->pid >= 0);
    if (peer->pid == 0)
        run(peer, arguments);
    setpgid(peer->pid, peer->pid); /* whoever comes first */
    for (int ms = 0; ms < START_TIMEOUT_MS && !up; ms += 10) {
        if (waitpid(peer->pid, &status, WNOHANG) == peer->pid) {
            peer->pid = 0;
            break;
        }
        up = is_ready(peer, announcement);
        if (!up)
            sleep_ms(10);
    }
    if (up)
        return;
    show_log(peer);
    peer_close(peer);
    test_fail();
}

void peer_start(struct peer *peer, const char *const *arguments)
{
    start(peer, arguments, is_up, NULL);
}

void peer_start_anywhere(struct peer *peer, const char *const *arguments,
                         const char *announcement)
{
    start(peer, arguments, has_announced, announcement);
}

static void stop(const struct peer *peer)
{
    int status;
    kill(-peer->pid, SIGTERM);
    for (int ms = 0; ms < STOP_TIMEOUT_MS; ms += 5) {
        if (waitpid(peer->pid, &status, WNOHANG) == peer->pid)
            return;
        sleep_ms(5);
    }
    kill(-peer->pid, SIGKILL);
    waitpid(peer->pid, &status, 0);
}

static int remove_entry(const char *path, const struct stat *info, int kind,
                        struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

void peer_close(struct peer *peer)
{
    if (peer->pid > 0)
        stop(peer);
    peer->pid = 0;
    if (peer->dir[0])
        nftw(peer->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    peer->dir[0] = '\0';
}
