/* What another process has cost so far.
 *
 * SPDX-License-Identifier: MIT */
#include "process_cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void fail(const char *what, pid_t pid)
{
    fprintf(stderr, "process %ld: cannot read its %s\n", (long)pid, what);
    exit(EXIT_FAILURE);
}

long long process_cpu_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        fail("CPU clock", pid);
    return (long long)used.tv_sec * 1000000000 + used.tv_nsec;
}

long long process_resident_bytes(pid_t pid)
{
    char path[64];
    char line[256];
    long long kib = -1;
    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", (long)pid);
    FILE *file = fopen(path, "r");
    while (file && kib < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, "Rss:", 4) == 0)
            kib = strtoll(line + 4, NULL, 10);
    if (file)
        fclose(file);
    if (kib < 0)
        fail("resident memory", pid);
    return kib * 1024;
}
