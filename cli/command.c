/* What all commands of weir say in the same way.
 *
 * SPDX-License-Identifier: MIT */
#include "command.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <weir/status.h>

#include "terminal.h"

__attribute__((format(printf, 2, 0))) static void
complain(const struct command *command, const char *format, va_list arguments)
{
    char sentence[1024];
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    fprintf(stderr, "weir %s: ", command->name);
    terminal_print(stderr, weir_slice_of(sentence));
    fputc('\n', stderr);
}

void command_complain(const struct command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(command, format, arguments);
    va_end(arguments);
}

void command_complain_of_failure(const struct command *command)
{
    command_complain(command, "%s", weir_last_error()->message);
}

enum exit_status command_refuse(const struct command *command, const char *format, ...)
{
    char sentence[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    command_complain(command, "%s (try: weir %s --help)", sentence, command->name);
    return COMMAND_USAGE;
}

enum exit_status command_print_help(const struct command *command)
{
    bool takes = command->usage[0] != '\0';
    printf("usage: weir %s%s%s\n\n%s", command->name, takes ? " " : "", command->usage,
           command->help);
    return fflush(stdout) == 0 && !ferror(stdout) ? COMMAND_OK : COMMAND_FAILED;
}

enum exit_status command_other_option(const struct command *command, int option,
                                      char **argv)
{
    if (option == 'h')
        return command_print_help(command);
    bool is_long = optopt < ' ' || optopt > '~'; /* without a letter */
    if (option == ':' && is_long)
        return command_refuse(command, "%s needs a value", argv[optind - 1]);
    if (option == ':')
        return command_refuse(command, "-%c needs a value", optopt);
    if (optopt > 0 && is_long)
        return command_refuse(command, "%s takes no value", argv[optind - 1]);
    if (optopt > 0)
        return command_refuse(command, "there is no option -%c", optopt);
    return command_refuse(command, "there is no option %s", argv[optind - 1]);
}

int command_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || port < 1 || port > 65535)
        return -1;
    return (int)port;
}
