/* Making sockets listen.
 *
 * SPDX-License-Identifier: MIT */
#include "listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "allocator.h"
#include "error.h"
#include "loop.h"

/* How often a port that the kernel has chosen for the first address, and that is
 * taken on another, is changed for a new one. */
#define PORT_TRIES 16

static int set_option(weir_loop *loop, int fd, int level, int name)
{
    int on = 1;
    return loop->sys->setsockopt(loop->sys, fd, level, name, &on, sizeof(on));
}

static int prepare(weir_loop *loop, int fd, int family,
                   const weir_server_options *options)
{
    int rc = 0;
    if (family == AF_UNIX)
        return 0;
    if (!options->no_reuse_address)
        rc = set_option(loop, fd, SOL_SOCKET, SO_REUSEADDR);
    if (rc == 0 && options->reuse_port)
        rc = set_option(loop, fd, SOL_SOCKET, SO_REUSEPORT);
    /* IPv4 has a socket of its own, so that "all addresses" means the same on all
     * systems. */
    if (rc == 0 && family == AF_INET6)
        rc = set_option(loop, fd, IPPROTO_IPV6, IPV6_V6ONLY);
    return rc;
}

/* A bound socket, or a negative errno. */
static int open_bound(weir_loop *loop, const weir_server_options *options,
                      const weir_address *address)
{
    weir_sys *sys = loop->sys;
    weir_address copy = *address;
    struct sockaddr *sockaddr = weir__address_sockaddr(&copy);
    int fd = sys->socket(sys, sockaddr->sa_family, SOCK_STREAM, 0);
    if (fd < 0)
        return fd;
    int rc = prepare(loop, fd, sockaddr->sa_family, options);
    if (rc == 0)
        rc = sys->bind(sys, fd, sockaddr, copy.len);
    if (rc == 0)
        return fd;
    sys->close(sys, fd);
    return rc;
}

/* Closes the socket when it cannot listen. */
static int start_listening(weir_loop *loop, int fd, int backlog)
{
    int rc = fd < 0 ? fd : loop->sys->listen(loop->sys, fd, backlog);
    if (rc < 0 && fd >= 0)
        loop->sys->close(loop->sys, fd);
    return rc < 0 ? rc : fd;
}

static int cannot_listen(int error, const weir_address *address)
{
    char text[WEIR_ADDRESS_TEXT_BYTES];
    weir_address_text(address, text, sizeof(text));
    return weir__fail_errno(error, "listen", "cannot listen on %s", text);
}

static int port_of(weir_loop *loop, int fd)
{
    weir_address address = {.len = sizeof(address.sockaddr)};
    socklen_t len = sizeof(address.sockaddr);
    if (loop->sys->getsockname(loop->sys, fd, weir__address_sockaddr(&address), &len) <
        0)
        return 0;
    return weir_address_port(&address);
}

static bool is_listed(const weir_address *addresses, int count)
{
    for (int i = 0; i < count; i++) {
        if (addresses[i].len == addresses[count].len &&
            memcmp(addresses[i].sockaddr.bytes, addresses[count].sockaddr.bytes,
                   addresses[count].len) == 0)
            return true;
    }
    return false;
}

struct listening {
    weir_loop *loop;
    const weir_server_options *options;
    int *fds;
    int opened;
};

/* 0; or a negative errno, with *at the address that cannot be had. */
static int listen_on_each(struct listening *listening, weir_address *addresses,
                          int count, int *at)
{
    weir_loop *loop = listening->loop;
    int port = listening->options->port;
    for (*at = 0; *at < count; ++*at) {
        weir_address *address = &addresses[*at];
        weir__address_set_port(address, 0); /* to be compared */
        if (is_listed(addresses, *at))
            continue;
        weir_address bound = *address;
        weir__address_set_port(&bound, port);
        int fd = open_bound(loop, listening->options, &bound);
        fd = start_listening(loop, fd, listening->options->backlog);
        if (fd == -EADDRNOTAVAIL || fd == -EAFNOSUPPORT)
            cannot_listen(-fd, &bound);
        else if (fd < 0)
            return fd;
        else
            listening->fds[listening->opened++] = fd;
        if (port == 0 && fd >= 0)
            port = port_of(loop, fd);
    }
    return 0;
}

static int listen_on(struct listening *listening, weir_address *addresses, int count)
{
    weir_sys *sys = listening->loop->sys;
    int port = listening->options->port;
    for (int tries = 1;; tries++) {
        int at;
        int rc = listen_on_each(listening, addresses, count, &at);
        if (rc == 0)
            return listening->opened > 0 ? listening->opened
                                         : weir_last_error()->status;
        bool is_chosen = port == 0 && listening->opened > 0;
        while (listening->opened > 0)
            sys->close(sys, listening->fds[--listening->opened]);
        if (rc != -EADDRINUSE || !is_chosen || tries == PORT_TRIES) {
            weir__address_set_port(&addresses[at], port);
            return cannot_listen(-rc, &addresses[at]);
        }
    }
}

int weir__listen_on_host(weir_loop *loop, const weir_server_options *options,
                         int fds[WEIR_MAX_ADDRESSES])
{
    weir_address addresses[WEIR_MAX_ADDRESSES];
    struct listening listening = {.loop = loop, .options = options, .fds = fds};
    int count = 0;
    if (options->host && options->host[0]) {
        count = weir_resolve(loop, options->host, options->port, options->family,
                             addresses);
    } else {
        if (options->family != WEIR_FAMILY_IPV4)
            weir_address_parse(&addresses[count++], "::", 0);
        if (options->family != WEIR_FAMILY_IPV6)
            weir_address_parse(&addresses[count++], "0.0.0.0", 0);
    }
    return count < 0 ? count : listen_on(&listening, addresses, count);
}

/* Removes the socket file of a server that is dead: one that nobody answers on. */
static void remove_stale(weir_loop *loop, const weir_address *address, const char *path)
{
    weir_sys *sys = loop->sys;
    weir_address copy = *address;
    struct stat status;
    if (lstat(path, &status) < 0 || !S_ISSOCK(status.st_mode))
        return;
    int fd = sys->socket(sys, AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return;
    if (sys->connect(sys, fd, weir__address_sockaddr(&copy), copy.len) == -ECONNREFUSED)
        unlink(path);
    sys->close(sys, fd);
}

int weir__listen_on_path(weir_loop *loop, const weir_server_options *options, int *fd,
                         weir__socket_file *file)
{
    const char *path = options->unix_path;
    weir_address address;
    struct stat status;
    if (weir__address_unix(&address, path) < 0)
        return weir__fail(WEIR_E_INVALID, "listen", "a socket cannot have the path %s",
                          path);
    char *copy = weir__strndup(loop->allocator, path, strlen(path));
    if (!copy)
        return weir__fail(WEIR_E_MEMORY, "listen", "no memory for a server");
    remove_stale(loop, &address, path);
    int bound = open_bound(loop, options, &address);
    if (bound < 0 || lstat(path, &status) < 0) {
        weir__free(loop->allocator, copy);
        if (bound >= 0)
            loop->sys->close(loop->sys, bound);
        return cannot_listen(bound < 0 ? -bound : errno, &address);
    }
    *file = (weir__socket_file){copy, status.st_dev, status.st_ino};
    *fd = start_listening(loop, bound, options->backlog);
    if (*fd >= 0)
        return WEIR_OK;
    weir__socket_file_remove(loop, file);
    return cannot_listen(-*fd, &address);
}

void weir__socket_file_remove(weir_loop *loop, weir__socket_file *file)
{
    struct stat status;
    if (!file->path)
        return;
    if (lstat(file->path, &status) == 0 && status.st_dev == file->device &&
        status.st_ino == file->inode)
        unlink(file->path);
    weir__free(loop->allocator, file->path);
    file->path = NULL;
}
