/* What a command of weir is, and how it says that something went wrong.
 *
 * SPDX-License-Identifier: MIT */
#ifndef WEIR_CLI_COMMAND_H
#define WEIR_CLI_COMMAND_H

/* Exit statuses: of all commands, and in their help. */
enum exit_status {
    COMMAND_OK = 0,
    COMMAND_FAILED = 1,
    COMMAND_USAGE = 2 /* the command line is wrong: nothing was tried */
};

struct command {
    const char *name;
    const char *summary; /* a line, for the list of commands */
    const char *usage;   /* what follows its name */
    const char *help;    /* the rest of the page of --help */
    const char *method;  /* of a command that is a request of HTTP */
    enum exit_status (*run)(const struct command *command, int argc, char **argv);
};

/* Those that make a request: one program, a method each. */
extern const struct command GET_COMMAND;
extern const struct command HEAD_COMMAND;
extern const struct command POST_COMMAND;
extern const struct command PUT_COMMAND;
extern const struct command PATCH_COMMAND;
extern const struct command DELETE_COMMAND;
extern const struct command OPTIONS_COMMAND;
extern const struct command REQUEST_COMMAND;

extern const struct command CONNECT_COMMAND;
extern const struct command TLS_COMMAND;
extern const struct command DEMO_COMMAND;

/* Prints the page of --help. COMMAND_FAILED when it cannot be written. */
enum exit_status command_print_help(const struct command *command);

/* Prints "weir NAME: " and the sentence as one line to standard error. */
void command_complain(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same with the words of weir_last_error(). */
void command_complain_of_failure(const struct command *command);

/* The same for a command line that is wrong, with where to read on. Returns
 * COMMAND_USAGE. */
enum exit_status command_refuse(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What getopt_long() has returned, if it is nothing of the command's own: help, or an
 * option that does not exist. Returns the exit status. */
enum exit_status command_other_option(const struct command *command, int option,
                                      char **argv);

/* The number of a port, 1 to 65535, or -1. */
int command_port(const char *text);

#endif
