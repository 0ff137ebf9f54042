/* A real program for a test to talk to.
 *
 *   struct peer nginx;
 *   peer_open(&nginx, "nginx");               a port and a directory
 *   peer_file(&nginx, "nginx.conf", config);
 *   peer_start(&nginx, arguments);            runs it; waits until it answers
 *   ...
 *   peer_close(&nginx);                       ends it, and removes the directory
 *
 * A program that is not installed skips the test, in one line; with
 * WEIR_REQUIRE_PEERS=1 it fails it. A peer does not outlive the test's process.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_TESTS_PEER_H
#define WEIR_TESTS_PEER_H

#include <stdbool.h>
#include <sys/types.h>

struct peer {
    const char *name;
    int port;      /* on 127.0.0.1, free a moment ago */
    char dir[64];  /* for its files */
    char path[96]; /* of peer_path */
    pid_t pid;     /* 0: not started */
};

/* Ends the test as skipped, or as failed, since this peer is not installed. */
_Noreturn void peer_missing(const char *name);

/* Whether a program can be found as a shell would, or in /usr/sbin. */
bool peer_is_installed(const char *program);

/* Whether a command ends with the status 0; its output is dropped. */
bool peer_try(const char *const *arguments);

/* Makes the directory, and picks a port. */
void peer_open(struct peer *peer, const char *name);

/* The path of a file in the directory; valid until the next call. */
const char *peer_path(struct peer *peer, const char *file);

/* Writes a file in the directory. */
void peer_file(struct peer *peer, const char *file, const char *text);

/* Starts the program, its output going to the file `log`, and waits until its port
 * takes connections. */
void peer_start(struct peer *peer, const char *const *arguments);

/* The same for a program that picks a port by itself, so that no other program can be
 * on it first: its output tells which, right behind this text. */
void peer_start_anywhere(struct peer *peer, const char *const *arguments,
                         const char *announcement);

void peer_close(struct peer *peer);

#endif
