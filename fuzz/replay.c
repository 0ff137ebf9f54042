/* Runs a target over the files of a folder, without a fuzzer: every input that once
 * found something is a test for ever.
 *
 *   fuzz_replay_url fuzz/corpus/url
 *
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <string.h>

#include "harness.h"

static void run_file(const char *folder, const char *name)
{
    static uint8_t bytes[1 << 20];
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    HOLDS(file != NULL);
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    /* In memory of just that size, so that reading further is seen. */
    uint8_t *exact = malloc(size + !size);
    HOLDS(exact != NULL);
    memcpy(exact, bytes, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

int main(int argc, char **argv)
{
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        HOLDS(folder != NULL);
        for (struct dirent *entry; (entry = readdir(folder));) {
            if (entry->d_name[0] == '.')
                continue;
            run_file(argv[i], entry->d_name);
            count++;
        }
        closedir(folder);
    }
    printf("%zu inputs\n", count);
    return count > 0 ? 0 : 1;
}
