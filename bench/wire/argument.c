/* Numbers on a bench program's command line.
 *
 * SPDX-License-Identifier: MIT */
#include "argument.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void argument_count(int argc, int count, const char *usage)
{
    if (argc == count + 1)
        return;
    fprintf(stderr, "usage: %s\n", usage);
    exit(2);
}

long long argument_number(const char *text, long long most)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end || errno || number < 1 || number > most) {
        fprintf(stderr, "not a number from 1 to %lld: %s\n", most, text);
        exit(2);
    }
    return number;
}
