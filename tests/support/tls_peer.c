/* The openssl command as the other side of TLS.
 *
 * SPDX-License-Identifier: MIT */
#include "tls_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weir/stream.h>
#include <weir/task.h>
#include <weir/timeout.h>

#include "certificates.h"
#include "test.h"

#define MAX_ARGUMENTS 60
#define PATIENCE_MS   20000

struct arguments {
    const char *texts[MAX_ARGUMENTS + 1];
    size_t count;
};

static void add(struct arguments *arguments, const char *text)
{
    REQUIRE(arguments->count < MAX_ARGUMENTS);
    arguments->texts[arguments->count++] = text;
    arguments->texts[arguments->count] = NULL;
}

static void add_all(struct arguments *arguments, const char *const *texts)
{
    for (; texts && *texts; texts++)
        add(arguments, *texts);
}

static void require_openssl(void)
{
    static bool is_there;
    if (!is_there && !peer_is_installed("openssl"))
        peer_missing("openssl");
    is_there = true;
}

static const char *file_of(const char *name, const char *ending)
{
    char file[96];
    snprintf(file, sizeof(file), "%s%s", name, ending);
    return certificate(file);
}

/* What is its own issuer has nothing behind it. */
static void add_identity(struct arguments *arguments, const char *name)
{
    const char *alone = strstr(name, "-alone");
    char whole[64];
    snprintf(whole, sizeof(whole), "%.*s",
             (int)(alone ? (size_t)(alone - name) : strlen(name)), name);
    add_all(arguments, (const char *[]){"-cert", file_of(whole, "-alone.pem"), "-key",
                                        file_of(whole, ".key"), NULL});
    if (!alone && strcmp(name, "self-signed") != 0)
        add_all(arguments,
                (const char *[]){"-cert_chain", file_of(whole, "-chain.pem"), NULL});
}

/* Its standard input is a FIFO, which peer_start() knows nothing of. */
void s_server_start(struct s_server *server, const char *name,
                    const char *const *options)
{
    char fifo[96];
    struct arguments arguments = {.count = 0};
    require_openssl();
    peer_open(&server->peer, "openssl s_server");
    snprintf(fifo, sizeof(fifo), "%s", peer_path(&server->peer, "input"));
    REQUIRE(mkfifo(fifo, 0600) == 0);
    server->input = open(fifo, O_RDWR | O_CLOEXEC);
    REQUIRE(server->input >= 0);
    add_all(&arguments,
            (const char *[]){"/bin/sh", "-c", "exec \"$@\" <\"$0\"", fifo, "openssl",
                             "s_server", "-accept", "127.0.0.1:0", NULL});
    add_identity(&arguments, name);
    add_all(&arguments, options);
    peer_start_anywhere(&server->peer, arguments.texts, "ACCEPT 127.0.0.1:");
}

void s_server_type(struct s_server *server, const char *text)
{
    REQUIRE(write(server->input, text, strlen(text)) == (ssize_t)strlen(text));
}

static bool is_in_file(const char *path, const char *text)
{
    static char log[1 << 18];
    FILE *file = fopen(path, "r");
    size_t len = file ? fread(log, 1, sizeof(log) - 1, file) : 0;
    if (file)
        fclose(file);
    return memmem(log, len, text, strlen(text)) != NULL;
}

bool s_server_said(struct s_server *server, weir_loop *loop, const char *text)
{
    bool said = false;
    for (int i = 0; i < 200 && !said; i++) {
        said = is_in_file(peer_path(&server->peer, "log"), text);
        if (!said)
            weir_sleep(loop, 5);
    }
    return said;
}

void s_server_stop(struct s_server *server)
{
    close(server->input);
    peer_close(&server->peer);
}

_Noreturn static void run(const char *const *arguments, const int in[2],
                          const int out[2])
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(out[1], 2);
    close(in[0]);
    close(in[1]);
    close(out[0]);
    close(out[1]);
    execvp(arguments[0], (char *const *)(const void *)arguments);
    _exit(127);
}

static void read_output(struct command *command, weir_loop *loop, int fd)
{
    weir_stream *stream;
    weir_slice bytes;
    size_t len = 0;
    REQUIRE(weir_stream_open(loop, &stream, fd, NULL) == WEIR_OK);
    weir_timeout timeout = weir_timeout_start(loop, PATIENCE_MS);
    while (weir_read(weir_stream_reader(stream), WEIR_NO_LIMIT, &bytes) > 0) {
        size_t room = sizeof(command->output) - 1 - len;
        size_t part = bytes.len < room ? bytes.len : room;
        memcpy(command->output + len, bytes.data, part);
        len += part;
    }
    command->output[len] = '\0';
    command->status = weir_timeout_end(&timeout) ? -1 : 0;
    weir_stream_abort(stream);
}

void command_run(struct command *command, weir_loop *loop, const char *const *arguments,
                 const char *input, bool hold)
{
    int in[2], out[2], status;
    REQUIRE(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    fflush(NULL);
    pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0)
        run(arguments, in, out);
    REQUIRE(write(in[1], input, strlen(input)) == (ssize_t)strlen(input));
    close(in[0]);
    close(out[1]);
    if (!hold)
        close(in[1]);
    read_output(command, loop, out[0]);
    if (command->status < 0)
        kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (command->status == 0)
        command->status = status;
    if (hold)
        close(in[1]);
}

void s_client_run(struct command *command, weir_loop *loop, int port,
                  const char *const *options, const char *input, bool hold)
{
    char address[32];
    struct arguments arguments = {.count = 0};
    require_openssl();
    snprintf(address, sizeof(address), "127.0.0.1:%d", port);
    add_all(&arguments, (const char *[]){"openssl", "s_client", "-connect", address,
                                         "-servername", "localhost", "-verify_hostname",
                                         "localhost", "-verify_return_error", "-CAfile",
                                         certificate("ca.pem"), NULL});
    if (!hold)
        add(&arguments, "-ign_eof");
    add_all(&arguments, options);
    command_run(command, loop, arguments.texts, input, hold);
}
