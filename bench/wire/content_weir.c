/* A gzip file read through weir's content reader, for the bench content.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <weir/weir.h>

#include "argument.h"
#include "whole_file.h"

static unsigned long long decode(weir_loop *loop, weir_slice bytes)
{
    unsigned long long sum = 0;
    weir_slice piece;
    weir_reader *text;
    weir_reader *file = weir_memory_reader_new(loop, bytes);
    int rc = weir_content_reader_new(file, WEIR_S("gzip"), NULL, &text);
    if (rc == WEIR_OK) {
        while ((rc = weir_read(text, WEIR_NO_LIMIT, &piece)) > 0)
            sum += piece.len;
        weir_reader_free(text);
    }
    weir_reader_free(file);
    return rc < 0 ? 0 : sum;
}

int main(int argc, char **argv)
{
    unsigned long long sum = 0;
    size_t len;
    argument_count(argc, 2, "content_weir FILE TIMES");
    char *bytes = whole_file(argv[1], &len);
    weir_loop *loop = weir_loop_new(NULL);
    for (long long times = argument_number(argv[2], 1 << 20); times > 0; times--)
        sum += decode(loop, (weir_slice){bytes, len});
    printf("%llu\n", sum);
    weir_loop_free(loop);
    free(bytes);
    return EXIT_SUCCESS;
}
