/* Making a socket listen.
 *
 * SPDX-License-Identifier: MIT */
#include "listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "loop.h"

#define DEFAULT_BACKLOG 100

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

int weir__listen(weir_loop *loop, const weir_server_options *options,
                 const weir_address *address)
{
    weir_sys *sys = loop->sys;
    weir_address copy = *address;
    struct sockaddr *sockaddr = weir__address_sockaddr(&copy);
    int backlog = options->backlog > 0 ? options->backlog : DEFAULT_BACKLOG;
    int fd = sys->socket(sys, sockaddr->sa_family, SOCK_STREAM, 0);
    if (fd < 0)
        return fd;
    int rc = prepare(loop, fd, sockaddr->sa_family, options);
    if (rc == 0)
        rc = sys->bind(sys, fd, sockaddr, copy.len);
    if (rc == 0)
        rc = sys->listen(sys, fd, backlog);
    if (rc == 0)
        return fd;
    sys->close(sys, fd);
    return rc;
}

void weir__remove_stale_socket(weir_loop *loop, const weir_address *address,
                               const char *path)
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
