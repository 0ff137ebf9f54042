/* The options of TLS, on the command line.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "secure.h"

static enum exit_status take_pin(const struct command *command,
                                 struct secure_options *options)
{
    if (options->pin_count == SECURE_MOST_PINS)
        return command_refuse(command, "more than %d pins", SECURE_MOST_PINS);
    options->pins[options->pin_count++] = optarg;
    return COMMAND_OK;
}

/* Cuts the list apart in place, as the command line is the program's own. */
static enum exit_status take_protocols(const struct command *command,
                                       struct secure_options *options)
{
    char *rest = optarg;
    while (rest) {
        char *name = rest;
        rest = strchr(name, ',');
        if (rest)
            *rest++ = '\0';
        if (options->alpn_count == SECURE_MOST_PROTOCOLS || *name == '\0')
            return command_refuse(command, "--alpn takes names with commas between");
        options->alpn[options->alpn_count++] = name;
    }
    return COMMAND_OK;
}

static enum exit_status take_version(const struct command *command,
                                     struct secure_options *options)
{
    if (strcmp(optarg, "1.2") == 0)
        options->min_version = 12;
    else if (strcmp(optarg, "1.3") == 0)
        options->min_version = 13;
    else
        return command_refuse(command, "--tls-min is 1.2 or 1.3, not %s", optarg);
    return COMMAND_OK;
}

enum exit_status secure_take(const struct command *command,
                             struct secure_options *options, int option, char **argv)
{
    options->given = true;
    switch (option) {
    case SECURE_CACERT:
        options->ca_file = optarg;
        return COMMAND_OK;
    case SECURE_CERT:
        options->certificate_file = optarg;
        return COMMAND_OK;
    case SECURE_KEY:
        options->key_file = optarg;
        return COMMAND_OK;
    case SECURE_PIN:
        return take_pin(command, options);
    case SECURE_ALPN:
        return take_protocols(command, options);
    case SECURE_TLS_MIN:
        return take_version(command, options);
    case SECURE_INSECURE:
        options->insecure = true;
        return COMMAND_OK;
    default:
        return command_other_option(command, option, argv);
    }
}
