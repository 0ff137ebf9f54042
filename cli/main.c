/* weir: the command. Finds out which one is meant, and runs it.
 *
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

static const struct command *const COMMANDS[] = {
    &GET_COMMAND,     &HEAD_COMMAND,   &POST_COMMAND,    &PUT_COMMAND,
    &PATCH_COMMAND,   &DELETE_COMMAND, &OPTIONS_COMMAND, &REQUEST_COMMAND,
    &CONNECT_COMMAND, &TLS_COMMAND,    &DEMO_COMMAND,
};

enum { COMMAND_COUNT = sizeof(COMMANDS) / sizeof(COMMANDS[0]) };

static const struct command *find_command(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(COMMANDS[i]->name, name) == 0)
            return COMMANDS[i];
    }
    return NULL;
}

static void print_usage(FILE *file)
{
    fputs("usage: weir COMMAND [argument...]\n\n", file);
    for (int i = 0; i < COMMAND_COUNT; i++)
        fprintf(file, "  %-10s %s\n", COMMANDS[i]->name, COMMANDS[i]->summary);
    fputs("\n"
          "  weir help COMMAND, weir COMMAND --help   says more about one of them\n"
          "  weir --version\n\n"
          "Exit status: 0, or 1 when it failed, or 2 when the command line is wrong.\n",
          file);
}

static enum exit_status finish_output(void)
{
    return fflush(stdout) == 0 && !ferror(stdout) ? COMMAND_OK : COMMAND_FAILED;
}

static enum exit_status unknown(const char *name)
{
    fprintf(stderr, "weir: there is no command %s (try: weir --help)\n", name);
    return COMMAND_USAGE;
}

static enum exit_status help(const char *name)
{
    const struct command *command = name ? find_command(name) : NULL;
    if (name && !command)
        return unknown(name);
    if (command)
        return command_print_help(command);
    print_usage(stdout);
    return finish_output();
}

/* A program that was started without one of the three must not find its sockets in
 * their place. */
static void fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

static enum exit_status dispatch(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    if (!name) {
        print_usage(stderr);
        return COMMAND_USAGE;
    }
    if (strcmp(name, "--version") == 0) {
        puts("weir " WEIR_VERSION);
        return finish_output();
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(NULL);
    if (strcmp(name, "help") == 0)
        return help(argv[2]);
    const struct command *command = find_command(name);
    return command ? command->run(command, argc - 1, argv + 1) : unknown(name);
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    /* Who reads our output may leave: that is an error of the write. */
    signal(SIGPIPE, SIG_IGN);
    return (int)dispatch(argc, argv);
}
