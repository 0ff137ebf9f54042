/* A file in memory.
 *
 * SPDX-License-Identifier: MIT */
#include "whole_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

char *whole_file(const char *path, size_t *len)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (file && fstat(fileno(file), &status) == 0) {
        *len = (size_t)status.st_size;
        char *bytes = malloc(*len + 1);
        if (bytes && fread(bytes, 1, *len, file) == *len) {
            fclose(file);
            return bytes;
        }
    }
    perror(path);
    exit(EXIT_FAILURE);
}
